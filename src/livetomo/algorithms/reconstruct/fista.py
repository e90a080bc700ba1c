"""FISTA: least squares with momentum, over ordered subsets."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.noise import damping_for_noise
from livetomo.algorithms.reconstruct.scaling import updates_by_sums
from livetomo.algorithms.reconstruct.subsets import spread_subsets
from livetomo.algorithms.reconstruct.support import packed_support
from livetomo.algorithms.reconstruct.sweeps import check_damping, check_relaxation, check_tilts_per_subset
from livetomo.algorithms.reconstruct.updates import Scratch, Update, parts_of, remainder, turned_correction
from livetomo.kernels import packed
from livetomo.kernels.turn import Turn, turn_back_tasks
from livetomo.model import Geometry

_LEAST_DAMPING = 0.002
_NO_CEILING = np.float32(np.finfo(np.float32).max)


@dataclass
class FISTAState:
    """What FISTA keeps: the volume, the one extrapolated from it, and the projections."""

    data: HeldData
    packed_volume: np.ndarray
    extrapolated: np.ndarray
    support: np.ndarray
    """Packed uint8; without rows when it is everywhere."""
    pace: np.ndarray = field(init=False)
    """(block,) Nesterov's t; 1 is no momentum."""
    squares: np.ndarray = field(init=False)
    """(block,) Σ (b − A y)² of the newest sweep; infinite when there is none with these data."""
    updates: list[Update] | None = None
    merged: int = 0
    """How often the subsets have been made twice as large because the misfit rose."""
    calmed: int = 0
    """How often momentum was halved, because subsets of several rotations can only be merged so far."""
    residual: float = 1.0
    next_part: int = 0

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew from the volume there is: the data have changed."""
        self.pace, self.squares = np.ones(len(self.packed_volume)), np.full(len(self.packed_volume), np.inf)
        self.updates, self.merged, self.calmed = None, 0, 0

    def __setstate__(self, fields: dict[str, object]) -> None:
        self.__dict__ |= fields
        self.packed_volume, self.extrapolated = packed.aligned(self.packed_volume), packed.aligned(self.extrapolated)


@dataclass(frozen=True)
class FISTA:
    """SIRT's update with Nesterov's momentum, over ordered subsets, within bounds.

    FISTA is that of Beck and Teboulle, SIAM J. Imaging Sci. 2, 183 (2009), doi:10.1137/080716542; momentum over ordered
    subsets that of Kim, Ramani and Fessler, IEEE Trans. Med. Imaging 34, 167 (2015), doi:10.1109/TMI.2014.2350962. Two
    safeguards, for each lane block of slices: momentum starts anew when it leads uphill over a sweep (O'Donoghue and
    Candès, Found. Comput. Math. 15, 715 (2015), doi:10.1007/s10208-013-9150-3), and subsets, with which momentum may
    diverge, are merged two by two whenever a sweep finds the misfit grown. Each update is damped by the
    noise found in the projections, so that the volume settles instead of fitting noise for ever. Memory: two
    volumes and the projections, and a quarter of a volume for a support.

    Raises
    ------
    ValueError
        When a setting is out of its range, or the support does not fit the volume.
    """

    relaxation: float = 1.0
    positivity: bool = True
    upper_bound: float | None = None
    """Largest value of a voxel, in the units of the volume."""
    tilts_per_subset: int | None = 8
    damping: float | None = None
    """Share of the volume that an update takes away; None follows the noise found in the projections."""
    support: np.ndarray | None = field(default=None, compare=False, repr=False)
    """(z, y, x) bool, or any shape that broadcasts to it: where the object may be."""
    name: ClassVar[str] = "fista"
    is_direct: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_relaxation(self.relaxation)
        check_tilts_per_subset(self.tilts_per_subset)
        check_damping(self.damping)
        if self.upper_bound is not None and not self.upper_bound > 0:
            raise ValueError(f"upper_bound: expected more than 0, or None for no bound, got {self.upper_bound}")

    def start(self, geometry: Geometry) -> FISTAState:
        """Give an empty reconstruction."""
        data = HeldData.none(geometry)
        return FISTAState(data, data.grid.new_volume(), data.grid.new_volume(), packed_support(self.support, data.grid))

    def add(
        self,
        state: FISTAState,
        projections: np.ndarray,
        tilt_angles: np.ndarray,
        shifts_px: np.ndarray | None = None,
        weights: np.ndarray | None = None,
        rotations_deg: np.ndarray | None = None,
    ) -> FISTAState:
        """Take in projections and do one update with them alone."""
        data = state.data
        numbers = data.add(projections, tilt_angles, shifts_px, weights, rotations_deg)
        state.forget()
        scratch, ignored = Scratch(data), [list[float]() for _ in range(data.grid.n_blocks)]
        for part in parts_of(updates_by_sums(data, [numbers], self.relaxation), data.grid.n_blocks):
            for _ in self._update(state, part, scratch, (ignored, ignored), float("inf")):
                pass
        state.forget()
        return state

    def replace(
        self,
        state: FISTAState,
        index: int,
        projection: np.ndarray,
        tilt_angle: float,
        shift_px: np.ndarray,
        weights: np.ndarray | None = None,
    ) -> FISTAState:
        """Put a corrected projection in the place of number ``index``; the next sweep goes by it."""
        state.data.replace(index, projection, tilt_angle, shift_px, weights)
        state.forget()
        return state

    def step(self, state: FISTAState) -> FISTAState:
        """Do one sweep."""
        for _ in self.step_pieces(state, piece_s=float("inf")):
            pass
        return state

    def step_pieces(self, state: FISTAState, piece_s: float = 0.03) -> Iterator[None]:
        """Do one sweep, handing control back about every ``piece_s`` seconds; it may be left at any of them."""
        data, n_blocks = state.data, state.data.grid.n_blocks
        if not len(data):
            return
        if state.updates is None:
            state.updates = updates_by_sums(data, self._subsets(state), self.relaxation)
        parts, scratch = parts_of(state.updates, n_blocks), Scratch(data)
        squares: list[list[float]] = [[] for _ in range(n_blocks)]
        astray: list[list[float]] = [[] for _ in range(n_blocks)]
        for number in [(state.next_part + k) % len(parts) for k in range(len(parts))]:
            yield from self._update(state, parts[number], scratch, (squares, astray), piece_s)
            state.next_part = (number + 1) % len(parts)
        self._judge(state, np.array([sum(block) for block in squares]), np.array([sum(block) for block in astray]))

    def volume(self, state: FISTAState, out: np.ndarray | None = None) -> np.ndarray:
        """Give the volume (z, y, x) float32, in ``out`` when it is given."""
        return state.data.grid.unpack_volume(state.packed_volume, out)

    def residual(self, state: FISTAState) -> float:
        """Give ‖A x − b‖ / ‖b‖ over the rays that meet the grid, of the volume as the newest sweep pushed it on."""
        return state.residual

    def _judge(self, state: FISTAState, squares: np.ndarray, astray: np.ndarray) -> None:
        has_risen = squares > state.squares * (1 + 1e-6)
        state.pace[(astray > 0) | has_risen] = 1
        n_updates, data = len(state.updates or []), state.data
        if has_risen.any() and n_updates > len(data.of_one_rotation(np.arange(len(data)))):
            state.merged += 1
            state.updates, state.next_part = None, 0
        elif has_risen.any() and n_updates > 1:
            state.calmed += 1
        state.squares, state.residual = squares, state.data.residual(float(squares.sum()))

    def _damping(self, state: FISTAState) -> float:
        if self.damping is not None:
            return self.damping
        return damping_for_noise(state.data, _LEAST_DAMPING)

    def _subsets(self, state: FISTAState) -> list[np.ndarray]:
        return spread_subsets(state.data, (self.tilts_per_subset or len(state.data)) * 2**state.merged)

    def _update(
        self,
        state: FISTAState,
        part: tuple[Update, range],
        scratch: Scratch,
        sums: tuple[list[list[float]], list[list[float]]],
        piece_s: float,
    ) -> Iterator[None]:
        """Do one update; ``sums`` take up Σ (b − A y)² and Σ (y − x') (x' − x) of each block."""
        (update, blocks), (squares, astray), data = part, sums, state.data
        if update.turn is not None:
            yield from self._turned_update(state, (update, update.turn), scratch, sums, piece_s)
            return
        for block in blocks:
            yield from remainder(
                data, data.grid, state.extrapolated[block], block, update, scratch.rays, squares[block], piece_s
            )
            volumes = state.extrapolated[block], state.packed_volume[block], state.support[block]
            change, next_pace = self._change(state, block)
            back = packed.momentum_tasks(
                data.grid.block(block), data.rays, volumes, scratch.rays, update.numbers, (update.gain, *change),
                astray[block],
            )  # fmt: skip
            yield from packed.run_in_pieces(back, piece_s)
            state.pace[block] = next_pace

    def _turned_update(
        self,
        state: FISTAState,
        turned_update: tuple[Update, Turn],
        scratch: Scratch,
        sums: tuple[list[list[float]], list[list[float]]],
        piece_s: float,
    ) -> Iterator[None]:
        (squares, astray), upright, all_squares = sums, scratch.upright(), list[float]()
        turned = yield from turned_correction(
            state.data, state.extrapolated, turned_update, scratch, all_squares, piece_s
        )
        back = turn_back_tasks(turned_update[1], turned, upright, (np.float32(0), packed.NO_FLOOR))
        yield from packed.run_in_pieces(back, piece_s)
        for block in range(len(upright)):
            volumes = state.extrapolated[block], state.packed_volume[block], state.support[block]
            change, state.pace[block] = self._change(state, block)
            packed.run(packed.advance_tasks(volumes, upright[block], change, astray[block]))
            squares[block].append(sum(all_squares) / len(upright))

    def _change(
        self, state: FISTAState, block: int
    ) -> tuple[tuple[np.float32, np.float32, np.float32, np.float32], float]:
        """Give (keep, floor, ceiling, momentum) of a block's next update, and its pace after it."""
        pace = state.pace[block]
        next_pace = (1 + np.sqrt(1 + 4 * pace**2)) / 2
        change = (
            np.float32(1 - self._damping(state)),
            np.float32(0) if self.positivity else packed.NO_FLOOR,
            _NO_CEILING if self.upper_bound is None else np.float32(self.upper_bound),
            np.float32((pace - 1) / next_pace / 2**state.calmed),
        )
        return change, next_pace
