"""What a held-out set consists of, hash by hash."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from inference.errors import UsageError
from inference.files import atomic_write
from training.synthetic.dataset import load_sample

MANIFEST_NAME = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """A held-out set.

    Attributes:
        identities: heads in it.
        size: edge of the pictures in pixels.
        views: pictures of each head.
        drawn_with: the OpenGL device; another one may round pixels differently.
        hashes: file name -> SHA-256 of its content.
    """

    identities: int
    size: int
    views: int
    drawn_with: str
    hashes: dict[str, str]

    @property
    def fingerprint(self) -> str:
        """One short hash for the whole set."""
        text = json.dumps(self.hashes, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def hash_arrays(content: Mapping[str, Any]) -> str:
    """SHA-256 of a sample's arrays and attributes, whatever the compression."""
    digest = hashlib.sha256()
    for name in sorted(content):
        value = content[name]
        if isinstance(value, np.ndarray):
            digest.update(f"{name} {value.dtype} {value.shape}".encode())
            digest.update(np.ascontiguousarray(value).tobytes())
        else:
            digest.update(f"{name} {json.dumps(value, sort_keys=True)}".encode())
    return digest.hexdigest()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write manifest.json."""
    with atomic_write(folder / MANIFEST_NAME) as temporary:
        temporary.write_text(json.dumps(asdict(manifest), indent=1) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Read manifest.json.

    Raises:
        UsageError: it is missing or damaged.
    """
    path = folder / MANIFEST_NAME
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        manifest = Manifest(**{field.name: data[field.name] for field in fields(Manifest)})
        whole = all(type(x) is int for x in (manifest.identities, manifest.size, manifest.views))
        if not whole or not isinstance(manifest.hashes, dict):
            raise ValueError("a field has another type")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(
            f"{path} is missing or damaged: run python -m training.evaluation.held_out again."
        ) from error
    return manifest


def verify(folder: Path) -> Manifest:
    """Compare every head with its hash.

    Raises:
        UsageError: the set is incomplete or has changed.
    """
    manifest = read_manifest(folder)
    for name, wanted in manifest.hashes.items():
        path = folder / Path(name).name
        try:
            found = hash_arrays(load_sample(path))
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise UsageError(f"{path} is missing or damaged: make the set again.") from error
        if found != wanted:
            raise UsageError(
                f"{path} is not the head that manifest.json lists, so its figures would not "
                "compare: delete the folder and make the set again."
            )
    return manifest
