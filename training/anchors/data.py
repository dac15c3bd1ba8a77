"""Synthetic heads as the generator writes them, and their exact per-anchor targets.

The generator's heads share the template's topology: where each of the 65,536 anchors lies on a
head, and its colour, is known exactly, so that the model can be trained without rendering.
"""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.rendering.camera import orbit_angles
from training.anchors.log_shape import MIRRORED
from training.data.errors import BrokenSampleError
from training.data.neutral import CAMERAS, parse_cameras

SKIN, HAIR, CLOTH, GLASSES, HAT, JEWELLERY = range(6)
"""Values of `kind`: what an anchor stands for in one head."""

_TARGET_KEYS = ("positions", "colours", "kind")
_DRAWN_KEYS = ("normals", "directions")
_ANCHORS = "anchors.npz"


@dataclass(frozen=True)
class HeadViews:
    """The pictures of one head.

    Attributes:
        rgb: [V, S, S, 3] uint8.
        alpha: [V, S, S] uint8.
        labels: [V, S, S] uint8 FaRL classes.
        yaws: [V] degrees from which the views were taken, to the person's left of the front.
    """

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    yaws: NDArray[np.float32]


@dataclass(frozen=True)
class HeadTargets:
    """What the model should predict for one head.

    Attributes:
        positions: [N, 3] float16 metres.
        colours: [N, 3] uint8 RGB under the light of the pictures.
        kind: [N] uint8, SKIN, HAIR, CLOTH, GLASSES, HAT or JEWELLERY.
        normals: [N, 3] int8 in 127ths, outward; None in files of a generator without them.
        directions: [N, 3] int8 in 127ths along the hairs, zero elsewhere; None as normals.
        shapes: [N, 6] float16, each anchor as a splat (training.anchors.log_shape), where it was
            made.
    """

    positions: NDArray[np.float16]
    colours: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    normals: NDArray[np.int8] | None = None
    directions: NDArray[np.int8] | None = None
    shapes: NDArray[np.float16] | None = None


def mirrored_targets(targets: HeadTargets, mirror: NDArray[np.int32]) -> HeadTargets:
    """The head with left and right swapped; mirror [N] is the anchor on the other side."""
    flip = np.array([-1, 1, 1], np.int8)
    return HeadTargets(
        targets.positions[mirror] * flip,
        targets.colours[mirror],
        targets.kind[mirror],
        None if targets.normals is None else targets.normals[mirror] * flip,
        None if targets.directions is None else targets.directions[mirror] * flip,
        None if targets.shapes is None else targets.shapes[mirror] * MIRRORED.astype(np.float16),
    )


def list_heads(folder: Path) -> list[Path]:
    """The heads written so far, by name: npz files and folders in the neutral layout with anchors.

    Files still being written are hidden, and a folder's cameras.json comes last.
    """
    found = [p for p in folder.glob("*.npz") if not p.name.startswith(".")]
    found += [p.parent for p in folder.glob(f"*/{CAMERAS}") if (p.parent / _ANCHORS).exists()]
    return sorted(found)


def read_head(path: Path) -> tuple[HeadViews, HeadTargets] | None:
    """One head, or None where it is damaged (a generator that was killed)."""
    try:
        if path.is_dir():
            with np.load(path / _ANCHORS, allow_pickle=False) as data:
                targets = targets_of(data)
            return _read_views(path), targets
        with np.load(path, allow_pickle=False) as data:
            views = HeadViews(data["rgb"], data["alpha"], data["label"], _yaws(data["w2c"]))
            targets = targets_of(data)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, EOFError, BrokenSampleError):
        return None
    return views, targets


def targets_of(data: Mapping[str, NDArray[Any]]) -> HeadTargets:
    """The targets among a head's stored arrays.

    Raises:
        KeyError: positions, colours or kind are not there.
    """
    found = (data.get(key) for key in _DRAWN_KEYS)
    return HeadTargets(*(data[key] for key in _TARGET_KEYS), *found)


def _read_views(folder: Path) -> HeadViews:
    frames = parse_cameras(json.loads((folder / CAMERAS).read_text(encoding="utf-8"))).frames
    poses = np.stack([frame.camera.world_to_camera for frame in frames])
    pictures, labels = [], []
    for frame in frames:
        if frame.label is None:
            raise BrokenSampleError(f"{folder / frame.file} has no face map")
        with Image.open(folder / frame.file) as opened:
            pictures.append(np.asarray(opened.convert("RGBA")))
        with Image.open(folder / frame.label) as opened:
            labels.append(np.asarray(opened.convert("L")))
    stack = np.stack(pictures)
    return HeadViews(stack[..., :3], stack[..., 3], np.stack(labels), _yaws(poses))


def _yaws(
    poses: NDArray[np.float64],  # [V, 4, 4] world to camera
) -> NDArray[np.float32]:
    """Where cameras stand around the head [V], degrees."""
    places = -np.einsum("vji,vj->vi", poses[:, :3, :3], poses[:, :3, 3])
    return np.array([orbit_angles(place)[0] for place in places], np.float32)


@dataclass(frozen=True)
class TargetStatistics:
    """What the training heads have in common.

    Attributes:
        mean: [N, 3] float32 mean positions, metres.
        spread: [N] float32 standard deviation per axis, metres, smoothed within a patch.
        colour: [N, 3] float32 mean colours 0..1.
    """

    mean: NDArray[np.float32]
    spread: NDArray[np.float32]
    colour: NDArray[np.float32]


SPREAD_FLOOR = 0.0015
"""Metres; anchors that hardly move would otherwise dominate the loss (our choice)."""


def target_statistics(targets: list[HeadTargets], per_patch: int) -> TargetStatistics:
    """Mean head and each anchor's own spread."""
    count = len(targets)
    mean = sum(t.positions.astype(np.float64) for t in targets) / count
    colour = sum(t.colours.astype(np.float64) for t in targets) / (255 * count)
    square = sum(((t.positions - mean) ** 2).mean(1) for t in targets) / count
    spread = np.sqrt(np.asarray(square)).reshape(-1, per_patch)
    spread = np.maximum(spread, 0.7 * spread.mean(1, keepdims=True)).ravel()
    return TargetStatistics(
        np.asarray(mean, np.float32),
        np.maximum(spread, SPREAD_FLOOR).astype(np.float32),
        np.asarray(colour, np.float32),
    )
