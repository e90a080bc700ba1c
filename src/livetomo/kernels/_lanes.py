"""The one inner loop of all projections: a weighted sum of rows of lanes, held in vector registers.

Every two-tap gather of this project, forward or back, is ``target row += Σ first · row + second · (row + gap)`` over
a short list of taps, where a row is one voxel or ray of many slices (lanes). Plain numba keeps the sum in memory; in
LLVM's vector type it stays in registers, on whatever vectors the processor has.
"""

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.extending import intrinsic

import livetomo.kernels._host_cpu  # noqa: F401

_FLOAT = ir.FloatType()
_INDEX = ir.IntType(64)


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def _add_pairs(
    typingctx: Any, lanes: Any, target: Any, target_row: Any, source: Any, gap: Any, taps: Any, chosen: Any
) -> Any:
    signature = types.void(lanes, target, types.int64, source, types.int64, taps, types.UniTuple(types.int64, 3))
    vector = ir.VectorType(_FLOAT, lanes.literal_value)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        _, target_type, _, source_type, _, taps_type, _ = signature.args

        def data(array_type: Any, array: Any) -> Any:
            return context.make_array(array_type)(context, builder, array).data

        target_row = _vector_at(builder, data(target_type, args[1]), args[2], vector)
        taps = [data(kind, builder.extract_value(args[5], k)) for k, kind in enumerate(taps_type.types)]
        chosen = [builder.extract_value(args[6], k) for k in range(3)]
        _add_all(builder, target_row, data(source_type, args[3]), args[4], taps, chosen)
        return context.get_dummy_value()

    return signature, generate


def _add_all(builder: ir.IRBuilder, target: Any, source: Any, gap: Any, taps: Any, chosen: Any) -> None:
    """Write the loop; it runs at least once. Two sums, one for each tap, keep both multipliers busy."""
    first_tap, end_tap, tap_step = chosen
    vector = target.type.pointee
    before, loop, after = builder.block, builder.append_basic_block("taps"), builder.append_basic_block("done")
    starts = builder.load(target, align=4), ir.Constant(vector, None)
    builder.branch(loop)

    builder.position_at_end(loop)
    k, sums = builder.phi(_INDEX), [builder.phi(vector), builder.phi(vector)]
    row = _element(builder, taps[0], k)
    next_sums = []
    for total, number, weights in zip(sums, (row, builder.add(row, gap)), taps[1:], strict=True):
        values = builder.load(_vector_at(builder, source, number, vector), align=4)
        product = builder.fmul(values, _splat(builder, _element(builder, weights, k), vector), flags=("fast",))
        next_sums.append(builder.fadd(total, product, flags=("fast",)))
    next_k = builder.add(k, tap_step)
    builder.cbranch(builder.icmp_signed("<", next_k, end_tap), loop, after)
    for phi, start, following in zip((k, *sums), (first_tap, *starts), (next_k, *next_sums), strict=True):
        phi.add_incoming(start, before)
        phi.add_incoming(following, loop)

    builder.position_at_end(after)
    builder.store(builder.fadd(*next_sums, flags=("fast",)), target, align=4)


def _element(builder: ir.IRBuilder, base: Any, number: Any) -> Any:
    return builder.load(builder.gep(base, [number]))


def _vector_at(builder: ir.IRBuilder, base: Any, row: Any, vector: ir.VectorType) -> Any:
    pointer = builder.gep(base, [builder.mul(row, _INDEX(vector.count))])
    return builder.bitcast(pointer, vector.as_pointer())


def _splat(builder: ir.IRBuilder, scalar: Any, vector: ir.VectorType) -> Any:
    undefined = ir.Constant(vector, ir.Undefined)
    single = builder.insert_element(undefined, scalar, ir.IntType(32)(0))
    return builder.shuffle_vector(single, undefined, ir.Constant(ir.VectorType(ir.IntType(32), vector.count), None))


@njit(nogil=True)
def add_pairs(target, target_row, source, gap, taps, chosen):  # type: ignore[no-untyped-def]
    """Add Σ first[k] · source[rows[k]] + second[k] · source[rows[k] + gap] to one row of ``target``.

    ``taps`` are (rows, first, second), ``chosen`` the range (first, end, step) of k, not empty. Source and target have
    the same number of lanes, one of 16, 32, 64 and 128.
    """
    lanes = source.shape[1]
    if lanes == 128:
        _add_pairs(128, target, target_row, source, gap, taps, chosen)
    elif lanes == 64:
        _add_pairs(64, target, target_row, source, gap, taps, chosen)
    elif lanes == 32:
        _add_pairs(32, target, target_row, source, gap, taps, chosen)
    else:
        _add_pairs(16, target, target_row, source, gap, taps, chosen)
