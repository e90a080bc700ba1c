"""Rows of lanes, a row one voxel or ray of many slices, as vectors of the processor, and taps on them.

Every two-tap gather of this project, forward or back, is ``target row += Σ first · row + second · (row + gap)`` over
a short list of taps. Plain numba keeps the sums in memory; in LLVM's vector types they stay in registers, and every
number of vectors in a row gets a loop of its own.

A tap of few lanes costs as much to read as to use. So two are read at once: their four weights in one vector, of which
shuffles make vectors of one weight.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from livetomo.kernels._host_cpu import HAS_AVX, VECTOR_LANES
from livetomo.kernels._vectors import ask_for

LANE_STEP = 8
"""Rows have so many lanes or whole vectors of lanes."""

OFFSET_STEP = 2
"""Taps say in so many lanes where a row begins: processors scale by eight bytes while they read."""

MOST_VALUES = OFFSET_STEP << 32
"""Values of an array that taps can reach."""

MOST_LANES = 9 * VECTOR_LANES
"""Lanes whose sums stay in registers, 32 or 16 with the weights and what is loaded; rows are no longer."""

FAST = ("fast",)

_FLOAT, _INT, _INDEX = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_OCTET, _FOUR = ir.VectorType(_FLOAT, LANE_STEP), ir.VectorType(_FLOAT, 4)
_SIDE_BY_SIDE, _BOTH = 0, -1
_WIDTHS = sorted({LANE_STEP, *range(VECTOR_LANES, MOST_LANES + 1, VECTOR_LANES)})

Tap = tuple[Any, Callable[[int, ir.VectorType], Any]]
"""How far on the row begins, and what gives vectors of the first and the second weight."""


class Row:
    """Write code on rows of so many lanes: half a vector or whole ones.

    ``_SIDE_BY_SIDE`` stands for rows of half a vector where the two rows of a tap are neighbours: a vector holds both,
    one in each of its halves, and so do sums until they are added to a target.
    """

    def __init__(self, builder: ir.IRBuilder, lanes: int) -> None:
        self.builder, self.side_by_side = builder, lanes == _SIDE_BY_SIDE
        self.vector = ir.VectorType(_FLOAT, LANE_STEP if lanes == LANE_STEP else VECTOR_LANES)
        self.starts = range(0, max(lanes, 1), self.vector.count)
        self.n_lanes = max(lanes, LANE_STEP)

    def zeros(self) -> list[Any]:
        return [ir.Constant(self.vector, None)] * len(self.starts)

    def with_tap(self, sums: list[list[Any]], pair: Any, tap: Tap) -> list[list[Any]]:
        """Give the sums with both sides of a tap added to the first of them, which then are last."""
        offset, weight = tap
        for side in (_BOTH,) if self.side_by_side else (0, 1):
            row = self.builder.gep(pair[max(side, 0)], [offset])
            sums = [*sums[1:], self._with_row(sums[0], row, weight(side, self.vector))]
        return sums

    def _with_row(self, total: list[Any], row: Any, weight: Any) -> list[Any]:
        new = []
        for value, start in zip(total, self.starts, strict=True):
            values = self.builder.load(vector_at(self.builder, row, _INDEX(start), self.vector), align=4)
            product = self.builder.fmul(values, weight, flags=FAST)
            new.append(self.builder.fadd(value, product, flags=FAST))
        return new

    def add_to(self, target: Any, sums: list[list[Any]]) -> None:
        """Add all the sums to a target row."""
        self.put(target, self.plus(target, sums))

    def plus(self, source: Any, sums: list[list[Any]]) -> list[Any]:
        """Give a row and all the sums added up."""
        totals = []
        for pointer, *parts in zip(self.at(source), *sums, strict=True):
            if self.side_by_side:
                parts = [half for part in parts for half in self._halves(part)]
            parts.append(self.builder.load(pointer, align=4))
            while len(parts) > 1:
                parts = [*parts[2:], self.builder.fadd(parts[0], parts[1], flags=FAST)]
            totals.append(parts[0])
        return totals

    def put(self, target: Any, totals: list[Any]) -> None:
        """Write a row."""
        for pointer, total in zip(self.at(target), totals, strict=True):
            self.builder.store(total, pointer, align=4)

    def at(self, row: Any) -> list[Any]:
        """Give pointers to the vectors of a row in memory."""
        vector = _OCTET if self.side_by_side else self.vector
        return [vector_at(self.builder, row, _INDEX(start), vector) for start in self.starts]

    def ask_for(self, row: Any) -> None:
        """Ask for a row, to be there when it is wanted."""
        for pointer in self.at(row):
            ask_for(self.builder, pointer)

    def _halves(self, vector: Any) -> list[Any]:
        return [shuffled(self.builder, vector, range(start, start + LANE_STEP)) for start in (0, LANE_STEP)]


def some_taps(builder: ir.IRBuilder, taps: Any, first: Any, number: int) -> Iterator[Tap]:
    """Read neighbouring taps; ``taps`` point to where rows begin (uint32, in steps) and to the two weights in turn."""
    for k in range(0, number, 2):
        if number > 1 and HAS_AVX:
            yield from _two_taps(builder, taps, builder.add(first, _INDEX(k)))
        else:
            yield from (_one_tap(builder, taps, builder.add(first, _INDEX(m))) for m in range(k, min(k + 2, number)))


def _one_tap(builder: ir.IRBuilder, taps: Any, number: Any) -> Tap:
    rows, weights = taps
    offset = _offset(builder, rows, number)
    weights = builder.gep(weights, [builder.shl(number, _INDEX(1))])

    def weight(side: int, vector: ir.VectorType) -> Any:
        if side == _BOTH:
            two = builder.load(builder.bitcast(weights, ir.VectorType(_FLOAT, 2).as_pointer()), align=4)
            return shuffled(builder, two, _places(side, vector, (0, 1)))
        return splat(builder, builder.load(builder.gep(weights, [_INDEX(side)])), vector)

    return offset, weight


def _offset(builder: ir.IRBuilder, rows: Any, number: Any) -> Any:
    steps = builder.zext(builder.load(builder.gep(rows, [number])), _INDEX)
    return builder.mul(steps, _INDEX(OFFSET_STEP))


def _two_taps(builder: ir.IRBuilder, taps: Any, number: Any) -> list[Tap]:
    rows, weights = taps
    offsets = _offset(builder, rows, number), _offset(builder, rows, builder.add(number, _INDEX(1)))
    four = builder.bitcast(builder.gep(weights, [builder.shl(number, _INDEX(1))]), _FOUR.as_pointer())
    four, repeated = builder.load(four, align=4), {}

    def weight_of(tap: int) -> Callable[[int, ir.VectorType], Any]:
        def weight(side: int, vector: ir.VectorType) -> Any:
            if vector not in repeated:
                repeated[vector] = opaque(builder, shuffled(builder, four, [k % 4 for k in range(vector.count)]))
            in_quarters = [k - k % 4 + place for k, place in enumerate(_places(side, vector, (2 * tap, 2 * tap + 1)))]
            return shuffled(builder, repeated[vector], in_quarters)

        return weight

    return [(offset, weight_of(tap)) for tap, offset in enumerate(offsets)]


def _places(side: int, vector: ir.VectorType, pair: tuple[int, int]) -> list[int]:
    """Give the place of a weight for each lane of a vector: of one side, or of both, each in a half."""
    if side == _BOTH:
        return [pair[0]] * LANE_STEP + [pair[1]] * LANE_STEP
    return [pair[side]] * int(vector.count)


def opaque(builder: ir.IRBuilder, value: Any, register: str = "v") -> Any:
    """Keep LLVM from reading each part on its own: reading is what there is most of."""
    kind = ir.FunctionType(value.type, [value.type])
    return builder.asm(kind, "", f"={register},0", [value], side_effect=False)


def adder(module: ir.Module, name: str, kinds: list[Any], write: Callable[..., None]) -> ir.Function:
    """Give a function of lanes, gap, step, target, source and more, written into the module at its first use.

    So many lanes of the rows are worked on. ``write`` (builder, row, (target, step from row to row), sources, more)
    writes what it does with rows of so many.
    """
    name = f"livetomo.{name}"
    if name in module.globals:
        return module.globals[name]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [_INDEX, _INDEX, _INDEX, *kinds]), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    width, gap, step, target, source, *more = function.args
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    widths = _WIDTHS
    if VECTOR_LANES > LANE_STEP:
        both = (builder.icmp_unsigned("==", value, _INDEX(LANE_STEP)) for value in (width, gap))
        width = builder.select(builder.and_(*both), _INDEX(_SIDE_BY_SIDE), width)
        widths = [_SIDE_BY_SIDE, *widths]
    pair, done = (source, builder.gep(source, [gap])), builder.append_basic_block("done")
    choice = builder.switch(width, done)
    for each in widths:
        case = builder.append_basic_block(f"lanes{each}")
        choice.add_case(_INDEX(each), case)
        builder.position_at_end(case)
        write(builder, Row(builder, each), (target, step), pair, more)
        builder.branch(done)
    builder.position_at_end(done)
    builder.ret_void()
    return function


def data_of(context: Any, builder: ir.IRBuilder, kinds: Any, arrays: Any) -> list[Any]:
    """Give where the arrays begin, those of tuples one by one."""
    found = []
    for kind, array in zip(kinds, arrays, strict=True):
        if isinstance(kind, types.BaseTuple):
            found += data_of(context, builder, kind.types, [builder.extract_value(array, k) for k in range(len(kind))])
        else:
            found.append(context.make_array(kind)(context, builder, array).data)
    return found


def lanes_of(context: Any, builder: ir.IRBuilder, kind: Any, array: Any) -> Any:
    """Give the length of an array's rows."""
    return builder.extract_value(context.make_array(kind)(context, builder, array).shape, 1)


@contextmanager
def counted(builder: ir.IRBuilder, start: Any, n: Any, step: Any, values: list[Any]) -> Iterator["Carried"]:
    """Write a loop done n times, over numbers from ``start`` on in steps, that carries values in registers."""
    before, head = builder.block, builder.append_basic_block("head")
    body, after = builder.append_basic_block("body"), builder.append_basic_block("after")
    builder.branch(head)
    builder.position_at_end(head)
    done, number = builder.phi(_INDEX), builder.phi(_INDEX)
    phis = [builder.phi(value.type) for value in values]
    builder.cbranch(builder.icmp_signed("<", done, n), body, after)
    builder.position_at_end(body)
    carried = Carried(number, phis)
    yield carried
    following = [builder.add(done, _INDEX(1)), builder.add(number, step), *carried.values]
    for phi, first, next_value in zip([done, number, *phis], [_INDEX(0), start, *values], following, strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(next_value, builder.block)
    builder.branch(head)
    builder.position_at_end(after)
    carried.number, carried.values = number, list(phis)


class Carried:
    """What a loop carries: the number it is at, and values to be replaced by the next."""

    def __init__(self, number: Any, values: list[Any]) -> None:
        self.number, self.values = number, list(values)


def shuffled(builder: ir.IRBuilder, vector: Any, places: Any) -> Any:
    """Give a vector of what lies at these places of another."""
    places = list(places)
    mask = ir.Constant(ir.VectorType(_INT, len(places)), places)
    return builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), mask)


def vector_at(builder: ir.IRBuilder, base: Any, at: Any, vector: ir.VectorType) -> Any:
    return builder.bitcast(builder.gep(base, [at]), vector.as_pointer())


def splat(builder: ir.IRBuilder, scalar: Any, vector: ir.VectorType) -> Any:
    """Give a vector of this type with the same scalar everywhere."""
    undefined = ir.Constant(vector, ir.Undefined)
    single = builder.insert_element(undefined, scalar, _INT(0))
    return builder.shuffle_vector(single, undefined, ir.Constant(ir.VectorType(_INT, vector.count), None))


@intrinsic  # type: ignore[untyped-decorator]
def update_rows(typingctx: Any, volume: Any, sums: Any, gain: Any, places: Any, limits: Any) -> Any:
    """Write max(floor, keep · volume + gain · sums) to neighbouring rows of ``volume``, each with its own gain.

    ``places`` are int64 (volume_at, sums_at, gain_at, n_rows): where the first of them begin, and how many there are.
    ``limits`` are float32 (keep, floor). Rows of sums have a multiple of LANE_STEP lanes, those of the volume may have
    more.
    """
    signature = types.void(volume, sums, gain, types.UniTuple(types.int64, 4), types.UniTuple(types.float32, 2))

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        arrays = [context.make_array(kind)(context, builder, args[k]) for k, kind in enumerate(signature.args[:3])]
        places = [builder.extract_value(args[3], k) for k in range(4)]
        values, sums, gain = (builder.gep(array.data, [at]) for array, at in zip(arrays, places, strict=False))
        keep, floor = (splat(builder, builder.extract_value(args[4], k), _OCTET) for k in range(2))
        step, lanes = (builder.extract_value(array.shape, 1) for array in arrays[:2])
        with cgutils.for_range(builder, places[3], intp=_INDEX) as row:
            starts = builder.mul(row.index, step), builder.mul(row.index, lanes)
            factor = splat(builder, builder.load(builder.gep(gain, [row.index])), _OCTET)
            with cgutils.for_range(builder, builder.lshr(lanes, _INDEX(3)), intp=_INDEX) as part:
                at, there = (builder.add(start, builder.mul(part.index, _INDEX(LANE_STEP))) for start in starts)
                target, change = vector_at(builder, values, at, _OCTET), vector_at(builder, sums, there, _OCTET)
                before, total = builder.load(target, align=4), builder.load(change, align=4)
                builder.store(updated(builder, before, total, factor, (keep, floor)), target, align=4)
        return context.get_dummy_value()

    return signature, generate


def updated(builder: ir.IRBuilder, before: Any, total: Any, gain: Any, limits: tuple[Any, Any]) -> Any:
    """Give max(floor, keep · before + gain · total) of vectors; limits are (keep, floor)."""
    keep, floor = limits
    kept = builder.fmul(before, keep, flags=FAST)
    new = builder.fadd(kept, builder.fmul(total, gain, flags=FAST), flags=FAST)
    return builder.select(builder.fcmp_ordered(">", new, floor, flags=FAST), new, floor)
