"""VFHQ (Xie et al. 2022): clips of faces in interviews, frame folders or MP4 files.

    ANYWHERE/Clip+VIDEO+P0+C0+F0-100/00000000.png
    ANYWHERE/Clip+VIDEO+P0+C0+F0-100.mp4

A face moves between frames, so each frame is a photograph of its own.
https://liangbinxie.github.io/projects/vfhq
"""

import re
from dataclasses import dataclass
from pathlib import Path

from inference.errors import UsageError
from training.data.capture import (
    CaptureViews,
    DatasetSource,
    PictureSource,
    RawView,
    one_of_each_person_first,
)
from training.data.errors import BrokenSampleError
from training.data.picture_file import PictureFile
from training.data.video_frames import VideoFrame, count_frames, spread

NAME = "vfhq"
_PICTURES = (".png", ".jpg", ".jpeg")
_VIDEOS = (".mp4",)
_CLIP = re.compile(r"Clip\+(?P<video>.+)\+(?P<person>P\d+)\+C\d+\+F\d+-\d+")


@dataclass(frozen=True)
class VfhqCapture:
    """One frame of a clip.

    Attributes:
        clip: a folder of frames or a video.
        moment: which of `moments` that are spread over the clip.
        moments: see there.
    """

    clip: Path
    moment: int
    moments: int

    @property
    def key(self) -> str:
        """Clip and moment."""
        return f"{_name(self.clip)}+{self.moment}of{self.moments}"

    @property
    def person(self) -> str:
        """Video and number of the person in it; the clip where it is named otherwise."""
        match = _CLIP.fullmatch(_name(self.clip))
        return f"{match['video']}+{match['person']}" if match else _name(self.clip)

    def load(self) -> CaptureViews:
        """Choose the frame.

        Raises:
            BrokenSampleError: the clip is damaged or too short.
        """
        files = _frames(self.clip) if self.clip.is_dir() else []
        count = len(files) if self.clip.is_dir() else count_frames(self.clip)
        chosen = spread(self.moments, count) if count else []
        if self.moment >= len(chosen):
            raise BrokenSampleError(f"The clip has only {count} frames.")
        frame = chosen[self.moment]
        picture: PictureSource
        picture = PictureFile(files[frame]) if files else VideoFrame(self.clip, frame)
        return CaptureViews((RawView(f"{frame:08d}", picture, None),))


def open_source(root: Path, moments: int = 1) -> DatasetSource:
    """All clips on disk.

    Args:
        root: with frame folders or MP4 files, at any depth.
        moments: how many frames of each clip, spread evenly; one is its middle.

    Raises:
        UsageError: there are none.
    """
    videos = {path for path in root.rglob("*") if path.suffix.lower() in _VIDEOS}
    folders = {path.parent for path in root.rglob("*") if path.suffix.lower() in _PICTURES}
    clips = sorted(videos | folders, key=lambda clip: (_name(clip), clip))
    names = [_name(clip) for clip in clips]
    if not clips:
        raise UsageError(f"{root} holds no VFHQ: give a folder of clips.")
    if len(set(names)) < len(names):
        raise UsageError(f"{root} holds the same clip twice, as frames and as a video: keep one.")
    captures = [VfhqCapture(clip, moment, moments) for clip in clips for moment in range(moments)]
    return DatasetSource(NAME, True, one_of_each_person_first(captures), needs_face=True)


def _name(clip: Path) -> str:
    return clip.stem if clip.suffix.lower() in _VIDEOS else clip.name


def _frames(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _PICTURES)
