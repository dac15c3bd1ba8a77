"""Where the shipped files are, and writing without ever leaving half a file."""

import os
import re
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from inference.errors import InvalidModelError, OutputError

_TEMPORARY = re.compile(r"\..{0,40}\.[0-9a-f]{8}\.partial(\..*)?")
_STALE = 24 * 3600  # seconds


def resource_path(name: str) -> Path:
    """Path of a file that ships in resources/, also inside a frozen application.

    Args:
        name: path below resources/, for example "template.npz".

    Raises:
        InvalidModelError: the file is not there; the installation is damaged.
    """
    root = Path(getattr(sys, "_MEIPASS", Path(__file__).resolve().parent.parent))
    path = root / "resources" / name
    if not path.exists():
        raise InvalidModelError(f"The file resources/{name} is missing: install PercHead again.")
    return path


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it into place when the block succeeds.

    The temporary keeps the suffix, so that libraries that look at it behave. On any error
    or cancellation it is removed and an older file at `path` stays as it was. What a killed
    program left in this folder more than a day ago is removed on the way.

    Raises:
        OutputError: the disk is full or the folder cannot be written.
    """
    path = Path(path)
    # A long name must not grow beyond what the file system takes.
    temporary = path.with_name(f".{path.stem[:40]}.{uuid.uuid4().hex[:8]}.partial{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(path.parent)
        yield temporary
        with open(temporary, "rb+") as handle:
            os.fsync(handle.fileno())
        temporary.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"Cannot write {path} ({reason}): free some space or choose another folder."
        ) from error
    finally:
        with suppress(OSError):  # the folder itself may not be one
            temporary.unlink(missing_ok=True)


def _remove_stale(folder: Path) -> None:
    """Remove temporaries of atomic_write that nobody has touched for a day."""
    for left in folder.glob(".*.partial*"):
        with suppress(OSError):
            if _TEMPORARY.fullmatch(left.name) and time.time() - left.stat().st_mtime > _STALE:
                left.unlink()
