"""Finds out from the projections themselves that the tilt axis lies along x, when nobody has said where it lies."""

from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from livetomo.algorithms.align import has_enough_for_evidence, lies_along_x
from livetomo.live.reconstruction import LiveReconstruction


class AxisWatch:
    """Looks at the projections when there are enough, when there are twice as many, and when the volume has converged.

    The looking is done beside other work.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="axis watch")
        self._verdict: Future[bool] | None = None
        self._looked_at = 0

    def lies_along_x(self, reconstruction: LiveReconstruction) -> bool:
        """Say whether a look at these projections has come to that result by now; begin another look when it is due."""
        if self._verdict is not None:
            if not self._verdict.done():
                return False
            verdict, self._verdict = self._verdict.result(), None
            return verdict
        angles = np.array(reconstruction.tilt_angles)
        is_due = len(angles) >= 2 * self._looked_at or (reconstruction.has_converged and len(angles) > self._looked_at)
        if is_due and has_enough_for_evidence(angles):
            self._looked_at = len(angles)
            self._verdict = self._pool.submit(lies_along_x, np.stack(reconstruction.projections), angles)
        return False

    @property
    def is_looking(self) -> bool:
        """A look is under way."""
        return self._verdict is not None

    def close(self) -> None:
        """End, after the look that is under way."""
        self._pool.shutdown()
