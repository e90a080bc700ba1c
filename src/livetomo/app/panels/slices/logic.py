"""Where the slices lie, and what their sliders do."""

from livetomo.app.panels.slices.state import SlicesState
from livetomo.session import Session, View


def present(view: View) -> SlicesState:
    """Give the variables for what is to be shown."""
    if view.scene is None:
        return SlicesState()
    z, y, x = view.scene.slice_indices_zyx
    n_z, n_y, n_x = view.shape_zyx
    return SlicesState(z, y, x, n_z - 1, n_y - 1, n_x - 1, (z + 0.5) / n_z, (y + 0.5) / n_y, (x + 0.5) / n_x)


class SliceMoves:
    """Moves the slices."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def move(self, axis: str, index: float) -> None:
        """Show the slice of this number along ``"z"``, ``"y"`` or ``"x"``."""
        volume = self._session.facts.volume
        if volume is None:
            return
        place = "zyx".index(axis)
        fractions = list(self._session.wishes.slice_fractions_zyx)
        fractions[place] = (index + 0.5) / volume.shape_zyx[place]
        self._session.wish(slice_fractions_zyx=tuple(fractions))
