"""DART: the discrete algebraic reconstruction technique."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct.grey_levels import boundary, estimated_levels, labels_of
from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.noise import damping_for_noise
from livetomo.algorithms.reconstruct.scaling import updates_by_sums
from livetomo.algorithms.reconstruct.subsets import spread_subsets
from livetomo.algorithms.reconstruct.sweeps import check_damping, check_relaxation, check_tilts_per_subset
from livetomo.algorithms.reconstruct.updates import Scratch, Update, correct, correct_at_once, parts_of
from livetomo.arrays import beside, namespace, scipy_part
from livetomo.kernels import packed
from livetomo.model import Geometry

_FREE = np.float32(-1)
"""Marks a free voxel among the fixed ones, whose levels are not negative."""

_USUAL_ROUNDS = 10
_SLICES_AT_ONCE = 8
_GAUSSIAN_REACH = 4
"""Slices that SciPy's Gaussian of one voxel looks at on each side."""
_ROWS_PER_TASK = 1024
"""Packed rows: few enough that what is compared stays in cache."""


@dataclass
class DARTState:
    """What DART keeps: the volume, what is fixed in it, and the projections."""

    data: HeldData
    packed_volume: np.ndarray
    fixed: np.ndarray
    """Packed levels of the fixed voxels, −1 where free; without rows while all are free."""
    levels: np.ndarray | None = None
    """(level,) ascending; None until they are estimated."""
    updates: list[Update] | None = None
    residual: float = 1.0
    next_part: int = 0
    n_sweeps: int = 0
    """Since the tilts changed."""
    n_rounds: int = 0
    """Begun since then."""

    def __setstate__(self, fields: dict[str, object]) -> None:
        self.__dict__ |= fields
        self.packed_volume, self.fixed = packed.aligned(self.packed_volume), packed.aligned(self.fixed)


@dataclass(frozen=True)
class DART:
    """DART: Batenburg and Sijbers, IEEE Trans. Image Process. 20, 2542 (2011), doi:10.1109/TIP.2011.2131661.

    For objects of a few grey levels. ``start_sweeps`` of SIRT with positivity come first. Then each round smooths the
    free voxels, gives every voxel the nearest level, frees those at a boundary (by six neighbours) and at random
    ``free_share`` of the others, and refines the free ones alone by ``round_sweeps`` of SIRT. New tilts begin again
    with SIRT from the volume there is, for as large a part of its sweeps as they are of all tilts. Free voxels are
    damped by the noise found in the projections, as in ``SIRT``. The volume shows them as they are, so that the
    residual is its own; the discrete image is that volume cut midway between the levels. The residual rises when a
    round begins, so it does not tell when to end: live and offline, ten rounds are done unless another number of
    sweeps is given.

    Levels that are not given are estimated from the histogram when the first round begins; the lowest is vacuum, 0.
    Memory: two copies of the volume and two more for a moment when a round begins.

    Raises
    ------
    ValueError
        When a setting is out of its range.
    """

    grey_levels: tuple[float, ...] | None = None
    """2 to 255, ascending, none negative, in the units of the volume."""
    n_levels: int = 2
    """How many to estimate, vacuum included, when they are not given."""
    start_sweeps: int = 20
    round_sweeps: int = 10
    free_share: float = 0.1
    smoothing: float = 0.1
    """Share of a free voxel that its neighbourhood makes up when a round begins."""
    relaxation: float = 1.0
    tilts_per_subset: int | None = 4
    damping: float | None = None
    """Share of the free voxels that an update takes away; None follows the noise found in the projections."""
    seed: int = 0
    name: ClassVar[str] = "dart"
    is_direct: ClassVar[bool] = False
    positivity: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_relaxation(self.relaxation)
        check_tilts_per_subset(self.tilts_per_subset)
        check_damping(self.damping)
        try:
            levels = np.array([0.0, 1.0] if self.grey_levels is None else self.grey_levels, np.float64)
        except (TypeError, ValueError):
            levels = np.zeros(0)
        if levels.ndim != 1 or not np.isfinite(levels).all():
            levels = np.zeros(0)
        if not 2 <= len(levels) <= 255 or levels[0] < 0 or not (np.diff(levels) > 0).all():
            raise ValueError(f"grey_levels: expected 2 to 255, ascending, none negative, got {self.grey_levels}")
        if not 2 <= self.n_levels <= 255:
            raise ValueError(f"n_levels: expected 2 to 255, got {self.n_levels}")
        if self.seed < 0:
            raise ValueError(f"seed: expected at least 0, got {self.seed}")
        for key in ("start_sweeps", "round_sweeps"):
            if getattr(self, key) < 1:
                raise ValueError(f"{key}: expected at least 1, got {getattr(self, key)}")
        for key in ("free_share", "smoothing"):
            if not 0 <= getattr(self, key) <= 1:
                raise ValueError(f"{key}: expected a share from 0 to 1, got {getattr(self, key)}")

    @property
    def usual_sweeps(self) -> int:
        """Sweeps of the start and of ten rounds."""
        return self.start_sweeps + _USUAL_ROUNDS * self.round_sweeps

    @property
    def least_sweeps(self) -> int:
        """Sweeps of the start and of a round: before, no voxel has a level."""
        return self.start_sweeps + self.round_sweeps

    def start(self, geometry: Geometry) -> DARTState:
        """Give an empty reconstruction."""
        data = HeldData.none(geometry)
        volume = data.grid.new_volume()
        return DARTState(data, volume, volume[:, :0])

    def add(
        self,
        state: DARTState,
        projections: np.ndarray,
        tilt_angles: np.ndarray,
        shifts_px: np.ndarray | None = None,
        weights: np.ndarray | None = None,
        rotations_deg: np.ndarray | None = None,
    ) -> DARTState:
        """Take in projections, free all voxels and do one update with these projections alone."""
        data = state.data
        numbers = data.add(projections, tilt_angles, shifts_px, weights, rotations_deg)
        if not len(numbers):
            return state
        self._renew(state, len(numbers) / len(data))
        updates = updates_by_sums(data, [numbers], self.relaxation)
        correct_at_once(data, state.packed_volume, updates, (1, np.float32(0)))
        return state

    def replace(
        self,
        state: DARTState,
        index: int,
        projection: np.ndarray,
        tilt_angle: float,
        shift_px: np.ndarray,
        weights: np.ndarray | None = None,
    ) -> DARTState:
        """Put a corrected projection in the place of number ``index`` and free all voxels."""
        state.data.replace(index, projection, tilt_angle, shift_px, weights)
        self._renew(state, 1 / len(state.data))
        return state

    def step(self, state: DARTState) -> DARTState:
        """Do one sweep over the free voxels."""
        for _ in self.step_pieces(state, piece_s=float("inf")):
            pass
        return state

    def step_pieces(self, state: DARTState, piece_s: float = 0.03) -> Iterator[None]:
        """Do one sweep, handing control back about every ``piece_s`` seconds; it may be left at any of them."""
        data, squares = state.data, list[float]()
        if not len(data):
            return
        if state.updates is None:
            state.updates = updates_by_sums(data, spread_subsets(data, self.tilts_per_subset), self.relaxation)
        n_rounds = (state.n_sweeps - self.start_sweeps) // self.round_sweeps + 1
        if n_rounds > state.n_rounds:
            yield from self._begin_round(state, n_rounds - 1)
            state.n_rounds = n_rounds
        parts, scratch = parts_of(state.updates, data.grid.n_blocks), Scratch(data)
        for number in [(state.next_part + k) % len(parts) for k in range(len(parts))]:
            part = parts[number]
            change = 1 - self._damping(data, part[0]), np.float32(0)
            yield from correct(data, state.packed_volume, part, scratch, change, squares, piece_s)
            for block in part[1]:
                _fix(state, block)
            state.next_part = (number + 1) % len(parts)
        state.residual = data.residual(sum(squares))
        state.n_sweeps += 1

    def volume(self, state: DARTState, out: np.ndarray | None = None) -> np.ndarray:
        """Give the volume (z, y, x) float32, in ``out`` when it is given."""
        return state.data.grid.unpack_volume(state.packed_volume, out)

    def residual(self, state: DARTState) -> float:
        """Give ‖A x − b‖ / ‖b‖ over the rays that meet the grid, as the newest sweep met the volume."""
        return state.residual

    def _damping(self, data: HeldData, update: Update) -> float:
        if self.damping is not None:
            return self.damping
        return update.share * self.relaxation * damping_for_noise(data, least=0.0)

    def _renew(self, state: DARTState, new_share: float) -> None:
        """Free all voxels and go back in the sweeps of the start by the share of the tilts that is new."""
        again = int(np.ceil(self.start_sweeps * new_share))
        state.n_sweeps = max(0, min(state.n_sweeps, self.start_sweeps) - again)
        state.updates, state.levels, state.next_part, state.n_rounds = None, None, 0, 0
        state.fixed = state.packed_volume[:, :0]

    def _begin_round(self, state: DARTState, number: int) -> Iterator[None]:
        """Choose what is fixed, a few slices at a time; when it is left before the end, nothing has changed."""
        grid = state.data.grid
        volume = grid.unpack_volume(state.packed_volume)
        yield
        if state.levels is None:
            given = self.grey_levels
            state.levels = estimated_levels(volume, self.n_levels) if given is None else np.array(given)
            yield
        if number > 0 and self.smoothing > 0:
            volume = yield from self._smoothed(state, volume)
        xp = namespace(volume)
        fixed, levels = xp.empty_like(volume), beside(volume, state.levels.astype(np.float32))
        for first, slab, inner in _slabs(volume.shape[1], 1):
            labels = labels_of(volume[:, slab], state.levels)
            random = xp.random.default_rng((self.seed, number, first))
            is_free = boundary(labels) | (random.random(labels.shape, np.float32) < self.free_share)
            fixed[:, first : first + _SLICES_AT_ONCE] = xp.where(is_free, _FREE, levels[labels])[:, inner]
            yield
        packed_fixed = grid.new_volume()
        grid.pack_volume(fixed, packed_fixed)
        yield
        grid.pack_volume(volume, state.packed_volume)
        state.fixed = packed_fixed

    def _smoothed(self, state: DARTState, volume: np.ndarray) -> Generator[None, None, np.ndarray]:
        gaussian_filter = scipy_part(volume, "ndimage").gaussian_filter
        is_free, smoothed = state.data.grid.unpack_volume(state.fixed) == _FREE, volume.copy()
        yield
        for first, slab, inner in _slabs(volume.shape[1], _GAUSSIAN_REACH):
            some = slice(first, first + _SLICES_AT_ONCE)
            change = (gaussian_filter(volume[:, slab], 1.0) - volume[:, slab])[:, inner]
            smoothed[:, some] += np.float32(self.smoothing) * change * is_free[:, some]
            yield
        return smoothed


def _slabs(n_slices: int, reach: int) -> Iterator[tuple[int, slice, slice]]:
    """Give, for some slices at a time, the first of them, them with neighbours, and where they lie among those."""
    for first in range(0, n_slices, _SLICES_AT_ONCE):
        before = min(first, reach)
        last = min(first + _SLICES_AT_ONCE, n_slices)
        yield first, slice(first - before, last + reach), slice(before, before + last - first)


def _fix(state: DARTState, block: int) -> None:
    volume, fixed = state.packed_volume[block], state.fixed[block]

    def fix(rows: slice) -> None:
        namespace(volume).copyto(volume[rows], fixed[rows], where=fixed[rows] != _FREE)

    packed.run(packed.row_tasks(fixed, fix, _ROWS_PER_TASK))
