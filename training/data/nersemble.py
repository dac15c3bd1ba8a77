"""NeRSemble v2 (Kirschstein et al. 2023): 16 synchronised videos of each sequence.

    059/calibration/camera_params.json      {"world_2_cam": {serial: 4 x 4}, "intrinsics": 3 x 3}
    059/calibration/color_calibration.json  {serial: 3 x terms}
    059/sequences/EXP-1-head/images/cam_222200036.mp4

OpenCV axes; one lens for all cameras, for pictures of 2200 x 3208 pixels.
https://github.com/tobias-kirschstein/nersemble-data
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.errors import UsageError
from inference.rendering.camera import Camera
from training.data.capture import (
    CaptureViews,
    DatasetSource,
    PictureSource,
    RawView,
    one_of_each_person_first,
)
from training.data.colour_correction import ColourCorrected, parse_colour_matrix
from training.data.errors import BrokenSampleError
from training.data.json_values import (
    as_matrix,
    centred_at_half,
    get_object,
    pinhole,
    read_json,
)
from training.data.video_frames import VideoFrame, count_frames, spread

NAME = "nersemble"
WIDTH, HEIGHT = 2200, 3208
"""Pixels of the pictures that the lens was calibrated with."""

WITHOUT_PEOPLE = ("BACKGROUND",)
"""Sequences that show an empty stage."""


@dataclass(frozen=True)
class NersembleCapture:
    """One moment of a sequence.

    Attributes:
        folder: the participant's.
        sequence: its name.
        moment: which of `moments` that are spread over the sequence.
        moments: see there.
    """

    folder: Path
    sequence: str
    moment: int
    moments: int

    @property
    def key(self) -> str:
        """Participant, sequence, moment."""
        return f"{self.folder.name}+{self.sequence}+{self.moment}of{self.moments}"

    @property
    def person(self) -> str:
        """The participant's three digits."""
        return self.folder.name

    def load(self) -> CaptureViews:
        """Read the calibration and count the frames.

        Raises:
            BrokenSampleError: a file is missing or damaged.
        """
        calibration = self.folder / "calibration"
        cameras = parse_camera_params(read_json(calibration / "camera_params.json"))
        colours: Any = {}
        if (calibration / "color_calibration.json").exists():
            colours = read_json(calibration / "color_calibration.json")
        videos = {
            video.stem.removeprefix("cam_"): video
            for video in sorted(
                (self.folder / "sequences" / self.sequence / "images").glob("*.mp4")
            )
        }
        known = {serial: video for serial, video in videos.items() if serial in cameras}
        if not known:
            raise BrokenSampleError("None of the sequence's videos has a calibration.")
        frames = spread(self.moments, min(count_frames(video) for video in known.values()))
        if self.moment >= len(frames):
            raise BrokenSampleError(f"The sequence has only {len(frames)} frames.")
        views = []
        for serial, video in known.items():
            picture: PictureSource = VideoFrame(video, frames[self.moment])
            if isinstance(colours, dict) and serial in colours:
                picture = ColourCorrected(picture, parse_colour_matrix(colours[serial], serial))
            views.append(RawView(serial, picture, cameras[serial]))
        return CaptureViews(tuple(views))


def open_source(root: Path, moments: int = 1) -> DatasetSource:
    """All sequences of all participants on disk.

    Args:
        root: with folders of three digits.
        moments: how many moments of each sequence, spread evenly; one is its middle.

    Raises:
        UsageError: there is no such folder.
    """
    people = [folder for folder in sorted(root.iterdir()) if re.fullmatch(r"\d{3}", folder.name)]
    captures = [
        NersembleCapture(person, sequence.name, moment, moments)
        for person in people
        for sequence in sorted((person / "sequences").glob("*/"))
        if sequence.name not in WITHOUT_PEOPLE
        for moment in range(moments)
    ]
    if not captures:
        raise UsageError(f"{root} holds no NeRSemble v2: participants are folders like 059.")
    return DatasetSource(NAME, True, one_of_each_person_first(captures))


def parse_camera_params(data: Any) -> dict[str, Camera]:
    """Cameras by serial number.

    Raises:
        BrokenSampleError: it is no camera_params.json.
    """
    value = data.get("intrinsics") if isinstance(data, dict) else None
    intrinsics = centred_at_half(as_matrix(value, 3, 3, "intrinsics"))
    return {
        serial: pinhole(WIDTH, HEIGHT, intrinsics, as_matrix(pose, 4, 4, serial), serial)
        for serial, pose in get_object(data, "world_2_cam").items()
    }
