"""The inner loop of all back projections: sums of neighbouring voxels over a fan of tilts.

Each tilt brings a tap to each voxel. The sums of as many voxels as registers hold stay there until all tilts have
passed; then taps that are read together lie together.
"""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from livetomo.kernels._host_cpu import VECTOR_LANES
from livetomo.kernels._lanes import Row, adder, counted, data_of, lanes_of, some_taps

VOXELS_AT_ONCE = VECTOR_LANES
_MOST_SUMS = 24 if VECTOR_LANES == 16 else 12
"""Of 32 or 16 registers."""

_INDEX = ir.IntType(64)


@intrinsic  # type: ignore[untyped-decorator]
def add_fan(typingctx: Any, target: Any, source: Any, taps: Any, places: Any) -> Any:
    """Add Σ first weight · source row + second weight · next source row to neighbouring target rows.

    ``taps`` are arrays (where the source row begins, in steps; first and second weight in turn). ``places`` are int64
    (target_at, n_rows, n_tilts, taps_per_tilt): target row m begins at target_at + m lanes and gets the taps number k
    taps_per_tilt + m for all tilts k. Source rows have as many lanes as those of the target or more. Rows up to the
    next multiple of VOXELS_AT_ONCE must have taps and may be written too.
    """
    signature = types.void(target, source, taps, types.UniTuple(types.int64, 4))

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        target_at, *rest = (builder.extract_value(args[3], k) for k in range(4))
        target, *others = data_of(context, builder, signature.args[:3], args[:3])
        data = [builder.gep(target, [target_at]), *others, *rest]
        function = adder(builder.module, "add_fan", [value.type for value in data], _write)
        lanes, gap = (lanes_of(context, builder, signature.args[k], args[k]) for k in range(2))
        builder.call(function, [lanes, gap, lanes, *data])
        return context.get_dummy_value()

    return signature, generate


def _write(builder: ir.IRBuilder, row: Row, into: Any, pair: Any, more: Any) -> None:
    *taps, n_rows, n_tilts, taps_per_tilt = more
    at_once = _voxels_at_once(len(row.starts))
    with cgutils.for_range_slice(builder, _INDEX(0), n_rows, _INDEX(at_once), intp=_INDEX) as (first, _):
        sums = row.zeros() * at_once
        with counted(builder, first, n_tilts, taps_per_tilt, sums) as loop:
            loop.values = _with_taps(builder, row, pair, some_taps(builder, taps, loop.number, at_once), loop.values)
        for m in range(at_once):
            target = builder.gep(into[0], [builder.mul(builder.add(first, _INDEX(m)), into[1])])
            row.add_to(target, [loop.values[m * len(row.starts) : (m + 1) * len(row.starts)]])


def _voxels_at_once(n_vectors: int) -> int:
    """Give a power of two, so that groups fill VOXELS_AT_ONCE."""
    return 1 << min(VOXELS_AT_ONCE, _MOST_SUMS // n_vectors).bit_length() - 1


def _with_taps(builder: ir.IRBuilder, row: Row, pair: Any, taps: Any, values: list[Any]) -> list[Any]:
    new, n_vectors = [], len(row.starts)
    for m, tap in enumerate(taps):
        new += row.with_tap([values[m * n_vectors : (m + 1) * n_vectors]], pair, tap)[0]
    return new
