"""How slices are spread over lane blocks, and which lanes of a block's rows are worked on together on the processor.

What is paid for is what is worked on, so of the last block only vectors that hold slices are. In a back projection the
slices of a vector that would hold few go in lines (``_few_slices_cpu``), whatever else is in the rows. A projection
has to read a cache line of each voxel twice more for them, so it does that with many tilts and very few slices.
"""

from dataclasses import dataclass
from itertools import pairwise

from livetomo.kernels._few_slices_cpu import HAS_LINES, LEAST_TILTS
from livetomo.kernels._host_cpu import VECTOR_LANES
from livetomo.kernels._lanes import LANE_STEP

_MANY = 1 << 30  # tilts, for which lines are always worth it
_LANES_OF_TAPS = 6  # working out the taps takes as long as so many lanes, as fitted to 8 to 144 lanes
ENOUGH_LANES = 64  # of grids of which narrow blocks take less time
_LITTLE_MORE = 1.06  # work, by the lanes, that is worth it
_MOST_MEMORY = 1.125  # of what whole vectors with all slices would take


@dataclass(frozen=True)
class Strip:
    """Lanes that are worked on together."""

    first_lane: int

    n_lanes: int
    """Whole vectors, or as many slices as lie in lines."""

    is_in_lines: bool = False

    @property
    def width(self) -> int:
        """Lanes of a row that are written, whether they hold slices or not."""
        return LANE_STEP if self.is_in_lines else self.n_lanes

    @property
    def cost(self) -> int:
        """How long a pass over it takes, in lanes."""
        return self.width + _LANES_OF_TAPS

    def cut(self, n_strips: int) -> list["Strip"]:
        """Give it as so many strips of whole vectors, or as it is."""
        if n_strips == 1:
            return [self]
        n_vectors = self.n_lanes // VECTOR_LANES
        bounds = [self.first_lane + k * n_vectors // n_strips * VECTOR_LANES for k in range(n_strips + 1)]
        return [Strip(first, end - first) for first, end in pairwise(bounds)]


def one_strip(n_slices: int, lanes: int, n_tilts: int = _MANY) -> Strip:
    """Give all slices of a block, in rows of so many lanes, as one strip."""
    if lanes > LANE_STEP:
        return Strip(0, _whole_vectors(n_slices))
    is_in_lines = HAS_LINES and n_tilts >= LEAST_TILTS
    return Strip(0, n_slices if is_in_lines else LANE_STEP, is_in_lines)


def strips(n_slices: int, lanes: int, n_tilts: int = _MANY) -> list[Strip]:
    """Give them as the strips that take least time."""
    n_rest = n_slices % VECTOR_LANES
    if VECTOR_LANES > LANE_STEP and 0 < n_rest <= LANE_STEP and n_slices > n_rest:
        return [Strip(0, n_slices - n_rest), Strip(n_slices - n_rest, n_rest, is_in_lines=True)]
    return [one_strip(n_slices, lanes, n_tilts)]


def best_width(n_slices: int, most_lanes: int, enough_lanes: int) -> int:
    """Give the lanes in a row with which so many slices take least time, and then least memory.

    Not more than enough where that is little more work.
    """
    widths = LANE_STEP, *range(VECTOR_LANES, most_lanes + 1, VECTOR_LANES)
    most_memory = _MOST_MEMORY * _whole_vectors(n_slices)
    fitting = [lanes for lanes in widths if _memory(n_slices, lanes) <= most_memory]
    best: int = min(fitting, key=lambda lanes: (_cost(n_slices, lanes), _memory(n_slices, lanes)))
    narrow = [lanes for lanes in fitting if lanes <= max(enough_lanes, LANE_STEP)]
    enough: int = min(narrow, key=lambda lanes: _cost(n_slices, lanes) * _memory(n_slices, lanes))
    return enough if _cost(n_slices, enough) <= _LITTLE_MORE * _cost(n_slices, best) else best


def _memory(n_slices: int, lanes: int) -> int:
    return -(-n_slices // lanes) * lanes


def _cost(n_slices: int, lanes: int) -> int:
    n_whole, n_last = divmod(n_slices, lanes)
    last = strips(n_last, lanes) + [one_strip(n_last, lanes)] if n_last else []
    return 2 * n_whole * one_strip(lanes, lanes).cost + sum(strip.cost for strip in last)


def _whole_vectors(n_slices: int) -> int:
    return -(-n_slices // VECTOR_LANES) * VECTOR_LANES
