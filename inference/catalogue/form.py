"""Whether a file has the form that its name says.

Some publishers give no checksum. What then must not pass is what really comes instead: the log-in
page of a network, an error page, a file that ends too early.
"""

import json
from pathlib import Path

_LONGEST_HEADER = 100_000_000
"""Bytes of a safetensors header, https://huggingface.co/docs/safetensors."""


def has_its_form(
    path: Path,
    name: str,  # as published; `path` may be a temporary one
) -> bool:
    """Whether JSON can be read and safetensors are whole; other kinds are not looked into.

    Raises:
        OSError: it cannot be read.
    """
    if name.endswith(".json"):
        return _is_json(path)
    if name.endswith(".safetensors"):
        return _is_whole_safetensors(path)
    return True


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    return True


def _is_whole_safetensors(path: Path) -> bool:
    """Eight bytes with the header's length, the header as JSON, then data up to its last offset."""
    size = path.stat().st_size
    with open(path, "rb") as handle:
        length = int.from_bytes(handle.read(8), "little")
        if length > min(size - 8, _LONGEST_HEADER):
            return False
        try:
            header = json.loads(handle.read(length))
            ends = [
                int(tensor["data_offsets"][1])
                for key, tensor in header.items()
                if key != "__metadata__"
            ]
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
            return False
    return bool(ends) and size == 8 + length + max(ends)
