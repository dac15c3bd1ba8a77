"""What every renderer offers, whatever it draws with."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray, Gaussians
from inference.rendering.camera import Camera

Background = tuple[float, float, float]
WHITE: Background = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Frame:
    """What one camera sees.

    Attributes:
        colour: [H, W, 3] RGB, premultiplied by alpha, over nothing (black).
        alpha: [H, W] 0..1.
        depth: [H, W] expected camera-space z in metres (accumulated depth divided by
            alpha, as gsplat's "ED"); 0 where alpha is 0.
    """

    colour: FloatArray
    alpha: FloatArray
    depth: FloatArray

    def over(self, background: Background = WHITE) -> FloatArray:
        """The picture [H, W, 3] over a plain colour, clipped to 0..1."""
        veil = (1 - self.alpha)[..., None] * np.asarray(background, np.float32)
        return np.clip(self.colour + veil, 0, 1)


class Renderer(Protocol):
    """Draws Gaussians with gsplat's maths (EWA, eps2d 0.3, its clamps and stop)."""

    @property
    def name(self) -> str:
        """Short name for the read-out, for example "portable (numba, 2 threads)"."""
        ...

    def render(self, gaussians: Gaussians, camera: Camera) -> Frame:
        """Draw colour, alpha and expected depth."""
        ...

    def render_rgba8(
        self, gaussians: Gaussians, camera: Camera, background: Background | None = WHITE
    ) -> NDArray[np.uint8]:
        """Draw a picture for the screen, [H, W, 4] RGBA, premultiplied.

        Over `background`, alpha is 255 everywhere; with None it stays transparent.
        """
        ...


def picture_margin(renderer: Renderer) -> int:
    """Pixels around a part of a picture that change it: 0 unless the renderer filters them."""
    margin: int = getattr(renderer, "margin", 0)
    return margin


def preview_rgba8(
    renderer: Renderer, gaussians: Gaussians, camera: Camera, background: Background | None = WHITE
) -> NDArray[np.uint8]:
    """As render_rgba8, for a moving camera: the renderer's quicker way, if it has one."""
    draw = getattr(renderer, "preview_rgba8", renderer.render_rgba8)
    return draw(gaussians, camera, background)
