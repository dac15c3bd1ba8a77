"""One shard: a capture's prepared views in one file.

Layout of a shards folder, which `training.data.prepare` writes:

    shards.json                    what there is (ShardIndex); written last
    broken.json                    [{"capture", "view" or null, "reason"}], what was left out
    captures/PERSON/CAPTURE.zip    one shard: an uncompressed zip of
        views.json                 {"format": 1, "person", "capture",
                                    "views": [{"name", "camera", "label", "inside"}],
                                "left_out": [{"view", "reason"}]}
        NN.jpg                     view NN: the crop, background included, JPEG 4:4:4
        NN.alpha.png               its foreground, 8 bit grey
        NN.label.png               its FaRL classes, where "label" is true

"inside" is [left, top, right, bottom] of the picture in the crop, or null where it fills it.
Cameras are JSON as in inference.rendering.camera_json, in the template's world. The same
views always give the same bytes.
"""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.errors import PercHeadError
from inference.files import atomic_write
from inference.rendering.camera_json import camera_from_dict, camera_to_dict
from training.data.errors import BrokenSampleError
from training.data.head_crop import Rectangle
from training.data.sample import TrainingView

FORMAT = 1

JPEG_QUALITY = 95
"""Artefacts stay below the sensor's noise (our choice)."""

_DAMAGE = (
    OSError, KeyError, IndexError, TypeError, ValueError, SyntaxError, EOFError,
    NotImplementedError, RuntimeError, zipfile.BadZipFile, PercHeadError,
)  # fmt: skip
"""What reading a damaged zip, JSON or picture can raise."""

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold


@dataclass(frozen=True)
class NamedView:
    """A prepared view.

    Attributes:
        name: of the camera that took it.
        view: the crop.
        inside: where in the crop the picture lies; None is everywhere.
    """

    name: str
    view: TrainingView
    inside: Rectangle | None = None


def shard_file_name(person: str, capture: str) -> str:
    """Where a shard lies below the shards folder; any characters may be in the names."""
    return f"captures/{_as_file(person)}/{_as_file(capture)}.zip"


def write_shard(
    path: Path,
    person: str,
    capture: str,
    views: Sequence[NamedView],
    left_out: Sequence[dict[str, str]] = (),
) -> None:
    """Write one shard; a killed program leaves no half of it.

    Args:
        path: where to.
        person: within the data set.
        capture: its key.
        views: what was prepared.
        left_out: {"view", "reason"} of the views that could not be.

    Raises:
        OutputError: it can't be written there.
    """
    description = {
        "format": FORMAT,
        "person": person,
        "capture": capture,
        "views": [
            {
                "name": named.name,
                "camera": camera_to_dict(named.view.camera),
                "label": named.view.label is not None,
                "inside": named.inside,
            }
            for named in views
        ],
        "left_out": list(left_out),
    }
    with atomic_write(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        _add(archive, "views.json", json.dumps(description).encode())
        for number, named in enumerate(views):
            view = named.view
            _add(archive, f"{number:02d}.jpg", _jpeg(_bytes(view.rgb)))
            _add(archive, f"{number:02d}.alpha.png", _png(_bytes(view.alpha)))
            if view.label is not None:
                _add(archive, f"{number:02d}.label.png", _png(view.label))


def read_description(path: Path) -> dict[str, Any]:
    """The views.json of a shard.

    Raises:
        BrokenSampleError: the file is missing or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            description: dict[str, Any] = json.loads(archive.read("views.json"))
    except _DAMAGE as error:
        raise _damaged(path, error) from error
    return description


def read_shard(path: Path, numbers: Sequence[int] | None = None) -> list[NamedView]:
    """Read some views of a shard.

    Args:
        path: the shard.
        numbers: which views, in the order wanted; None is all.

    Raises:
        BrokenSampleError: the file is missing or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            described = json.loads(archive.read("views.json"))["views"]
            chosen = range(len(described)) if numbers is None else numbers
            return [_view(archive, number, described[number]) for number in chosen]
    except _DAMAGE as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> BrokenSampleError:
    return BrokenSampleError(
        f"The shard {path} cannot be read ({error}): delete it and run prepare again."
    )


def _as_file(name: str) -> str:
    """A name as a file's, without anything that a file system could take amiss."""
    return quote(name, safe="+ ").replace(".", "%2E").replace(" ", "%20")


def _view(archive: zipfile.ZipFile, number: int, described: Any) -> NamedView:
    camera = camera_from_dict(described["camera"], f"view {number}")
    rgb = _decode(archive.read(f"{number:02d}.jpg"), "RGB")
    alpha = _decode(archive.read(f"{number:02d}.alpha.png"), "L")
    label = None
    if described["label"]:
        label = _decode(archive.read(f"{number:02d}.label.png"), "L")
    shapes = {rgb.shape[:2], alpha.shape, (camera.height, camera.width)}
    if label is not None:
        shapes.add(label.shape)
    if len(shapes) != 1:
        raise BrokenSampleError(f"the parts of view {number} differ in size")
    view = TrainingView(_unit(rgb), _unit(alpha), camera, label)
    return NamedView(str(described["name"]), view, _rectangle(described["inside"], view))


def _rectangle(values: Any, view: TrainingView) -> Rectangle | None:
    if values is None:
        return None
    left, top, right, bottom = (int(value) for value in values)
    if not (0 <= left < right <= view.camera.width and 0 <= top < bottom <= view.camera.height):
        raise BrokenSampleError("a view's picture lies outside its crop")
    return left, top, right, bottom


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)


def _bytes(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return (values.clip(0, 1) * 255 + 0.5).astype(np.uint8)


def _unit(values: NDArray[np.uint8]) -> NDArray[np.float32]:
    return values.astype(np.float32) / np.float32(255)


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=JPEG_QUALITY, subsampling=0)
    return stream.getvalue()


def _png(plane: NDArray[np.uint8]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(plane).save(stream, "PNG")
    return stream.getvalue()


def _decode(content: bytes, mode: str) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(content)) as picture:
        return np.asarray(picture.convert(mode), np.uint8)
