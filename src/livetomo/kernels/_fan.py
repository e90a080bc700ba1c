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
from livetomo.kernels._lanes import FAST, Row, adder, counted, data_of, lanes_of, some_taps, splat, updated

VOXELS_AT_ONCE = VECTOR_LANES
_MOST_SUMS = 20 if VECTOR_LANES == 16 else 12
"""Of 32 or 16 registers."""

_INDEX, _BYTE = ir.IntType(64), ir.IntType(8)


@intrinsic  # type: ignore[untyped-decorator]
def add_fan(typingctx: Any, volumes: Any, source: Any, taps: Any, data: Any, places: Any, limits: Any) -> Any:
    """Add up what tilts bring to neighbouring voxels and, if these are the last tilts, update the volumes.

    A voxel's total is what was held of it and Σ first weight · source row + second weight · next source row. ``taps``
    are arrays (where the source row begins, in steps; first and second weight in turn). ``places`` are int64 (n_voxels,
    n_tilts, taps_per_tilt, from_at, from_step, to_at, is_last, volume_at, next_at, gain_at). Voxel m gets the taps
    number k taps_per_tilt + m for all tilts k. What was held of it is read at from_at + m from_step, its total written
    at to_at + m lanes, unless the volumes are: their rows and gains begin at volume_at and gain_at, those at next_at
    are fetched meanwhile. Voxels up to the next multiple of VOXELS_AT_ONCE must have taps and room for sums.

    ``volumes`` are one, of which rows become max(floor, keep · row + gain · total), or (y, x, support) that are
    advanced as by ``backproject_with_momentum``. ``data`` are (sums, gain) or (sums, gain, astray), float32;
    Σ (y - x') (x' - x) is added to the VECTOR_LANES values of astray, part by part. ``limits`` are float32 (keep,
    floor) or (keep, floor, ceiling, momentum).
    """
    with_momentum = len(volumes) > 1
    numbers = types.UniTuple(types.int64, 10), types.UniTuple(types.float32, 4 if with_momentum else 2)
    signature = types.void(volumes, source, taps, data, *numbers)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        kinds = signature.args
        volume, *others = data_of(context, builder, kinds[:1], args[:1])
        source, *taps = data_of(context, builder, kinds[1:3], args[1:3])
        sums, gain, *astray = data_of(context, builder, kinds[3:4], args[3:4])
        places, limits = ([builder.extract_value(args[k], m) for m in range(len(kinds[k]))] for k in (4, 5))
        if with_momentum:
            support = context.make_array(kinds[0][2])(context, builder, builder.extract_value(args[0], 2))
            others = [*others, *astray, builder.extract_value(support.shape, 0)]
        step, gap, lanes = (
            lanes_of(context, builder, kind, array)
            for kind, array in (
                (kinds[0][0], builder.extract_value(args[0], 0)),
                (kinds[1], args[1]),
                (kinds[3][0], builder.extract_value(args[3], 0)),
            )
        )
        rows = [volume, source, *taps, *places, sums, gain, *limits, *others]
        name = "advance_by_fan" if with_momentum else "update_by_fan"
        function = adder(builder.module, name, [value.type for value in rows], _write)
        builder.call(function, [lanes, gap, step, *rows])
        return context.get_dummy_value()

    return signature, generate


def _write(builder: ir.IRBuilder, row: Row, into: Any, pair: Any, more: Any) -> None:
    *taps, n_voxels, n_tilts, taps_per_tilt, from_at, from_step, to_at, is_last, volume_at, next_at, gain_at = more[:12]
    (sums, gain, *rest), (volume, step), lanes = more[12:], into, _INDEX(row.n_lanes)
    before, after, gain = builder.gep(sums, [from_at]), builder.gep(sums, [to_at]), builder.gep(gain, [gain_at])
    at_once, n_vectors = _voxels_at_once(len(row.starts)), len(row.starts)

    def finish(voxel: Any, totals: list[Any]) -> None:
        here, ahead = (builder.add(at, builder.mul(voxel, step)) for at in (volume_at, next_at))
        change = _update if len(rest) == 2 else _advance
        change(builder, row, (volume, here, ahead), (totals, builder.gep(gain, [voxel])), rest)

    # The last few voxels of a row wait as sums, too: less code than to ask of each whether it is there
    n_finished = builder.select(builder.icmp_signed("!=", is_last, _INDEX(0)), n_voxels, _INDEX(0))
    n_whole = builder.and_(n_finished, _INDEX(-at_once))
    with cgutils.for_range_slice(builder, _INDEX(0), n_voxels, _INDEX(at_once), intp=_INDEX) as (first, _):
        with counted(builder, first, n_tilts, taps_per_tilt, row.zeros() * at_once) as loop:
            read = some_taps(builder, taps, loop.number, at_once)
            loop.values = _with_taps(builder, row, pair, read, loop.values)
        voxels, values = [builder.add(first, _INDEX(m)) for m in range(at_once)], loop.values
        held = [builder.gep(before, [builder.mul(voxel, from_step)]) for voxel in voxels]
        totals = [row.plus(at, [values[m * n_vectors : (m + 1) * n_vectors]]) for m, at in enumerate(held)]
        with builder.if_else(builder.icmp_signed("<", first, n_whole)) as (then, otherwise):
            with then:
                for each in zip(voxels, totals, strict=True):
                    finish(*each)
            with otherwise:
                for voxel, total in zip(voxels, totals, strict=True):
                    row.put(builder.gep(after, [builder.mul(voxel, lanes)]), total)
    with counted(builder, n_whole, builder.sub(n_finished, n_whole), _INDEX(1), []) as loop:
        total = [builder.load(at, align=4) for at in row.at(builder.gep(after, [builder.mul(loop.number, lanes)]))]
        finish(loop.number, total)


def _voxels_at_once(n_vectors: int) -> int:
    """Give a power of two, so that groups fill VOXELS_AT_ONCE."""
    return 1 << min(VOXELS_AT_ONCE, _MOST_SUMS // n_vectors).bit_length() - 1


def _with_taps(builder: ir.IRBuilder, row: Row, pair: Any, taps: Any, values: list[Any]) -> list[Any]:
    new, n_vectors = [], len(row.starts)
    for m, tap in enumerate(taps):
        new += row.with_tap([values[m * n_vectors : (m + 1) * n_vectors]], pair, tap)[0]
    return new


def _update(builder: ir.IRBuilder, row: Row, place: Any, change: Any, limits: Any) -> None:
    (volume, here, ahead), (totals, gain) = place, change
    gain, keep, floor = _spread(builder, [builder.load(gain), *limits], totals[0].type)
    target, new = builder.gep(volume, [here]), []
    for pointer, total in zip(row.at(target), totals, strict=True):
        new.append(updated(builder, builder.load(pointer, align=4), total, gain, (keep, floor)))
    row.put(target, new)
    row.ask_for(builder.gep(volume, [ahead]))


def _advance(builder: ir.IRBuilder, row: Row, place: Any, change: Any, more: Any) -> None:
    (extrapolated, here, ahead), (totals, gain), (*limits, volume, support, astray, has_support) = place, change, more
    gain, keep, floor, ceiling, momentum = _spread(builder, [builder.load(gain), *limits], totals[0].type)
    has_support = builder.icmp_unsigned("!=", has_support, _INDEX(0))
    targets = [builder.gep(base, [here]) for base in (extrapolated, volume)]
    uphill, pushed, new = ir.Constant(totals[0].type, None), [], []
    for number, (*pointers, total) in enumerate(zip(*map(row.at, targets), totals, strict=True)):
        before, old = (builder.load(pointer, align=4) for pointer in pointers)
        kept = _chosen(builder, ">", _plus(builder, before, keep, _times(builder, total, gain)), floor)
        there = builder.gep(support, [builder.add(here, _INDEX(row.starts[number]))])
        new.append(_within(builder, _chosen(builder, "<", kept, ceiling), there, has_support))
        way = builder.fsub(new[-1], old, flags=FAST)
        uphill = _plus(builder, builder.fsub(before, new[-1], flags=FAST), way, uphill)
        pushed.append(_plus(builder, momentum, way, new[-1]))
    row.put(targets[0], pushed)
    row.put(targets[1], new)
    for base in (extrapolated, volume):
        row.ask_for(builder.gep(base, [ahead]))
    astray = builder.bitcast(astray, uphill.type.as_pointer())
    builder.store(builder.fadd(builder.load(astray, align=4), uphill, flags=FAST), astray, align=4)


def _within(builder: ir.IRBuilder, values: Any, support: Any, has_support: Any) -> Any:
    """Give 0 for values where the support's bytes are 0; without one, bytes of 1 take its place: a jump costs more."""
    kind = ir.VectorType(_BYTE, values.type.count)
    everywhere = cgutils.global_constant(builder, "livetomo.everywhere", ir.Constant(kind, [1] * kind.count))
    there = builder.select(has_support, builder.bitcast(support, kind.as_pointer()), everywhere)
    return _times(builder, values, builder.uitofp(builder.load(there, align=1), values.type))


def _spread(builder: ir.IRBuilder, numbers: list[Any], vector: ir.VectorType) -> list[Any]:
    return [splat(builder, number, vector) for number in numbers]


def _times(builder: ir.IRBuilder, one: Any, other: Any) -> Any:
    return builder.fmul(one, other, flags=FAST)


def _plus(builder: ir.IRBuilder, one: Any, other: Any, summand: Any) -> Any:
    """Give one · other + summand."""
    return builder.fadd(_times(builder, one, other), summand, flags=FAST)


def _chosen(builder: ir.IRBuilder, comparison: str, one: Any, other: Any) -> Any:
    return builder.select(builder.fcmp_ordered(comparison, one, other, flags=FAST), one, other)
