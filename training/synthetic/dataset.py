"""One head as a file: views, cameras and exact anchor targets."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.files import atomic_write
from inference.rendering.camera import Camera
from training.synthetic.anchors import AnchorBinding, AnchorTargets
from training.synthetic.assets import Assets
from training.synthetic.backgrounds import sample_background
from training.synthetic.cameras import sample_cameras
from training.synthetic.gl_renderer import HeadRenderer
from training.synthetic.head import Head, make_head


@dataclass(frozen=True)
class View:
    """One picture of a head.

    Attributes:
        rgb: [S, S, 3] uint8 sRGB, background included.
        alpha: [S, S] uint8.
        label: [S, S] uint8 FaRL class.
        camera: where it was taken from.
    """

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    label: NDArray[np.uint8]
    camera: Camera


@dataclass(frozen=True)
class Sample:
    """A head, its views and its targets."""

    head: Head
    views: tuple[View, ...]
    targets: AnchorTargets


def render(
    renderer: HeadRenderer, head: Head, cameras: list[Camera], rng: np.random.Generator
) -> tuple[View, ...]:
    """Pictures of a head that is loaded in `renderer`, each over a random background."""
    views = []
    for camera in cameras:
        picture = renderer.draw(camera)
        behind = sample_background(rng, head.light, camera)
        rgb = np.clip(picture.rgb + behind * (1 - picture.alpha[..., None]), 0, 1)
        views.append(
            View(
                (rgb * 255 + 0.5).astype(np.uint8),
                (picture.alpha * 255 + 0.5).astype(np.uint8),
                picture.label,
                camera,
            )
        )
    return tuple(views)


def make_sample(
    seed: int, assets: Assets, renderer: HeadRenderer, binding: AnchorBinding, views: int
) -> Sample:
    """Head, views and targets for a seed; the same seed always gives the same sample."""
    head = make_head(seed, assets)
    renderer.load(head)
    rng = np.random.default_rng([seed, 21])
    cameras = sample_cameras(rng, views, renderer.size)
    return Sample(head, render(renderer, head, cameras, rng), binding.targets(head, renderer))


def save_sample(sample: Sample, path: Path, topology: str) -> None:
    """Write a sample as an npz.

    Keys: rgb [V, S, S, 3], alpha [V, S, S] and label [V, S, S] uint8; K [V, 3, 3] and w2c
    [V, 4, 4] float64 (OpenCV axes); positions [A, 3] float16 metres, colours [A, 3] uint8 sRGB,
    kind [A] uint8 (0 skin, 1 hair, 2 cloth); attributes, a JSON text.

    Args:
        sample: what to write.
        path: where to.
        topology: id of the template whose anchors the targets belong to.
    """
    v, t = sample.views, sample.targets
    with atomic_write(path) as temporary:
        np.savez_compressed(
            temporary,
            rgb=np.stack([x.rgb for x in v]),
            alpha=np.stack([x.alpha for x in v]),
            label=np.stack([x.label for x in v]),
            K=np.stack([x.camera.intrinsics for x in v]),
            w2c=np.stack([x.camera.world_to_camera for x in v]),
            positions=t.positions.astype(np.float16),
            colours=(t.colours * 255 + 0.5).astype(np.uint8),
            kind=t.kinds,
            attributes=json.dumps(sample.head.attributes() | {"topology": topology}),
        )


def load_sample(path: Path) -> dict[str, Any]:
    """Read what save_sample wrote: arrays by key, and "attributes" as a dict."""
    with np.load(path, allow_pickle=False) as stored:
        content: dict[str, Any] = {key: stored[key] for key in stored.files}
    content["attributes"] = json.loads(str(content["attributes"]))
    return content
