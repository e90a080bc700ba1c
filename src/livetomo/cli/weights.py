"""Weights as the command line gives them: tilts to leave out, and a file with weights of tilts or pixels."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from livetomo.errors import FileError

if TYPE_CHECKING:
    from livetomo.model import TiltSeries


def weighed(series: "TiltSeries", weights_file: Path | None, leave_out: str | None) -> "TiltSeries":
    """Give the series with its weights.

    Parameters
    ----------
    series
        As it was read.
    weights_file
        ``.npy`` with (tilt,) or (tilt, y, x), or text with one weight a line.
    leave_out
        Numbers of tilts, the first is 0, such as ``3,17-20``.

    Raises
    ------
    ValueError
        When the numbers are none, or the weights do not fit.
    """
    if weights_file is not None:
        series = series.replace(weights=_read_weights(weights_file))
    if leave_out is not None:
        weights = np.ones(len(series)) if series.weights is None else series.weights.copy()
        weights[_numbers(leave_out, len(series))] = 0
        series = series.replace(weights=weights)
    return series


def expect_numbers(series: "TiltSeries", source: Path) -> None:
    """Require that every pixel that counts holds a number.

    Raises
    ------
    FileError
        When some do not; the message names their tilts as ``--leave-out`` takes them.
    """
    counts = np.isfinite(series.projections)
    if series.weights is not None:
        weights = np.asarray(series.weights)
        counts |= weights.reshape(*weights.shape, *(1,) * (3 - weights.ndim)) == 0
    if not counts.all():
        tilts = ",".join(map(str, np.flatnonzero(~counts.all(axis=(1, 2)))))
        raise FileError(
            f"{source}: pixels in the tilts {tilts} are NaN or infinite; leave these out with --leave-out {tilts}, or "
            "give the pixels weights of 0 with --weights"
        )


def _read_weights(path: Path) -> np.ndarray:
    try:
        weights = np.load(path) if path.suffix == ".npy" else np.loadtxt(path, ndmin=1)
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"--weights: expected .npy, or text with one weight a line, got {path}: {error}") from error
    return np.array(weights, np.float32)


def _numbers(text: str, n_tilts: int) -> list[int]:
    numbers: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdigit() or not (last or first).isdigit():
            raise ValueError(f"--leave-out: expected numbers of tilts such as 3,17-20, got {text!r}")
        if int(last or first) < int(first):
            raise ValueError(
                f"--leave-out: expected the lower number first, as in {last}-{first}, got {part.strip()!r}"
            )
        numbers += range(int(first), int(last or first) + 1)
    if max(numbers, default=0) >= n_tilts:
        raise ValueError(f"--leave-out: expected numbers from 0 to {n_tilts - 1}, got {max(numbers)}")
    return numbers
