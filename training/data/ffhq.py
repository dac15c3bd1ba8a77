"""FFHQ (Karras et al. 2019): photographs from the wild, one view each.

    images1024x1024/00000/00000.png
    ffhq-dataset-v2.json                        not read
    json/00000.json                             optional, [{"faceAttributes": {"occlusion": ...}}]

`json` are the attributes of https://github.com/DCGM/ffhq-features-dataset; where they are, they
decide what is occluded, besides the check of training.data.occlusion. The paper takes 3,000
pictures without occlusions (section 3.2) and does not say which: ours are the first in the order
of a hash of their numbers. https://github.com/NVlabs/ffhq-dataset, CC BY-NC-SA 4.0
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.errors import UsageError
from training.data.capture import CaptureViews, DatasetSource, RawView
from training.data.errors import BrokenSampleError
from training.data.json_values import read_json
from training.data.picture_file import PictureFile

NAME = "ffhq"
SUBSET = 3000
"""Pictures that the paper trains on."""

_OCCLUSIONS = ("eyeOccluded", "foreheadOccluded", "mouthOccluded")


@dataclass(frozen=True)
class FfhqCapture:
    """One photograph.

    Attributes:
        file: the picture.
        attributes: its attributes' file, which need not exist.
    """

    file: Path
    attributes: Path

    @property
    def key(self) -> str:
        """Its five digits."""
        return self.file.stem

    @property
    def person(self) -> str:
        """Nobody knows who else is the same person: its five digits."""
        return self.file.stem

    def load(self) -> CaptureViews:
        """The one view, unless the attributes say that the face is occluded.

        Raises:
            BrokenSampleError: they do.
        """
        if self.attributes.is_file():
            hidden = occluded_parts(read_json(self.attributes))
            if hidden:
                raise BrokenSampleError(f"The face is occluded: {', '.join(hidden)}.")
        return CaptureViews((RawView("photograph", PictureFile(self.file), None),))


def open_source(root: Path, limit: int = SUBSET) -> DatasetSource:
    """The subset; the same numbers wherever the same pictures are.

    Args:
        root: with images1024x1024 below, or with its numbered folders.
        limit: how many usable photographs are enough.

    Raises:
        UsageError: there are no pictures.
    """
    pictures = root / "images1024x1024"
    pictures = pictures if pictures.is_dir() else root
    files = [file for file in pictures.rglob("*.png") if re.fullmatch(r"\d{5}", file.stem)]
    if not files:
        raise UsageError(
            f"{root} holds no FFHQ: pictures are like images1024x1024/00000/00000.png."
        )
    files.sort(key=lambda file: (hashlib.sha256(file.stem.encode()).digest(), file))
    captures = [FfhqCapture(file, root / "json" / f"{file.stem}.json") for file in files]
    return DatasetSource(NAME, True, captures, needs_face=True, unoccluded=True, limit=limit)


def occluded_parts(data: Any) -> list[str]:
    """What the attributes of a picture's faces call occluded; none for a picture without faces.

    Raises:
        BrokenSampleError: these are no attributes.
    """
    if not isinstance(data, list):
        raise BrokenSampleError("The attributes are no list of faces.")
    parts: list[str] = []
    for face in data:
        attributes = face.get("faceAttributes") if isinstance(face, dict) else None
        occlusion = attributes.get("occlusion") if isinstance(attributes, dict) else None
        if not isinstance(occlusion, dict):
            raise BrokenSampleError("The attributes of a face lack its occlusion.")
        parts += [part for part in _OCCLUSIONS if occlusion.get(part) is True]
    return sorted(set(parts))
