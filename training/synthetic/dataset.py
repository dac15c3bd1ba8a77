"""One head on the disk: views, cameras and exact anchor targets, as one npz or a neutral folder.

A neutral folder (training.data.neutral) holds images/*.png, labels/*.png and cameras.json, and
beside them, of our own: anchors.npz, attributes.json and captions.json. Its pictures hold the
head's own colours, not mixed with what is behind; where alpha is 0 they hold the background.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.files import atomic_write
from inference.rendering.camera import Camera
from training.data.neutral import CAMERAS, parse_cameras, write_head
from training.data.sample import TrainingView
from training.synthetic.anchors import AnchorBinding
from training.synthetic.assets import Assets
from training.synthetic.backgrounds import sample_background
from training.synthetic.cameras import sample_cameras
from training.synthetic.captions import captions
from training.synthetic.head import Head, make_head
from training.synthetic.pictures import AnchorTargets, Renderer


@dataclass(frozen=True)
class View:
    """One picture of a head.

    Attributes:
        rgb: [S, S, 3] uint8 sRGB, background included.
        alpha: [S, S] uint8.
        label: [S, S] uint8 FaRL class.
        camera: where it was taken from.
        straight: [S, S, 3] uint8 the head's own colours, unmixed; the background where there
            is no head.
    """

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    label: NDArray[np.uint8]
    camera: Camera
    straight: NDArray[np.uint8]


@dataclass(frozen=True)
class Sample:
    """A head, its views and its targets."""

    head: Head
    views: tuple[View, ...]
    targets: AnchorTargets


def render(
    renderer: Renderer, head: Head, cameras: list[Camera], rng: np.random.Generator
) -> tuple[View, ...]:
    """Pictures of a head that is loaded in `renderer`, each over a random background."""
    views = []
    for camera in cameras:
        picture = renderer.draw(camera)
        behind = sample_background(rng, head.light, camera)
        rgb = np.clip(picture.rgb + behind * (1 - picture.alpha[..., None]), 0, 1)
        alpha = picture.alpha[..., None]
        own = np.where(alpha > 0.002, picture.rgb / np.maximum(alpha, 0.002), behind)
        views.append(
            View(
                (rgb * 255 + 0.5).astype(np.uint8),
                (picture.alpha * 255 + 0.5).astype(np.uint8),
                picture.label,
                camera,
                (np.clip(own, 0, 1) * 255 + 0.5).astype(np.uint8),
            )
        )
    return tuple(views)


def make_sample(
    seed: int, assets: Assets, renderer: Renderer, binding: AnchorBinding, views: int
) -> Sample:
    """Head, views and targets for a seed; the same seed always gives the same sample."""
    head = make_head(seed, assets)
    renderer.load(head)
    rng = np.random.default_rng([seed, 21])
    cameras = sample_cameras(rng, views, renderer.size)
    return Sample(head, render(renderer, head, cameras, rng), binding.targets(head, renderer))


def anchor_arrays(targets: AnchorTargets) -> dict[str, Any]:
    """Targets as save_sample writes them."""
    return {
        "positions": targets.positions.astype(np.float16),
        "normals": np.round(targets.normals * 127).astype(np.int8),
        "colours": (targets.colours * 255 + 0.5).astype(np.uint8),
        "labels": targets.labels,
        "kind": targets.kinds,
        "directions": np.round(targets.directions * 127).astype(np.int8),
    }


def stored_attributes(head: Head, topology: str) -> dict[str, object]:
    """What is written of a head."""
    return head.attributes() | {"topology": topology}


def save_sample(sample: Sample, path: Path, topology: str) -> None:
    """Write a sample as an npz.

    Keys: rgb [V, S, S, 3], alpha [V, S, S] and label [V, S, S] uint8; K [V, 3, 3] and w2c
    [V, 4, 4] float64 (OpenCV axes); positions [A, 3] float16 metres, normals [A, 3] int8 in
    127ths, colours [A, 3] uint8 sRGB, labels [A] uint8 FaRL classes, kind [A] uint8
    (labels.Kind), directions [A, 3] int8 in 127ths along the hairs, zero elsewhere; attributes
    and captions, JSON texts.

    Args:
        sample: what to write.
        path: where to.
        topology: id of the template whose anchors the targets belong to.
    """
    v = sample.views
    attributes = stored_attributes(sample.head, topology)
    with atomic_write(path) as temporary:
        np.savez_compressed(
            temporary,
            rgb=np.stack([x.rgb for x in v]),
            alpha=np.stack([x.alpha for x in v]),
            label=np.stack([x.label for x in v]),
            K=np.stack([x.camera.intrinsics for x in v]),
            w2c=np.stack([x.camera.world_to_camera for x in v]),
            **anchor_arrays(sample.targets),
            attributes=json.dumps(attributes),
            captions=json.dumps(captions(attributes)),
        )


def save_neutral(sample: Sample, folder: Path, topology: str) -> None:
    """Write a sample as a folder in the neutral layout; cameras.json comes last.

    anchors.npz has positions, normals, colours, labels, kind and directions as save_sample's.

    Args:
        sample: what to write.
        folder: where to.
        topology: id of the template whose anchors the targets belong to.
    """
    attributes = stored_attributes(sample.head, topology)
    with atomic_write(folder / "anchors.npz") as temporary:
        np.savez_compressed(temporary, **anchor_arrays(sample.targets))
    texts = {"attributes.json": attributes, "captions.json": captions(attributes)}
    for name, content in texts.items():
        with atomic_write(folder / name) as temporary:
            temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    views = [
        TrainingView(
            x.straight.astype(np.float32) / np.float32(255),
            x.alpha.astype(np.float32) / np.float32(255),
            x.camera,
            x.label,
        )
        for x in sample.views
    ]
    write_head(folder, views, person=f"synthetic-{sample.head.seed}")


def load_sample(path: Path) -> dict[str, Any]:
    """Read what save_sample or save_neutral wrote.

    Returns:
        Arrays by save_sample's keys, "attributes" as a dict and "captions" as a list. The "rgb"
        of a neutral folder are the head's own colours, not mixed with what is behind.
    """
    if path.is_dir():
        return _load_neutral(path)
    with np.load(path, allow_pickle=False) as stored:
        content: dict[str, Any] = {key: stored[key] for key in stored.files}
    for key in ("attributes", "captions"):
        if key in content:
            content[key] = json.loads(str(content[key]))
    return content


def views_of(stored: Mapping[str, Any]) -> tuple[TrainingView, ...]:
    """The pictures of a head that load_sample read."""
    edge = stored["rgb"].shape[1]
    columns = (stored[key] for key in ("rgb", "alpha", "label", "K", "w2c"))
    return tuple(
        TrainingView(
            rgb.astype(np.float32) / np.float32(255),
            alpha.astype(np.float32) / np.float32(255),
            Camera(edge, edge, intrinsics, pose),
            label,
        )
        for rgb, alpha, label, intrinsics, pose in zip(*columns, strict=True)
    )


def _load_neutral(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = {
        key: json.loads((folder / f"{key}.json").read_text(encoding="utf-8"))
        for key in ("attributes", "captions")
    }
    with np.load(folder / "anchors.npz", allow_pickle=False) as stored:
        content |= {key: stored[key] for key in stored.files}
    frames = parse_cameras(json.loads((folder / CAMERAS).read_text(encoding="utf-8"))).frames
    pictures = np.stack([_pixels(folder / frame.file) for frame in frames])
    labels = [_pixels(folder / frame.label) for frame in frames if frame.label is not None]
    return content | {
        "rgb": pictures[..., :3],
        "alpha": pictures[..., 3],
        "label": np.stack(labels),
        "K": np.stack([frame.camera.intrinsics for frame in frames]),
        "w2c": np.stack([frame.camera.world_to_camera for frame in frames]),
    }


def _pixels(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as opened:
        return np.asarray(opened)
