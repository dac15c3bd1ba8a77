"""Examples of the parser, made once and kept: a file for each view and augmentation."""

import hashlib
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from inference.features.protocol import ImageBackbone
from inference.files import atomic_write
from inference.parsing.parser_config import ParserConfig
from inference.portrait.prepare import PortraitPreparer
from training.anchors.data import list_heads
from training.parsing.examples import Example, make_example
from training.synthetic.dataset import load_sample

_BROKEN = (OSError, KeyError, ValueError, zipfile.BadZipFile, EOFError)


class ExampleCache:
    """Examples of all heads of a folder, in a folder of its own.

    Args:
        folder: where they are kept; made if missing.
        config: of the parser that reads them.
        seed: of the augmentations.
    """

    def __init__(self, folder: Path, config: ParserConfig, seed: int) -> None:
        self.folder, self.config, self._seed = folder, config, seed
        folder.mkdir(parents=True, exist_ok=True)

    def names(self) -> list[str]:
        """The examples that are there, by name."""
        return sorted(path.name for path in self.folder.glob("[!.]*.npz"))

    def add(
        self, head: Path, repeats: int, preparer: PortraitPreparer, backbone: ImageBackbone
    ) -> int:
        """Make what is missing of a head; returns how many examples are new.

        A head that cannot be read (its generator was killed) is left out.
        """
        wanted = self._missing(head, repeats)
        if not wanted:
            return 0
        try:
            stored = load_sample(head)
            views = [stored[key] for key in ("rgb", "alpha", "label")]
        except _BROKEN:
            return 0
        for view, repeat, path in wanted:
            if view >= len(views[0]):
                continue
            rng = self._generator(head.stem, view, repeat)
            image, alpha, labels = (planes[view] for planes in views)
            example = make_example(image, alpha, labels, rng, preparer, backbone, self.config)
            with atomic_write(path) as temporary:
                np.savez(temporary, **asdict(example))
        return len(wanted)

    def read(self, name: str) -> Example:
        """An example by its name."""
        with np.load(self.folder / name, allow_pickle=False) as stored:
            return Example(*(stored[key] for key in Example.__dataclass_fields__))

    def _missing(self, head: Path, repeats: int) -> list[tuple[int, int, Path]]:
        with_views = [
            (view, repeat, self.folder / f"{head.stem}_{view}_{repeat}.npz")
            for view in range(_views_of(head))
            for repeat in range(repeats)
        ]
        return [item for item in with_views if not item[2].exists()]

    def _generator(self, head: str, view: int, repeat: int) -> np.random.Generator:
        digest = hashlib.sha256(head.encode()).digest()
        return np.random.default_rng([self._seed, *digest[:8], view, repeat])


def _views_of(head: Path) -> int:
    """How many views a head has; 0 if it is damaged."""
    try:
        return len(load_sample(head)["rgb"]) if head.is_dir() else _rows(head, "rgb.npy")
    except _BROKEN:
        return 0


def _rows(path: Path, member: str) -> int:
    """Length of an array in an npz, from its header alone."""
    with zipfile.ZipFile(path) as archive, archive.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        reader: Any = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape: tuple[int, ...] = reader(stream)[0]
    return shape[0]


def fill(
    cache: ExampleCache,
    heads: Path,
    repeats: int,
    backbone: ImageBackbone,
    most: int | None,
    say: Any,
) -> None:
    """Make the examples of all heads of a folder that are there, at most `most` heads."""
    from time import monotonic

    from inference.head.template import HeadTemplate

    preparer = PortraitPreparer(HeadTemplate.load(), cache.config.backbone_size)
    found = list_heads(heads)[:most]
    began, made = monotonic(), 0
    for number, head in enumerate(found, start=1):
        made += cache.add(head, repeats, preparer, backbone)
        if made and number % 25 == 0:
            rate = made / (monotonic() - began)
            say(f"{number} of {len(found)} heads read, {rate:.2f} views/s")
