"""The inner loop of all back projections: neighbouring voxels under a fan of tilts.

Each tilt brings a tap to each voxel. The sums of as many voxels as registers hold stay there until all tilts have
passed; then taps that are read together lie together. From the registers they go straight into the volume: on the way
through memory, that of few tilts would take as long as the tilts themselves. Only where there are more tilts than a
fan holds do sums wait in memory for the last.
"""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from livetomo.kernels._host_cpu import VECTOR_LANES
from livetomo.kernels._lanes import FAST, Row, adder, counted, data_of, lanes_of, some_taps, splat
from livetomo.kernels._vectors import ask_for

VOXELS_AT_ONCE = VECTOR_LANES
_MOST_SUMS = 24 if VECTOR_LANES == 16 else 12
"""Of 32 or 16 registers."""

_INDEX, _BYTE = ir.IntType(64), ir.IntType(8)
_THREE, _FOUR = types.UniTuple(types.int64, 3), types.UniTuple(types.int64, 4)


@intrinsic  # type: ignore[untyped-decorator]
def add_fan(
    typingctx: Any, volumes: Any, source: Any, taps: Any, data: Any, sizes: Any, held: Any, places: Any, limits: Any
) -> Any:
    """Add up what tilts bring to neighbouring voxels and, if these are the last tilts, update the volumes.

    A voxel's total is what was held of it and Σ first weight · source row + second weight · next source row. ``taps``
    are arrays (where the source row begins, in steps; first and second weight in turn); ``sizes`` int64 (n_voxels,
    n_tilts, taps_per_tilt): voxel m gets the taps number k taps_per_tilt + m for all tilts k. ``held`` int64 (from_at,
    from_step, to_at, is_last) says where sums are read, at from_at + m from_step, and written, at to_at + m lanes,
    unless the volumes are. Voxels up to the next multiple of VOXELS_AT_ONCE must have taps and sums.

    ``volumes`` are one, of which rows become max(floor, keep · row + gain · total), or (y, x, support) that are
    advanced as by ``backproject_with_momentum``; ``places`` int64 (volume_at, next_at, gain_at), where their rows
    begin, those that are fetched meanwhile, and the gains. ``data`` are (sums, gain) or (sums, gain, astray), float32,
    where VECTOR_LANES parts of Σ (y - x') (x' - x) are added; ``limits`` (keep, floor) or (keep, floor, ceiling,
    momentum).
    """
    n_limits = 2 if len(volumes) == 1 else 4
    numbers = types.UniTuple(types.float32, n_limits)
    signature = types.void(volumes, source, taps, data, _THREE, _FOUR, _THREE, numbers)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        kinds = signature.args
        (volume, *others), (source,), taps, (sums, gain, *astray) = (
            data_of(context, builder, kinds[k : k + 1], args[k : k + 1]) for k in range(4)
        )
        sizes, held, places, limits = (
            [builder.extract_value(args[k], number) for number in range(len(kinds[k]))] for k in range(4, 8)
        )
        first_volume, held_sums = (builder.extract_value(args[k], 0) for k in (0, 3))
        step, gap, lanes = (
            lanes_of(context, builder, kind, array)
            for kind, array in ((kinds[0][0], first_volume), (kinds[1], args[1]), (kinds[3][0], held_sums))
        )
        rows = [builder.gep(volume, [places[0]]), source, *taps, *sizes]
        rows += [builder.gep(sums, [held[0]]), held[1], builder.gep(sums, [held[2]]), held[3]]
        rows += [builder.gep(volume, [places[1]]), builder.gep(gain, [places[2]]), *limits]
        rows += [builder.gep(other, [places[0]]) for other in others]
        if others:
            support = builder.extract_value(args[0], 2)
            rows += [*astray, builder.extract_value(context.make_array(kinds[0][2])(context, builder, support).shape, 0)]
        name, write = ("advance_by_fan", _advance) if others else ("update_by_fan", _update)
        function = adder(builder.module, name, [value.type for value in rows], _writer(write))
        builder.call(function, [lanes, gap, step, *rows])
        return context.get_dummy_value()

    return signature, generate


def _writer(write: Any) -> Any:
    """Give what writes the loops, in which ``write`` does the rest with a row and its totals."""

    def write_loops(builder: ir.IRBuilder, row: Row, into: Any, pair: Any, more: Any) -> None:
        *taps, n_voxels, n_tilts, taps_per_tilt = more[:5]
        before, from_step, after, is_last, *more = more[5:]
        at_once, is_last = _voxels_at_once(len(row.starts)), builder.icmp_unsigned("!=", is_last, _INDEX(0))
        with cgutils.for_range_slice(builder, _INDEX(0), n_voxels, _INDEX(at_once), intp=_INDEX) as (first, _):
            sums = row.zeros() * at_once
            with counted(builder, first, n_tilts, taps_per_tilt, sums) as loop:
                read = some_taps(builder, taps, loop.number, at_once)
                loop.values = _with_taps(builder, row, pair, read, loop.values)
            n_vectors = len(row.starts)
            for m in range(at_once):
                voxel, values = builder.add(first, _INDEX(m)), loop.values[m * n_vectors : (m + 1) * n_vectors]
                totals = row.plus(builder.gep(before, [builder.mul(voxel, from_step)]), [values])
                with builder.if_else(is_last) as (then, otherwise):
                    with then, builder.if_then(builder.icmp_signed("<", voxel, n_voxels)):
                        write(builder, row, totals, (voxel, *into), more)
                    with otherwise:
                        pointers = row.at(builder.gep(after, [builder.mul(voxel, _INDEX(row.n_lanes))]))
                        for pointer, total in zip(pointers, totals, strict=True):
                            builder.store(total, pointer, align=4)

    return write_loops


def _voxels_at_once(n_vectors: int) -> int:
    """Give a power of two, so that groups fill VOXELS_AT_ONCE."""
    return 1 << min(VOXELS_AT_ONCE, _MOST_SUMS // n_vectors).bit_length() - 1


def _with_taps(builder: ir.IRBuilder, row: Row, pair: Any, taps: Any, values: list[Any]) -> list[Any]:
    new, n_vectors = [], len(row.starts)
    for m, tap in enumerate(taps):
        new += row.with_tap([values[m * n_vectors : (m + 1) * n_vectors]], pair, tap)[0]
    return new


def _update(builder: ir.IRBuilder, row: Row, totals: list[Any], place: Any, more: Any) -> None:
    (voxel, volume, step), (following, gain, keep, floor) = place, more
    at = builder.mul(voxel, step)
    keep, floor, gain = (
        splat(builder, number, totals[0].type) for number in (keep, floor, builder.load(builder.gep(gain, [voxel])))
    )
    pointers, ahead = (row.at(builder.gep(base, [at])) for base in (volume, following))
    for pointer, next_pointer, total in zip(pointers, ahead, totals, strict=True):
        new = _larger(builder, _plus(builder, builder.load(pointer, align=4), keep, _times(builder, total, gain)), floor)
        builder.store(new, pointer, align=4)
        ask_for(builder, next_pointer)


def _advance(builder: ir.IRBuilder, row: Row, totals: list[Any], place: Any, more: Any) -> None:
    (voxel, extrapolated, step), (following, gain, *limits, volume, support, astray, has_support) = place, more
    at, has_support = builder.mul(voxel, step), builder.icmp_unsigned("!=", has_support, _INDEX(0))
    keep, floor, ceiling, momentum, gain = (
        splat(builder, number, totals[0].type) for number in (*limits, builder.load(builder.gep(gain, [voxel])))
    )
    pointers = [row.at(builder.gep(base, [at])) for base in (extrapolated, volume, following)]
    uphill = ir.Constant(totals[0].type, None)
    for number, (ahead, pointer, next_pointer, total) in enumerate(zip(*pointers, totals, strict=True)):
        before = builder.load(ahead, align=4)
        new = _larger(builder, _plus(builder, before, keep, _times(builder, total, gain)), floor)
        new = builder.select(builder.fcmp_ordered("<", new, ceiling, flags=FAST), new, ceiling)
        place_in_support = builder.gep(support, [builder.add(at, _INDEX(row.starts[number]))])
        new = _within(builder, new, place_in_support, has_support)
        change = builder.fsub(new, builder.load(pointer, align=4), flags=FAST)
        uphill = _plus(builder, builder.fsub(before, new, flags=FAST), change, uphill)
        builder.store(_plus(builder, momentum, change, new), ahead, align=4)
        builder.store(new, pointer, align=4)
        ask_for(builder, next_pointer)
    astray = builder.bitcast(astray, uphill.type.as_pointer())
    builder.store(builder.fadd(builder.load(astray, align=4), uphill, flags=FAST), astray, align=4)


def _within(builder: ir.IRBuilder, values: Any, support: Any, has_support: Any) -> Any:
    """Give 0 for values where the support's bytes are 0."""
    everywhere, kind = builder.block, ir.VectorType(_BYTE, values.type.count)
    with builder.if_then(has_support):
        bytes_there = builder.load(builder.bitcast(support, kind.as_pointer()), align=1)
        there = _times(builder, values, builder.uitofp(bytes_there, values.type))
        somewhere = builder.block
    chosen = builder.phi(values.type)
    chosen.add_incoming(values, everywhere)
    chosen.add_incoming(there, somewhere)
    return chosen


def _times(builder: ir.IRBuilder, one: Any, other: Any) -> Any:
    return builder.fmul(one, other, flags=FAST)


def _plus(builder: ir.IRBuilder, one: Any, other: Any, summand: Any) -> Any:
    """Give one · other + summand."""
    return builder.fadd(_times(builder, one, other), summand, flags=FAST)


def _larger(builder: ir.IRBuilder, one: Any, other: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", one, other, flags=FAST), one, other)
