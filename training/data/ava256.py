"""Ava-256 (Martinez et al. 2024): 80 cameras around 256 people.

    20220809--1034--BJM420/decoder/camera_calibration.json
                           {"KRT": [{"cameraId", "K" 3 x 3, "T" 4 x 4, ...}]}, both transposed
    20220809--1034--BJM420/decoder/image/cam400944.zip      of [cam400944/]001234.avif

Calibrated for pictures of 2668 x 4096 pixels; those in the zips are a half or a quarter of that.
OpenCV axes, millimetres. https://github.com/facebookresearch/ava-256, CC BY-NC 4.0
"""

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.errors import UsageError
from inference.rendering.camera import Camera
from training.data.capture import CaptureViews, DatasetSource, RawView, one_of_each_person_first
from training.data.errors import BrokenSampleError
from training.data.json_values import as_matrix, centred_at_half, get_list, pinhole, read_json
from training.data.picture_file import ZippedPicture
from training.data.video_frames import spread

NAME = "ava256"
WIDTH, HEIGHT = 2668, 4096
"""Pixels of the pictures that the cameras were calibrated with."""


@dataclass(frozen=True)
class Ava256Capture:
    """One moment of a capture.

    Attributes:
        folder: the capture's.
        moment: which of `moments` that are spread over the frames.
        moments: see there.
    """

    folder: Path
    moment: int
    moments: int

    @property
    def key(self) -> str:
        """Capture and moment."""
        return f"{self.folder.name}+{self.moment}of{self.moments}"

    @property
    def person(self) -> str:
        """Date, time and person, as the paper lists them."""
        return self.folder.name

    def load(self) -> CaptureViews:
        """Read the calibration and choose the frame.

        Raises:
            BrokenSampleError: a file is missing or damaged.
        """
        cameras = parse_calibration(read_json(self.folder / "decoder" / "camera_calibration.json"))
        frames: dict[str, dict[str, str]] = {}  # camera -> frame -> member
        archives = {}
        for archive in sorted((self.folder / "decoder" / "image").glob("cam*.zip")):
            name = archive.stem.removeprefix("cam")
            if name in cameras:
                frames[name] = _members(archive)
                archives[name] = archive
        if not frames:
            raise BrokenSampleError("None of the zips has a calibration.")
        common = sorted(set.intersection(*(set(members) for members in frames.values())))
        chosen = spread(self.moments, len(common)) if common else []
        if self.moment >= len(chosen):
            raise BrokenSampleError(f"All cameras together have only {len(common)} frames.")
        frame = common[chosen[self.moment]]
        return CaptureViews(
            tuple(
                RawView(name, ZippedPicture(archives[name], frames[name][frame]), cameras[name])
                for name in frames
            )
        )


def open_source(root: Path, moments: int = 1) -> DatasetSource:
    """All captures on disk.

    Args:
        root: with folders like 20220809--1034--BJM420.
        moments: how many moments of each, spread evenly; one is the middle one.

    Raises:
        UsageError: there are none.
    """
    captures = [
        Ava256Capture(folder, moment, moments)
        for folder in sorted(root.iterdir())
        if re.fullmatch(r"\d{8}--\d{4}--[A-Za-z0-9]+", folder.name)
        for moment in range(moments)
    ]
    if not captures:
        raise UsageError(f"{root} holds no Ava-256: captures are like 20220809--1034--BJM420.")
    # Cameras behind the head can be no input, and none of the paper's views.
    return DatasetSource(NAME, True, one_of_each_person_first(captures), needs_face=True)


def parse_calibration(data: Any) -> dict[str, Camera]:
    """Cameras by their id.

    Raises:
        BrokenSampleError: it is no camera_calibration.json.
    """
    cameras = {}
    for entry in get_list(data, "KRT"):
        name = entry.get("cameraId") if isinstance(entry, dict) else None
        if not isinstance(name, str | int) or isinstance(name, bool):
            raise BrokenSampleError("An entry of KRT lacks its cameraId.")
        intrinsics = as_matrix(entry.get("K"), 3, 3, f"K of {name}").T
        pose = as_matrix(entry.get("T"), 4, 4, f"T of {name}").T
        cameras[str(name)] = pinhole(WIDTH, HEIGHT, centred_at_half(intrinsics), pose, str(name))
    return cameras


def _members(archive: Path) -> dict[str, str]:
    """Names in a zip by frame."""
    try:
        with zipfile.ZipFile(archive) as opened:
            names = opened.namelist()
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise BrokenSampleError(f"{archive} cannot be read ({error}).") from error
    return {Path(name).stem: name for name in names if name.endswith(".avif")}
