"""Reconstruct a whole tilt series at once."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, Literal

import numpy as np

from livetomo.algorithms.filter.background import has_empty_field, remove_background
from livetomo.algorithms.reconstruct.auto import choice_of
from livetomo.algorithms.reconstruct.held_out import sweeps_by_held_out_tilts
from livetomo.algorithms.reconstruct.methods import method_named
from livetomo.algorithms.reconstruct.stopping import (
    StoppingRule,
    change_of,
    did,
    least_sweeps_of,
    noise_level,
    usual_rule,
)
from livetomo.algorithms.reconstruct.tilts import Tilts
from livetomo.arrays import namespace
from livetomo.model import Geometry, TiltSeries, Volume

Stopping = StoppingRule | Literal["noise", "held-out"] | None
Progress = Callable[[int, int | None, float], None]


def reconstruct(
    series: TiltSeries,
    method: str = "sirt",
    sweeps: int | None = None,
    field_of_view: float = 1.0,
    axis_shift_px: float = 0.0,
    background: Literal["auto", "keep"] = "auto",
    progress: Progress | None = None,
    stopping: Stopping = None,
    **settings: Any,
) -> Volume:
    """Reconstruct a tilt series; its ``shifts_px``, ``weights`` and ``rotations_deg`` are applied on the way.

    Parameters
    ----------
    series
        Projections (tilt, y, x), bright where the specimen is, finite where their weights are not 0. Those of a CuPy
        array are reconstructed on its GPU, and the volume is a CuPy array too.
    method
        One of ``METHODS``: ``"sirt"``, ``"wbp"``, ``"fista"``, ``"auto"`` and so on.
    sweeps
        How often to go over all data; until the stopping rule says so when not given. Direct methods need one.
    field_of_view
        Width of the grid over the detector's; above 1 when the object is wider than the detector.
    axis_shift_px
        Where the tilt axis lands, in pixels from the centre of the detector towards +x.
    background
        ``"auto"`` subtracts the level of the empty field from projections most of which lies below zero, as detectors
        that store an offset leave them, but not where negative voxels are allowed: by ``positivity=False`` and
        ``"cgls"``, nor by ``"auto"`` and the direct methods unless the empty field shows. ``"keep"`` never does.
    progress
        Called after each sweep with (sweeps done, sweeps in all or None, residual).
    stopping
        The rule, when ``sweeps`` is not given; ``StoppingRule()`` by itself, DART a number of sweeps. ``"noise"`` stops
        too when the residual is down to the noise found in the projections; ``"held-out"`` first finds the number of
        sweeps after which one tilt in eight is predicted best from the others, at the cost of as many sweeps again.
    settings
        The method's own, such as ``relaxation=1.5`` or ``positivity=False`` for SIRT, ``window="hann"`` for WBP.

    Returns
    -------
    Volume
        ``data`` (z, y, x) float32; ``metadata`` tells the method, its settings (of ``"auto"`` also what it ``chose``),
        the sweeps, the residual of each and why it stopped.

    Raises
    ------
    ValueError
        When a parameter is out of its range, a projection holds NaN, or none that counts shows any of the volume.
    TypeError
        When the method cannot work on CuPy arrays.
    """
    _check(sweeps, background, stopping)
    chosen = method_named(method, **settings)
    geometry = Geometry.of(series, field_of_view, axis_shift_px)
    projections = _on_zero(series.projections, chosen) if background == "auto" else series.projections
    tilts = Tilts.checked(
        geometry, projections, series.tilt_angles, series.shifts_px, series.weights, series.rotations_deg,
    )  # fmt: skip
    _check_that_some_count(geometry, tilts)
    planned, rule = (1, StoppingRule()) if chosen.is_direct else _ending(chosen, geometry, tilts, sweeps, stopping)
    state = chosen.add(chosen.start(geometry), *tilts.arguments)
    state, residuals, reason = _swept(chosen, state, (planned, rule), progress)
    if stopping == "held-out" and sweeps is None and not chosen.is_direct:
        reason += ", the best for tilts held out"
    metadata = {
        "method": chosen.name,
        "settings": asdict(chosen),
        "field_of_view": field_of_view,
        "axis_shift_px": axis_shift_px,
        "background": "kept" if projections is series.projections else "removed",
        "sweeps": len(residuals),
        "residual": residuals[-1],
        "residuals": tuple(residuals),
        "stopped_because": reason,
    }
    if (choice := choice_of(chosen, state)) is not None:
        metadata["chose"] = choice
    return Volume(chosen.volume(state), series.pixel_size_nm, series.name, metadata)


def _swept(
    method: Any, state: Any, ending: tuple[int | None, StoppingRule], progress: Progress | None
) -> tuple[Any, list[float], str]:
    """Sweep as often as planned, or until the rule has a reason; give the state, the residuals and the reason."""
    planned, rule = ending
    residuals: list[float] = []
    changes: list[float] = []
    reason, least = None, min(least_sweeps_of(method), rule.max_sweeps)
    while reason is None:
        state = method.step(state)
        residuals.append(method.residual(state))
        changes.append(change_of(method, state))
        if progress is not None:
            progress(len(residuals), planned, residuals[-1])
        if planned is not None:
            reason = did(planned) if len(residuals) >= planned else None
        elif len(residuals) >= least:
            reason = rule.reason(residuals, changes)
    return state, residuals, reason


def _check(sweeps: int | None, background: str, stopping: Stopping) -> None:
    if sweeps is not None and (not isinstance(sweeps, int | np.integer) or isinstance(sweeps, bool) or sweeps < 1):
        raise ValueError(
            f"sweeps: expected a whole number of at least 1, or None for the stopping rule, got {sweeps!r}"
        )
    if background not in {"auto", "keep"}:
        raise ValueError(f"background: expected auto or keep, got {background!r}")
    is_word = isinstance(stopping, str) and stopping in {"noise", "held-out"}
    if not (stopping is None or is_word or isinstance(stopping, StoppingRule)):
        raise ValueError(f"stopping: expected noise, held-out, or a StoppingRule, got {stopping!r}")
    if sweeps is not None and stopping is not None:
        raise ValueError(f"stopping: expected without sweeps, which says itself when to stop; got {sweeps} sweeps too")


def _check_that_some_count(geometry: Geometry, tilts: Tilts) -> None:
    n_z, n_y, n_x = geometry.volume_shape
    dy_px, dx_px = tilts.shifts_px.T
    reach_px = (geometry.detector_width + np.hypot(n_z, n_x)) / 2
    shows_some = (np.abs(geometry.axis_shift_px - dx_px) < reach_px) & (np.abs(dy_px) < n_y)
    if not (shows_some & (tilts.tilt_weights > 0)).any():
        raise ValueError(
            f"series: expected a projection that counts and shows some of the volume, got none among {len(tilts)}; "
            "look at weights, shifts_px and axis_shift_px"
        )


def _on_zero(projections: np.ndarray, method: Any) -> np.ndarray:
    """Give projections most of which lies below zero without the level of their empty field, others as they are.

    Where a voxel may be negative, projections may. So these are left to a method without positivity, and to one that
    does not say, as ``auto`` and the direct ones, unless the empty field shows at the dark end of half of them.
    """
    xp, positivity = namespace(projections), getattr(method, "positivity", None)
    if positivity is False:
        return projections
    finite = xp.isfinite(projections)
    if not finite.any() or xp.median(projections if finite.all() else projections[finite]) >= 0:
        return projections
    if positivity is None and 2 * sum(has_empty_field(projection) for projection in projections) < len(projections):
        return projections
    on_zero: np.ndarray = xp.stack([remove_background(projection) for projection in projections])
    return on_zero


def _ending(
    method: Any, geometry: Geometry, tilts: Tilts, sweeps: int | None, stopping: Stopping
) -> tuple[int | None, StoppingRule]:
    rule = stopping if isinstance(stopping, StoppingRule) else usual_rule(method)
    if sweeps is None and stopping == "held-out":
        sweeps = sweeps_by_held_out_tilts(method, geometry, tilts, rule.max_sweeps)
    elif stopping == "noise":
        rule = replace(rule, noise_level=noise_level(tilts.measured, tilts.tilt_weights))
    return sweeps, rule
