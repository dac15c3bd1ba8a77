"""Drawn pictures with the last touch: the sharpening of section 3.1, whatever does it."""

from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray, Gaussians
from inference.progress import CancelToken
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

    The CNN sees the head over white, as in training, whatever will be behind it. What it
    changes is added to the head in proportion to alpha: so the background stays plain, a
    transparent picture gets no white rim, and every background shows the same head.

    Raises:
        Cancelled: the token was set.
    """
    picture = frame.over(WHITE)
    change = sharpener(picture, cancel) - picture
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
        return self._sharpener.margin

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
