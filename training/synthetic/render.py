"""Heads as arrays: a renderer that works on this computer, and views with everything known."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.rendering.camera import Camera
from training.synthetic.assets import Assets
from training.synthetic.gl_renderer import HeadRenderer
from training.synthetic.gl_resources import NoOpenGLError
from training.synthetic.head import Head
from training.synthetic.pictures import Picture, Renderer
from training.synthetic.software_renderer import SoftwareRenderer

Single = NDArray[np.float32]
LOG = logging.getLogger("perchead")


@dataclass(frozen=True)
class Rendering:
    """Views of one head.

    Attributes:
        rgb: [V, S, S, 3] float32 0..1 sRGB, premultiplied by alpha: the head over black.
        alpha: [V, S, S] float32 0..1.
        label: [V, S, S] uint8 FaRL class of what lies at the pixel's centre.
        depth: [V, S, S] float32 metres along the view axis to what the label names, 0 elsewhere.
        K: [V, 3, 3] float64 intrinsics in pixels; the first pixel's centre is at (0.5, 0.5).
        w2c: [V, 4, 4] float64 world to camera, OpenCV axes.
    """

    rgb: Single
    alpha: Single
    label: NDArray[np.uint8]
    depth: Single
    K: NDArray[np.float64]
    w2c: NDArray[np.float64]


def open_renderer(assets: Assets, size: int) -> Renderer:
    """OpenGL where there is one without a display, else the slow and plain software renderer."""
    try:
        return HeadRenderer(assets, size)
    except NoOpenGLError:
        LOG.warning(
            "No OpenGL without a display: heads are drawn plainly, without shadows or thin hairs."
        )
        return SoftwareRenderer(assets, size)


def stack(pictures: Sequence[Picture], cameras: Sequence[Camera]) -> Rendering:
    """Pictures and the cameras that took them as one record."""
    return Rendering(
        rgb=np.stack([p.rgb for p in pictures]),
        alpha=np.stack([p.alpha for p in pictures]),
        label=np.stack([p.label for p in pictures]),
        depth=np.stack([p.depth for p in pictures]),
        K=np.stack([c.intrinsics for c in cameras]),
        w2c=np.stack([c.world_to_camera for c in cameras]),
    )


def render(head: Head, cameras: Sequence[Camera], renderer: Renderer) -> Rendering:
    """Light a head and draw it.

    Args:
        head: from make_head.
        cameras: square, of the renderer's size.
        renderer: from open_renderer, made for the same assets.
    """
    renderer.load(head)
    return stack([renderer.draw(camera) for camera in cameras], cameras)
