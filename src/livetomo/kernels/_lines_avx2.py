"""Few slices as lines for processors with AVX2: vectors of slices, the taps of 8 neighbours worked out at once.

A line is what lies along x, z or the detector, value after value, 8 slices of each. Such processors permute within half
a vector, so a line keeps slices together, and a tap is read where it lies. Taps are laid in a few cache lines for all
tilts or rows that pass 8 neighbours, then read: how many values are read, not how many are multiplied, sets the pace.
"""

from collections.abc import Iterator
from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from livetomo.kernels._compiled import part
from livetomo.kernels._lanes import (
    LANE_STEP,
    OFFSET_STEP,
    counted,
    data_of,
    opaque,
    shuffled,
    splat,
    updated,
    vector_at,
)
from livetomo.kernels._positions import FRACTION_BITS, POSITION_BITS, coarse
from livetomo.kernels._taps import fused, parted, weights_between

AT_ONCE = LANE_STEP
BLOCK = AT_ONCE * LANE_STEP

COPIES, MOST_COLUMNS = 1, 1 << 40
"""Of a tile that is projected: it runs across the whole grid."""

LEAST_TILTS = 6
"""With fewer, to turn a volume into lines takes more time than they save."""

MOST_AT_ONCE = 18
"""Tilts that pass a tile of voxels at once, whose taps are laid: what they touch, the first cache holds."""

_STEPS_PER_ROW = LANE_STEP // OFFSET_STEP

BEAM = np.dtype([
    ("ramp", np.int32, AT_ONCE),  # 0 to 7 steps to the next column
    ("landing", np.int32),  # where the first voxel of a row lands, from the first pixel under the tile on
    ("down", np.int32),  # how far on the next row's does
    ("first", np.int32),  # where that pixel lies, in steps
    ("lines_at", np.int32),  # where pixel 0 does
    ("fall", np.float32),  # by how much the weight of the first tap changes within a pixel,
    ("rise", np.float32),  # of the second,
    ("before", np.float32),  # and what they would be a pixel before
    ("after", np.float32),
])  # fmt: skip
"""A tilt as a tile of voxels sees it."""

_FLOAT, _INT, _INDEX, _BYTE = ir.FloatType(), ir.IntType(32), ir.IntType(64), ir.IntType(8)
_FLOATS, _INTS, _FOUR = ir.VectorType(_FLOAT, AT_ONCE), ir.VectorType(_INT, AT_ONCE), ir.VectorType(_FLOAT, 4)
_TAPS = 3 * AT_ONCE
"""First weights, second weights and rows of 8 taps."""


@part(inline="always")
def place(number, lane):  # type: ignore[no-untyped-def]
    """Give where a value of a line lies."""
    return number * LANE_STEP + lane


@part(inline="always")
def follow(beam, landing, lines_at):  # type: ignore[no-untyped-def]
    """Say where a tilt's lines lie and its steps for z and x; ``landing`` is that of ``Rays``."""
    beam.lines_at, beam.down = lines_at // OFFSET_STEP, coarse(landing[1])
    for m in range(AT_ONCE):
        beam.ramp[m] = m * coarse(landing[2])


@part(inline="always")
def aim(beam, corner, lowest):  # type: ignore[no-untyped-def]
    """Say where the first voxel of a tile lands, and the lowest pixel that its voxels land on."""
    beam.first, beam.landing = beam.lines_at + lowest * _STEPS_PER_ROW, coarse(corner - (lowest << FRACTION_BITS))


@intrinsic  # type: ignore[untyped-decorator]
def add_beams(typingctx: Any, sums: Any, lines: Any, fan: Any, places: Any) -> Any:
    """Add to the sums of 8 voxels side by side what tilts bring them, and go on to the next row of voxels.

    ``fan`` are BEAM, changed to what the next row sees. ``places`` are int64 (sums_at, n_tilts, n_slices).
    """
    signature = types.void(sums, lines, fan, types.UniTuple(types.int64, 3))

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        sums_at, n_tilts, _ = (builder.extract_value(args[3], k) for k in range(3))
        sums, lines, fan = data_of(context, builder, signature.args[:3], args[:3])
        fan, taps = builder.bitcast(fan, _BYTE.as_pointer()), _room_for_taps(builder)
        with counted(builder, _INDEX(0), n_tilts, _INDEX(BEAM.itemsize), [_INDEX(0)]) as loop:
            beam = builder.gep(fan, [loop.number])
            landing, down = (_field(builder, beam, name, _INT) for name in ("landing", "down"))
            ramp = builder.load(_field(builder, beam, "ramp", _INTS), align=4)
            positions = builder.add(_spread(builder, beam, "landing", _INTS), ramp)
            builder.store(builder.add(builder.load(landing), builder.load(down)), landing)
            hat = [_spread(builder, beam, name, _FLOATS) for name in ("fall", "rise", "before", "after")]
            whole, weights = weights_between(builder, positions, hat)
            rows = builder.add(_in_steps(builder, whole), _spread(builder, beam, "first", _INTS))
            _lay(builder, builder.gep(taps, loop.values), weights, rows)
            loop.values = [builder.add(loop.values[0], _INDEX(_TAPS))]
        _add_taps(builder, builder.gep(sums, [sums_at]), taps, n_tilts, lines, _INDEX(0))
        return context.get_dummy_value()

    return signature, generate


@intrinsic  # type: ignore[untyped-decorator]
def add_crossings(typingctx: Any, sums: Any, tile: Any, places: Any, line: Any, scale: Any) -> Any:
    """Add to the sums of 8 rays side by side what they cross in the rows of a tile.

    ``tile`` are lines of values, zeros beside them. ``places`` are int64 (sums_at, tile_at, after, row_step, n_rows,
    n_columns, n_slices): where the sums are, where column 0 of the tile is, and how far on that of the next row; there
    are MOST_AT_ONCE rows at most.
    ``line`` are int64 (position of the first ray in the first row, step from row to row, from ray to ray). ``scale`` is
    a ray's way through a row.
    """
    signature = types.void(sums, tile, types.UniTuple(types.int64, 7), types.UniTuple(types.int64, 3), types.float32)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        sums, tile = data_of(context, builder, signature.args[:2], args[:2])
        sums_at, tile_at, _, row_step, n_rows, *_ = (builder.extract_value(args[2], k) for k in range(7))
        taps, scale = _room_for_taps(builder), splat(builder, args[4], _FLOATS)
        less, twice = builder.fsub(ir.Constant(_FLOATS, None), scale), builder.fadd(scale, scale)
        lowest, positions, step = _first_positions(builder, args[3], n_rows)
        with counted(builder, _INDEX(0), n_rows, _INDEX(_TAPS), [positions]) as loop:
            whole, fraction = parted(builder, loop.values[0])
            weights = fused(builder, fraction, less, twice), fused(builder, fraction, scale, less)
            _lay(builder, builder.gep(taps, [loop.number]), weights, _in_steps(builder, whole))
            loop.values = [builder.add(loop.values[0], step)]
        tile = builder.gep(tile, [builder.add(tile_at, builder.mul(lowest, _INDEX(LANE_STEP)))])
        _add_taps(builder, builder.gep(sums, [sums_at]), taps, n_rows, tile, row_step)
        return context.get_dummy_value()

    return signature, generate


@intrinsic  # type: ignore[untyped-decorator]
def rows_to_lines(typingctx: Any, lines: Any, rows: Any, places: Any, again: Any) -> Any:
    """Write a block of lines from 8 rows of 8 lanes; ``places`` are int64 (lines_at, rows_at, row_step)."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lines, rows = _ends(context, builder, signature, args)
        _copy(builder, rows, lines)
        return context.get_dummy_value()

    return types.void(lines, rows, types.UniTuple(types.int64, 3), types.int64), generate


@intrinsic  # type: ignore[untyped-decorator]
def lines_to_rows(typingctx: Any, lines: Any, rows: Any, places: Any) -> Any:
    """Write 8 rows of 8 lanes from a block of lines: ``rows_to_lines`` the other way round."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        _copy(builder, *_ends(context, builder, signature, args))
        return context.get_dummy_value()

    return types.void(lines, rows, types.UniTuple(types.int64, 3)), generate


@intrinsic  # type: ignore[untyped-decorator]
def update_from_lines(typingctx: Any, volume: Any, lines: Any, gain: Any, places: Any, limits: Any) -> Any:
    """Do what ``update_rows`` does to 8 rows of 8 lanes with sums that are lines.

    ``places`` are int64 (volume_at, row_step, lines_at, gain_at), ``limits`` float32 (keep, floor).
    """
    signature = types.void(volume, lines, gain, types.UniTuple(types.int64, 4), types.UniTuple(types.float32, 2))

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        volume, lines, gain = data_of(context, builder, signature.args[:3], args[:3])
        volume_at, step, lines_at, gain_at = (builder.extract_value(args[3], k) for k in range(4))
        keep, floor = (splat(builder, builder.extract_value(args[4], k), _FLOATS) for k in range(2))
        targets = _pointers(builder, builder.gep(volume, [volume_at]), step)
        sums = _pointers(builder, builder.gep(lines, [lines_at]), _INDEX(LANE_STEP))
        for m, (target, total) in enumerate(zip(targets, sums, strict=True)):
            factor = splat(builder, builder.load(builder.gep(gain, [builder.add(gain_at, _INDEX(m))])), _FLOATS)
            before, total = builder.load(target, align=4), builder.load(total, align=4)
            builder.store(updated(builder, before, total, factor, (keep, floor)), target, align=4)
        return context.get_dummy_value()

    return signature, generate


def _room_for_taps(builder: ir.IRBuilder) -> Any:
    taps = cgutils.alloca_once(builder, _FLOAT, size=_INDEX(MOST_AT_ONCE * _TAPS))
    taps.align = 64  # vectors across cache lines would be read only once they have left the processor
    return taps


def _lay(builder: ir.IRBuilder, taps: Any, weights: tuple[Any, Any], rows: Any) -> None:
    for k, values in enumerate((*weights, rows)):
        at = builder.gep(taps, [_INDEX(k * AT_ONCE)])
        builder.store(values, builder.bitcast(at, values.type.as_pointer()), align=4)


def _add_taps(builder: ir.IRBuilder, sums: Any, taps: Any, n_times: Any, lines: Any, row_step: Any) -> None:
    """Add as many times 8 taps as were laid to 8 sums; lines are so far on each time."""
    places = _pointers(builder, sums, _INDEX(LANE_STEP))
    first = [_INDEX(0), *(builder.load(at, align=4) for at in places)]
    with counted(builder, _INDEX(0), n_times, _INDEX(_TAPS), first) as loop:
        from_row, *totals = loop.values
        source, read = builder.gep(lines, [from_row]), _read(builder, builder.gep(taps, [loop.number]))
        new = [_with_tap(builder, total, source, *tap) for total, tap in zip(totals, read, strict=True)]
        loop.values = [builder.add(from_row, row_step), *new]
    for at, total in zip(places, loop.values[1:], strict=True):
        builder.store(total, at, align=4)


def _read(builder: ir.IRBuilder, taps: Any) -> Iterator[tuple[Any, list[Any]]]:
    """Give rows, in steps, and both weights of 8 taps, with as few reads as there can be: two rows or four weights."""
    for k in range(0, AT_ONCE, 4):
        four = [_repeated(builder, builder.gep(taps, [_INDEX(side * AT_ONCE + k)])) for side in range(2)]
        for m in range(0, 4, 2):
            pair = builder.gep(taps, [_INDEX(2 * AT_ONCE + k + m)])
            pair = opaque(builder, builder.load(builder.bitcast(pair, _INDEX.as_pointer()), align=4), "r")
            for n, row in ((m, builder.and_(pair, _INDEX((1 << 32) - 1))), (m + 1, builder.lshr(pair, _INDEX(32)))):
                yield row, [shuffled(builder, each, [lane // 4 * 4 + n for lane in range(LANE_STEP)]) for each in four]


def _repeated(builder: ir.IRBuilder, weights: Any) -> Any:
    four = builder.load(builder.bitcast(weights, _FOUR.as_pointer()), align=4)
    return opaque(builder, shuffled(builder, four, [lane % 4 for lane in range(LANE_STEP)]))


def _with_tap(builder: ir.IRBuilder, total: Any, source: Any, row: Any, weights: list[Any]) -> Any:
    """Give a total with both rows of a tap added; LLVM would put it into another register and copy it back."""
    llvm.initialize_native_asmparser()
    code = "vfmadd231ps ($4,$5,8), $2, $0; vfmadd231ps 32($4,$5,8), $3, $0"
    operands = [total, *weights, source, row]
    kind = ir.FunctionType(_FLOATS, [value.type for value in operands])
    return builder.asm(kind, code, "=&v,0,v,v,r,r,~{memory}", operands, side_effect=False)


def _in_steps(builder: ir.IRBuilder, rows: Any) -> Any:
    return builder.mul(rows, ir.Constant(_INTS, [_STEPS_PER_ROW] * AT_ONCE))


def _first_positions(builder: ir.IRBuilder, line: Any, n_rows: Any) -> list[Any]:
    """Give a column below all that 8 rays cross in so many rows, where they cross the first, and their step."""
    start, main_step, ray_step = (builder.extract_value(line, k) for k in range(3))
    lowest, none = start, _INDEX(0)
    for step, number in ((main_step, builder.sub(n_rows, _INDEX(1))), (ray_step, _INDEX(AT_ONCE - 1))):
        way = builder.mul(step, number)
        lowest = builder.add(lowest, builder.select(builder.icmp_signed("<", way, none), way, none))
    # One less, as rounded steps may come to a little less
    lowest = builder.sub(builder.ashr(lowest, _INDEX(FRACTION_BITS)), _INDEX(1))
    from_lowest = builder.sub(start, builder.shl(lowest, _INDEX(FRACTION_BITS)))
    first, step, ray_step = (splat(builder, _coarse(builder, at), _INTS) for at in (from_lowest, main_step, ray_step))
    ramp = builder.mul(ray_step, ir.Constant(_INTS, list(range(AT_ONCE))))
    return [lowest, builder.add(first, ramp), step]


def _coarse(builder: ir.IRBuilder, position: Any) -> Any:
    fewer = FRACTION_BITS - POSITION_BITS
    return builder.trunc(builder.ashr(builder.add(position, _INDEX(1 << (fewer - 1))), _INDEX(fewer)), _INT)


def _field(builder: ir.IRBuilder, beam: Any, name: str, kind: ir.Type) -> Any:
    fields: Any = BEAM.fields
    return builder.bitcast(builder.gep(beam, [_INDEX(fields[name][1])]), kind.as_pointer())


def _spread(builder: ir.IRBuilder, beam: Any, name: str, vector: ir.VectorType) -> Any:
    return splat(builder, builder.load(_field(builder, beam, name, vector.element)), vector)


def _ends(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> list[list[Any]]:
    """Give where 8 values of lines and 8 rows lie."""
    lines, rows = data_of(context, builder, signature.args[:2], args[:2])
    lines_at, rows_at, step = (builder.extract_value(args[2], k) for k in range(3))
    ends = (builder.gep(lines, [lines_at]), _INDEX(LANE_STEP)), (builder.gep(rows, [rows_at]), step)
    return [_pointers(builder, *end) for end in ends]


def _copy(builder: ir.IRBuilder, sources: list[Any], targets: list[Any]) -> None:
    values = [builder.load(source, align=4) for source in sources]
    for value, target in zip(values, targets, strict=True):
        builder.store(value, target, align=4)


def _pointers(builder: ir.IRBuilder, base: Any, step: Any) -> list[Any]:
    return [vector_at(builder, base, builder.mul(step, _INDEX(k)), _FLOATS) for k in range(AT_ONCE)]
