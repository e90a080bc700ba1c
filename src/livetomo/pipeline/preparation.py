"""What every projection goes through before it is aligned: remove hot pixels, turn, bin, remove the background."""

from typing import Literal

import numpy as np

from livetomo.formats.orient import turned_shifts
from livetomo.model import TiltSeries
from livetomo.pipeline.chain import Chain, Step


def preparation(
    tilt_axis: str | float = "y",
    bin: int = 1,
    background: Literal["auto", "keep"] = "auto",
    hot_pixels: Literal["remove", "keep"] = "remove",
) -> Chain:
    """Give the chain for raw projections as a file stores them.

    Parameters
    ----------
    tilt_axis
        Where the tilt axis lies in the raw projections: ``"x"``, ``"y"`` or degrees.
    bin
        Pixels along each side of the blocks that are averaged.
    background
        ``"auto"`` subtracts the level of the empty field, ``"keep"`` does not: for values that have a sign.
    hot_pixels
        ``"remove"`` puts what lies around them in their place, ``"keep"`` does not.
    """
    steps = []
    if hot_pixels == "remove":
        steps.append(Step("remove-hot-pixels"))
    if tilt_axis not in {"y", 0}:
        steps.append(Step("turn", {"tilt_axis": tilt_axis}))
    if bin != 1:
        steps.append(Step("bin", {"n": bin}))
    if background == "auto":
        steps.append(Step("remove-background"))
    return Chain(tuple(steps))


def prepare_series(series: TiltSeries, chain: Chain) -> TiltSeries:
    """Run a chain over all projections of a series; pixel size, shifts and the weights of pixels follow.

    Parameters
    ----------
    series
        Raw projections (tilt, y, x).
    chain
        Operators, each (y, x) to (y, x).
    """
    projections = np.stack([chain(projection) for projection in series.projections])
    factor = int(np.prod([step.values["n"] for step in chain.steps if step.operator == "bin"] or [1]))
    shifts_px = np.asarray(series.shifts_px)
    for step in chain.steps:
        if step.operator == "turn":
            shifts_px = turned_shifts(shifts_px, step.values["tilt_axis"])
    return series.replace(
        projections=projections,
        weights=_prepared_weights(series, projections, chain),
        pixel_size_nm=None if series.pixel_size_nm is None else series.pixel_size_nm * factor,
        shifts_px=shifts_px / factor,
        metadata={**series.metadata, "preparation": chain.state()},
    )


def _prepared_weights(series: TiltSeries, projections: np.ndarray, chain: Chain) -> np.ndarray | None:
    """Turn and bin the weights of pixels as the projections; a block with a pixel that holds no number counts 0."""
    if series.weights is None or np.ndim(series.weights) == 1:
        return series.weights
    moves = Chain(tuple(step for step in chain.steps if step.operator in {"turn", "bin"}))
    weights = np.stack([moves(np.asarray(image, np.float32)) for image in series.weights])
    return np.where(np.isfinite(projections), np.clip(weights, 0, 1), np.float32(0))
