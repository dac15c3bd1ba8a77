"""Whether a model fits on the disk."""

import shutil
from pathlib import Path

from inference.errors import OutputError

_MARGIN = 64 * 2**20  # bytes that stay free; our choice


def check_space(
    folder: Path,  # exists
    size: int,  # bytes
) -> None:
    """See to it that `size` more bytes fit on the disk of `folder`.

    Raises:
        OutputError: they do not.
    """
    free = shutil.disk_usage(folder).free
    if size and free < size + _MARGIN:
        raise OutputError(
            f"{(size + _MARGIN) / 1e9:.1f} GB are needed in {folder} and {free / 1e9:.1f} GB are "
            "free: free some space, or choose another folder with PERCHEAD_MODELS."
        )
