"""A clock that other work on the machine does not disturb."""

import time

from livetomo.kernels.packed import thread_count


def seconds() -> float:
    """Give the processor time of this process over the number of threads that it computes with.

    On a machine that does nothing else that is the time on the wall, while all threads work; a part that runs on one
    thread counts for less.
    """
    return time.process_time() / thread_count()
