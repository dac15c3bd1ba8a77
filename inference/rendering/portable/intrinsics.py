"""Machine operations that numba has no word for."""

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types

from inference.rendering.portable.jit import intrinsic
from inference.rendering.portable.memory import address
from inference.rendering.portable.simd import LANES

_BYTE = ir.IntType(8)
_INT = ir.IntType(32)


@intrinsic
def claim(typing: Any, counter: Any) -> Any:
    """Add 1 to counter[0] (int64) atomically and return what was there before.

    Workers take their units of work this way: whoever is free takes the next one.
    """

    def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        one = ir.Constant(ir.IntType(64), 1)
        place = address(context, builder, sig.args[0], args[0], ir.Constant(ir.IntType(64), 0))
        return builder.atomic_rmw("add", place, one, "monotonic")

    return types.int64(counter), emit


@intrinsic
def prefetch(typing: Any, array: Any, index: Any) -> Any:
    """Start to load the cache line of array[index] (flat float32)."""

    def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        place = address(context, builder, sig.args[0], args[0], args[1])
        kind = ir.FunctionType(ir.VoidType(), [_BYTE.as_pointer(), _INT, _INT, _INT])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        read, keep, data = (ir.Constant(_INT, value) for value in (0, 3, 1))
        builder.call(function, [builder.bitcast(place, _BYTE.as_pointer()), read, keep, data])
        return context.get_dummy_value()

    return types.void(array, types.intp), emit


@intrinsic
def sums_of(
    typing: Any, v0: Any, v1: Any, v2: Any, v3: Any, v4: Any, v5: Any, v6: Any, v7: Any
) -> Any:
    """A Float8 whose lane k is the sum over the lanes of the k-th argument."""
    stages = (
        ([0, 8, 2, 10, 4, 12, 6, 14], [1, 9, 3, 11, 5, 13, 7, 15]),
        ([0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15]),
        ([0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15]),
    )

    def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        vectors = list(args)
        for masks in stages:
            even, odd = (ir.Constant(ir.VectorType(_INT, LANES), mask) for mask in masks)
            vectors = [
                builder.fadd(builder.shuffle_vector(x, y, even), builder.shuffle_vector(x, y, odd))
                for x, y in zip(vectors[::2], vectors[1::2], strict=True)
            ]
        return vectors[0]

    return v0(v0, v1, v2, v3, v4, v5, v6, v7), emit
