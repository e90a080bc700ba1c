"""The one inner loop of all projections: weighted sums of rows of lanes, held in vector registers.

Every two-tap gather of this project, forward or back, is ``target row += Σ first · row + second · (row + gap)`` over
a short list of taps, where a row is one voxel or ray of many slices (lanes). Plain numba keeps the sums in memory; in
LLVM's vector types they stay in registers, and every number of vectors in a row gets a loop of its own.
"""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from livetomo.kernels._host_cpu import VECTOR_LANES

LANE_STEP = 8
"""Rows have a multiple of this many lanes."""

MOST_LANES = 8 * VECTOR_LANES
"""Lanes whose sums stay in registers, sixteen with the weights and what is loaded; longer rows are done in parts."""

FAST = ("fast",)
_UNROLLED = {1: 8, 2: 4, 3: 2, 4: 2}
_SUMS = {1: 4, 2: 4, 3: 2, 4: 2, 5: 2, 6: 2}
"""Sums by vectors in a row: about eight in flight keep both multipliers busy, sixteen leave no register."""

_FLOAT, _INT, _INDEX = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_OCTET = ir.VectorType(_FLOAT, LANE_STEP)
_FLOATS, _INTS, _INDICES = _FLOAT.as_pointer(), _INT.as_pointer(), _INDEX.as_pointer()


@intrinsic  # type: ignore[untyped-decorator]
def add_pairs(typingctx: Any, target: Any, source: Any, taps: Any, counts: Any, places: Any) -> Any:
    """Add Σ first weight · source row + second weight · source row further on by gap to rows of ``target``.

    ``taps`` are arrays (where the source row begins, in octets of lanes; first and second weight in turn). ``places``
    are int64 (target_at, gap, n_rows, row_step, tap_step): target row m begins at target_at + m lanes and gets
    ``counts[m]`` taps, number m row_step and every tap_step further on. Source and target have as many lanes.
    """
    signature = types.void(target, source, taps, counts, types.UniTuple(types.int64, 5))

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        def array(kind: Any, value: Any) -> Any:
            return context.make_array(kind)(context, builder, value)

        kinds = signature.args
        source = array(kinds[1], args[1])
        lanes = builder.extract_value(source.shape, 1)
        columns = [array(kind, builder.extract_value(args[2], k)).data for k, kind in enumerate(kinds[2].types)]
        places = [builder.extract_value(args[4], k) for k in range(5)]
        target = builder.gep(array(kinds[0], args[0]).data, places[:1])
        counts = array(kinds[3], args[3]).data
        builder.call(_adder(builder.module), [target, source.data, lanes, *columns, counts, *places[1:]])
        return context.get_dummy_value()

    return signature, generate


def _adder(module: ir.Module) -> ir.Function:
    """Give the function behind ``add_pairs``, written into the module at its first use."""
    name = "livetomo.add_pairs"
    if name in module.globals:
        return module.globals[name]
    kinds = [_FLOATS, _FLOATS, _INDEX, _INTS, _FLOATS, _INDICES, _INDEX, _INDEX, _INDEX, _INDEX]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), kinds), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    target, source, lanes, *columns, counts, gap, n_rows, row_step, tap_step = function.args
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    n_parts = builder.udiv(builder.add(lanes, _INDEX(MOST_LANES - 1)), _INDEX(MOST_LANES))
    octets = builder.udiv(lanes, _INDEX(LANE_STEP))
    width = builder.udiv(builder.add(octets, builder.sub(n_parts, _INDEX(1))), n_parts)
    with cgutils.for_range_slice(builder, _INDEX(0), octets, width, intp=_INDEX) as (octet, _):
        rest = builder.sub(octets, octet)
        width_here = builder.select(builder.icmp_unsigned("<", rest, width), rest, width)
        start = builder.mul(octet, _INDEX(LANE_STEP))
        pair = builder.gep(source, [start]), builder.gep(source, [builder.add(start, gap)])
        into, done = builder.gep(target, [start]), builder.append_basic_block("done")
        choice = builder.switch(width_here, done)
        for count in range(1, MOST_LANES // LANE_STEP + 1):
            case = builder.append_basic_block(f"octets{count}")
            choice.add_case(_INDEX(count), case)
            builder.position_at_end(case)
            _add_rows(builder, count, (into, lanes), (pair, columns), (counts, n_rows, row_step, tap_step))
            builder.branch(done)
        builder.position_at_end(done)
    builder.ret_void()
    return function


def _add_rows(builder: ir.IRBuilder, octets: int, into: Any, data: Any, chosen: Any) -> None:
    counts, n_rows, row_step, tap_step = chosen
    with cgutils.for_range(builder, n_rows, intp=_INDEX) as row:
        target = builder.gep(into[0], [builder.mul(row.index, into[1])])
        tap = builder.mul(row.index, row_step)
        count = builder.load(builder.gep(counts, [row.index]))
        _add_taps(builder, octets, target, data, (tap, tap_step, count))


def _add_taps(builder: ir.IRBuilder, octets: int, target: Any, data: Any, taps: Any) -> None:
    vectors = _vectors(octets)
    count = len(vectors)
    targets = [_vector_at(builder, target, _INDEX(at), vector) for at, vector in vectors]
    sums = [[builder.load(pointer, align=4) for pointer in targets]]
    sums += [[ir.Constant(vector, None) for _, vector in vectors] for _ in range(_SUMS.get(count, 1) - 1)]
    tap, step, left = taps
    if _UNROLLED.get(count, 1) > 1:
        tap, left, sums = _loop(builder, _UNROLLED[count], (tap, step, left), sums, (*data, vectors))
    _, _, sums = _loop(builder, 1, (tap, step, left), sums, (*data, vectors))
    for pointer, *parts in zip(targets, *sums, strict=True):
        while len(parts) > 1:
            parts = [builder.fadd(a, b, flags=FAST) for a, b in zip(parts[::2], parts[1::2], strict=True)]
        builder.store(parts[0], pointer, align=4)


def _vectors(octets: int) -> list[tuple[int, ir.VectorType]]:
    """Give where each vector of a row begins and its type: as long as the processor has them, then the rest."""
    lanes = octets * LANE_STEP
    starts = range(0, lanes, VECTOR_LANES)
    return [(start, ir.VectorType(_FLOAT, min(VECTOR_LANES, lanes - start))) for start in starts]


def _loop(builder: ir.IRBuilder, unrolled: int, taps: Any, sums: Any, data: Any) -> tuple[Any, Any, Any]:
    """Write a loop over ``unrolled`` taps at a time as long as there are so many; give the next tap, how many are left
    and the sums."""
    first_tap, step, n_taps = taps
    before, head = builder.block, builder.append_basic_block("head")
    body, after = builder.append_basic_block("taps"), builder.append_basic_block("after")
    builder.branch(head)
    builder.position_at_end(head)
    start, left, totals = (
        builder.phi(_INDEX),
        builder.phi(_INDEX),
        [[builder.phi(value.type) for value in total] for total in sums],
    )
    builder.cbranch(builder.icmp_signed("<=", _INDEX(unrolled), left), body, after)

    builder.position_at_end(body)
    new, tap = list(totals), start
    for number in range(unrolled):
        for side in range(2):
            which = (2 * number + side) % len(new)
            new[which] = _with_tap(builder, new[which], tap, data, side)
        tap = builder.add(tap, step)
    still_left = builder.sub(left, _INDEX(unrolled))
    builder.branch(head)
    phis = [start, left, *(phi for total in totals for phi in total)]
    starts = [first_tap, n_taps, *(value for total in sums for value in total)]
    ends = [tap, still_left, *(value for total in new for value in total)]
    for phi, first, following in zip(phis, starts, ends, strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(following, body)
    builder.position_at_end(after)
    return start, left, totals


def _with_tap(builder: ir.IRBuilder, total: list[Any], tap: Any, data: Any, side: int) -> list[Any]:
    pair, (rows, weights), vectors = data
    octet = builder.zext(builder.load(builder.gep(rows, [tap])), _INDEX)
    row = builder.gep(pair[side], [builder.shl(octet, _INDEX(LANE_STEP.bit_length() - 1))])
    weight = builder.load(builder.gep(weights, [builder.or_(builder.shl(tap, _INDEX(1)), _INDEX(side))]))
    new = []
    for value, (at, vector) in zip(total, vectors, strict=True):
        values = builder.load(_vector_at(builder, row, _INDEX(at), vector), align=4)
        product = builder.fmul(values, splat(builder, weight, vector), flags=FAST)
        new.append(builder.fadd(value, product, flags=FAST))
    return new


def _vector_at(builder: ir.IRBuilder, base: Any, at: Any, vector: ir.VectorType) -> Any:
    return builder.bitcast(builder.gep(base, [at]), vector.as_pointer())


def splat(builder: ir.IRBuilder, scalar: Any, vector: ir.VectorType) -> Any:
    """Give a vector of this type with the same scalar everywhere."""
    undefined = ir.Constant(vector, ir.Undefined)
    single = builder.insert_element(undefined, scalar, _INT(0))
    return builder.shuffle_vector(single, undefined, ir.Constant(ir.VectorType(_INT, vector.count), None))


@intrinsic  # type: ignore[untyped-decorator]
def update_rows(typingctx: Any, volume: Any, sums: Any, gain: Any, places: Any, limits: Any) -> Any:
    """Write max(floor, keep · volume + gain · sums) to neighbouring rows of ``volume``, each with its own gain.

    ``places`` are int64 (volume_at, sums_at, gain_at, n_rows), where the first of them begin; ``limits`` are float32
    (keep, floor). Rows have a multiple of LANE_STEP lanes.
    """
    signature = types.void(volume, sums, gain, types.UniTuple(types.int64, 4), types.UniTuple(types.float32, 2))

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        arrays = [context.make_array(kind)(context, builder, args[k]) for k, kind in enumerate(signature.args[:3])]
        places = [builder.extract_value(args[3], k) for k in range(4)]
        values, sums, gain = (builder.gep(array.data, [at]) for array, at in zip(arrays, places, strict=False))
        keep, floor = (splat(builder, builder.extract_value(args[4], k), _OCTET) for k in range(2))
        lanes = builder.extract_value(arrays[0].shape, 1)
        with cgutils.for_range(builder, places[3], intp=_INDEX) as row:
            start = builder.mul(row.index, lanes)
            factor = splat(builder, builder.load(builder.gep(gain, [row.index])), _OCTET)
            with cgutils.for_range(builder, builder.lshr(lanes, _INDEX(3)), intp=_INDEX) as part:
                at = builder.add(start, builder.mul(part.index, _INDEX(LANE_STEP)))
                target, change = (_vector_at(builder, base, at, _OCTET) for base in (values, sums))
                new = builder.fmul(builder.load(change, align=4), factor, flags=FAST)
                new = builder.fadd(builder.fmul(builder.load(target, align=4), keep, flags=FAST), new, flags=FAST)
                new = builder.select(builder.fcmp_ordered(">", new, floor, flags=FAST), new, floor)
                builder.store(new, target, align=4)
        return context.get_dummy_value()

    return signature, generate
