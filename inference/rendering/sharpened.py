"""Drawn pictures with the last touch: the sharpening of section 3.1, whatever does it."""

from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray, Gaussians
from inference.progress import CancelToken
from inference.rendering.alpha_bleeding import REACH, bleed
from inference.rendering.camera import Camera
from inference.rendering.protocol import WHITE, Background, Frame, Renderer, preview_rgba8
from inference.rendering.rgba import to_rgba8


class PictureSharpener(Protocol):
    """Sharpens pictures of any size. Takes a while: call it off the UI thread."""

    @property
    def margin(self) -> int:
        """How far around a pixel it looks, in pixels; 1024 is a multiple of its steps."""
        ...

    def __call__(
        self,
        picture: FloatArray,  # [H, W, 3] RGB 0..1
        cancel: CancelToken | None = None,
    ) -> FloatArray:
        """The sharpened picture [H, W, 3], RGB 0..1.

        Raises:
            Cancelled: the token was set.
        """
        ...


def sharpen_frame(
    frame: Frame, sharpener: PictureSharpener, cancel: CancelToken | None = None
) -> Frame:
    """Sharpen what is drawn; alpha and depth stay.

    The silhouette belongs to alpha, so only the colours inside are sharpened. Over a plain
    colour the contrast of the silhouette would be sharpened, too, and its dark or light rim
    would stay with the head over another colour. Hence the sharpener sees the head's own colours
    beyond the silhouette, and what it changes counts in proportion to alpha: the background
    stays plain, and every background shows the same head.

    Raises:
        Cancelled: the token was set.
    """
    picture = bleed(frame.colour, frame.alpha)
    change = sharpener(np.clip(picture, 0, 1), cancel) - picture
    alpha = np.clip(frame.alpha, 0, 1)[..., None]
    colour = np.clip(frame.colour + alpha * change, 0, alpha)
    return replace(frame, colour=colour.astype(np.float32))


class SharpenedRenderer:
    """A renderer whose pictures are sharpened, except those for a moving camera.

    Made for colours: depth, normals and points are not to be sharpened.

    Args:
        renderer: what draws.
        sharpener: what sharpens.
        cancel: stops the sharpening of a picture.
    """

    def __init__(
        self, renderer: Renderer, sharpener: PictureSharpener, cancel: CancelToken | None = None
    ) -> None:
        self._renderer, self._sharpener, self._cancel = renderer, sharpener, cancel

    @property
    def name(self) -> str:
        """The inner renderer's name."""
        return self._renderer.name

    @property
    def margin(self) -> int:
        """Pixels around a part of a picture that change it."""
        return -(-self._sharpener.margin // REACH) * REACH

    def render(self, gaussians: Gaussians, camera: Camera) -> Frame:
        """Draw and sharpen."""
        frame = self._renderer.render(gaussians, camera)
        return sharpen_frame(frame, self._sharpener, self._cancel)

    def render_rgba8(
        self, gaussians: Gaussians, camera: Camera, background: Background | None = WHITE
    ) -> NDArray[np.uint8]:
        """Draw and sharpen for the screen, [H, W, 4] premultiplied RGBA."""
        return to_rgba8(self.render(gaussians, camera), background)

    def preview_rgba8(
        self, gaussians: Gaussians, camera: Camera, background: Background | None = WHITE
    ) -> NDArray[np.uint8]:
        """Draw for a moving camera, as quickly as the inner renderer does."""
        return preview_rgba8(self._renderer, gaussians, camera, background)


def sharpened(
    renderer: Renderer, sharpener: PictureSharpener | None, cancel: CancelToken | None = None
) -> Renderer:
    """The renderer with sharpened pictures, or as it is where nothing sharpens."""
    return renderer if sharpener is None else SharpenedRenderer(renderer, sharpener, cancel)
