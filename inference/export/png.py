"""PNG written row by row, so that a picture of any size needs the memory of a band.

Source: W3C Portable Network Graphics, third edition, https://www.w3.org/TR/png-3/.
"""

import struct
import zlib
from types import TracebackType
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {3: 2, 4: 6}  # channels -> truecolour, truecolour with alpha
_UP = 2  # filter: each row as its difference from the row above
_LEVEL = 6


class PngWriter:
    """A context manager that takes rows from top to bottom, 8 bits a channel, sRGB.

    Args:
        handle: an open binary file.
        width, height: size in pixels.
        channels: 3 for RGB, 4 for RGBA with straight alpha.
    """

    def __init__(self, handle: BinaryIO, width: int, height: int, channels: int) -> None:
        self._handle = handle
        self._shape = (width, channels)
        self._left = height
        self._above = np.zeros((1, width * channels), np.uint8)
        self._deflate = zlib.compressobj(_LEVEL)
        handle.write(_SIGNATURE)
        header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
        self._chunk(b"IHDR", header)
        self._chunk(b"sRGB", b"\0")

    def __enter__(self) -> "PngWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._finish()

    def write(self, rows: NDArray[np.uint8]) -> None:
        """Append rows [n, width, channels]."""
        if rows.shape[1:] != self._shape or len(rows) > self._left:
            raise ValueError(f"rows of shape {rows.shape} do not fit the picture")
        flat = rows.reshape(len(rows), -1)
        filtered = np.empty((len(flat), 1 + flat.shape[1]), np.uint8)
        filtered[:, 0] = _UP
        filtered[:, 1:] = flat - np.concatenate([self._above, flat[:-1]])  # modulo 256
        self._above = flat[-1:].copy()
        self._left -= len(rows)
        self._chunk(b"IDAT", self._deflate.compress(filtered.tobytes()))

    def _finish(self) -> None:
        if self._left:
            raise ValueError(f"{self._left} rows are missing")
        self._chunk(b"IDAT", self._deflate.flush())
        self._chunk(b"IEND", b"")

    def _chunk(self, kind: bytes, data: bytes) -> None:
        if not data and kind == b"IDAT":
            return
        checksum = zlib.crc32(data, zlib.crc32(kind))
        self._handle.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum))
