"""Few slices as lines: vectors along rows of voxels and rays, so that a tap serves all slices at once.

A line is what one slice has along x, z or the detector. Lines lie in blocks: 16 values of the first, 16 of the next
and so on up to the eighth, then the next 16 of each. A window of two blocks holds both taps of 16 neighbours, and a
permutation each picks them out. Where they are and their weights is worked out once for all slices. These functions
need AVX-512, which permutes so many values at once.
"""

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from livetomo.kernels._compiled import part
from livetomo.kernels._lanes import LANE_STEP, counted, data_of, shuffled, splat, updated, vector_at
from livetomo.kernels._positions import FRACTION_BITS, POSITION_BITS, coarse
from livetomo.kernels._taps import fused, parted, weights_between

AT_ONCE = 16
BLOCK = AT_ONCE * LANE_STEP

COPIES, MOST_COLUMNS = 2, 512
"""Of a tile that is projected: some 300 kB, which the second cache holds."""

LEAST_TILTS = 1
"""Lines take less time than lanes with however few tilts."""

MOST_AT_ONCE = 12
"""Tilts that pass a tile of voxels at once: what they touch, the first cache holds."""

_NUMBERS_OF_SLICES = (1, 2, 4, 8)
"""Whose sums stay in registers."""

_LINES_IN_TURNS = 4

BEAM = np.dtype([
    ("landing", np.int64),  # where the first voxel of a row lands on a tilt's lines
    ("down", np.int64),  # how far on the next row's does
    ("reach", np.int64),  # 15 steps to the next column, if those go back
    ("lines_at", np.int64),
    ("fall", np.float32),  # by how much the weight of the first tap changes within a pixel,
    ("rise", np.float32),  # of the second,
    ("before", np.float32),  # and what they would be a pixel before
    ("after", np.float32),
    ("ramp", np.int32, AT_ONCE),  # 0 to 15 steps to the next column
])  # fmt: skip
"""A tilt as a tile of voxels sees it."""

_BEAM_STEP, _RAY_STEP = 16, 8
"""Windows begin at multiples: 16 voxels land on less than 16 pixels side by side, 16 rays cross up to 23 voxels."""

_FLOAT, _INT, _INDEX, _BYTE = ir.FloatType(), ir.IntType(32), ir.IntType(64), ir.IntType(8)
_FLOAT_BYTES = 4
_FLOATS, _INTS = ir.VectorType(_FLOAT, AT_ONCE), ir.VectorType(_INT, AT_ONCE)
_HALF = ir.VectorType(_FLOAT, LANE_STEP)


@part(inline="always")
def place(number, lane):  # type: ignore[no-untyped-def]
    """Give where a value of a line lies."""
    return number // AT_ONCE * BLOCK + lane * AT_ONCE + number % AT_ONCE


@part(inline="always")
def follow(beam, landing, lines_at):  # type: ignore[no-untyped-def]
    """Say where a tilt's lines lie and its steps for z and x; ``landing`` is that of ``Rays``."""
    beam.lines_at, beam.down, beam.reach = lines_at, landing[1], min(0, (AT_ONCE - 1) * landing[2])
    for m in range(AT_ONCE):
        beam.ramp[m] = m * coarse(landing[2])


@part(inline="always")
def aim(beam, corner, lowest):  # type: ignore[no-untyped-def]
    """Say where the first voxel of a tile lands."""
    beam.landing = corner


@intrinsic  # type: ignore[untyped-decorator]
def add_beams(typingctx: Any, sums: Any, lines: Any, fan: Any, places: Any) -> Any:
    """Add to the sums of 16 voxels side by side what tilts bring them, and go on to the next row of voxels.

    ``fan`` are BEAM, changed to what the next row sees. ``places`` are int64 (sums_at, n_tilts, n_slices): how many
    slices have sums, a block of them.
    """
    signature = types.void(sums, lines, fan, types.UniTuple(types.int64, 3))

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        sums_at, n_tilts, n_slices = (builder.extract_value(args[3], k) for k in range(3))
        sums, lines, fan = data_of(context, builder, signature.args[:3], args[:3])
        fan = builder.bitcast(fan, _BYTE.as_pointer())

        def add_up(sums: list[Any]) -> list[Any]:
            with counted(builder, _INDEX(0), n_tilts, _INDEX(BEAM.itemsize), sums) as loop:
                beam = builder.gep(fan, [loop.number])
                landing, down, reach, lines_at = (
                    builder.load(_field(builder, beam, name, _INDEX))
                    for name in ("landing", "down", "reach", "lines_at")
                )
                builder.store(builder.add(landing, down), _field(builder, beam, "landing", _INDEX))
                numbers = (_field(builder, beam, name, _FLOAT) for name in ("fall", "rise", "before", "after"))
                hat = [splat(builder, builder.load(number), _FLOATS) for number in numbers]
                ramp = builder.load(_field(builder, beam, "ramp", _INTS), align=4)
                window, positions = _window(builder, landing, reach, ramp, _BEAM_STEP)
                whole, weights = weights_between(builder, positions, hat)
                at = builder.add(lines_at, builder.mul(window, _INDEX(LANE_STEP)))
                loop.values = _with_window(builder, loop.values, builder.gep(lines, [at]), whole, weights)
            return loop.values

        _for_slices(builder, n_slices, builder.gep(sums, [sums_at]), add_up)
        return context.get_dummy_value()

    return signature, generate


def _field(builder: ir.IRBuilder, beam: Any, name: str, kind: ir.Type) -> Any:
    fields: Any = BEAM.fields
    return builder.bitcast(builder.gep(beam, [_INDEX(fields[name][1])]), kind.as_pointer())


@intrinsic  # type: ignore[untyped-decorator]
def add_crossings(typingctx: Any, sums: Any, tile: Any, places: Any, line: Any, scale: Any) -> Any:
    """Add to the sums of 16 rays side by side what they cross in the rows of a tile.

    ``tile`` are lines of values twice, the second time from half a block on, so that windows begin at a block in either
    of them. ``places`` are int64 (sums_at, tile_at, after, row_step, n_rows, n_columns, n_slices): where the block of
    sums is, where column 0 of the tile is, how far on the second time, how far on that of the next row, and which
    columns the tile owns, from 0 on. ``line`` are int64 (position of the first ray in the first row, step from row to
    row, from ray to ray). ``scale`` is a ray's way through a row.
    """
    signature = types.void(sums, tile, types.UniTuple(types.int64, 7), types.UniTuple(types.int64, 3), types.float32)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        sums, tile = data_of(context, builder, signature.args[:2], args[:2])
        sums_at, tile_at, after, row_step, n_rows, *sizes = (builder.extract_value(args[2], k) for k in range(7))
        start, main_step, ray_step = (builder.extract_value(args[3], k) for k in range(3))
        scale, owned = splat(builder, args[4], _FLOATS), splat(builder, builder.trunc(sizes[0], _INT), _INTS)
        ramp, reach = _ramp(builder, ray_step)
        second_at = builder.add(tile_at, builder.sub(after, _INDEX(_RAY_STEP * LANE_STEP)))

        def add_up(sums: list[Any]) -> list[Any]:
            with counted(builder, _INDEX(0), n_rows, _INDEX(1), [start, *sums]) as loop:
                position, *values = loop.values
                window, positions = _window(builder, position, reach, ramp, _RAY_STEP)
                whole, weights = _owned_weights(builder, positions, window, (scale, owned))
                is_even = builder.icmp_unsigned("==", builder.and_(window, _INDEX(_RAY_STEP)), _INDEX(0))
                at = builder.add(builder.select(is_even, tile_at, second_at), builder.mul(loop.number, row_step))
                at = builder.add(at, builder.mul(window, _INDEX(LANE_STEP)))
                values = _with_window(builder, values, builder.gep(tile, [at]), whole, weights)
                loop.values = [builder.add(position, main_step), *values]
            return loop.values[1:]

        _for_slices(builder, sizes[1], builder.gep(sums, [sums_at]), add_up)
        return context.get_dummy_value()

    return signature, generate


def _owned_weights(builder: ir.IRBuilder, positions: Any, window: Any, sizes: Any) -> tuple[Any, list[Any]]:
    """Give the whole part of positions and the weights of both taps, 0 where the tile does not own that column."""
    scale, n_owned = sizes
    whole, fraction = parted(builder, positions)
    none, twice = ir.Constant(_FLOATS, None), builder.fadd(scale, scale)
    less = builder.fsub(none, scale)
    weights = fused(builder, fraction, less, twice), fused(builder, fraction, scale, less)
    columns = builder.add(whole, splat(builder, builder.trunc(window, _INT), _INTS))
    ours = builder.icmp_unsigned("<", columns, n_owned)
    return whole, [builder.select(ours, weight, none) for weight in weights]


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


def _with_window(builder: ir.IRBuilder, sums: list[Any], window: Any, whole: Any, weights: Any) -> list[Any]:
    """Give the sums of each slice with the taps from its part of a window added."""
    following = builder.add(whole, ir.Constant(_INTS, [1] * AT_ONCE))
    taps = whole, weights[0], following, weights[1]
    starts = range(0, len(sums), _LINES_IN_TURNS)
    return [total for k in starts for total in _with_lines(builder, sums[k : k + _LINES_IN_TURNS], window, k, taps)]


def _with_lines(builder: ir.IRBuilder, totals: list[Any], window: Any, first: int, taps: tuple[Any, ...]) -> list[Any]:
    """Give totals with two taps, places and weights in turn, from these lines of a window added.

    LLVM would put a new total into another register and copy it back, or permute for many lines before it adds. Lines
    in turns keep more of a processor's ports busy than one after another.
    """
    llvm.initialize_native_asmparser()
    n = len(totals)
    window_at, (whole, weight, following, next_weight) = f"${5 * n}", (f"${5 * n + k}" for k in range(1, 5))
    turns = []
    for j, start in enumerate(range(first * AT_ONCE, (first + n) * AT_ONCE, AT_ONCE)):
        low, high = (f"{_FLOAT_BYTES * place}({window_at})" for place in (start, start + BLOCK))
        one, two, copy = (f"${n + 3 * j + k}" for k in range(3))
        turns.append([
            f"vmovaps {low}, {one}",
            f"vmovaps {high}, {two}",
            f"vmovaps {one}, {copy}",
            f"vpermt2ps {two}, {whole}, {one}",
            f"vfmadd231ps {weight}, {one}, ${j}",
            f"vpermt2ps {two}, {following}, {copy}",
            f"vfmadd231ps {next_weight}, {copy}, ${j}",
        ])  # fmt: skip
    code = "; ".join(line for step in zip(*turns, strict=True) for line in step)
    operands = [*totals, window, *taps]
    kind = ir.FunctionType(ir.LiteralStructType([_FLOATS] * (4 * n)), [value.type for value in operands])
    constraints = ["=v"] * n + ["=&v"] * (3 * n) + [str(j) for j in range(n)] + ["r", "v", "v", "v", "v", "~{memory}"]
    found = builder.asm(kind, code, ",".join(constraints), operands, side_effect=False)
    return [builder.extract_value(found, j) for j in range(n)]


def _for_slices(builder: ir.IRBuilder, n_slices: Any, sums: Any, add_up: Callable[[list[Any]], list[Any]]) -> None:
    """Read sums, add up and write them, in code of its own for each number of slices."""
    done = builder.append_basic_block("done")
    choice = builder.switch(n_slices, done)
    for number in _NUMBERS_OF_SLICES:
        case = builder.append_basic_block(f"slices{number}")
        choice.add_case(_INDEX(number), case)
        builder.position_at_end(case)
        places = [vector_at(builder, sums, _INDEX(k * AT_ONCE), _FLOATS) for k in range(number)]
        for place, total in zip(places, add_up([builder.load(at, align=64) for at in places]), strict=True):
            builder.store(total, place, align=64)
        builder.branch(done)
    builder.position_at_end(done)


@intrinsic  # type: ignore[untyped-decorator]
def rows_to_lines(typingctx: Any, lines: Any, rows: Any, places: Any, again: Any) -> Any:
    """Write a block of lines from 16 rows of 8 lanes; and so far on, if not 0, the same half a block earlier.

    ``places`` are int64 (lines_at, rows_at, row_step).
    """
    signature = types.void(lines, rows, types.UniTuple(types.int64, 3), types.int64)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lines, rows = _ends(context, builder, signature, args)
        halves = [builder.load(at, align=4) for at in _pointers(builder, *rows, AT_ONCE, _HALF)]
        vectors = [_joined(builder, halves[k], halves[k + 1], range(AT_ONCE)) for k in range(0, AT_ONCE, 2)]
        for _ in range(3):  # the lowest bit of a value's number becomes the highest
            pairs = list(zip(vectors[::2], vectors[1::2], strict=True))
            vectors = [_joined(builder, *pair, range(bit, 2 * AT_ONCE, 2)) for bit in range(2) for pair in pairs]
        for vector, at in zip(vectors, _pointers(builder, *lines, LANE_STEP, _FLOATS), strict=True):
            builder.store(vector, at, align=64)
        with builder.if_then(builder.icmp_unsigned("!=", args[3], _INDEX(0))):
            for start, first in ((0, LANE_STEP - BLOCK), (LANE_STEP, 0)):
                there = builder.gep(lines[0], [builder.add(args[3], _INDEX(first))]), lines[1]
                for vector, at in zip(vectors, _pointers(builder, *there, LANE_STEP, _HALF), strict=True):
                    builder.store(shuffled(builder, vector, range(start, start + LANE_STEP)), at, align=4)
        return context.get_dummy_value()

    return signature, generate


@intrinsic  # type: ignore[untyped-decorator]
def lines_to_rows(typingctx: Any, lines: Any, rows: Any, places: Any) -> Any:
    """Write 16 rows of 8 lanes from a block of lines: ``rows_to_lines`` the other way round."""
    signature = types.void(lines, rows, types.UniTuple(types.int64, 3))

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        lines, rows = _ends(context, builder, signature, args)
        pairs = _pairs_of_rows(builder, lines[0])
        halves = [shuffled(builder, each, range(k, k + LANE_STEP)) for each in pairs for k in (0, LANE_STEP)]
        for half, at in zip(halves, _pointers(builder, *rows, AT_ONCE, _HALF), strict=True):
            builder.store(half, at, align=4)
        return context.get_dummy_value()

    return signature, generate


@intrinsic  # type: ignore[untyped-decorator]
def update_from_lines(typingctx: Any, volume: Any, lines: Any, gain: Any, places: Any, limits: Any) -> Any:
    """Write max(floor, keep · volume + gain · sums) to 16 rows of 8 lanes, each with a gain of its own; sums are lines.

    ``places`` are int64 (volume_at, row_step, lines_at, gain_at), ``limits`` float32 (keep, floor), as in
    ``update_rows``.
    """
    signature = types.void(volume, lines, gain, types.UniTuple(types.int64, 4), types.UniTuple(types.float32, 2))

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        volume, lines, gain = data_of(context, builder, signature.args[:3], args[:3])
        volume_at, step, lines_at, gain_at = (builder.extract_value(args[3], k) for k in range(4))
        keep, floor = (splat(builder, builder.extract_value(args[4], k), _FLOATS) for k in range(2))
        gains = builder.load(vector_at(builder, gain, gain_at, _FLOATS), align=4)
        places = _pointers(builder, builder.gep(volume, [volume_at]), step, AT_ONCE, _HALF)
        for k, sums in enumerate(_pairs_of_rows(builder, builder.gep(lines, [lines_at]))):
            pair = places[2 * k : 2 * k + 2]
            low, high = (builder.load(at, align=4) for at in pair)
            before = _joined(builder, low, high, range(AT_ONCE))
            factors = shuffled(builder, gains, [2 * k] * LANE_STEP + [2 * k + 1] * LANE_STEP)
            new = updated(builder, before, sums, factors, (keep, floor))
            for at, start in zip(pair, (0, LANE_STEP), strict=True):
                builder.store(shuffled(builder, new, range(start, start + LANE_STEP)), at, align=4)
        return context.get_dummy_value()

    return signature, generate


def _pairs_of_rows(builder: ir.IRBuilder, lines: Any) -> list[Any]:
    """Give 16 rows of 8 lanes, two in a vector, from a block of lines."""
    vectors = [builder.load(at, align=64) for at in _pointers(builder, lines, _INDEX(AT_ONCE), LANE_STEP, _FLOATS)]
    for _ in range(3):
        pairs = list(zip(vectors[:4], vectors[4:], strict=True))
        order = [part + side for part in range(AT_ONCE) for side in (0, AT_ONCE)]
        vectors = [_joined(builder, *pair, order[k : k + AT_ONCE]) for pair in pairs for k in (0, AT_ONCE)]
    return vectors


def _ends(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> list[tuple[Any, Any]]:
    """Give where the lines and the rows begin and how far on the next is."""
    lines, rows = data_of(context, builder, signature.args[:2], args[:2])
    lines_at, rows_at, step = (builder.extract_value(args[2], k) for k in range(3))
    return [(builder.gep(lines, [lines_at]), _INDEX(AT_ONCE)), (builder.gep(rows, [rows_at]), step)]


def _pointers(builder: ir.IRBuilder, base: Any, step: Any, number: int, vector: ir.VectorType) -> list[Any]:
    return [vector_at(builder, base, builder.mul(step, _INDEX(k)), vector) for k in range(number)]


def _joined(builder: ir.IRBuilder, first: Any, second: Any, places: Any) -> Any:
    """Give a vector of what lies at these places of two, one after another."""
    mask = ir.Constant(_INTS, list(places))
    return builder.shuffle_vector(first, second, mask)
