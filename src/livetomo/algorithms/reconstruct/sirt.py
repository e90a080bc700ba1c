"""SIRT: the simultaneous iterative reconstruction technique."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.kernels import packed
from livetomo.model import Geometry

_LEAST_COLUMN_SUM = 1e-3


@dataclass
class SIRTState:
    """What SIRT keeps: one volume and the projections."""

    data: HeldData
    packed_volume: np.ndarray
    subsets: list[tuple[np.ndarray, np.ndarray]] | None = None
    """(tilt numbers, C (z, x)) of each subset; None when the tilts have changed since."""
    residual: float = 1.0
    next_part: int = 0
    """Where a sweep that was cut short goes on, so that no slice and no tilt waits longer than the others."""

    def __setstate__(self, fields: dict[str, object]) -> None:
        self.__dict__ |= fields
        self.packed_volume = packed.aligned(self.packed_volume)


@dataclass(frozen=True)
class SIRT:
    """SIRT after Gregor and Benson, IEEE Trans. Med. Imaging 27, 918 (2008), doi:10.1109/TMI.2008.923696.

    x ← (1 − damping) x + relaxation · C Aᵀ R (b − A x), where R and C are one over the row and column sums of A; they
    follow the data as tilts arrive. With ordered subsets (Xu et al., J. Struct. Biol. 171, 142 (2010),
    doi:10.1016/j.jsb.2010.03.018) a sweep does that once for each group of about ``tilts_per_subset`` tilts spread over
    all angles, and converges about as many times faster as there are groups. The damping (Tikhonov's) settles what the
    tilts leave open: the volume no longer depends on the order in which they came, and noise is not fitted for ever.
    ``SIRT(tilts_per_subset=None, damping=0)`` is plain SIRT.

    ``add`` to an empty state is its first update. The residual is that of the volume as the newest sweep met it, which
    costs nothing extra.

    Raises
    ------
    ValueError
        When the relaxation is not between 0 and 2, where SIRT converges, the subsets are empty, or the damping is not
        between 0 and 1.
    """

    relaxation: float = 1.0
    positivity: bool = True
    tilts_per_subset: int | None = 8
    damping: float = 0.003
    name: ClassVar[str] = "sirt"
    is_direct: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not 0 < self.relaxation < 2:
            raise ValueError(f"relaxation: expected a factor between 0 and 2, got {self.relaxation}")
        if self.tilts_per_subset is not None and self.tilts_per_subset < 1:
            raise ValueError(f"tilts_per_subset: expected at least 1, or None for all, got {self.tilts_per_subset}")
        if not 0 <= self.damping < 1:
            raise ValueError(f"damping: expected a fraction from 0 to below 1, got {self.damping}")

    def start(self, geometry: Geometry) -> SIRTState:
        """Give an empty reconstruction."""
        data = HeldData.none(geometry)
        return SIRTState(data, data.grid.new_volume())

    def add(
        self, state: SIRTState, projections: np.ndarray, tilt_angles: np.ndarray, shifts_px: np.ndarray | None = None
    ) -> SIRTState:
        """Take in projections and do one update with them alone."""
        return self._show(state, state.data.add(projections, tilt_angles, shifts_px))

    def replace(
        self, state: SIRTState, index: int, projection: np.ndarray, tilt_angle: float, shift_px: np.ndarray
    ) -> SIRTState:
        """Put a corrected projection in the place of number ``index``; the next sweep goes by it."""
        state.data.replace(index, projection, tilt_angle, shift_px)
        state.subsets = None
        return state

    def step(self, state: SIRTState) -> SIRTState:
        """Do one sweep."""
        for _ in self.step_pieces(state, piece_s=float("inf")):
            pass
        return state

    def step_pieces(self, state: SIRTState, piece_s: float = 0.03) -> Iterator[None]:
        """Do one sweep, handing control back about every ``piece_s`` seconds; it may be left at any of them."""
        data, squares = state.data, list[float]()
        if not len(data):
            return
        if state.subsets is None:
            state.subsets = self._with_gains(data, self._subsets(data.tilt_angles))
        weights, scratch = data.ray_weights, self._scratch(state)
        n_parts = len(state.subsets) * data.grid.n_blocks
        for part in [(state.next_part + k) % n_parts for k in range(n_parts)]:
            (subset, gain), block = state.subsets[part // data.grid.n_blocks], part % data.grid.n_blocks
            yield from self._update(state, block, subset, gain, weights, scratch, squares, piece_s)
            state.next_part = (part + 1) % n_parts
        state.residual = data.residual(sum(squares))

    def volume(self, state: SIRTState, out: np.ndarray | None = None) -> np.ndarray:
        """Give the volume (z, y, x) float32, in ``out`` when it is given."""
        return state.data.grid.unpack_volume(state.packed_volume, out)

    def residual(self, state: SIRTState) -> float:
        """Give ‖A x − b‖ / ‖b‖ over the rays that meet the grid."""
        return state.residual

    def _with_gains(self, data: HeldData, subsets: list[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
        column_sums = data.column_sums(subsets)
        gains = np.zeros_like(column_sums)
        np.divide(np.float32(self.relaxation), column_sums, out=gains, where=column_sums > _LEAST_COLUMN_SUM)
        return list(zip(subsets, gains, strict=True))

    def _subsets(self, tilt_angles: np.ndarray) -> list[np.ndarray]:
        n_subsets = max(1, round(len(tilt_angles) / (self.tilts_per_subset or len(tilt_angles))))
        by_angle = np.argsort(tilt_angles, kind="stable")
        golden = np.argsort(np.arange(n_subsets) * 0.6180339887 % 1)  # subsets that follow each other lie far apart
        return [by_angle[start::n_subsets].copy() for start in golden]

    def _show(self, state: SIRTState, numbers: np.ndarray) -> SIRTState:
        state.subsets = None
        [(_, gain)] = self._with_gains(state.data, [numbers])
        weights, scratch = state.data.ray_weights, self._scratch(state)
        for block in range(state.data.grid.n_blocks):
            for _ in self._update(state, block, numbers, gain, weights, scratch, [], float("inf")):
                pass
        return state

    @staticmethod
    def _scratch(state: SIRTState) -> np.ndarray:
        rays: np.ndarray = state.data.grid.new_projections(len(state.data), n_blocks=1)[0]
        return rays

    def _update(
        self,
        state: SIRTState,
        block: int,
        numbers: np.ndarray,
        gain: np.ndarray,
        ray_weights: np.ndarray,
        scratch: np.ndarray,
        squares: list[float],
        piece_s: float,
    ) -> Iterator[None]:
        data, volume = state.data, state.packed_volume[block]
        measured = data.projections[block]
        forward = packed.remainder_tasks(data.grid, data.rays, volume, measured, scratch, ray_weights, numbers, squares)
        yield from packed.run_in_pieces(forward, piece_s)
        floor = np.float32(0) if self.positivity else packed.NO_FLOOR
        update = gain, np.float32(1 - self.damping), floor
        back = packed.backproject_tasks(data.grid, data.rays, volume, scratch, numbers, update)
        yield from packed.run_in_pieces(back, piece_s)
