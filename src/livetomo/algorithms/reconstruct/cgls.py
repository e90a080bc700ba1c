"""CGLS: conjugate gradients for least squares."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.linear_maps import backproject, project, systems
from livetomo.algorithms.reconstruct.noise import damping_for_noise
from livetomo.algorithms.reconstruct.scaling import largest_eigenvalue, updates_by_sums
from livetomo.algorithms.reconstruct.sweeps import check_damping
from livetomo.algorithms.reconstruct.updates import Scratch, correct_at_once
from livetomo.arrays import beside, namespace
from livetomo.kernels import conjugate, packed
from livetomo.model import Geometry

_LEAST_DAMPING = 0.001
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
    """(block,) energy of the gradient when the search began; blocks that are searched together share the first."""
    energies: np.ndarray = field(init=False)
    """(block,) that of the newest gradient, likewise."""
    is_begun: np.ndarray = field(init=False)
    """(block,) whether the direction fits the data and the volume, likewise."""
    damping: float | None = None
    """The method's, times ‖A‖²; None when the tilts have changed since."""
    residual: float = 1.0
    next_system: int = 0

    def __post_init__(self) -> None:
        n_blocks = len(self.packed_volume)
        self.first_energies, self.energies = np.zeros(n_blocks), np.zeros(n_blocks)
        self.is_begun = np.zeros(n_blocks, bool)

    def __getstate__(self) -> dict[str, object]:
        used = self.remainder[:, : len(self.data) * self.data.grid.row_length]
        return self.__dict__ | {"remainder": namespace(used).ascontiguousarray(used)}

    def __setstate__(self, fields: dict[str, object]) -> None:
        self.__dict__ |= fields
        self.packed_volume, self.direction = packed.aligned(self.packed_volume), packed.aligned(self.direction)
        self.remainder = packed.aligned(self.remainder)


@dataclass(frozen=True)
class CGLS:
    """CGLS after Björck, Numerical Methods for Least Squares Problems (1996), doi:10.1137/1.9781611971484, section 7.4.

    Minimises ‖b − A x‖² + damping · ‖A‖² ‖x‖², in far fewer sweeps than any fixed step: 5 to 15. Slices do not meet, so
    every lane block has step lengths of its own, unless the specimen was turned for some tilts. When data come or
    change, the search begins anew from the volume there is. There is no positivity, and with noise the best volume
    comes early; the damping, by the noise found in the projections, keeps what comes later near it. Memory: two volumes
    and one lane block, and twice the projections.

    Raises
    ------
    ValueError
        When the damping is not from 0 to below 1.
    """

    damping: float | None = None
    """Over ‖A‖²; None follows the noise found in the projections."""
    name: ClassVar[str] = "cgls"
    is_direct: ClassVar[bool] = False
    positivity: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_damping(self.damping)

    def start(self, geometry: Geometry) -> CGLSState:
        """Give an empty reconstruction."""
        data = HeldData.none(geometry)
        return CGLSState(data, data.grid.new_volume(), data.grid.new_volume(), data.grid.new_projections(0))

    def add(
        self,
        state: CGLSState,
        projections: np.ndarray,
        tilt_angles: np.ndarray,
        shifts_px: np.ndarray | None = None,
        weights: np.ndarray | None = None,
        rotations_deg: np.ndarray | None = None,
    ) -> CGLSState:
        """Take in projections and do one update of SIRT with them alone."""
        data = state.data
        numbers = data.add(projections, tilt_angles, shifts_px, weights, rotations_deg)
        if state.remainder.shape != data.projections.shape:
            state.remainder = packed.aligned_zeros(data.projections.shape, data.grid.device)
        self._forget(state)
        updates = updates_by_sums(data, [numbers], relaxation=1)
        correct_at_once(data, state.packed_volume, updates, (1, packed.NO_FLOOR))
        return state

    def replace(
        self,
        state: CGLSState,
        index: int,
        projection: np.ndarray,
        tilt_angle: float,
        shift_px: np.ndarray,
        weights: np.ndarray | None = None,
    ) -> CGLSState:
        """Put a corrected projection in the place of number ``index``; the next sweep goes by it."""
        state.data.replace(index, projection, tilt_angle, shift_px, weights)
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
        if state.damping is None:
            damping = damping_for_noise(data, _LEAST_DAMPING) if self.damping is None else self.damping
            state.damping = damping * largest_eigenvalue(data, np.arange(len(data)), data.rays_used)
        together = systems(data)
        memory = _Memory(data, len(together[0]))
        for number in np.roll(np.arange(len(together)), -state.next_system).tolist():
            blocks = together[number]
            memory.clear_unused(data, blocks)
            if not state.is_begun[blocks.start]:
                yield from self._begin(state, blocks, memory, piece_s)
            state.is_begun[blocks.start] = False  # should it be left in the middle
            yield from self._search(state, blocks, memory, squares, piece_s)
            state.is_begun[blocks.start] = True
            state.next_system = (number + 1) % len(together)
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

    @staticmethod
    def _begin(state: CGLSState, blocks: range, memory: "_Memory", piece_s: float) -> Iterator[None]:
        data, sums, energies = state.data, list[float](), list[float]()
        yield from project(data, state.packed_volume, memory.rays, blocks, memory.scratch, piece_s)
        for block, projected in zip(blocks, memory.rays, strict=True):
            state.remainder[block] = data.projections[block]
            weights = memory.weights(block)
            yield from conjugate.take_back(state.remainder[block], projected, weights, 1.0, sums, piece_s)
            yield from conjugate.weigh(state.remainder[block], weights, projected, piece_s)
        directions = state.direction[blocks.start : blocks.stop]
        yield from backproject(data, memory.rays, directions, blocks, memory.scratch, piece_s)
        for block in blocks:
            direction, volume = state.direction[block], state.packed_volume[block]
            yield from conjugate.damp(direction, volume, state.damping or 0.0, energies, piece_s)
        state.energies[blocks.start] = state.first_energies[blocks.start] = sum(energies)

    @staticmethod
    def _search(
        state: CGLSState, blocks: range, memory: "_Memory", squares_left: list[float], piece_s: float
    ) -> Iterator[None]:
        data, damping, first = state.data, state.damping or 0.0, blocks.start
        path, length, new = list[float](), list[float](), list[float]()
        yield from project(data, state.direction, memory.rays, blocks, memory.scratch, piece_s)
        for block, projected in zip(blocks, memory.rays, strict=True):
            yield from conjugate.squares(projected[: len(memory.ray_rows)], memory.weights(block), path, piece_s)
            yield from conjugate.squares(state.direction[block], conjugate.NO_WEIGHTS, length, piece_s)
        energy, is_exact = state.energies[first], state.energies[first] <= _EXACT * state.first_energies[first]
        step = 0.0 if is_exact else energy / (sum(path) + damping * sum(length))
        for block, projected in zip(blocks, memory.rays, strict=True):
            weights, remainder = memory.weights(block), state.remainder[block]
            yield from conjugate.add_scaled(state.packed_volume[block], state.direction[block], step, piece_s)
            yield from conjugate.take_back(remainder, projected, weights, step, squares_left, piece_s)
            yield from conjugate.weigh(remainder, weights, projected, piece_s)
        yield from backproject(data, memory.rays, memory.gradient, blocks, memory.scratch, piece_s)
        for block, gradient in zip(blocks, memory.gradient, strict=True):
            yield from conjugate.damp(gradient, state.packed_volume[block], damping, new, piece_s)
        turned = 0.0 if is_exact else sum(new) / energy
        for block, gradient in zip(blocks, memory.gradient, strict=True):
            yield from conjugate.turn(state.direction[block], gradient, turned, piece_s)
        state.energies[first] = sum(new)


class _Memory:
    """What the blocks that are searched together need beside the state: their rays, the gradient and the weights."""

    def __init__(self, data: HeldData, n_blocks: int) -> None:
        self.scratch = Scratch(data)
        self.rays = data.grid.new_projections(len(data), n_blocks)
        self.gradient = data.grid.new_volume()[:n_blocks]
        rows = np.zeros((len(data), data.grid.row_length), np.float32)
        rows[:, packed.RAY_BORDER : packed.RAY_BORDER + data.grid.detector_width] = data.rays_used
        self.ray_rows = beside(data.projections, rows.ravel())
        self._pixel_weights = data.pixel_weights

    def clear_unused(self, data: HeldData, blocks: range) -> None:
        """Clear the lanes that fuller blocks have used and these do not."""
        for block, rays, gradient in zip(blocks, self.rays, self.gradient, strict=True):
            rays[:, data.grid.block(block).n_slices :] = gradient[:, data.grid.block(block).n_slices :] = 0

    def weights(self, block: int) -> conjugate.Weights:
        """Give the weights of the rays and the pixels of a block."""
        return self.ray_rows, self._pixel_weights[block]
