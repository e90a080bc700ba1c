"""Eight by eight floats at once: transposed between two arrays, and rows of sixteen summed, in vector registers.

Plain numba does both one number at a time, because it cannot tell that source and target never overlap.
"""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from livetomo.kernels._lanes import FAST, counted, data_of, splat, vector_at

OCTET = 8
STRIP = 16
"""Floats in a row of a strip: one cache line."""

_FLOAT, _INT, _INDEX = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_EIGHT, _SIXTEEN = ir.VectorType(_FLOAT, OCTET), ir.VectorType(_FLOAT, STRIP)
_THREE, _TWO = types.UniTuple(types.int64, 3), types.UniTuple(types.int64, 2)


@intrinsic  # type: ignore[untyped-decorator]
def transpose_octet(typingctx: Any, source: Any, places: Any, target: Any, target_places: Any, update: Any) -> Any:
    """Update eight rows of eight: target[m, k] = max(floor, keep · target[m, k] + source[k, m]).

    ``places`` are int64 (where the first row begins, from row to row), in floats; ``update`` is (keep, floor) float32.
    With keep 0 the target is not read.
    """
    signature = types.void(source, _TWO, target, _TWO, types.UniTuple(types.float32, 2))

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        pointers = []
        for kind, array, place in ((source, args[0], args[1]), (target, args[2], args[3])):
            data = context.make_array(kind)(context, builder, array).data
            at, step = builder.extract_value(place, 0), builder.extract_value(place, 1)
            starts = [builder.add(at, builder.mul(step, _INDEX(k))) for k in range(OCTET)]
            pointers.append([vector_at(builder, data, start, _EIGHT) for start in starts])
        rows = _transposed(builder, [builder.load(pointer, align=4) for pointer in pointers[0]])
        _write(builder, rows, pointers[1], [builder.extract_value(args[4], k) for k in range(2)])
        return context.get_dummy_value()

    return signature, generate


@intrinsic  # type: ignore[untyped-decorator]
def sum_rows(typingctx: Any, sums: Any, source: Any, rows: Any, weights: Any, chosen: Any) -> Any:
    """Write Σ weight · source row into a row of ``sums``, both with rows of sixteen.

    ``rows`` int32 and ``weights`` float32 are (group, tap); ``chosen`` is int64 (row of sums, first group, end group).
    """
    signature = types.void(sums, source, rows, weights, _THREE)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        data = data_of(context, builder, signature.args[:4], args[:4])
        here, first, end = (builder.extract_value(args[4], k) for k in range(3))
        total = _sum_groups(builder, data[1:], first, end)
        builder.store(total, _line(builder, data[0], here), align=4)
        return context.get_dummy_value()

    return signature, generate


def _sum_groups(builder: ir.IRBuilder, data: list[Any], first: Any, end: Any) -> Any:
    source, rows, weights = data
    n_groups, zero = builder.sub(end, first), ir.Constant(_SIXTEEN, None)
    with counted(builder, first, n_groups, _INDEX(1), [zero]) as group:
        total = group.values[0]
        for tap in range(4):
            place = builder.add(builder.mul(group.number, _INDEX(4)), _INDEX(tap))
            row = builder.sext(builder.load(builder.gep(rows, [place])), _INDEX)
            weight = splat(builder, builder.load(builder.gep(weights, [place])), _SIXTEEN)
            product = builder.fmul(builder.load(_line(builder, source, row), align=4), weight, flags=FAST)
            total = builder.fadd(total, product, flags=FAST)
        group.values = [total]
    return group.values[0]


def _write(builder: ir.IRBuilder, rows: list[Any], pointers: list[Any], update: list[Any]) -> None:
    keep, floor = (splat(builder, value, _EIGHT) for value in update)

    def write(values: list[Any]) -> None:
        for value, pointer in zip(values, pointers, strict=True):
            builder.store(builder.select(builder.fcmp_ordered(">", value, floor), value, floor), pointer, align=4)

    with builder.if_else(builder.fcmp_ordered("==", update[0], _FLOAT(0))) as (afresh, added):
        with afresh:
            write(rows)
        with added:
            olds = [builder.fmul(keep, builder.load(pointer, align=4)) for pointer in pointers]
            write([builder.fadd(old, row) for old, row in zip(olds, rows, strict=True)])


def _transposed(builder: ir.IRBuilder, rows: list[Any]) -> list[Any]:
    """Interleave row k with row k + 4, three times over."""
    for _ in range(3):
        pairs = [
            [builder.shuffle_vector(rows[k], rows[k + 4], _interleaving(half)) for half in range(2)] for k in range(4)
        ]
        rows = [row for pair in pairs for row in pair]
    return rows


def _interleaving(half: int) -> ir.Constant:
    numbers = [4 * half + k // 2 + OCTET * (k % 2) for k in range(OCTET)]
    return ir.Constant(ir.VectorType(_INT, OCTET), [_INT(number) for number in numbers])


def _line(builder: ir.IRBuilder, data: Any, row: Any) -> Any:
    return vector_at(builder, data, builder.mul(row, _INDEX(STRIP)), _SIXTEEN)
