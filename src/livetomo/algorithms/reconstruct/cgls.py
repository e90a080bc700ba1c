"""CGLS: conjugate gradients for least squares."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.scaling import largest_eigenvalue, updates_by_sums
from livetomo.algorithms.reconstruct.sweeps import check_damping, scratch_rays
from livetomo.kernels import conjugate, packed
from livetomo.model import Geometry

_EXACT = 1e-13
"""When the gradient's energy has fallen to this share of where it began, float32 can make it no better."""


@dataclass
class CGLSState:
    """What CGLS keeps: the volume, the search direction, the projections and what is left of them."""

    data: HeldData
    packed_volume: np.ndarray
    direction: np.ndarray
    remainder: np.ndarray
    """Packed b − A x, as of the newest sweep of each block."""
    first_energies: np.ndarray = field(init=False)
    """(block,) energy of the gradient when the search began."""
    energies: np.ndarray = field(init=False)
    """(block,) that of the newest gradient."""
    is_begun: np.ndarray = field(init=False)
    """(block,) whether the direction fits the data and the volume."""
    damping: float | None = None
    """The method's, times ‖A‖²; None when the tilts have changed since."""
    residual: float = 1.0
    next_block: int = 0

    def __post_init__(self) -> None:
        n_blocks = len(self.packed_volume)
        self.first_energies, self.energies = np.zeros(n_blocks), np.zeros(n_blocks)
        self.is_begun = np.zeros(n_blocks, bool)

    def __getstate__(self) -> dict[str, object]:
        used = self.remainder[:, : len(self.data) * self.data.grid.row_length]
        return self.__dict__ | {"remainder": np.ascontiguousarray(used)}

    def __setstate__(self, fields: dict[str, object]) -> None:
        self.__dict__ |= fields
        self.packed_volume, self.direction = packed.aligned(self.packed_volume), packed.aligned(self.direction)
        self.remainder = packed.aligned(self.remainder)


@dataclass(frozen=True)
class CGLS:
    """CGLS after Björck, Numerical Methods for Least Squares Problems (1996), doi:10.1137/1.9781611971484, section 7.4.

    Minimises ‖b − A x‖² + damping · ‖A‖² ‖x‖², in far fewer sweeps than any fixed step: 5 to 15. Slices do not
    meet, so every lane block has step lengths of its own. When data come or change, the search begins anew from the
    volume there is. There is no positivity, and with noise the best volume comes early: give few sweeps, or
    more damping. Memory: two volumes and one lane block, and twice the projections.

    Raises
    ------
    ValueError
        When the damping is not from 0 to below 1.
    """

    damping: float = 0.001
    name: ClassVar[str] = "cgls"
    is_direct: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_damping(self.damping)

    def start(self, geometry: Geometry) -> CGLSState:
        """Give an empty reconstruction."""
        data = HeldData.none(geometry)
        return CGLSState(data, data.grid.new_volume(), data.grid.new_volume(), data.grid.new_projections(0))

    def add(
        self, state: CGLSState, projections: np.ndarray, tilt_angles: np.ndarray, shifts_px: np.ndarray | None = None
    ) -> CGLSState:
        """Take in projections and do one update of SIRT with them alone."""
        data = state.data
        numbers = data.add(projections, tilt_angles, shifts_px)
        if state.remainder.shape != data.projections.shape:
            state.remainder = packed.aligned_zeros(data.projections.shape)
        self._forget(state)
        [update] = updates_by_sums(data, [numbers], relaxation=1)
        scratch, change = scratch_rays(data), (update.gain, np.float32(1), packed.NO_FLOOR)
        for block, volume in enumerate(state.packed_volume):
            packed.run(
                packed.remainder_tasks(
                    data.grid, data.rays, volume, data.projections[block], scratch, update.ray_weights, numbers, []
                )
            )
            packed.run(packed.backproject_tasks(data.grid, data.rays, volume, scratch, numbers, change))
        return state

    def replace(
        self, state: CGLSState, index: int, projection: np.ndarray, tilt_angle: float, shift_px: np.ndarray
    ) -> CGLSState:
        """Put a corrected projection in the place of number ``index``; the next sweep goes by it."""
        state.data.replace(index, projection, tilt_angle, shift_px)
        self._forget(state)
        return state

    def step(self, state: CGLSState) -> CGLSState:
        """Do one sweep."""
        for _ in self.step_pieces(state, piece_s=float("inf")):
            pass
        return state

    def step_pieces(self, state: CGLSState, piece_s: float = 0.03) -> Iterator[None]:
        """Do one sweep, handing control back about every ``piece_s`` seconds; it may be left at any of them."""
        data, squares = state.data, list[float]()
        if not len(data):
            return
        numbers, rays_used = np.arange(len(data)), np.sign(data.ray_weights)
        if state.damping is None:
            state.damping = self.damping * largest_eigenvalue(data, numbers, rays_used)
        weights = _for_rows(data, rays_used)
        scratch, gradient = scratch_rays(data), np.zeros_like(state.direction[0])
        for block in np.roll(np.arange(data.grid.n_blocks), -state.next_block).tolist():
            if not state.is_begun[block]:
                yield from self._begin(state, block, rays_used, piece_s)
            state.is_begun[block] = False  # should it be left in the middle
            yield from self._search(state, block, (scratch, gradient, weights), squares, piece_s)
            state.is_begun[block] = True
            state.next_block = (block + 1) % data.grid.n_blocks
        state.residual = data.residual(sum(squares))

    def volume(self, state: CGLSState, out: np.ndarray | None = None) -> np.ndarray:
        """Give the volume (z, y, x) float32, in ``out`` when it is given."""
        return state.data.grid.unpack_volume(state.packed_volume, out)

    def residual(self, state: CGLSState) -> float:
        """Give ‖A x − b‖ / ‖b‖ over the rays that meet the grid, after the newest sweep."""
        return state.residual

    @staticmethod
    def _forget(state: CGLSState) -> None:
        state.is_begun[:] = False
        state.damping = None

    def _begin(self, state: CGLSState, block: int, rays_used: np.ndarray, piece_s: float) -> Iterator[None]:
        data, volume, remainder = state.data, state.packed_volume[block], state.remainder[block]
        numbers, sums = np.arange(len(data)), list[float]()
        tasks = packed.remainder_tasks(
            data.grid, data.rays, volume, data.projections[block], remainder, rays_used, numbers, []
        )
        yield from packed.run_in_pieces(tasks, piece_s)
        yield from _backproject(data, remainder, state.direction[block], piece_s)
        yield from conjugate.damp(state.direction[block], volume, state.damping or 0.0, sums, piece_s)
        state.energies[block] = state.first_energies[block] = sum(sums)

    def _search(
        self,
        state: CGLSState,
        block: int,
        scratch: tuple[np.ndarray, np.ndarray, np.ndarray],
        squares_left: list[float],
        piece_s: float,
    ) -> Iterator[None]:
        data, volume, direction = state.data, state.packed_volume[block], state.direction[block]
        (projected, gradient, weights), damping, numbers = scratch, state.damping or 0.0, np.arange(len(data))
        path, length = list[float](), list[float]()
        tasks = packed.project_tasks(data.grid, data.rays, direction, projected, numbers)
        yield from packed.run_in_pieces(tasks, piece_s)
        yield from conjugate.squares(projected, weights, path, piece_s)
        yield from conjugate.squares(direction, None, length, piece_s)
        energy, is_exact = state.energies[block], state.energies[block] <= _EXACT * state.first_energies[block]
        step = 0.0 if is_exact else energy / (sum(path) + damping * sum(length))
        yield from conjugate.add_scaled(volume, direction, step, piece_s)
        yield from conjugate.take_back(state.remainder[block], projected, weights, step, squares_left, piece_s)
        yield from _backproject(data, state.remainder[block], gradient, piece_s)
        new = list[float]()
        yield from conjugate.damp(gradient, volume, damping, new, piece_s)
        yield from conjugate.turn(direction, gradient, 0.0 if is_exact else sum(new) / energy, piece_s)
        state.energies[block] = sum(new)


def _backproject(data: HeldData, rays: np.ndarray, out: np.ndarray, piece_s: float) -> Iterator[None]:
    plain = np.ones(data.grid.n_zx, np.float32), np.float32(0), packed.NO_FLOOR
    tasks = packed.backproject_tasks(data.grid, data.rays, out, rays, np.arange(len(data)), plain)
    yield from packed.run_in_pieces(tasks, piece_s)


def _for_rows(data: HeldData, ray_weights: np.ndarray) -> np.ndarray:
    rows = np.zeros((len(data), data.grid.row_length), np.float32)
    rows[:, packed.RAY_BORDER : packed.RAY_BORDER + data.grid.detector_width] = ray_weights
    return rows.ravel()
