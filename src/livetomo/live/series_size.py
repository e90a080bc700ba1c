"""Which size the images of a series have: that of the first, unless more of another size come while there are few."""

from collections import Counter

_ENOUGH = 3
_FEW = 5


class SeriesSize:
    """The size of the images that are taken, and the images that were refused because theirs is another.

    An overview or a test image may come before the tilts. So a few images that were taken give way to more of another
    size; a series that is well under way never does.
    """

    def __init__(self) -> None:
        self.yx: tuple[int, ...] | None = None
        """Pixels of the images that are taken; None before the first."""
        self._example = ""
        self._others: dict[str, tuple[int, ...]] = {}

    def took(self, name: str, shape_yx: tuple[int, ...]) -> None:
        """Learn that an image was taken."""
        self._others.pop(name, None)
        if self.yx is None:
            self.yx, self._example = shape_yx, name

    def refused(self, name: str, shape_yx: tuple[int, ...]) -> None:
        """Learn that an image was not taken because of its size, and could be used otherwise."""
        self._others[name] = shape_yx

    def misfit(self, shape_yx: tuple[int, ...]) -> str | None:
        """Say how a size differs; None when it does not."""
        if self.yx is None or shape_yx == self.yx:
            return None
        (n_y, n_x), (other_y, other_x) = shape_yx, self.yx
        return f"its image is {n_y} × {n_x} (y, x) where others, such as {self._example}, are {other_y} × {other_x}"

    def outnumbering(self, n_taken: int) -> list[str]:
        """Give the names of the images of another size that are more than the few that were taken."""
        names = self._most()
        return names if len(names) >= _ENOUGH and n_taken < len(names) and n_taken <= _FEW else []

    def change_to(self, names: list[str]) -> None:
        """Take the size of these images, which were refused, from now on."""
        self.yx, self._example = self._others[names[0]], names[0]
        self._others = {name: shape for name, shape in self._others.items() if shape != self.yx}

    def note(self, n_taken: int) -> str:
        """Say so when more images were refused than taken."""
        n_refused = len(self._most())
        if n_refused <= n_taken or n_refused < _ENOUGH:
            return ""
        return (
            f"{n_refused} images have another size than {self._example}; "
            "if that is no tilt of theirs, start again with --pattern."
        )

    def _most(self) -> list[str]:
        """Give the names of the refused images of the most common size."""
        others = dict(self._others)  # another thread may ask for the note
        common = Counter(others.values()).most_common(1)
        return [name for name, shape in others.items() if shape == common[0][0]]
