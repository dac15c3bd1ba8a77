"""Vectors of eight floats as values inside numba kernels.

numba leaves vectorisation to LLVM's loop vectoriser, which gives up without a word when it
cannot prove that two arrays do not overlap. Here the kernels say what they mean: Float8 is
LLVM's <8 x float>, which becomes one AVX register, or two of SSE or NEON. LLVM fuses multiply
and add where the machine can (the kernels' fast-math flag "contract").

Operators: + - * / and unary - between Float8s and between a Float8 and a float32; < <= > >=
give a Mask8; & | between masks.
"""

import operator
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import lower_builtin, models, register_model

from inference.rendering.portable.jit import inlined, intrinsic

LANES = 8
F = np.float32

_FLOAT = ir.FloatType()
_INT = ir.IntType(32)
FLOAT8 = ir.VectorType(_FLOAT, LANES)
"""What LLVM calls a Float8."""

_VECTOR = {
    "Float8": FLOAT8,
    "Int8": ir.VectorType(_INT, LANES),
    "Mask8": ir.VectorType(ir.IntType(1), LANES),
}


class VectorType(types.Type):
    """The numba type of a vector of eight lanes."""


@register_model(VectorType)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: VectorType) -> None:
        super().__init__(manager, kind, _VECTOR[kind.name])


float8 = VectorType(name="Float8")
int8 = VectorType(name="Int8")
mask8 = VectorType(name="Mask8")


def _broadcast(builder: ir.IRBuilder, scalar: ir.Value) -> ir.Value:
    kind = ir.VectorType(scalar.type, LANES)
    single = builder.insert_element(ir.Constant(kind, ir.Undefined), scalar, ir.Constant(_INT, 0))
    zeros = ir.Constant(ir.VectorType(_INT, LANES), [0] * LANES)
    return builder.shuffle_vector(single, ir.Constant(kind, ir.Undefined), zeros)


def _register_operator(
    function: Callable[..., Any], result: VectorType, emit: Callable[..., ir.Value]
) -> None:
    """Teach numba a binary operator of float vectors, scalars broadcast."""
    sides = [(float8, float8), (float8, types.float32), (types.float32, float8)]

    class Template(ConcreteTemplate):
        cases = [signature(result, *side) for side in sides]  # noqa: RUF012

    infer_global(function)(Template)

    def lower(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        wide = [
            value if kind == float8 else _broadcast(builder, value)
            for value, kind in zip(args, sig.args, strict=True)
        ]
        return emit(builder, *wide)

    for side in sides:
        lower_builtin(function, *side)(lower)


_register_operator(operator.add, float8, lambda b, x, y: b.fadd(x, y))
_register_operator(operator.sub, float8, lambda b, x, y: b.fsub(x, y))
_register_operator(operator.mul, float8, lambda b, x, y: b.fmul(x, y))
_register_operator(operator.truediv, float8, lambda b, x, y: b.fdiv(x, y))
_register_operator(operator.lt, mask8, lambda b, x, y: b.fcmp_ordered("<", x, y))
_register_operator(operator.le, mask8, lambda b, x, y: b.fcmp_ordered("<=", x, y))
_register_operator(operator.gt, mask8, lambda b, x, y: b.fcmp_ordered(">", x, y))
_register_operator(operator.ge, mask8, lambda b, x, y: b.fcmp_ordered(">=", x, y))


@infer_global(operator.neg)
class _Negate(ConcreteTemplate):
    cases = [signature(float8, float8)]  # noqa: RUF012


@lower_builtin(operator.neg, float8)
def _lower_negate(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
    return builder.fneg(args[0])


@infer_global(operator.and_)
@infer_global(operator.or_)
class _MaskOperator(ConcreteTemplate):
    cases = [signature(mask8, mask8, mask8)]  # noqa: RUF012


@lower_builtin(operator.and_, mask8, mask8)
def _lower_and(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
    return builder.and_(*args)


@lower_builtin(operator.or_, mask8, mask8)
def _lower_or(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
    return builder.or_(*args)


@intrinsic
def splat(typing: Any, scalar: Any) -> Any:
    """The float32 in all lanes."""

    def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return _broadcast(builder, args[0])

    return float8(types.float32), emit


@intrinsic
def iota(typing: Any) -> Any:
    """0, 1, ... 7."""

    def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return ir.Constant(FLOAT8, [float(k) for k in range(LANES)])

    return float8(), emit


@intrinsic
def select(typing: Any, mask: Any, yes: Any, no: Any) -> Any:
    """Per lane: yes where the mask is set, else no."""

    def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return builder.select(*args)

    return float8(mask8, float8, float8), emit


@intrinsic
def any_lane(typing: Any, mask: Any) -> Any:
    """Whether any lane of the mask is set."""

    def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        bits = builder.bitcast(args[0], ir.IntType(LANES))
        return builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(LANES), 0))

    return types.boolean(mask8), emit


def _unary(name: str) -> Any:
    """An LLVM intrinsic of one float vector."""

    @intrinsic
    def function(typing: Any, x: Any) -> Any:
        def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
            kind = FLOAT8
            callee = builder.module.declare_intrinsic(
                f"llvm.{name}.v8f32", fnty=ir.FunctionType(kind, [kind])
            )
            return builder.call(callee, args)

        return float8(float8), emit

    return function


sqrt = _unary("sqrt")
floor = _unary("floor")
ceil = _unary("ceil")
absolute = _unary("fabs")


def _cast(source: VectorType, target: VectorType, emit_cast: Callable[..., ir.Value]) -> Any:
    @intrinsic
    def function(typing: Any, x: Any) -> Any:
        def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
            return emit_cast(builder, args[0], _VECTOR[target.name])

        return target(source), emit

    return function


bits_of = _cast(float8, int8, lambda b, x, kind: b.bitcast(x, kind))
float_of_bits = _cast(int8, float8, lambda b, x, kind: b.bitcast(x, kind))
truncate = _cast(float8, int8, lambda b, x, kind: b.fptosi(x, kind))
to_float = _cast(int8, float8, lambda b, x, kind: b.sitofp(x, kind))


def _int_operator(emit_operator: Callable[..., ir.Value]) -> Any:
    @intrinsic
    def function(typing: Any, x: Any, y: Any) -> Any:
        def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
            y = args[1] if sig.args[1] == int8 else _broadcast(builder, args[1])
            return emit_operator(builder, args[0], y)

        return int8(int8, int8 if y == int8 else types.int32), emit

    return function


int_add = _int_operator(lambda b, x, y: b.add(x, y))
int_or = _int_operator(lambda b, x, y: b.or_(x, y))
int_and = _int_operator(lambda b, x, y: b.and_(x, y))
int_xor = _int_operator(lambda b, x, y: b.xor(x, y))
shift_left = _int_operator(lambda b, x, y: b.shl(x, y))
shift_right = _int_operator(lambda b, x, y: b.ashr(x, y))


@intrinsic
def lane(typing: Any, vector: Any, index: Any) -> Any:
    """One lane of a Float8 or Int8 or Mask8."""
    scalar = {"Float8": types.float32, "Int8": types.int32, "Mask8": types.boolean}[vector.name]

    def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        return builder.extract_element(args[0], builder.trunc(args[1], _INT))

    return scalar(vector, types.intp), emit


@intrinsic
def horizontal_sum(typing: Any, vector: Any) -> Any:
    """Sum of the lanes, halves first."""

    def emit(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        vector, width = args[0], LANES
        while width > 1:
            width //= 2
            undefined = ir.Constant(vector.type, ir.Undefined)
            kind = ir.VectorType(_INT, width)
            low = builder.shuffle_vector(vector, undefined, ir.Constant(kind, list(range(width))))
            high = builder.shuffle_vector(
                vector, undefined, ir.Constant(kind, list(range(width, 2 * width)))
            )
            vector = builder.fadd(low, high)
        return builder.extract_element(vector, ir.Constant(_INT, 0))

    return types.float32(float8), emit


@inlined
def minimum(x: Any, y: Any) -> Any:
    """Per lane the smaller; y where either is not a number."""
    return select(x < y, x, y)


@inlined
def maximum(x: Any, y: Any) -> Any:
    """Per lane the larger; y where either is not a number."""
    return select(x > y, x, y)


@inlined
def exp2(x: Any) -> Any:
    """2 to the x with a relative error of 4e-6 for x in -126..126; garbage elsewhere.

    Adding 1.5 * 2^23 rounds x to an integer in the low bits of the sum; a polynomial of
    degree 4 (minimax on -0.5..0.5) does the rest.
    """
    magic = F(12582912.0)
    rounded = x + magic
    fraction = x - (rounded - magic)
    p = splat(F(9.570101433308238e-3))
    p = p * fraction + F(5.5917860281913034e-2)
    p = p * fraction + F(2.4024744839664797e-1)
    p = p * fraction + F(6.931218147436783e-1)
    p = p * fraction + F(9.999992614421597e-1)
    exponent = shift_left(bits_of(rounded), numba.int32(23))
    return float_of_bits(int_add(bits_of(p), exponent))


@inlined
def log2(x: Any) -> Any:
    """Logarithm to base 2 of positive, normal x; absolute error 1e-7 of the larger of it and 1.

    x = 2^e m with m in sqrt(1/2)..sqrt(2); log m is the series of atanh((m - 1) / (m + 1)).
    """
    bits = bits_of(x)
    shifted = int_add(bits, numba.int32(-0x3F3504F3))  # the bits of sqrt(1/2)
    exponent = shift_right(shifted, numba.int32(23))
    mantissa = float_of_bits(
        int_add(int_and(shifted, numba.int32(0x7FFFFF)), numba.int32(0x3F3504F3))
    )
    t = (mantissa - F(1)) / (mantissa + F(1))
    s = t * t
    p = s * F(0.3205988984) + F(0.4121985831)  # 2 / (9 ln 2), 2 / (7 ln 2)
    p = p * s + F(0.5770780164)  # 2 / (5 ln 2)
    p = p * s + F(0.9617966939)  # 2 / (3 ln 2)
    p = p * s + F(2.8853900818)  # 2 / ln 2
    return p * t + to_float(exponent)
