"""Few slices as lines: vectors along rows of voxels and rays, so that a tap serves all slices at once.

A line is what one slice has along x, z or the detector; the lines of all slices lie one after another. A window of 32
values of a line holds both taps of 16 neighbours, and a permutation each picks them out. Where they are and their
weights is worked out once for all slices. These functions need AVX-512, which permutes so many values at once.
"""

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from livetomo.kernels._lanes import FAST, LANE_STEP, counted, data_of, shuffled, splat, vector_at
from livetomo.kernels._positions import FRACTION_BITS, POSITION_BITS
from livetomo.kernels._taps import parted, weights_between

AT_ONCE = 16
_NUMBERS_OF_SLICES = (1, 2, 4, 8)
"""Whose sums stay in registers."""

_BEAM_STEP, _RAY_STEP = 16, 8
"""Windows begin at multiples: 16 voxels land on less than 16 pixels side by side, 16 rays cross up to 23 voxels."""

_FLOAT, _INT, _INDEX = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_FLOATS, _INTS = ir.VectorType(_FLOAT, AT_ONCE), ir.VectorType(_INT, AT_ONCE)
_HALF = ir.VectorType(_FLOAT, LANE_STEP)


@intrinsic  # type: ignore[untyped-decorator]
def add_beams(typingctx: Any, sums: Any, lines: Any, beams: Any, places: Any) -> Any:
    """Add to the sums of 16 voxels side by side what tilts bring them.

    ``beams`` are arrays: where the first voxel of a tile lands on a tilt's lines, and the number of that tilt, int64;
    and by that number the steps to the next row and column of voxels, 15 steps back if those go back, and where its
    lines begin, int64; 0 to 15 steps, int32; height, rise and foot of the hat, float32. ``places`` are int64 (sums_at,
    row, column, n_tilts, line_length, n_slices): which voxel of the tile is the first, and how many slices have sums,
    16 values each, and lines.
    """
    signature = types.void(sums, lines, beams, types.UniTuple(types.int64, 6))

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        sums_at, row, column, n_tilts, length, n_slices = (builder.extract_value(args[3], k) for k in range(6))
        sums, lines, *beams = data_of(context, builder, signature.args[:3], args[:3])
        ends = builder.gep(sums, [sums_at]), _INDEX(AT_ONCE)

        def add_up(sums: list[Any]) -> list[Any]:
            with counted(builder, _INDEX(0), n_tilts, _INDEX(1), sums) as loop:
                (corner, down, right, reach, begin), ramp, hat = _beam(builder, beams, loop.number)
                landing = builder.add(corner, builder.add(builder.mul(row, down), builder.mul(column, right)))
                window, positions = _window(builder, landing, reach, ramp, _BEAM_STEP)
                whole, weights = weights_between(builder, positions, hat)
                line = builder.gep(lines, [builder.add(begin, window)]), length
                loop.values = _with_window(builder, loop.values, line, whole, weights)
            return loop.values

        _for_slices(builder, n_slices, ends, add_up)
        return context.get_dummy_value()

    return signature, generate


def _beam(builder: ir.IRBuilder, beams: list[Any], number: Any) -> tuple[list[Any], Any, list[Any]]:
    """Read what there is of one tilt."""
    fan, *tables = beams
    at = builder.shl(number, _INDEX(1))
    corner, tilt = (builder.load(builder.gep(fan, [builder.add(at, _INDEX(k))])) for k in range(2))
    steps, hat = (_entry(builder, table, tilt, n) for table, n in ((tables[0], 4), (tables[2], 3)))
    ramp = builder.load(vector_at(builder, tables[1], builder.mul(tilt, _INDEX(AT_ONCE)), _INTS), align=4)
    return [corner, *steps], ramp, [splat(builder, value, _FLOATS) for value in hat]


def _entry(builder: ir.IRBuilder, table: Any, number: Any, n_columns: int) -> list[Any]:
    first = builder.mul(number, _INDEX(n_columns))
    return [builder.load(builder.gep(table, [builder.add(first, _INDEX(k))])) for k in range(n_columns)]


@intrinsic  # type: ignore[untyped-decorator]
def add_crossings(typingctx: Any, sums: Any, tile: Any, places: Any, line: Any, scale: Any) -> Any:
    """Add to the sums of 16 rays side by side what they cross in the rows of a tile.

    ``tile`` are lines of values twice, at 8 values more the second time, so that windows begin at a vector's place in
    either of them. ``places`` are int64 (sums_at, sums_step, tile_at, second_at, row_step, line_length, n_rows,
    n_columns, n_slices): where the sums of the first slice are and how far on those of the next, where column 0 of the
    tile is, both times, how far on that of the next row, and which columns the tile owns, from 0 on. ``line`` are int64
    (position of the first ray in the first row, step from row to row, from ray to ray). ``scale`` is a ray's way
    through a row.
    """
    signature = types.void(sums, tile, types.UniTuple(types.int64, 9), types.UniTuple(types.int64, 3), types.float32)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        sums, tile = data_of(context, builder, signature.args[:2], args[:2])
        sums_at, step, first_at, second_at, row_step, length, n_rows, *sizes = (
            builder.extract_value(args[2], k) for k in range(9)
        )
        start, main_step, ray_step = (builder.extract_value(args[3], k) for k in range(3))
        scale, owned = splat(builder, args[4], _FLOATS), splat(builder, builder.trunc(sizes[0], _INT), _INTS)
        ramp, reach = _ramp(builder, ray_step)

        def add_up(sums: list[Any]) -> list[Any]:
            with counted(builder, _INDEX(0), n_rows, _INDEX(1), [start, *sums]) as loop:
                position, *values = loop.values
                window, positions = _window(builder, position, reach, ramp, _RAY_STEP)
                whole, weights = _owned_weights(builder, positions, window, (scale, owned))
                is_even = builder.icmp_unsigned("==", builder.and_(window, _INDEX(_RAY_STEP)), _INDEX(0))
                at = builder.add(builder.select(is_even, first_at, second_at), builder.mul(loop.number, row_step))
                line = builder.gep(tile, [builder.add(at, window)]), length
                loop.values = [builder.add(position, main_step), *_with_window(builder, values, line, whole, weights)]
            return loop.values[1:]

        _for_slices(builder, sizes[1], (builder.gep(sums, [sums_at]), step), add_up)
        return context.get_dummy_value()

    return signature, generate


def _owned_weights(builder: ir.IRBuilder, positions: Any, window: Any, sizes: Any) -> tuple[Any, list[Any]]:
    """Give the whole part of positions and the weights of both taps, 0 where the tile does not own that column."""
    scale, n_owned = sizes
    whole, fraction = parted(builder, positions)
    unit = ir.Constant(_FLOATS, [1 / (1 << POSITION_BITS)] * AT_ONCE)
    second = builder.fmul(fraction, builder.fmul(scale, unit, flags=FAST), flags=FAST)
    columns = builder.add(whole, splat(builder, builder.trunc(window, _INT), _INTS))
    ours = builder.icmp_unsigned("<", columns, n_owned)
    weights = builder.fsub(scale, second, flags=FAST), second
    return whole, [builder.select(ours, weight, ir.Constant(_FLOATS, None)) for weight in weights]


def _ramp(builder: ir.IRBuilder, step: Any) -> tuple[Any, Any]:
    """Give 0 to 15 steps with POSITION_BITS of fraction, and 15 steps back if they go back."""
    coarse = builder.trunc(_coarse(builder, step), _INT)
    ramp = builder.mul(splat(builder, coarse, _INTS), ir.Constant(_INTS, list(range(AT_ONCE))))
    last = builder.mul(step, _INDEX(AT_ONCE - 1))
    return ramp, builder.select(builder.icmp_signed("<", last, _INDEX(0)), last, _INDEX(0))


def _coarse(builder: ir.IRBuilder, position: Any) -> Any:
    fewer = FRACTION_BITS - POSITION_BITS
    return builder.ashr(builder.add(position, _INDEX(1 << (fewer - 1))), _INDEX(fewer))


def _window(builder: ir.IRBuilder, position: Any, reach: Any, ramp: Any, step: int) -> tuple[Any, Any]:
    """Give where the window of 16 neighbours begins, and their positions from there on."""
    finer = FRACTION_BITS + step.bit_length() - 1
    window = builder.mul(builder.ashr(builder.add(position, reach), _INDEX(finer)), _INDEX(step))
    start = builder.sub(position, builder.shl(window, _INDEX(FRACTION_BITS)))
    start = builder.trunc(_coarse(builder, start), _INT)
    return window, builder.add(splat(builder, start, _INTS), ramp)


def _with_window(builder: ir.IRBuilder, sums: list[Any], line: Any, whole: Any, weights: Any) -> list[Any]:
    """Give the sums of each slice with the taps from its window added."""
    (window, length), new = line, []
    following = builder.add(whole, ir.Constant(_INTS, [1] * AT_ONCE))
    for total in sums:
        values = [builder.load(vector_at(builder, window, _INDEX(k), _FLOATS), align=64) for k in (0, AT_ONCE)]
        for places, weight in zip((whole, following), weights, strict=True):
            total = _with_product(builder, total, _picked(builder, values, places), weight)
        new.append(total)
        window = builder.gep(window, [length])
    return new


def _picked(builder: ir.IRBuilder, values: list[Any], places: Any) -> Any:
    kind = ir.FunctionType(_FLOATS, [_FLOATS, _INTS, _FLOATS])
    pick = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.avx512.vpermi2var.ps.512")
    return builder.call(pick, [values[0], places, values[1]])


def _with_product(builder: ir.IRBuilder, total: Any, one: Any, other: Any) -> Any:
    """Give total + one · other in the register of the total, which LLVM would copy each time."""
    llvm.initialize_native_asmparser()
    kind = ir.FunctionType(_FLOATS, [_FLOATS, _FLOATS, _FLOATS])
    return builder.asm(kind, "vfmadd231ps $3, $2, $0", "=v,0,v,v", [total, one, other], side_effect=False)


def _for_slices(builder: ir.IRBuilder, n_slices: Any, ends: Any, add_up: Callable[[list[Any]], list[Any]]) -> None:
    """Read sums, add up and write them, in code of its own for each number of slices."""
    sums, step = ends
    done = builder.append_basic_block("done")
    choice = builder.switch(n_slices, done)
    for number in _NUMBERS_OF_SLICES:
        case = builder.append_basic_block(f"slices{number}")
        choice.add_case(_INDEX(number), case)
        builder.position_at_end(case)
        places = [vector_at(builder, sums, builder.mul(step, _INDEX(k)), _FLOATS) for k in range(number)]
        for place, total in zip(places, add_up([builder.load(at, align=64) for at in places]), strict=True):
            builder.store(total, place, align=64)
        builder.branch(done)
    builder.position_at_end(done)


@intrinsic  # type: ignore[untyped-decorator]
def rows_to_lines(typingctx: Any, lines: Any, rows: Any, places: Any, again: Any) -> Any:
    """Write 16 values of 8 lines from 8 lanes of 16 rows, and once more so many values further on.

    ``places`` are int64 (lines_at, line_length, rows_at, row_step).
    """
    signature = types.void(lines, rows, types.UniTuple(types.int64, 4), types.int64)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lines, rows = _ends(context, builder, signature, args)
        halves = [builder.load(at, align=4) for at in _pointers(builder, *rows, AT_ONCE, _HALF)]
        vectors = [_joined(builder, halves[k], halves[k + 1], range(AT_ONCE)) for k in range(0, AT_ONCE, 2)]
        for _ in range(3):  # the lowest bit of a value's number becomes the highest
            pairs = list(zip(vectors[::2], vectors[1::2], strict=True))
            vectors = [_joined(builder, *pair, range(bit, 2 * AT_ONCE, 2)) for bit in range(2) for pair in pairs]
        for start in (lines[0], builder.gep(lines[0], [args[3]])):
            for vector, at in zip(vectors, _pointers(builder, start, lines[1], LANE_STEP, _FLOATS), strict=True):
                builder.store(vector, at, align=4)
        return context.get_dummy_value()

    return signature, generate


@intrinsic  # type: ignore[untyped-decorator]
def lines_to_rows(typingctx: Any, lines: Any, rows: Any, places: Any) -> Any:
    """Write 8 lanes of 16 rows from 16 values of 8 lines: ``rows_to_lines`` the other way round."""
    signature = types.void(lines, rows, types.UniTuple(types.int64, 4))

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lines, rows = _ends(context, builder, signature, args)
        vectors = [builder.load(at, align=4) for at in _pointers(builder, *lines, LANE_STEP, _FLOATS)]
        for _ in range(3):
            pairs = list(zip(vectors[:4], vectors[4:], strict=True))
            order = [part + side for part in range(AT_ONCE) for side in (0, AT_ONCE)]
            vectors = [_joined(builder, *pair, order[k : k + AT_ONCE]) for pair in pairs for k in (0, AT_ONCE)]
        halves = [shuffled(builder, each, range(k, k + LANE_STEP)) for each in vectors for k in (0, LANE_STEP)]
        for half, at in zip(halves, _pointers(builder, *rows, AT_ONCE, _HALF), strict=True):
            builder.store(half, at, align=4)
        return context.get_dummy_value()

    return signature, generate


def _ends(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> list[tuple[Any, Any]]:
    """Give where the lines and the rows begin and how far on the next is."""
    lines, rows = data_of(context, builder, signature.args[:2], args[:2])
    lines_at, length, rows_at, step = (builder.extract_value(args[2], k) for k in range(4))
    return [(builder.gep(lines, [lines_at]), length), (builder.gep(rows, [rows_at]), step)]


def _pointers(builder: ir.IRBuilder, base: Any, step: Any, number: int, vector: ir.VectorType) -> list[Any]:
    return [vector_at(builder, base, builder.mul(step, _INDEX(k)), vector) for k in range(number)]


def _joined(builder: ir.IRBuilder, first: Any, second: Any, places: Any) -> Any:
    """Give a vector of what lies at these places of two, one after another."""
    mask = ir.Constant(_INTS, list(places))
    return builder.shuffle_vector(first, second, mask)
