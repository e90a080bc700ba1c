"""The inner loop of all projections: sums of rays, each over taps of its own."""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from livetomo.kernels._lanes import Row, adder, counted, data_of, lanes_of, some_taps

_UNROLLED = {1: 8, 2: 4, 3: 2, 4: 2}
_SUMS = {1: 4, 2: 4, 3: 2, 4: 2, 5: 2, 6: 2}
"""Sums by vectors in a row: about eight in flight keep both multipliers busy, sixteen leave no register."""

_INDEX = ir.IntType(64)


@intrinsic  # type: ignore[untyped-decorator]
def add_rays(typingctx: Any, target: Any, source: Any, taps: Any, counts: Any, places: Any) -> Any:
    """Add Σ first weight · source row + second weight · source row further on by gap to neighbouring target rows.

    ``taps`` are arrays (where the source row begins, in steps; first and second weight in turn). ``places`` are int64
    (target_at, gap, n_rows, taps_per_row, lanes): target row m begins at target_at + m times its whole length and gets
    ``counts[m]`` taps from number m taps_per_row on, in so many lanes.
    """
    signature = types.void(target, source, taps, counts, types.UniTuple(types.int64, 5))

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        target_at, gap, *rest, lanes = (builder.extract_value(args[4], k) for k in range(5))
        target, *others = data_of(context, builder, signature.args[:4], args[:4])
        data = [builder.gep(target, [target_at]), *others, *rest]
        function = adder(builder.module, "add_rays", [value.type for value in data], _write)
        builder.call(function, [lanes, gap, lanes_of(context, builder, signature.args[0], args[0]), *data])
        return context.get_dummy_value()

    return signature, generate


def _write(builder: ir.IRBuilder, row: Row, into: Any, pair: Any, more: Any) -> None:
    *taps, counts, n_rows, taps_per_row = more
    with cgutils.for_range(builder, n_rows, intp=_INDEX) as loop:
        target = builder.gep(into[0], [builder.mul(loop.index, into[1])])
        count = builder.load(builder.gep(counts, [loop.index]))
        _write_ray(builder, row, target, (pair, taps), (builder.mul(loop.index, taps_per_row), count))


def _write_ray(builder: ir.IRBuilder, row: Row, target: Any, data: Any, chosen: Any) -> None:
    (pair, taps), (first, count), n_vectors = data, chosen, len(row.starts)
    unrolled, n_sums = _UNROLLED.get(n_vectors, 1), _SUMS.get(n_vectors, 1)
    sums = [row.zeros()] * n_sums
    n_times = builder.sdiv(builder.add(count, _INDEX(unrolled - 1)), _INDEX(unrolled))
    with counted(builder, first, n_times, _INDEX(unrolled), [value for total in sums for value in total]) as loop:
        sums = _in_rows(loop.values, n_vectors)
        for tap in some_taps(builder, taps, loop.number, unrolled):
            sums = row.with_tap(sums, pair, tap)
        loop.values = [value for total in sums for value in total]
    row.add_to(target, _in_rows(loop.values, n_vectors))


def _in_rows(values: list[Any], n_vectors: int) -> list[list[Any]]:
    return [values[k : k + n_vectors] for k in range(0, len(values), n_vectors)]
