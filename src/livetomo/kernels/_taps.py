"""Where rays run, tap by tap: the rows that a ray or a voxel takes and their weights, worked out eight at once.

A tap's position within its tile is an int32 with POSITION_BITS of fraction. Written in LLVM's vector types, because
numba widens integers and lays one tap at a time.
"""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from livetomo.kernels._lanes import FAST, splat

TAPS_AT_ONCE = 8
POSITION_BITS = 25
"""Bits of fraction: a tile reaches over less than 64 rows."""

_FLOAT, _INT, _INDEX = ir.FloatType(), ir.IntType(32), ir.IntType(64)


@intrinsic  # type: ignore[untyped-decorator]
def lay_ray(typingctx: Any, taps: Any, at: Any, base: Any, places: Any, scale: Any) -> Any:
    """Lay taps number ``at`` to ``at + TAPS_AT_ONCE`` of one ray that steps from row to row.

    ``places`` are int32 (start, step, limit, along, across): tap k lies at position start + k step, held within 0 and
    limit, with POSITION_BITS of fraction f; its row begins at base + k along + whole position · across. The weights are
    (1 - f) scale and f scale.
    """
    signature = types.void(taps, types.int64, types.int64, types.UniTuple(types.int32, 5), types.float32)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        eight = _Eight(context, builder)
        start, step, limit, along, across = (
            splat(builder, builder.extract_value(args[3], k), eight.ints) for k in range(5)
        )
        position = eight.held(builder.add(start, builder.mul(eight.count(), step)), limit)
        offset = builder.add(builder.mul(eight.count(), along), builder.mul(eight.whole(position), across))
        offset = builder.add(builder.sext(offset, eight.indices), splat(builder, args[2], eight.indices))
        unit = builder.fmul(args[4], _FLOAT(2.0**-POSITION_BITS), flags=FAST)
        second = builder.fmul(eight.fraction(position), splat(builder, unit, eight.floats), flags=FAST)
        first = builder.fsub(splat(builder, args[4], eight.floats), second, flags=FAST)
        eight.store(signature.args[0], args[0], args[1], (offset, first, second))
        return context.get_dummy_value()

    return signature, generate


@intrinsic  # type: ignore[untyped-decorator]
def lay_fan(typingctx: Any, taps: Any, at: Any, lanes: Any, fan: Any, first_beam: Any, step: Any) -> Any:
    """Lay taps number ``at`` to ``at + TAPS_AT_ONCE`` of one voxel, one for each tilt of a fan.

    ``fan`` are arrays over tilts (bases int64, starts int32, steps int32, heights, rises, feet float32), used from
    ``first_beam`` on: a tap lies at start + ``step`` · its step, with POSITION_BITS of fraction f; its row begins at
    base + whole position · lanes; the weights are max(0, height - f rise) and max(0, foot + f rise).
    """
    signature = types.void(taps, types.int64, types.int64, fan, types.int64, types.int64)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        eight = _Eight(context, builder)
        columns = []
        vectors = eight.indices, eight.ints, eight.ints, eight.floats, eight.floats, eight.floats
        for k, vector in enumerate(vectors):
            pointer = eight.pointer(signature.args[3].types[k], builder.extract_value(args[3], k), args[4], vector)
            columns.append(builder.load(pointer, align=4))
        base, start, stride, height, rise, foot = columns
        count = splat(builder, builder.trunc(args[5], _INT), eight.ints)
        position = builder.add(start, builder.mul(count, stride))
        across = splat(builder, builder.trunc(args[2], _INT), eight.ints)
        offset = builder.add(builder.sext(builder.mul(eight.whole(position), across), eight.indices), base)
        climb = builder.fmul(eight.fraction(position), rise, flags=FAST)
        first = eight.not_negative(builder.fsub(height, climb, flags=FAST))
        second = eight.not_negative(builder.fadd(foot, climb, flags=FAST))
        eight.store(signature.args[0], args[0], args[1], (offset, first, second))
        return context.get_dummy_value()

    return signature, generate


class _Eight:
    """Write vector code on eight taps at once."""

    def __init__(self, context: Any, builder: ir.IRBuilder) -> None:
        self.context, self.builder = context, builder
        self.ints, self.floats, self.indices = (ir.VectorType(kind, TAPS_AT_ONCE) for kind in (_INT, _FLOAT, _INDEX))

    def pointer(self, kind: Any, array: Any, at: Any, vector: ir.VectorType) -> Any:
        data = self.context.make_array(kind)(self.context, self.builder, array).data
        return self.builder.bitcast(self.builder.gep(data, [at]), vector.as_pointer())

    def each(self, value: int) -> ir.Constant:
        return ir.Constant(self.ints, [value] * TAPS_AT_ONCE)

    def count(self) -> ir.Constant:
        return ir.Constant(self.ints, list(range(TAPS_AT_ONCE)))

    def held(self, position: Any, limit: Any) -> Any:
        position = self.builder.select(self.builder.icmp_signed("<", position, self.each(0)), self.each(0), position)
        return self.builder.select(self.builder.icmp_signed("<", limit, position), limit, position)

    def whole(self, position: Any) -> Any:
        return self.builder.lshr(position, self.each(POSITION_BITS))

    def fraction(self, position: Any) -> Any:
        return self.builder.sitofp(self.builder.and_(position, self.each((1 << POSITION_BITS) - 1)), self.floats)

    def store(self, taps_type: Any, taps: Any, at: Any, columns: Any) -> None:
        for k, values in enumerate(columns):
            array = self.builder.extract_value(taps, k)
            self.builder.store(values, self.pointer(taps_type.types[k], array, at, values.type), align=4)

    def not_negative(self, values: Any) -> Any:
        zero = ir.Constant(values.type, None)
        return self.builder.select(self.builder.fcmp_ordered(">", values, zero, flags=FAST), values, zero)
