"""A small model that stands for a published one, and where it goes."""

import hashlib

import numpy as np
from safetensors.numpy import save

from inference.catalogue.entries import Licence, ModelEntry, ModelFile
from inference.catalogue.store import ModelStore

WEIGHTS = save({"weights": np.random.default_rng(5).integers(0, 256, 3_000_000, np.uint8)})
CONFIG = b'{"hidden_size": 384}'
LICENCE = Licence("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0", "yes")


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def entry_at(url, published=True):
    """A model of two files; `published` tells whether length and checksum are known."""
    files = (
        ModelFile("config.json", None, sha256(CONFIG), f"{url}/config.json"),
        ModelFile(
            "model.safetensors",
            len(WEIGHTS) if published else None,
            sha256(WEIGHTS) if published else None,
            f"{url}/model.safetensors",
        ),
    )
    return ModelEntry(
        "tiny", "Training", "tests", "nobody", LICENCE, files, 10**6, "https://example.org"
    )


def make_store(folder, *accepted):
    store = ModelStore(folder / "models", folder / "hub")
    for entry in accepted:
        store.accept_licence(entry)
    return store


def weights_path(store):
    return store.root / "tiny" / "model.safetensors"


def part_path(store):
    return store.root / "tiny" / ".model.safetensors.part"
