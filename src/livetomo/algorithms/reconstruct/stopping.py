"""When an iterative reconstruction has had enough sweeps."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol, runtime_checkable

import numpy as np

from livetomo.algorithms.reconstruct.noise import noise_deviations
from livetomo.arrays import namespace, to_numpy


@dataclass(frozen=True)
class StoppingRule:
    """Stop when neither residual nor volume change much any more, at the noise, or after a number of sweeps.

    Offline and live runs use the same rule; live, the residuals are those since the last projection was added.

    Raises
    ------
    ValueError
        When ``max_sweeps`` is not a whole number of at least 1 or a limit is NaN.
    """

    tolerance: float = 1e-3
    """Least relative fall of the residual per sweep; one sweep may miss it, where a method begins its momentum anew."""

    change: float = 2e-3
    """Most that a sweep moves the volume, over ‖x‖, by methods that tell it: their residual is flat long before."""

    max_sweeps: int = 150

    noise_level: float = 0.0
    """Residual that noise alone leaves: what ``noise_level`` gives. Going on below it fits noise."""

    def __post_init__(self) -> None:
        is_whole = isinstance(self.max_sweeps, int | np.integer) and not isinstance(self.max_sweeps, bool)
        if not is_whole or self.max_sweeps < 1:
            raise ValueError(f"max_sweeps: expected a whole number of at least 1, got {self.max_sweeps!r}")
        for key in ("tolerance", "change", "noise_level"):
            if not isinstance(getattr(self, key), int | float | np.number) or np.isnan(getattr(self, key)):
                raise ValueError(f"{key}: expected a number, got {getattr(self, key)}")

    def reason(self, residuals: Sequence[float], changes: Sequence[float] = ()) -> str | None:
        """Say why to stop after sweeps with these residuals and, as far as known, changes; None to go on."""
        if len(residuals) >= self.max_sweeps:
            return did(self.max_sweeps)
        if residuals and residuals[-1] <= self.noise_level:
            return f"the residual is down to the noise, {self.noise_level:.2g}"
        newest = residuals[-3:]
        is_still = all(change <= self.change for change in changes[-2:])
        if len(newest) == 3 and is_still and all(old - new < self.tolerance * old for old, new in pairwise(newest)):
            moves = f" and no update moves the volume by more than {self.change:.2g} of itself" if any(changes) else ""
            return f"the residual falls less than {self.tolerance:.2g} of itself a sweep{moves}"
        return None


def did(sweeps: int) -> str:
    """Say that so many sweeps were done."""
    return f"did {sweeps} sweep{'s' if sweeps != 1 else ''}"


@runtime_checkable
class EndsByCount(Protocol):
    """A method whose residual may not tell when it has had enough."""

    @property
    def usual_sweeps(self) -> int | None:
        """How many sweeps do, from where the tilts last changed; None if the residual tells after all."""
        ...


@runtime_checkable
class TakesItsTime(Protocol):
    """A method that is not itself before so many sweeps."""

    @property
    def least_sweeps(self) -> int:
        """How many it needs before a rule may end it, but for the rule's own most."""
        ...


@runtime_checkable
class TellsChange(Protocol):
    """A method that goes on improving the volume long after the residual is flat."""

    def change(self, state: Any) -> float:
        """Give ‖x − x before‖ / ‖x‖, the farthest that an update of the newest sweep moved the volume."""
        ...


def change_of(method: object, state: Any) -> float:
    """Give how far the newest sweep moved the volume; 0 where the residual alone tells when it is enough."""
    return method.change(state) if isinstance(method, TellsChange) else 0.0


def usual_rule(method: object) -> StoppingRule:
    """Give the rule by which this method ends, live and offline, when nobody asked for another."""
    sweeps = usual_sweeps_of(method)
    return StoppingRule() if sweeps is None else StoppingRule(tolerance=-float("inf"), max_sweeps=sweeps)


def usual_sweeps_of(method: object) -> int | None:
    """Give how many sweeps do, where the residual does not tell; None where it does."""
    return method.usual_sweeps if isinstance(method, EndsByCount) else None


def least_sweeps_of(method: object) -> int:
    """Give how many sweeps a method needs before a rule may end it."""
    return method.least_sweeps if isinstance(method, TakesItsTime) else 1


def noise_level(projections: np.ndarray, tilt_weights: np.ndarray | None = None) -> float:
    """Give ‖noise‖ / ‖b‖ of projections (tilt, y, x): the residual at which the discrepancy principle stops.

    Tilts count by their weights, pixels that are NaN are not measured.

    After Morozov, Methods for Solving Incorrectly Posed Problems (1984),
    doi:10.1007/978-1-4612-5280-1.
    """
    xp = namespace(projections)
    values = xp.asarray(projections, np.float64)
    is_finite = xp.isfinite(values)
    weights = np.ones(len(values)) if tilt_weights is None else tilt_weights
    energy = float(weights @ to_numpy(xp.where(is_finite, values**2, 0).sum(axis=(1, 2))))
    noise = float(weights @ (noise_deviations(values) ** 2 * to_numpy(is_finite.sum(axis=(1, 2)))))
    return float(np.sqrt(noise / energy)) if energy > 0 else 0.0
