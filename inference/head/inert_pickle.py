"""Read the number arrays of a pickle without running anything that the file asks for.

A pickle names functions and classes that Python's own reader imports and calls; a hostile file
names dangerous ones. This reader answers every name from a short list with inert stand-ins that
only write down what they are given, and refuses all others; not even numpy's own
reconstruction runs. https://docs.python.org/3/library/pickle.html#restricting-globals
"""

import io
import math
import pickle
import struct
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from inference.errors import InvalidModelError

_NUMBERS = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}


class _Inert:
    """Any object of scipy or chumpy: remembers the state that the file gives it."""

    def __new__(cls, *_arguments: object) -> "_Inert":
        return super().__new__(cls)

    def __init__(self, *_arguments: object) -> None:
        self.state: object = None

    def __setstate__(self, state: object) -> None:
        self.state = state


class _DType(_Inert):
    """numpy.dtype(name, align, copy), later told its byte order."""

    def __init__(self, *arguments: object) -> None:
        super().__init__()
        self.code = arguments[0] if arguments else None

    def numpy(self) -> np.dtype[Any]:
        """The dtype, if it is one of plain numbers.

        Raises:
            ValueError: it is not.
        """
        if self.code not in _NUMBERS:
            raise ValueError("an array holds something else than numbers")
        order = self.state[1] if isinstance(self.state, tuple) and len(self.state) > 1 else "|"
        return np.dtype(str(self.code)).newbyteorder(">" if order == ">" else "<")


class _Array(_Inert):
    """numpy.ndarray: state is (version, shape, dtype, Fortran order, bytes)."""

    def numpy(self) -> NDArray[Any]:
        """The array, checked against the number of its bytes.

        Raises:
            ValueError: the state is no array of numbers.
        """
        if not isinstance(self.state, tuple) or len(self.state) != 5:
            raise ValueError("an array is damaged")
        _, shape, dtype, fortran, data = self.state
        if isinstance(data, str):  # Python 2 wrote bytes as text
            data = data.encode("latin1")
        if not isinstance(dtype, _DType) or not isinstance(data, bytes):
            raise ValueError("an array holds something else than numbers")
        if not isinstance(shape, tuple) or any(type(n) is not int or n < 0 for n in shape):
            raise ValueError("an array has no shape")
        kind = dtype.numpy()
        if math.prod(shape) * kind.itemsize != len(data):
            raise ValueError("an array has another size than it says")
        return np.frombuffer(data, kind).reshape(shape, order="F" if fortran else "C")


def _reconstruct(*_arguments: object) -> _Array:
    """Stands for what makes an empty array in numpy's pickles."""
    return _Array()


def _reconstructor(*_arguments: object) -> _Inert:
    """Stands for what makes an object without a constructor."""
    return _Inert()


def _encode(text: object, *_encoding: object) -> bytes:
    """Stands for _codecs.encode, by which newer Pythons write bytes in old protocols."""
    if not isinstance(text, str):
        raise pickle.UnpicklingError("bytes are damaged")
    return text.encode("latin1")


def _no_bytes(*_arguments: object) -> bytes:
    """Stands for bytes(), by which old protocols write the data of an empty array."""
    return b""


_ALLOWED: dict[tuple[str, str], object] = {
    ("numpy", "ndarray"): _Inert,
    ("numpy", "dtype"): _DType,
    ("_codecs", "encode"): _encode,
    ("__builtin__", "object"): _Inert,
    ("builtins", "object"): _Inert,
    ("__builtin__", "bytes"): _no_bytes,
    ("builtins", "bytes"): _no_bytes,
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _reconstruct for core in ("core", "_core")},
    **{(module, "_reconstructor"): _reconstructor for module in ("copy_reg", "copyreg")},
}


def _refuse(*_arguments: object) -> None:
    raise pickle.UnpicklingError("it was written in a way that models are not")


class _Reader(pickle._Unpickler):
    """Python's reader that is written in Python.

    A few bytes make the one in C take all memory (a memo of two thousand million places) or leave
    buffers without an owner.
    """

    dispatch: ClassVar[dict[int, Callable[..., Any]]] = pickle._Unpickler.dispatch | dict.fromkeys(
        (pickle.BYTEARRAY8[0], pickle.NEXT_BUFFER[0], pickle.READONLY_BUFFER[0]), _refuse
    )

    def find_class(self, module: str, name: str) -> object:
        if module.split(".")[0] in ("scipy", "chumpy"):
            return _Inert
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}") from None

    def persistent_load(self, pid: object) -> object:
        raise pickle.UnpicklingError("it refers to things outside the file")


def read_arrays(data: bytes, *names: str) -> list[NDArray[Any]]:
    """Read arrays of numbers from a pickled dictionary.

    Args:
        data: the file's bytes.
        names: keys of the dictionary whose values are arrays (of numpy or chumpy).

    Returns:
        One array for each name, read-only.

    Raises:
        InvalidModelError: the pickle is damaged, asks for code, or has no such array.
    """
    try:
        content = _Reader(io.BytesIO(data), encoding="latin1").load()
        if not isinstance(content, dict):
            raise ValueError("it is no dictionary")
        missing = [name for name in names if name not in content]
        if missing:
            raise InvalidModelError(
                f"The file holds no {missing[0]}: choose the model file of FLAME."
            )
        return [_array(content[name]) for name in names]
    except (
        *(pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, KeyError),
        *(IndexError, OverflowError, MemoryError, ImportError, AssertionError, struct.error),
    ) as error:
        raise InvalidModelError(
            f"The file is damaged or no model of FLAME ({error}): download it again."
        ) from error


def _array(value: object) -> NDArray[Any]:
    """The numbers of a numpy array or of a chumpy one, which keeps them under "x"."""
    if isinstance(value, _Inert) and isinstance(value.state, dict):
        value = value.state.get("x")
    if not isinstance(value, _Array):
        raise ValueError("an entry is no array")
    return value.numpy()
