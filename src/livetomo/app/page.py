"""The one page of the application: where each panel lies."""

from trame.ui.vuetify3 import VAppLayout
from trame.widgets import html
from trame_server.core import Server

from livetomo.app.panels.convergence import ui as convergence
from livetomo.app.panels.projection import ui as projection
from livetomo.app.panels.run_bar import ui as run_bar
from livetomo.app.panels.run_bar.logic import RunOrders
from livetomo.app.panels.slices import ui as slices
from livetomo.app.panels.slices.logic import SliceMoves
from livetomo.app.panels.tilts import ui as tilts
from livetomo.app.panels.transfer import ui as transfer
from livetomo.app.panels.transfer.logic import TransferEdits
from livetomo.app.panels.volume import ui as volume
from livetomo.app.panels.volume.logic import VolumeSwitches
from livetomo.app.panels.volume.state import NOTE_STATE
from livetomo.app.web_parts import WEB_MODULE, connection
from livetomo.session import EngineLink, Session

_THEME = {
    "theme": {
        "defaultTheme": "dark",
        "themes": {
            "dark": {
                "colors": {"primary": "#63b4e8", "background": "#0b0e13", "surface": "#171d26", "error": "#ff7a70"}
            }
        },
    }
}


def build_page(server: Server, session: Session, link: EngineLink) -> None:
    """Lay out the page."""
    server.enable_module(WEB_MODULE)
    server.state.update(NOTE_STATE)
    with VAppLayout(server, vuetify_config=_THEME), html.Div(classes="lt-page"):
        run_bar.build(RunOrders(link))
        with html.Main(classes="lt-main"):
            with html.Div(classes="lt-left"):
                volume.build(VolumeSwitches(session))
                transfer.build(TransferEdits(session))
            with html.Aside(classes="lt-right"):
                with html.Section(classes="lt-pictures"):
                    projection.build()
                    slices.build(SliceMoves(session))
                convergence.build()
                tilts.build()
        connection(ended=("run_ended",))
    # When the connection closes trame shows another template: the same one, so that the last picture stays on view
    # and only the words of ``lt-connection`` appear over it.
    server.state.trame__template_error = server.state.trame__template_main
    server.state.client_only("trame_error_report_msg", *NOTE_STATE)
    server.state.trame__title = "livetomo"
