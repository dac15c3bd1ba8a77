"""The neutral layout: for synthetic heads, and for what users bring.

    HEAD/cameras.json       {"frames": [{"file", "w", "h", "fx", "fy", "cx", "cy", "w2c"}, ...],
                             "world": "template", "person": "name"}
    HEAD/images/*.png       RGBA; a picture without transparency is cut out by `prepare`
    HEAD/labels/*.png       optional, 8 bit grey, FaRL classes; named by a frame's "label"

One folder is one moment of one person. Pixels with the centre of the top-left one at (0.5, 0.5);
w2c is world to camera, 4 x 4, OpenCV axes, in any world and unit that all frames share. With
"world": "template" it is the template's world already and no face needs to be found. "world" and
"person" may be left out; the person is then the folder. "file" and "label" are below HEAD, or
below HEAD/images and HEAD/labels.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from inference.errors import UsageError
from inference.files import atomic_write
from inference.rendering.camera import Camera
from training.data.capture import CaptureViews, DatasetSource, RawView
from training.data.errors import BrokenSampleError
from training.data.json_values import as_matrix, get_list, get_number, pinhole, read_json
from training.data.picture_file import PictureFile
from training.data.sample import TrainingView

CAMERAS = "cameras.json"


@dataclass(frozen=True)
class Frame:
    """One entry of "frames".

    Attributes:
        file: the picture's name.
        label: the label map's name, or None.
        camera: in the file's world.
    """

    file: str
    label: str | None
    camera: Camera


@dataclass(frozen=True)
class NeutralCameras:
    """A cameras.json.

    Attributes:
        frames: at least one.
        aligned: whether the world is the template's.
        person: who it is, or None.
    """

    frames: tuple[Frame, ...]
    aligned: bool
    person: str | None


@dataclass(frozen=True)
class NeutralCapture:
    """A folder with a cameras.json.

    Attributes:
        folder: where it is.
        key: the folder's name below the source, "+" between its parts.
        person: read from cameras.json.
    """

    folder: Path
    key: str
    person: str

    def load(self) -> CaptureViews:
        """Read cameras.json.

        Raises:
            BrokenSampleError: it is damaged.
        """
        cameras = parse_cameras(read_json(self.folder / CAMERAS))
        views = []
        for frame in cameras.frames:
            label = None if frame.label is None else _find(self.folder, "labels", frame.label)
            source = PictureFile(_find(self.folder, "images", frame.file), label=label)
            views.append(RawView(frame.file, source, frame.camera))
        return CaptureViews(tuple(views), cameras.aligned)


def open_source(root: Path, name: str = "neutral", real: bool = False) -> DatasetSource:
    """All heads in a folder, or the one head that the folder is.

    Args:
        root: with cameras.json itself or in folders below.
        name: what to call the data set.
        real: whether it shows real people.

    Raises:
        UsageError: there is no cameras.json.
    """
    root = Path(root)
    files = sorted(root.rglob(CAMERAS))
    if not files:
        raise UsageError(f"{root} holds no {CAMERAS}: give a folder in the neutral layout.")
    return DatasetSource(name, real, [_capture(root, file.parent) for file in files])


def parse_cameras(data: Any) -> NeutralCameras:
    """Check what json.loads gave for a cameras.json.

    Raises:
        BrokenSampleError: it is no such file.
    """
    frames = tuple(_frame(entry) for entry in get_list(data, "frames"))
    if not frames or len({frame.file for frame in frames}) < len(frames):
        raise BrokenSampleError("The frames of cameras.json are none, or name a file twice.")
    person, world = data.get("person"), data.get("world")
    if not (person is None or isinstance(person, str)) or world not in (None, "template"):
        raise BrokenSampleError('cameras.json: "person" is a name and "world" is "template".')
    return NeutralCameras(frames, world == "template", person)


def write_head(folder: Path, views: Sequence[TrainingView], person: str | None = None) -> None:
    """Write views whose cameras live in the template's world; cameras.json comes last.

    Raises:
        OutputError: they can't be written there.
    """
    frames = []
    for number, view in enumerate(views):
        name = f"{number:03d}.png"
        rgba = np.concatenate([view.rgb, view.alpha[..., None]], -1)
        with atomic_write(folder / "images" / name) as temporary:
            Image.fromarray((rgba.clip(0, 1) * 255 + 0.5).astype(np.uint8)).save(temporary, "PNG")
        camera = view.camera
        K = camera.intrinsics
        frame: dict[str, Any] = {"file": f"images/{name}", "w": camera.width, "h": camera.height}
        frame |= {"fx": K[0, 0], "fy": K[1, 1], "cx": K[0, 2], "cy": K[1, 2]}
        frame["w2c"] = camera.world_to_camera.tolist()
        if view.label is not None:
            with atomic_write(folder / "labels" / name) as temporary:
                Image.fromarray(view.label).save(temporary, "PNG")
            frame["label"] = f"labels/{name}"
        frames.append(frame)
    content: dict[str, Any] = {"world": "template", "frames": frames}
    if person is not None:
        content["person"] = person
    with atomic_write(folder / CAMERAS) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _capture(root: Path, folder: Path) -> NeutralCapture:
    key = "+".join(folder.relative_to(root).parts) or root.resolve().name
    person = key
    with suppress(BrokenSampleError):  # load() says what is wrong, where it is listed
        person = parse_cameras(read_json(folder / CAMERAS)).person or key
    return NeutralCapture(folder, key, person)


def _frame(data: Any) -> Frame:
    file, label = (data.get(k) if isinstance(data, dict) else None for k in ("file", "label"))
    if not isinstance(file, str) or not (label is None or isinstance(label, str)):
        raise BrokenSampleError('A frame of cameras.json lacks "file".')
    for name in (file, label or ""):
        if Path(name).is_absolute() or ".." in Path(name).parts or "\0" in name:
            raise BrokenSampleError(f"The frame {file!r} of cameras.json leaves its folder.")
    width, height = get_number(data, "w"), get_number(data, "h")
    if width != int(width) or height != int(height):
        raise BrokenSampleError(f"The frame {file!r} has no whole size.")
    fx, fy, cx, cy = (get_number(data, key) for key in ("fx", "fy", "cx", "cy"))
    intrinsics = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
    pose = as_matrix(data.get("w2c"), 4, 4, f"w2c of {file!r}")
    return Frame(file, label, pinhole(int(width), int(height), intrinsics, pose, repr(file)))


def _find(folder: Path, below: str, name: str) -> Path:
    direct = folder / name
    return direct if direct.is_file() else folder / below / name
