"""Neighbours in y of a span of voxels: they lie in the lane beside, at the edge of a lane block in the next block.

A span is some columns of a voxel row of one block, ``n`` values that follow each other in memory, from ``at`` on. The
neighbours of all are the same values shifted by one place, but for the lanes at the edge, which are put right here.
"""

from livetomo.kernels._compiled import part
from livetomo.kernels._vectors import WIDTH, load, store

SPAN = 2048
"""Values in a span at most, but for very wide blocks: so many stay in the nearest cache."""


@part(fastmath=True)
def look_ahead(source, at, n, lanes, n_used, gap, ahead):  # type: ignore[no-untyped-def]
    """Write the next in y; ``gap`` is how far the next block lies, 0 for the last: its last used lane sees itself."""
    for k in range(0, n, WIDTH):
        store(ahead, k, load(source, at + k + 1))
    for k in range(lanes - 1, n, lanes):
        ahead[k] = source[at + k - lanes + 1 + gap] if gap > 0 else source[at + k]
    if n_used < lanes:
        for k in range(n_used - 1, n, lanes):
            ahead[k] = source[at + k]


@part(fastmath=True)
def look_behind(source, at, n, lanes, gap, behind):  # type: ignore[no-untyped-def]
    """Write the one before in y; ``gap`` is how far the block before lies, 0 for the first: before it all is zero."""
    for k in range(0, n, WIDTH):
        store(behind, k, load(source, at + k - 1))
    for k in range(0, n, lanes):
        behind[k] = source[at + k - gap + lanes - 1] if gap > 0 else 0
