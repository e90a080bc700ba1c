"""Where rays run, tap by tap: the rows that a ray or a voxel takes and their weights, worked out a vector at once.

A tap's position within its tile is an int32 with POSITION_BITS of fraction. Written in LLVM's vector types, because
numba widens integers and lays one tap at a time.
"""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from livetomo.kernels._host_cpu import VECTOR_LANES
from livetomo.kernels._lanes import FAST, splat

TAPS_AT_ONCE = VECTOR_LANES
POSITION_BITS = 24
"""Bits of fraction, as float32 has: a tile reaches over less than 128 rows."""

_FLOAT, _INT = ir.FloatType(), ir.IntType(32)
_FLOATS, _INTS = ir.VectorType(_FLOAT, TAPS_AT_ONCE), ir.VectorType(_INT, TAPS_AT_ONCE)


@intrinsic  # type: ignore[untyped-decorator]
def lay_taps(typingctx: Any, taps: Any, at: Any, places: Any, hat: Any) -> Any:
    """Lay taps number ``at`` to ``at + TAPS_AT_ONCE`` along a line that takes the same step each time.

    ``taps`` are arrays (where a row begins, int32; its two weights, float32). ``places`` are int32 (start, step, limit,
    base, along, across, n_taps): tap k lies at position start + k step, held within 0 and limit, with POSITION_BITS of
    fraction f; its row begins at base + k along + whole position · across. The weights are max(0, height - f rise) and
    max(0, foot + f rise) of the ``hat`` (height, rise, foot), float32. From tap n_taps on they are 0, and rows are not
    further on than its.
    """
    signature = types.void(taps, types.int64, types.UniTuple(types.int32, 7), types.UniTuple(types.float32, 3))

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        places = [splat(builder, builder.extract_value(args[2], k), _INTS) for k in range(7)]
        hat = [splat(builder, builder.extract_value(args[3], k), _FLOATS) for k in range(3)]
        rows, weights = _laid(builder, places, hat)
        arrays = [
            builder.gep(context.make_array(kind)(context, builder, builder.extract_value(args[0], k)).data, [at])
            for k, (kind, at) in enumerate(zip(signature.args[0].types, (args[1], builder.shl(args[1], args[1].type(1)))))
        ]
        for pointer, values in zip(arrays, (rows, weights), strict=True):
            builder.store(values, builder.bitcast(pointer, values.type.as_pointer()), align=4)
        return context.get_dummy_value()

    return signature, generate


def _laid(builder: ir.IRBuilder, places: list[Any], hat: list[Any]) -> tuple[Any, Any]:
    """Give where the rows begin and, pair by pair, the weights."""
    start, step, limit, base, along, across, n_taps = places
    height, rise, foot = hat
    count, zero = _each(range(TAPS_AT_ONCE)), _each([0] * TAPS_AT_ONCE)
    position = builder.add(start, builder.mul(count, step))
    position = builder.select(builder.icmp_signed(">", position, zero), position, zero)
    position = builder.select(builder.icmp_signed("<", position, limit), position, limit)
    whole = builder.lshr(position, _each([POSITION_BITS] * TAPS_AT_ONCE))
    fraction = builder.sitofp(builder.and_(position, _each([(1 << POSITION_BITS) - 1] * TAPS_AT_ONCE)), _FLOATS)
    counted = builder.icmp_signed("<", count, n_taps)
    steps = builder.select(counted, builder.mul(count, along), builder.mul(n_taps, along))
    rows = builder.add(builder.add(base, steps), builder.mul(whole, across))
    climb = builder.fmul(fraction, rise, flags=FAST)
    first = _not_negative(builder, builder.fsub(height, climb, flags=FAST))
    second = _not_negative(builder, builder.fadd(foot, climb, flags=FAST))
    first, second = (builder.select(counted, weight, ir.Constant(_FLOATS, None)) for weight in (first, second))
    pairs = [side * TAPS_AT_ONCE + k for k in range(TAPS_AT_ONCE) for side in range(2)]
    return rows, builder.shuffle_vector(first, second, ir.Constant(ir.VectorType(_INT, len(pairs)), pairs))


def _each(values: Any) -> ir.Constant:
    return ir.Constant(_INTS, list(values))


def _not_negative(builder: ir.IRBuilder, values: Any) -> Any:
    zero = ir.Constant(values.type, None)
    return builder.select(builder.fcmp_ordered(">", values, zero, flags=FAST), values, zero)
