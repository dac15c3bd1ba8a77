"""Whether a file is the published one."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from inference.catalogue.entries import ModelFile
from inference.catalogue.form import has_its_form
from inference.progress import CancelToken

_BLOCK = 2**20  # bytes; far under 100 ms even on a slow disk


def file_sha256(
    path: Path, cancel: CancelToken, on_bytes: Callable[[int], None] = lambda done: None
) -> str:
    """SHA-256 of a file in lower-case hexadecimal; `on_bytes` gets the bytes read so far.

    Raises:
        OSError: it cannot be read.
        Cancelled: the token was set.
    """
    digest = hashlib.sha256()
    done = 0
    with open(path, "rb") as handle:
        while block := handle.read(_BLOCK):
            cancel.check()
            digest.update(block)
            done += len(block)
            on_bytes(done)
    return digest.hexdigest()


def is_published_file(
    path: Path,
    file: ModelFile,
    cancel: CancelToken,
    on_bytes: Callable[[int], None] = lambda done: None,
) -> bool:
    """Whether length and checksum are as published; without a checksum its form must be right.

    Raises:
        OSError: it cannot be read.
        Cancelled: the token was set.
    """
    if file.size is not None and path.stat().st_size != file.size:
        return False
    if file.sha256 is None:
        return has_its_form(path, file.name)
    return file_sha256(path, cancel, on_bytes) == file.sha256
