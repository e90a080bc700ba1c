"""Direct Fourier reconstruction."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from livetomo.algorithms.reconstruct.fourier_lines import FourierLines, refuse_gpu, refuse_rotations
from livetomo.algorithms.reconstruct.held_data import HeldData
from livetomo.algorithms.reconstruct.ramp_filter import (
    Window,
    check_window,
    filter_response,
    refuse_pixel_weights,
    tilt_weights_rad,
)
from livetomo.algorithms.reconstruct.updates import Scratch, misfit
from livetomo.kernels import packed
from livetomo.model import Geometry


@dataclass
class DirectFourierState:
    """What direct Fourier keeps: one volume and the projections."""

    data: HeldData
    packed_volume: np.ndarray
    weights_rad: np.ndarray
    """(tilt,) weights with which the tilts are in the volume."""
    residual: float = 1.0

    def __setstate__(self, fields: dict[str, object]) -> None:
        self.__dict__ |= fields
        self.packed_volume = packed.aligned(self.packed_volume)


@dataclass(frozen=True)
class DirectFourier:
    """Direct Fourier inversion: the spectra of the rows are put on their lines and go to the voxels in one transform.

    After Crowther, DeRosier and Klug, Proc. R. Soc. Lond. A 317, 319 (1970), doi:10.1098/rspa.1970.0119, with a
    non-uniform FFT in place of interpolation (doi:10.1137/18M120885X). Samples count by the area they stand for: the
    ramp times the tilt's step, as in WBP, whose volume this is without the loss of interpolating rows. The window
    lowers what noise there is near the finest detail. The specimen should lie within the detector's view at every tilt.

    A new tilt changes the weights of its neighbours only, so ``add`` brings just those differences. Memory: one volume
    and the projections.

    Raises
    ------
    ValueError
        When the window is not known.
    """

    window: Window = "hann"
    name: ClassVar[str] = "fourier"
    is_direct: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_window(self.window)

    def start(self, geometry: Geometry) -> DirectFourierState:
        """Give an empty reconstruction."""
        refuse_gpu(self.name, geometry)
        data = HeldData.none(geometry)
        return DirectFourierState(data, data.grid.new_volume(), np.zeros(0))

    def add(
        self,
        state: DirectFourierState,
        projections: np.ndarray,
        tilt_angles: np.ndarray,
        shifts_px: np.ndarray | None = None,
        weights: np.ndarray | None = None,
        rotations_deg: np.ndarray | None = None,
    ) -> DirectFourierState:
        """Take in projections and bring the volume up to date."""
        refuse_pixel_weights(weights)
        refuse_rotations(rotations_deg)
        numbers = state.data.add(projections, tilt_angles, shifts_px, weights)
        state.weights_rad = np.concatenate([state.weights_rad, np.zeros(len(numbers))])
        self._reweigh(state)
        return state

    def replace(
        self,
        state: DirectFourierState,
        index: int,
        projection: np.ndarray,
        tilt_angle: float,
        shift_px: np.ndarray,
        weights: np.ndarray | None = None,
    ) -> DirectFourierState:
        """Put a corrected projection in the place of number ``index`` and bring the volume up to date."""
        refuse_pixel_weights(weights)
        data, row_length = state.data, state.data.grid.row_length
        place = slice(index * row_length, (index + 1) * row_length)
        replaced = data.projections[:, place].copy()
        replaced_lines = _lines(data, np.flatnonzero(np.arange(len(data)) == index))
        data.replace(index, projection, tilt_angle, shift_px, weights)
        self._bring(state, replaced_lines, replaced, np.zeros(1, int), -state.weights_rad[index : index + 1])
        state.weights_rad[index] = 0
        self._reweigh(state)
        return state

    def step(self, state: DirectFourierState) -> DirectFourierState:
        """Compute the volume anew from all tilts, and its residual."""
        for _ in self.step_pieces(state, piece_s=float("inf")):
            pass
        return state

    def step_pieces(self, state: DirectFourierState, piece_s: float = 0.03) -> Iterator[None]:
        """Do ``step``, handing control back about every ``piece_s`` seconds; it may be left at any of them."""
        data, numbers = state.data, np.arange(len(state.data))
        if not len(numbers):
            return
        lines, squares = _lines(data, numbers), list[float]()
        weights = self._weights(lines, state.weights_rad)
        tasks = lines.backproject_tasks(data.grid, data.projections, numbers, weights, state.packed_volume, keep=False)
        yield from packed.run_in_pieces(tasks, piece_s)
        yield from misfit(data, state.packed_volume, Scratch(data), squares, piece_s)
        state.residual = data.residual(sum(squares))

    def volume(self, state: DirectFourierState, out: np.ndarray | None = None) -> np.ndarray:
        """Give the volume (z, y, x) float32, in ``out`` when it is given."""
        return state.data.grid.unpack_volume(state.packed_volume, out)

    def residual(self, state: DirectFourierState) -> float:
        """Give ‖A x − b‖ / ‖b‖ over the rays that meet the grid, A the projector of the iterative methods."""
        return state.residual

    def _reweigh(self, state: DirectFourierState) -> None:
        weights_rad = tilt_weights_rad(state.data.tilt_angles, state.data.tilt_weights)
        differences = weights_rad - state.weights_rad
        changed = np.flatnonzero(differences)
        lines = _lines(state.data, changed)
        self._bring(state, lines, state.data.projections, changed, differences[changed])
        state.weights_rad = weights_rad

    def _bring(
        self,
        state: DirectFourierState,
        lines: FourierLines,
        projections: np.ndarray,
        numbers: np.ndarray,
        weights_rad: np.ndarray,
    ) -> None:
        if len(numbers):
            weights, volume = self._weights(lines, weights_rad), state.packed_volume
            packed.run(lines.backproject_tasks(state.data.grid, projections, numbers, weights, volume, keep=True))

    def _weights(self, lines: FourierLines, weights_rad: np.ndarray) -> np.ndarray:
        length = len(lines.frequencies)
        half = filter_response(length, self.window)
        ramp = np.concatenate([half, half[:0:-1]])
        return (np.outer(weights_rad, ramp) / length).astype(np.float32)


def _lines(data: HeldData, numbers: np.ndarray) -> FourierLines:
    return FourierLines.of(data.geometry, data.tilt_angles[numbers], data.shifts_px[numbers, 1])
