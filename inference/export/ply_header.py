"""The header of a PLY file: what follows it and where, read without trusting a word of it.

Source: G. Turk, "The PLY Polygon File Format", 1994, http://paulbourke.net/dataformats/ply/
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inference.errors import InvalidSplatError

MAX_HEADER_BYTES = 64 * 1024
"""A 3DGS header is under 2 kB; longer ones are no splats."""

MAX_GAUSSIANS = 8_000_000
"""More than any published scene holds; above it the arrays alone would need over 0.5 GB."""

NUMBER_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1",
    "short": "i2", "int16": "i2", "ushort": "u2", "uint16": "u2",
    "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4",
    "float": "f4", "float32": "f4", "double": "f8", "float64": "f8",
}  # fmt: skip
"""The number types of the format and numpy's names for them."""

_BYTE_ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">", "ascii": "="}


@dataclass(frozen=True)
class PlyHeader:
    """What a PLY file says about its vertices.

    Attributes:
        ascii: whether the numbers are text.
        count: number of vertices, 0..MAX_GAUSSIANS.
        dtype: one vertex as it lies in the file, packed, in the file's byte order.
        header_bytes: length of the header, its last line break included.
        rows_before: text lines of other elements between header and vertices.
        bytes_before: the same in bytes, for binary files.
    """

    ascii: bool
    count: int
    dtype: np.dtype[np.void]
    header_bytes: int
    rows_before: int
    bytes_before: int


@dataclass
class _Element:
    name: str
    count: int
    properties: list[tuple[str, str]]
    has_list: bool = False


def parse_header(start: bytes, name: str) -> PlyHeader:
    """Read a header from a file's first bytes.

    Args:
        start: at least the header, at most anything.
        name: the file's name, for messages.

    Raises:
        InvalidSplatError: it is no PLY header, or one that holds no vertices.
    """
    lines, header_bytes = _header_lines(start, name)
    elements: list[_Element] = []
    order: str | None = None
    for line in lines:
        words = line.split()
        match words:
            case [] | ["comment" | "obj_info", *_]:
                pass
            case ["format", encoding, "1.0"] if encoding in _BYTE_ORDERS and order is None:
                order = _BYTE_ORDERS[encoding]
            case ["element", element, count]:
                elements.append(_Element(element, _count(count, name), []))
            case ["property", "list", _, _, _] if elements:
                elements[-1].has_list = True
            case ["property", kind, label] if elements and kind in NUMBER_TYPES:
                elements[-1].properties.append((label, NUMBER_TYPES[kind]))
            case _:
                raise _damaged(name, f"its header holds the line {line[:60]!r}")
    if order is None:
        raise _damaged(name, "its header names no format")
    return _layout(elements, order, header_bytes, name)


def _header_lines(start: bytes, name: str) -> tuple[list[str], int]:
    """The lines between the magic word and end_header, and the length of it all."""
    start = start[:MAX_HEADER_BYTES]
    if not start.startswith((b"ply\n", b"ply\r")):
        raise InvalidSplatError(f"{name} is no PLY file: choose a 3D Gaussian splat in PLY format.")
    end = start.find(b"\nend_header")
    rest = start[end + len(b"\nend_header") :]
    # Windows writes two characters; a lone carriage return would be old Mac OS.
    line_break = next((b for b in (b"\r\n", b"\n") if rest.startswith(b)), None)
    if end < 0 or line_break is None:
        raise _damaged(name, "its header does not end")
    text = start[:end].decode("ascii", errors="replace")
    return text.splitlines()[1:], len(start) - len(rest) + len(line_break)


def _count(word: str, name: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) <= 18):
        raise _damaged(name, f"its header counts {word[:20]!r} elements")
    return int(word)


def _layout(elements: list[_Element], order: str, header_bytes: int, name: str) -> PlyHeader:
    """Find the vertices among the elements."""
    rows_before = bytes_before = 0
    for element in elements:
        labels = [label for label, _ in element.properties]
        if len(set(labels)) != len(labels):
            raise _damaged(name, f"a property of {element.name[:20]!r} is there twice")
        dtype = np.dtype([(label, order + kind) for label, kind in element.properties])
        if element.name != "vertex":
            if element.has_list:
                raise _damaged(name, "lists stand before its vertices")
            rows_before += element.count
            bytes_before += element.count * dtype.itemsize
            continue
        if element.has_list:
            raise _damaged(name, "its vertices hold lists")
        if element.count > MAX_GAUSSIANS:
            raise InvalidSplatError(
                f"{name} claims {element.count} Gaussians: at most {MAX_GAUSSIANS} can be opened."
            )
        return PlyHeader(
            order == "=", element.count, dtype, header_bytes, rows_before, bytes_before
        )
    raise _damaged(name, "it holds no vertices")


def _damaged(name: str, why: str) -> InvalidSplatError:
    return InvalidSplatError(f"{name} is damaged ({why}): export it again.")


def open_start(path: Path) -> bytes:
    """The first bytes of a file, enough for any header.

    Raises:
        InvalidSplatError: it is no ordinary file or cannot be read.
    """
    if not path.is_file():
        raise InvalidSplatError(f"{path} is no file: choose a 3D Gaussian splat in PLY format.")
    try:
        with open(path, "rb") as handle:
            return handle.read(MAX_HEADER_BYTES)
    except OSError as error:
        raise InvalidSplatError(
            f"{path} cannot be read ({error.strerror}): check that you may open it."
        ) from error
