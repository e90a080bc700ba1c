"""Fourier iteration with constraints: by turns the measured samples, positivity and a support."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct import coarser
from livetomo.algorithms.reconstruct.coarser import Coarser
from livetomo.algorithms.reconstruct.fourier_lines import (
    FourierLines,
    bare_cells,
    lane_pairs,
    pairs_there,
    refuse_gpu,
    refuse_rotations,
)
from livetomo.algorithms.reconstruct.fourier_normal import convolved, multiplier, power_step
from livetomo.algorithms.reconstruct.fourier_weights import row_powers, sample_weights, trust
from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.ramp_filter import refuse_pixel_weights
from livetomo.algorithms.reconstruct.scaling import updates_by_sums
from livetomo.algorithms.reconstruct.support import packed_support
from livetomo.algorithms.reconstruct.updates import Scratch, correct_at_once, misfit
from livetomo.kernels import packed
from livetomo.model import Geometry

_DAMPING = 0.1
"""Of what noise hides, in one iteration."""
_POWER_STEPS = 12
_LEAST_NORM = 0.5
"""Over the largest factor, in case the power method is not there yet; the true norm was 0.48 to 1 of it."""
_POINTS_PER_TASK = 2**20
"""Of the doubled grid: some 0.03 s, and little memory."""
_ITERATIONS_AHEAD = 8
"""Of the coarser one: without smoothing, what few tilts leave open is filled more slowly than by it."""
_LEAST_SQUARE = 1e-30


@dataclass(eq=False)
class Aim:
    """What the iterations go by, for the tilts as they are."""

    lines: FourierLines
    weights: np.ndarray
    """(tilt, k) float32."""
    factors: np.ndarray
    """(z, x) float32 of the doubled grid's spectrum: measured share and damping."""
    step: np.float32


@dataclass
class ConstrainedFourierState:
    """What the iteration keeps: the volume, the one extrapolated from it, what the samples give, the projections."""

    data: HeldData
    packed_volume: np.ndarray
    extrapolated: np.ndarray
    gridded: np.ndarray
    """Packed Aᴴ W b."""
    support: np.ndarray
    """Packed uint8; without rows when it is everywhere."""
    powers: np.ndarray
    """(tilt, k) mean power of the rows' spectra."""
    mode: np.ndarray = field(init=False)
    """(z, x) complex64: where the power method ended."""
    is_gridded: np.ndarray = field(init=False)
    """(block,) whether ``gridded`` fits the data."""
    n_done: np.ndarray = field(init=False)
    """(block,) iterations."""
    pace: np.ndarray = field(init=False)
    """(block, batch) Nesterov's t; 1 is no momentum."""
    aim: Aim | None = None
    """None when the tilts have changed since."""
    residual: float = 1.0
    change: float = 1.0
    """The farthest that the newest iteration, or what went ahead of it, moved the volume, over ‖x‖."""
    coarser: Coarser | None = None
    """The same at half the resolution, which goes ahead; None where the grid is small or a support is given."""
    is_led: bool = False
    """Whether the coarser one has gone ahead of the iteration that is being done."""

    def __post_init__(self) -> None:
        grid = self.data.grid
        self.mode = np.random.default_rng(0).random(grid.n_zx, np.float32).astype(np.complex64)
        self.n_done = np.zeros(grid.n_blocks, int)
        self.pace = np.ones((grid.n_blocks, -(-grid.lanes // (2 * _pairs(grid)))))
        self.data_changed()

    def data_changed(self) -> None:
        """Go by the data as they are now; the momentum stays, it begins anew by itself where it leads uphill."""
        self.is_gridded = np.zeros(self.data.grid.n_blocks, bool)
        self.aim, self.is_led = None, False

    def __setstate__(self, fields: dict[str, object]) -> None:
        self.__dict__ |= fields
        for key in ("packed_volume", "extrapolated", "gridded"):
            setattr(self, key, packed.aligned(getattr(self, key)))


@dataclass(frozen=True)
class ConstrainedFourier:
    """By turns the measured Fourier samples, and positivity and a support in space; these fill what was not measured.

    In the spirit of GENFIRE (Pryor et al., Sci. Rep. 7, 10409 (2017), doi:10.1038/s41598-017-09847-1), slice by slice
    on a doubled grid. There a plane's points near a line are overwritten with interpolated samples; here each iteration
    pulls them there, x ← P(x + s Aᴴ W (b − A x)), by a product in Fourier space that is exact, so that nothing is lost
    to interpolation. W makes Aᴴ W A about 1 where lines are close. Momentum with restarts, for some slices at a time,
    saves iterations (O'Donoghue and Candès, Found. Comput. Math. 15, 715 (2015), doi:10.1007/s10208-013-9150-3).

    Noise is told from the mean power of the rows at each frequency: samples pull by the share of signal in them, and
    frequencies that noise hides are damped, so that the volume settles. What few tilts leave open takes many iterations
    to fill; with up to a tilt for four pixels of the detector, the same at half the resolution goes ahead of each
    (``coarser``), unless there is a support. A spectrum needs all pixels of its row: weights of pixels are refused,
    because putting the volume's own projection there was tried and diverged. The specimen should lie within the
    detector's view at every tilt. Memory: three volumes, half of one for the coarser ones, some slices of the doubled
    grid for each thread, and the projections.

    Raises
    ------
    ValueError
        When the noise factor is below zero, or the support does not fit the volume.
    """

    positivity: bool = True
    noise_factor: float = 1.0
    """Times the power of the noise that was found; 0 takes every sample as it is."""
    support: np.ndarray | None = field(default=None, compare=False, repr=False)
    """(z, y, x) bool, or any shape that broadcasts to it: where the object may be."""
    name: ClassVar[str] = "constrained-fourier"
    is_direct: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not 0 <= self.noise_factor < float("inf"):
            raise ValueError(f"noise_factor: expected a finite number of at least 0, got {self.noise_factor}")

    def start(self, geometry: Geometry) -> ConstrainedFourierState:
        """Give an empty reconstruction."""
        refuse_gpu(self.name, geometry)
        data = HeldData.none(geometry)
        volume, extrapolated, gridded = (data.grid.new_volume() for _ in range(3))
        support, powers = packed_support(self.support, data.grid), np.zeros((0, _row_length(geometry) // 2 + 1))
        ahead = coarser.start(self, geometry) if self.support is None else None
        return ConstrainedFourierState(data, volume, extrapolated, gridded, support, powers, coarser=ahead)

    def add(
        self,
        state: ConstrainedFourierState,
        projections: np.ndarray,
        tilt_angles: np.ndarray,
        shifts_px: np.ndarray | None = None,
        weights: np.ndarray | None = None,
        rotations_deg: np.ndarray | None = None,
    ) -> ConstrainedFourierState:
        """Take in projections and do one update of SIRT with them alone, by the share that they are of all."""
        refuse_pixel_weights(weights)
        refuse_rotations(rotations_deg)
        data = state.data
        numbers = data.add(projections, tilt_angles, shifts_px, weights)
        if not len(numbers):
            return state
        state.powers = np.concatenate([state.powers, np.zeros((len(numbers), state.powers.shape[1]))])
        _measure_powers(state, numbers)
        state.coarser = coarser.grown(self, state.coarser, data, numbers)
        state.extrapolated -= state.packed_volume
        updates = updates_by_sums(data, [numbers], len(numbers) / len(data))
        correct_at_once(data, state.packed_volume, updates, (1, self._floor))
        if state.support.shape[1]:
            state.packed_volume *= state.support
        state.extrapolated += state.packed_volume
        state.data_changed()
        return state

    def replace(
        self,
        state: ConstrainedFourierState,
        index: int,
        projection: np.ndarray,
        tilt_angle: float,
        shift_px: np.ndarray,
        weights: np.ndarray | None = None,
    ) -> ConstrainedFourierState:
        """Put a corrected projection in the place of number ``index``; the next iteration goes by it."""
        refuse_pixel_weights(weights)
        _measure_powers(state, state.data.replace(index, projection, tilt_angle, shift_px, weights))
        if state.coarser is not None:
            coarser.replace(self, state.coarser, state.data, index)
        state.data_changed()
        return state

    def step(self, state: ConstrainedFourierState) -> ConstrainedFourierState:
        """Do one iteration."""
        for _ in self.step_pieces(state, piece_s=float("inf")):
            pass
        return state

    def step_pieces(self, state: ConstrainedFourierState, piece_s: float = 0.03) -> Iterator[None]:
        """Do one iteration, handing control back about every ``piece_s`` seconds; it may be left at any of them.

        The slices that were done least often come first.
        """
        data, squares, moves = state.data, list[float](), list[np.ndarray]()
        if not len(data):
            return
        if state.aim is None:
            state.aim = yield from self._aim(state)
        if state.coarser is not None and not state.is_led:
            volumes, ahead = (state.packed_volume, state.extrapolated), _ITERATIONS_AHEAD
            lead = yield from coarser.go_ahead(self, state.coarser, data.grid, volumes, self._floor, piece_s, ahead)
            state.change, state.is_led = _length(lead), True
        for block in np.argsort(state.n_done, kind="stable").tolist():
            if not state.is_gridded[block]:
                yield from self._grid(state, state.aim, block, piece_s)
            batches = range(-(-pairs_there(data.grid, block) // _pairs(data.grid)))
            iterations = [partial(self._iterate, state, state.aim, block, batch, moves) for batch in batches]
            yield from packed.run_in_pieces(iterations, piece_s)
            state.n_done[block] += 1
        yield from misfit(data, state.packed_volume, Scratch(data), squares, piece_s)
        state.residual = data.residual(sum(squares))
        moved = _length(np.sum(moves, axis=0))
        state.change, state.is_led = max(moved, state.change) if state.is_led else moved, False

    def volume(self, state: ConstrainedFourierState, out: np.ndarray | None = None) -> np.ndarray:
        """Give the volume (z, y, x) float32, in ``out`` when it is given."""
        return state.data.grid.unpack_volume(state.packed_volume, out)

    def residual(self, state: ConstrainedFourierState) -> float:
        """Give ‖A x − b‖ / ‖b‖ as the newest iteration left it, A the projector of the other iterative methods."""
        return state.residual

    def change(self, state: ConstrainedFourierState) -> float:
        """Give ‖x − x before‖ / ‖x‖, the farthest that the newest iteration, or what went ahead of it, moved it."""
        return state.change

    @property
    def _floor(self) -> np.float32:
        return np.float32(0) if self.positivity else packed.NO_FLOOR

    def _aim(self, state: ConstrainedFourierState) -> Generator[None, None, Aim]:
        data = state.data
        lines = FourierLines.of(data.geometry, data.tilt_angles, data.shifts_px[:, 1])
        counts = data.tilt_weights * lines.meets
        shares = counts / (counts.sum() or 1)
        noise_power = float(shares @ data.noise**2) * data.geometry.detector_width
        trusted = trust(shares @ state.powers, noise_power, self.noise_factor)
        weights = sample_weights(lines, data.tilt_angles, counts, trusted)
        factors = multiplier(lines, weights, _DAMPING * (1 - trusted))
        norm = 0.0
        for _ in range(_POWER_STEPS):
            yield
            norm, vector = power_step(state.mode, factors)
            state.mode = vector if norm > 0 else state.mode
        norm = max(norm, _LEAST_NORM * float(factors.max()))
        return Aim(lines, weights, factors, np.float32(1 / norm if norm > 0 else 0))

    @staticmethod
    def _grid(state: ConstrainedFourierState, aim: Aim, block: int, piece_s: float) -> Iterator[None]:
        data, one = state.data, slice(block, block + 1)
        tasks = aim.lines.backproject_tasks(
            data.grid, data.projections[one], np.arange(len(data)), aim.weights, state.gridded[one], keep=False
        )
        yield from packed.run_in_pieces(tasks, piece_s)
        state.is_gridded[block] = True

    def _iterate(
        self, state: ConstrainedFourierState, aim: Aim, block: int, batch: int, moves: list[np.ndarray]
    ) -> None:
        grid, pairs = state.data.grid, _pairs(state.data.grid)
        lanes = slice(2 * pairs * batch, 2 * pairs * (batch + 1))
        ahead, volume, gridded = (
            bare_cells(grid, packed_ones[block])[..., lanes]
            for packed_ones in (state.extrapolated, state.packed_volume, state.gridded)
        )
        slices = np.ascontiguousarray(ahead.view(np.complex64).transpose(2, 0, 1))
        new = np.ascontiguousarray(convolved(slices, aim.factors).transpose(1, 2, 0)).view(np.float32)
        np.subtract(gridded, new, out=new)
        new *= aim.step
        new += ahead
        np.maximum(new, self._floor, out=new)
        if state.support.shape[1]:
            new *= bare_cells(grid, state.support[block])[..., lanes]
        change = new - volume
        moves.append(np.array([np.vdot(change, change), np.vdot(new, new)], np.float64))
        leads_uphill = float(np.vdot(ahead - new, change)) > 0
        pace = 1.0 if leads_uphill else state.pace[block, batch]
        state.pace[block, batch] = (1 + np.sqrt(1 + 4 * pace**2)) / 2
        volume[...] = new
        change *= np.float32((pace - 1) / state.pace[block, batch])
        np.add(new, change, out=ahead)


def _measure_powers(state: ConstrainedFourierState, numbers: np.ndarray) -> None:
    length = _row_length(state.data.geometry)
    for number in numbers:
        state.powers[number] = row_powers(state.data.images(np.array([number])), length)[0]


def _length(squares: np.ndarray) -> float:
    """Give ‖way‖ / ‖x‖ from their squares."""
    return float(np.sqrt(squares[0] / max(squares[1], _LEAST_SQUARE)))


def _pairs(grid: packed.PackedGrid) -> int:
    return lane_pairs(grid, 4 * grid.n_zx[0] * grid.n_zx[1], _POINTS_PER_TASK)


def _row_length(geometry: Geometry) -> int:
    return len(FourierLines.of(geometry, np.zeros(0), np.zeros(0)).frequencies)
