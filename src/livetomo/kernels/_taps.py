"""Where rays run, tap by tap: the rows that a ray or a voxel takes and their weights, worked out a vector at once.

A tap's position within its tile is an int32 with POSITION_BITS of fraction. Written in LLVM's vector types, because
numba widens integers and lays one tap at a time.
"""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from livetomo.kernels._host_cpu import VECTOR_LANES
from livetomo.kernels._lanes import FAST, counted, splat
from livetomo.kernels._positions import POSITION_BITS

TAPS_AT_ONCE, TAPS_READ_AT_ONCE = VECTOR_LANES, 8

_FLOAT, _INT, _INDEX = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_BITS_OF_ONE = 0x3F800000
_FLOATS, _INTS = ir.VectorType(_FLOAT, TAPS_AT_ONCE), ir.VectorType(_INT, TAPS_AT_ONCE)


@intrinsic  # type: ignore[untyped-decorator]
def lay_taps(typingctx: Any, taps: Any, at: Any, n_taps: Any, places: Any, hat: Any) -> Any:
    """Lay taps from number ``at`` on along a line that takes the same step each time, whole vectors of them.

    ``taps`` are arrays (where a row begins, int32; its two weights, float32). ``places`` are int32 (start, step,
    stride, limit, base, along, across): tap k lies at position start + k step, held within 0 and limit, with
    POSITION_BITS of fraction f; a stride is TAPS_AT_ONCE steps, rounded once. Its row begins at base + k along + whole
    position · across. The weights are max(0, before + (1 + f) fall) and max(0, after + (1 + f) rise) of the ``hat``
    (fall, rise, before, after), float32.
    """
    line, shape = types.UniTuple(types.int32, 7), types.UniTuple(types.float32, 4)
    signature = types.void(taps, types.int64, types.int64, line, shape)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        start, step, stride, limit, base, along, across = (
            splat(builder, builder.extract_value(args[3], k), _INTS) for k in range(7)
        )
        hat = [splat(builder, builder.extract_value(args[4], k), _FLOATS) for k in range(4)]
        count, all_at_once = _each(range(TAPS_AT_ONCE)), _each([TAPS_AT_ONCE] * TAPS_AT_ONCE)
        first = [builder.add(start, builder.mul(count, step)), builder.add(base, builder.mul(count, along))]
        strides = stride, builder.mul(along, all_at_once)
        n_times = builder.sdiv(builder.add(args[2], _INDEX(TAPS_AT_ONCE - 1)), _INDEX(TAPS_AT_ONCE))
        with counted(builder, args[1], n_times, _INDEX(TAPS_AT_ONCE), first) as loop:
            laid = _laid(builder, loop.values, (limit, across), hat)
            _write(context, builder, signature.args[0], (args[0], loop.number), laid)
            loop.values = [builder.add(*each) for each in zip(loop.values, strides, strict=True)]
        return context.get_dummy_value()

    return signature, generate


@intrinsic  # type: ignore[untyped-decorator]
def end_taps(typingctx: Any, taps: Any, at: Any, row: Any) -> Any:
    """Lay TAPS_READ_AT_ONCE taps of weight 0 on a row, as ``lay_taps`` does, to be read with those before."""
    signature = types.void(taps, types.int64, types.int32)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        rows = splat(builder, args[2], ir.VectorType(_INT, TAPS_READ_AT_ONCE))
        weights = ir.Constant(ir.VectorType(_FLOAT, 2 * TAPS_READ_AT_ONCE), None)
        _write(context, builder, signature.args[0], args[:2], (rows, weights))
        return context.get_dummy_value()

    return signature, generate


def _write(context: Any, builder: ir.IRBuilder, kind: Any, place: Any, vectors: tuple[Any, Any]) -> None:
    """Write rows and weights to taps from one number on."""
    taps, at = place
    for k, (values, start) in enumerate(zip(vectors, (at, builder.shl(at, at.type(1))), strict=True)):
        data = context.make_array(kind.types[k])(context, builder, builder.extract_value(taps, k)).data
        builder.store(values, builder.bitcast(builder.gep(data, [start]), values.type.as_pointer()), align=4)


def _laid(builder: ir.IRBuilder, line: list[Any], ends: tuple[Any, Any], hat: list[Any]) -> tuple[Any, Any]:
    """Give where the rows begin and, pair by pair, the weights."""
    (position, rows), (limit, across) = line, ends
    zero = _each([0] * TAPS_AT_ONCE)
    position = builder.select(builder.icmp_signed(">", position, zero), position, zero)
    position = builder.select(builder.icmp_signed("<", position, limit), position, limit)
    whole, (first, second) = weights_between(builder, position, hat)
    rows = builder.add(rows, builder.mul(whole, across))
    pairs = [side * TAPS_AT_ONCE + k for k in range(TAPS_AT_ONCE) for side in range(2)]
    return rows, builder.shuffle_vector(first, second, ir.Constant(ir.VectorType(_INT, len(pairs)), pairs))


def weights_between(builder: ir.IRBuilder, positions: Any, hat: list[Any]) -> tuple[Any, tuple[Any, Any]]:
    """Give the whole part of positions, and the weights of the taps there and one further on."""
    fall, rise, before, after = hat
    whole, fraction = parted(builder, positions)
    first, second = fused(builder, fraction, fall, before), fused(builder, fraction, rise, after)
    return whole, (_not_negative(builder, first), _not_negative(builder, second))


def parted(builder: ir.IRBuilder, positions: Any) -> tuple[Any, Any]:
    """Give the whole part of positions, and one more than their fraction, float32: its bits are those of the float."""
    whole = builder.ashr(positions, _each([POSITION_BITS] * TAPS_AT_ONCE))
    bits = builder.and_(positions, _each([(1 << POSITION_BITS) - 1] * TAPS_AT_ONCE))
    return whole, builder.bitcast(builder.or_(bits, _each([_BITS_OF_ONE] * TAPS_AT_ONCE)), _FLOATS)


def fused(builder: ir.IRBuilder, one: Any, other: Any, summand: Any) -> Any:
    """Give one · other + summand, in one instruction where there is one."""
    kind = ir.FunctionType(_FLOATS, [_FLOATS] * 3)
    name = f"llvm.fmuladd.v{TAPS_AT_ONCE}f32"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [one, other, summand])


def _each(values: Any) -> ir.Constant:
    return ir.Constant(_INTS, list(values))


def _not_negative(builder: ir.IRBuilder, values: Any) -> Any:
    zero = ir.Constant(values.type, None)
    return builder.select(builder.fcmp_ordered(">", values, zero, flags=FAST), values, zero)
