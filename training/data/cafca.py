"""Cafca (Buehler et al. 2024): 1,500 synthetic people from 30 sides.

    00000/00003_001/cameras_json/C00.json       {"K": 3 x 3, "world2cam": 4 x 4, ...}
    00000/00003_001/color_image/C00.png         512 x 512
    00000/00003_001/foreground_mask/C00.png

Subjects may lie in the chunks that they are published in (00000-00099/00000/...). OpenCV axes.
Some cameras only see the back of the head: their views are left out, by face detection (section
3.2). https://github.com/syntec-research/Cafca, CC BY-NC-SA 4.0
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inference.errors import UsageError
from inference.rendering.camera import Camera
from training.data.capture import CaptureViews, DatasetSource, RawView, one_of_each_person_first
from training.data.errors import BrokenSampleError
from training.data.json_values import as_matrix, pinhole, read_json
from training.data.picture_file import PictureFile

NAME = "cafca"
SIZE = 512
"""Edge in pixels of the pictures that the lenses are for."""


@dataclass(frozen=True)
class CafcaCapture:
    """One expression in one environment."""

    folder: Path

    @property
    def key(self) -> str:
        """Subject, expression and environment."""
        return f"{self.folder.parent.name}+{self.folder.name}"

    @property
    def person(self) -> str:
        """The subject's five digits."""
        return self.folder.parent.name

    def load(self) -> CaptureViews:
        """Find the views and read their cameras.

        Raises:
            BrokenSampleError: a camera's file is damaged, or there is none.
        """
        files = sorted((self.folder / "cameras_json").glob("C*.json"))
        views = tuple(
            RawView(
                file.stem,
                PictureFile(
                    self.folder / "color_image" / f"{file.stem}.png",
                    mask=self.folder / "foreground_mask" / f"{file.stem}.png",
                ),
                parse_camera(read_json(file), file.stem),
            )
            for file in files
        )
        if not views:
            raise BrokenSampleError(f"{self.folder / 'cameras_json'} holds no cameras.")
        return CaptureViews(views)


def open_source(root: Path) -> DatasetSource:
    """All expressions of all subjects on disk.

    Raises:
        UsageError: there are none.
    """
    subjects = [*root.glob("*/"), *root.glob("*-*/*/")]
    captures = [
        CafcaCapture(scene)
        for subject in sorted(subjects, key=lambda subject: subject.name)
        if re.fullmatch(r"\d{5}", subject.name)
        for scene in sorted(subject.glob("*/"))
        if re.fullmatch(r"\d{5}_\d{3}", scene.name)
    ]
    if not captures:
        raise UsageError(f"{root} holds no Cafca: scenes are folders like 00000/00003_001.")
    return DatasetSource(NAME, False, one_of_each_person_first(captures), needs_face=True)


def parse_camera(data: Any, what: str) -> Camera:
    """One camera's JSON; world2cam may lack its last row.

    Raises:
        BrokenSampleError: it is none.
    """
    if not isinstance(data, dict):
        raise BrokenSampleError(f"The camera {what} is no object.")
    intrinsics = as_matrix(data.get("K"), 3, 3, f"K of {what}")
    rows = data.get("world2cam")
    height = 3 if isinstance(rows, list) and len(rows) == 3 else 4
    pose = as_matrix(rows, height, 4, f"world2cam of {what}")
    if height == 3:
        pose = np.vstack([pose, [0.0, 0.0, 0.0, 1.0]])
    return pinhole(SIZE, SIZE, intrinsics, pose, what)
