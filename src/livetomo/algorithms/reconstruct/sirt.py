"""SIRT: the simultaneous iterative reconstruction technique."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.kernels import packed
from livetomo.model import Geometry

_LEAST_COLUMN_SUM = 1e-3


@dataclass
class SIRTState:
    """What SIRT keeps: one volume, the projections, the column sums of A."""

    data: HeldData
    packed_volume: np.ndarray
    column_sums: np.ndarray
    """(z, x): Σ of the weights with which all tilts see a voxel."""
    residual: float = 1.0
    next_block: int = 0
    """Where a sweep that was cut short goes on, so that no slice waits longer than the others."""
    squares: dict[int, float] = field(default_factory=dict)
    """Σ (b − A x)² of the blocks this sweep has done."""


@dataclass(frozen=True)
class SIRT:
    """SIRT after Gregor and Benson, IEEE Trans. Med. Imaging 27, 918 (2008), doi:10.1109/TMI.2008.923696.

    x ← x + relaxation · C Aᵀ R (b − A x), where R and C are one over the row and column sums of A; they follow the data
    as tilts arrive, so the step is always stable. ``add`` to an empty state is its first sweep. The residual is that of
    the volume at the start of the newest sweep, which costs nothing extra.

    Raises
    ------
    ValueError
        When the relaxation is not between 0 and 2, where SIRT converges.
    """

    relaxation: float = 1.0
    positivity: bool = True
    name: ClassVar[str] = "sirt"
    is_direct: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not 0 < self.relaxation < 2:
            raise ValueError(f"relaxation: expected a factor between 0 and 2, got {self.relaxation}")

    def start(self, geometry: Geometry) -> SIRTState:
        """Give an empty reconstruction."""
        data = HeldData.none(geometry)
        return SIRTState(data, data.grid.new_volume(), np.zeros(data.grid.n_zx, np.float32))

    def add(
        self, state: SIRTState, projections: np.ndarray, tilt_angles: np.ndarray, shifts_px: np.ndarray | None = None
    ) -> SIRTState:
        """Take in projections and do one update with them alone."""
        numbers = state.data.add(projections, tilt_angles, shifts_px)
        sums = state.data.column_sums(numbers)
        state.column_sums += sums
        return self._show(state, numbers, sums)

    def replace(
        self, state: SIRTState, index: int, projection: np.ndarray, tilt_angle: float, shift_px: np.ndarray
    ) -> SIRTState:
        """Put a corrected projection in the place of number ``index`` and do one update with it alone."""
        numbers = state.data.replace(index, projection, tilt_angle, shift_px)
        state.column_sums = state.data.column_sums(np.arange(len(state.data)))
        return self._show(state, numbers, state.data.column_sums(numbers))

    def step(self, state: SIRTState) -> SIRTState:
        """Do one sweep."""
        for _ in self.step_pieces(state, piece_s=float("inf")):
            pass
        return state

    def step_pieces(self, state: SIRTState, piece_s: float = 0.03) -> Iterator[None]:
        """Do one sweep, handing control back about every ``piece_s`` seconds; it may be left at any of them."""
        numbers = np.arange(len(state.data))
        if not len(numbers):
            return
        state.squares = {}
        gain = self._gain(state.column_sums)
        n_blocks = state.data.grid.n_blocks
        weights = state.data.ray_weights
        for block in [(state.next_block + k) % n_blocks for k in range(n_blocks)]:
            yield from self._update_block(state, block, numbers, gain, weights, piece_s)
            state.next_block = (block + 1) % n_blocks
        state.residual = state.data.residual(sum(state.squares.values()))

    def volume(self, state: SIRTState) -> np.ndarray:
        """Give the volume (z, y, x) float32."""
        return state.data.grid.unpack_volume(state.packed_volume)

    def residual(self, state: SIRTState) -> float:
        """Give ‖A x − b‖ / ‖b‖ over the rays that meet the grid."""
        return state.residual

    def _gain(self, column_sums: np.ndarray) -> np.ndarray:
        seen = column_sums > _LEAST_COLUMN_SUM
        gain = np.zeros_like(column_sums)
        np.divide(np.float32(self.relaxation), column_sums, out=gain, where=seen)
        return gain

    def _show(self, state: SIRTState, numbers: np.ndarray, sums: np.ndarray) -> SIRTState:
        gain, weights = self._gain(sums), state.data.ray_weights
        for block in range(state.data.grid.n_blocks):
            for _ in self._update_block(state, block, numbers, gain, weights, float("inf")):
                pass
        return state

    def _update_block(
        self,
        state: SIRTState,
        block: int,
        numbers: np.ndarray,
        gain: np.ndarray,
        ray_weights: np.ndarray,
        piece_s: float,
    ) -> Iterator[None]:
        data, volume = state.data, state.packed_volume[block]
        remainder = data.grid.new_projections(len(data), n_blocks=1)[0]
        squares: list[float] = []
        yield from packed.run_in_pieces(
            packed.remainder_tasks(
                data.grid, data.rays, volume, data.projections[block], remainder, ray_weights, numbers, squares
            ),
            piece_s,
        )
        floor = np.float32(0) if self.positivity else packed.NO_FLOOR
        update = gain, np.float32(1), floor
        yield from packed.run_in_pieces(
            packed.backproject_tasks(data.grid, data.rays, volume, remainder, numbers, update), piece_s
        )
        state.squares[block] = sum(squares)
