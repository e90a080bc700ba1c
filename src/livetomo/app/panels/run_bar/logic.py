"""What the bar says, and what its buttons do."""

from livetomo.app.panels.run_bar.state import RunBarState
from livetomo.session import EngineLink, View
from livetomo.session.method_names import title_of


def present(view: View) -> RunBarState:
    """Give the bar's variables for what is to be shown."""
    run = view.run
    return RunBarState(
        run_headline=run.headline,
        run_tone=run.tone,
        run_tilts=run.tilts,
        run_sweeps=run.sweeps,
        run_residual=run.residual,
        run_elapsed=run.elapsed,
        run_note=run.note,
        run_method=run.method,
        run_methods=[{"value": name, "title": title} for name, title in run.methods],
        run_method_label=f"Method: {title_of(run.choice.split(':')[0])}" if run.choice else "Method",
        run_choice=run.choice,
        run_folder=run.folder,
        run_waiting=run.waiting,
        run_ended=run.ended,
        run_can_start=run.can_start,
        run_can_pause=run.can_pause,
        run_can_finish=run.can_finish,
    )


class RunOrders:
    """What the user can ask of the engine."""

    def __init__(self, link: EngineLink) -> None:
        self._link = link

    def start(self) -> None:
        """Go on after a pause."""
        self._link.command("start")

    def pause(self) -> None:
        """Stop refining for now."""
        self._link.command("pause")

    def finish(self) -> None:
        """Write the result and end."""
        self._link.command("finish")

    def choose_method(self, name: str) -> None:
        """Go on with another method."""
        self._link.command("method", {"name": name})
