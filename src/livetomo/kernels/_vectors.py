"""Eight float32 at once, for loops over more arrays than the compiler dares to turn into vector code by itself.

Arrays may overlap for all it knows, and it gives up when there are many to compare. A loop that says what it wants in
vectors of eight comes out as meant on any processor. Arrays are C-contiguous; ``k`` is where the first of the eight
lies, as if they were flat.
"""

import operator
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

import livetomo.kernels._host_cpu  # noqa: F401

WIDTH = 8
_FLOAT, _WHOLE, _BYTE = (ir.VectorType(kind, WIDTH) for kind in (ir.FloatType(), ir.IntType(32), ir.IntType(8)))


class _Floats(types.Type):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(name="eight float32")


_FLOATS = _Floats()


@register_model(_Floats)
class _FloatsModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _FLOAT)


def _let_numba_know(operation: Any, instruction: str) -> None:
    @infer_global(operation)
    class _Operation(ConcreteTemplate):  # type: ignore[misc]
        cases = (signature(_FLOATS, _FLOATS, _FLOATS),)

    @lower_builtin(operation, _FLOATS, _FLOATS)  # type: ignore[untyped-decorator]
    def _generate(_context: Any, builder: ir.IRBuilder, _signature: Any, pair: Any) -> Any:
        return getattr(builder, instruction)(*pair, flags=("fast",))


for _operation, _instruction in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul")):
    _let_numba_know(_operation, _instruction)


@intrinsic  # type: ignore[untyped-decorator]
def load(_: Any, array: Any, k: Any) -> Any:
    """Give eight float32, int8 or uint8 as floats."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        if signature.args[0].dtype == types.uint8:
            array, k = args
            pointer = _pointer(context, builder, signature.args[0], array, k, _BYTE)
            return builder.uitofp(builder.load(pointer, align=1), _FLOAT)
        if signature.args[0].dtype == types.float32:
            return _read(context, builder, signature.args[0], *args)
        return builder.sitofp(_read_bytes(context, builder, signature.args[0], *args), _FLOAT)

    return _FLOATS(array, types.intp), generate


@intrinsic  # type: ignore[untyped-decorator]
def load_change(_: Any, array: Any, k: Any, before: Any, j: Any) -> Any:
    """Give ``array`` from ``k`` on less ``before`` from ``j`` on, of float32 or int8, as floats."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        kind, read = signature.args[0], _read if signature.args[0].dtype == types.float32 else _read_bytes
        pair = read(context, builder, kind, *args[:2]), read(context, builder, signature.args[2], *args[2:])
        if read is _read:
            return builder.fsub(*pair, flags=("fast",))
        return builder.sitofp(builder.sub(*pair), _FLOAT)

    return _FLOATS(array, types.intp, before, types.intp), generate


@intrinsic  # type: ignore[untyped-decorator]
def store(_: Any, array: Any, k: Any, values: Any) -> Any:
    """Write eight values; into int8 the nearest whole numbers, which must lie within."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        array, k, values = args
        if signature.args[0].dtype == types.float32:
            builder.store(values, _pointer(context, builder, signature.args[0], array, k, _FLOAT), align=4)
        else:
            whole = builder.fptosi(_call(builder, "llvm.rint", values), _WHOLE)
            target = _pointer(context, builder, signature.args[0], array, k, _BYTE)
            builder.store(builder.trunc(whole, _BYTE), target, align=1)
        return context.get_dummy_value()

    return types.void(array, types.intp, _FLOATS), generate


@intrinsic  # type: ignore[untyped-decorator]
def spread(_: Any, value: Any) -> Any:
    """Give eight times the same value."""

    def generate(_context: Any, builder: ir.IRBuilder, _signature: Any, args: Any) -> Any:
        undefined = ir.Constant(_FLOAT, ir.Undefined)
        single = builder.insert_element(undefined, args[0], ir.IntType(32)(0))
        return builder.shuffle_vector(single, undefined, ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), None))

    return _FLOATS(types.float32), generate


@intrinsic  # type: ignore[untyped-decorator]
def larger(_: Any, one: Any, other: Any) -> Any:
    """Give the larger of each two."""
    return _choice(">")


@intrinsic  # type: ignore[untyped-decorator]
def smaller(_: Any, one: Any, other: Any) -> Any:
    """Give the smaller of each two."""
    return _choice("<")


@intrinsic  # type: ignore[untyped-decorator]
def fetch(_: Any, array: Any, k: Any) -> Any:
    """Ask for the cache line of a value that will be read; a place where nothing lies does no harm."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        ask_for(builder, builder.gep(data, [args[1]]))
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


def ask_for(builder: ir.IRBuilder, pointer: Any) -> None:
    """Write code that asks for a cache line."""
    pointer, whole = builder.bitcast(pointer, ir.IntType(8).as_pointer()), ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [pointer.type, whole, whole, whole])
    ask = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
    builder.call(ask, [pointer, whole(0), whole(3), whole(1)])


def _choice(comparison: str) -> Any:
    def generate(_context: Any, builder: ir.IRBuilder, _signature: Any, args: Any) -> Any:
        return builder.select(builder.fcmp_ordered(comparison, *args, flags=("fast",)), *args)

    return _FLOATS(_FLOATS, _FLOATS), generate


@intrinsic  # type: ignore[untyped-decorator]
def inverse_root(_: Any, values: Any) -> Any:
    """Give 1 / √values."""

    def generate(_context: Any, builder: ir.IRBuilder, _signature: Any, args: Any) -> Any:
        ones = ir.Constant(_FLOAT, [1.0] * WIDTH)
        return builder.fdiv(ones, _call(builder, "llvm.sqrt", args[0]), flags=("fast",))

    return _FLOATS(_FLOATS), generate


@intrinsic  # type: ignore[untyped-decorator]
def total(_: Any, values: Any) -> Any:
    """Give the sum of the eight."""

    def generate(_context: Any, builder: ir.IRBuilder, _signature: Any, args: Any) -> Any:
        parts = [builder.extract_element(args[0], ir.IntType(32)(k)) for k in range(WIDTH)]
        while len(parts) > 1:
            parts = [builder.fadd(one, other) for one, other in zip(parts[::2], parts[1::2], strict=True)]
        return parts[0]

    return types.float32(_FLOATS), generate


def _call(builder: ir.IRBuilder, name: str, values: Any) -> Any:
    kind = ir.FunctionType(_FLOAT, [_FLOAT])
    function = cgutils.get_or_insert_function(builder.module, kind, f"{name}.v{WIDTH}f32")
    return builder.call(function, [values], fastmath=("fast",))


def _read(context: Any, builder: ir.IRBuilder, kind: Any, array: Any, k: Any) -> Any:
    return builder.load(_pointer(context, builder, kind, array, k, _FLOAT), align=4)


def _read_bytes(context: Any, builder: ir.IRBuilder, kind: Any, array: Any, k: Any) -> Any:
    values = builder.load(_pointer(context, builder, kind, array, k, _BYTE), align=1)
    return builder.sext(values, _WHOLE)


def _pointer(context: Any, builder: ir.IRBuilder, kind: Any, array: Any, k: Any, vector: ir.VectorType) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [k]), vector.as_pointer())
