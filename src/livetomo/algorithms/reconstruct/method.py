"""The one contract that every reconstruction method keeps, live and in batch."""

from collections.abc import Iterator
from typing import ClassVar, Protocol, TypeVar

import numpy as np

from livetomo.model import Geometry

State = TypeVar("State")


class Method(Protocol[State]):
    """A frozen settings object that knows how to grow and refine a reconstruction.

    Batch is ``add`` of everything, then ``step`` until a stopping rule. A state belongs to the caller: a method may
    change its arrays in place and gives back the one to go on with. Adding tilts one by one and then converging gives
    what adding them all at once gives.

    The volume and the projections live where the geometry says: a method is written once for NumPy and CuPy arrays, and
    refuses, with a TypeError, projections from elsewhere.
    """

    name: ClassVar[str]
    is_direct: ClassVar[bool]
    """Whether one ``step`` gives all there is (WBP), so that more of them change nothing."""

    def start(self, geometry: Geometry) -> State:
        """Give an empty reconstruction: a volume of zeros and no projections."""
        ...

    def add(
        self,
        state: State,
        projections: np.ndarray,
        tilt_angles: np.ndarray,
        shifts_px: np.ndarray | None = None,
        weights: np.ndarray | None = None,
        rotations_deg: np.ndarray | None = None,
    ) -> State:
        """Take in new projections and show them at once, by one update with just these; the volume so far is kept.

        Parameters
        ----------
        projections
            (tilt, y, x) background-free projections.
        tilt_angles
            (tilt,) degrees.
        shifts_px
            (tilt, 2) as (dy, dx) pixels that centre each projection; none when not given.
        weights
            (tilt,) or (tilt, y, x) how much a tilt or a pixel counts, from 0 (not used) to 1; where it is 0 the
            projection may hold NaN. 1 when not given. Filtered back projection and the Fourier methods cannot
            weigh pixels.
        rotations_deg
            (tilt,) by how much the specimen was turned in its plane before it was tilted: a point (x, y) from the
            centre went to (x cos φ − y sin φ, x sin φ + y cos φ). Dual-axis series have 0 and 90; 0 when not given.
        """
        ...

    def replace(
        self,
        state: State,
        index: int,
        projection: np.ndarray,
        tilt_angle: float,
        shift_px: np.ndarray,
        weights: np.ndarray | None = None,
    ) -> State:
        """Put a corrected projection (y, x), angle and (dy, dx) in the place of number ``index``; no restart.

        ``weights`` are one number or (y, x), those it had when they are not given; its rotation stays.
        """
        ...

    def step(self, state: State) -> State:
        """Go once over all data held: one sweep."""
        ...

    def step_pieces(self, state: State, piece_s: float = 0.03) -> Iterator[None]:
        """Do the same as ``step`` in place, handing control back about every ``piece_s`` seconds.

        For a live loop: between two pieces it may show the volume, or drop the iterator, ``add`` what has arrived and
        begin a new sweep. The residual is that of the newest sweep which ran to its end.
        """
        ...

    def volume(self, state: State, out: np.ndarray | None = None) -> np.ndarray:
        """Give the volume as it stands: (z, y, x) float32, a copy that later steps leave alone; in ``out`` if given."""
        ...

    def residual(self, state: State) -> float:
        """Give ‖A x − b‖ / ‖b‖ over all data held, as known from the newest sweep; 1.0 before the first."""
        ...
