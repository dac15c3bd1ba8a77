"""Moving Float8s and Int8s between memory and registers."""

from typing import Any

from llvmlite import ir
from numba.core import types

from inference.rendering.portable.jit import intrinsic
from inference.rendering.portable.simd import FLOAT8, LANES, float8

_INT = ir.IntType(32)


def address(context: Any, builder: ir.IRBuilder, kind: Any, array: Any, index: Any) -> Any:
    """Pointer to an element of a flat array, for intrinsics."""
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [index])


@intrinsic
def load(typing: Any, array: Any, index: Any) -> Any:
    """Eight neighbours of a flat float32 array from an index on."""

    def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        place = address(context, builder, sig.args[0], args[0], args[1])
        return builder.load(builder.bitcast(place, FLOAT8.as_pointer()), align=4)

    return float8(array, types.intp), emit


@intrinsic
def store(typing: Any, array: Any, index: Any, value: Any) -> Any:
    """Write eight neighbours of a flat float32 array (or int32, with an Int8)."""

    def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        place = address(context, builder, sig.args[0], args[0], args[1])
        kind = args[2].type
        builder.store(args[2], builder.bitcast(place, kind.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), emit


def _load_columns(width: int) -> Any:
    """Make the loader of eight rows of `width` floats, as `width` Float8s."""

    @intrinsic
    def function(typing: Any, array: Any, row: Any) -> Any:
        def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
            kind = FLOAT8
            start = builder.mul(args[1], ir.Constant(args[1].type, width))
            chunks = []
            for k in range(width):
                index = builder.add(start, ir.Constant(start.type, k * LANES))
                place = address(context, builder, sig.args[0], args[0], index)
                chunks.append(builder.load(builder.bitcast(place, kind.as_pointer()), align=4))
            columns = []
            for column in range(width):
                vector = ir.Constant(kind, ir.Undefined)
                for k, chunk in enumerate(chunks):
                    # Lane j comes from float `column + j * width` of the rows.
                    mask = list(range(LANES))
                    for j in range(LANES):
                        if (column + j * width) // LANES == k:
                            mask[j] = LANES + (column + j * width) % LANES
                    lanes = ir.Constant(ir.VectorType(_INT, LANES), mask)
                    vector = builder.shuffle_vector(vector, chunk, lanes)
                columns.append(vector)
            return context.make_tuple(builder, sig.return_type, columns)

        return types.UniTuple(float8, width)(array, types.intp), emit

    return function


load_3_columns = _load_columns(3)
load_4_columns = _load_columns(4)
load_10_columns = _load_columns(10)


@intrinsic
def store_pairs(typing: Any, array: Any, index: Any, x: Any, y: Any) -> Any:
    """Write x0, y0, x1, y1, ... of two Int8s to a flat int32 array from an index on."""

    def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        array, index, x, y = args
        for half in (0, LANES // 2):
            lanes = [lane for k in range(LANES // 2) for lane in (half + k, half + k + LANES)]
            mask = ir.Constant(ir.VectorType(_INT, LANES), lanes)
            place = address(context, builder, sig.args[0], array, index)
            mixed = builder.shuffle_vector(x, y, mask)
            builder.store(mixed, builder.bitcast(place, mixed.type.as_pointer()), align=4)
            index = builder.add(index, ir.Constant(index.type, LANES))
        return context.get_dummy_value()

    return types.void(array, types.intp, x, y), emit


@intrinsic
def store_rows(
    typing: Any, array: Any, index: Any, stride: Any,
    v0: Any, v1: Any, v2: Any, v3: Any, v4: Any, v5: Any, v6: Any, v7: Any,
) -> Any:  # fmt: skip
    """Transpose eight Float8s; lane k of all of them goes to array[index + k * stride ...]."""

    def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        array, index, stride, *rows = args

        def shuffle(x: ir.Value, y: ir.Value, mask: list[int]) -> ir.Value:
            return builder.shuffle_vector(x, y, ir.Constant(ir.VectorType(_INT, LANES), mask))

        low, high = [0, 8, 1, 9, 4, 12, 5, 13], [2, 10, 3, 11, 6, 14, 7, 15]
        pairs = [shuffle(rows[i], rows[i + 1], mask) for i in (0, 2, 4, 6) for mask in (low, high)]
        low, high = [0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15]
        quads = [
            shuffle(pairs[i + j], pairs[i + j + 2], mask)
            for i in (0, 4) for j in (0, 1) for mask in (low, high)
        ]  # fmt: skip
        low, high = [0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15]
        turned = [shuffle(quads[j], quads[j + 4], mask) for mask in (low, high) for j in range(4)]
        for row in turned:
            place = address(context, builder, sig.args[0], array, index)
            builder.store(row, builder.bitcast(place, row.type.as_pointer()), align=4)
            index = builder.add(index, stride)
        return context.get_dummy_value()

    vectors = (v0, v1, v2, v3, v4, v5, v6, v7)
    return types.void(array, types.intp, types.intp, *vectors), emit


@intrinsic
def store_strided(typing: Any, array: Any, first: Any, stride: Any, vector: Any) -> Any:
    """Write the lanes to first, first + stride, ... of a flat float32 array."""

    def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        array, index, stride, vector = args
        for lane in range(LANES):
            place = address(context, builder, sig.args[0], array, index)
            builder.store(builder.extract_element(vector, ir.Constant(_INT, lane)), place)
            index = builder.add(index, stride)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, vector), emit
