"""A renderer that a driver may fail, with one behind it that it cannot."""

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from inference.errors import PercHeadError
from inference.head.gaussians import Gaussians
from inference.rendering.camera import Camera
from inference.rendering.protocol import WHITE, Background, Frame, Renderer, preview_rgba8

LOG = logging.getLogger("perchead")

Result = TypeVar("Result")


class FallbackRenderer:
    """Draws with one renderer until it fails for the first time, from then on with another.

    Args:
        first: the quicker one.
        make_second: makes the one that always draws; called once, if ever.
    """

    def __init__(self, first: Renderer, make_second: Callable[[], Renderer]) -> None:
        self._renderer, self._make_second = first, make_second
        self._first_draws = True
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The name of the one that draws now."""
        return self._call(lambda renderer: renderer.name)

    def render(self, gaussians: Gaussians, camera: Camera) -> Frame:
        """Draw colour, alpha and expected depth."""
        return self._call(lambda renderer: renderer.render(gaussians, camera))

    def render_rgba8(
        self, gaussians: Gaussians, camera: Camera, background: Background | None = WHITE
    ) -> NDArray[np.uint8]:
        """Draw a picture for the screen, [H, W, 4] RGBA, premultiplied."""
        return self._call(lambda renderer: renderer.render_rgba8(gaussians, camera, background))

    def preview_rgba8(
        self, gaussians: Gaussians, camera: Camera, background: Background | None = WHITE
    ) -> NDArray[np.uint8]:
        """The same for a moving camera."""
        return self._call(lambda renderer: preview_rgba8(renderer, gaussians, camera, background))

    def close(self) -> None:
        """Close the one that draws now."""
        _close(self._renderer)

    def _call(self, draw: Callable[[Renderer], Result]) -> Result:
        renderer = self._renderer
        try:
            return draw(renderer)
        except (PercHeadError, MemoryError):  # the other one would fail alike
            raise
        except Exception as error:
            with self._lock:
                if renderer is self._renderer:
                    if not self._first_draws:
                        raise
                    LOG.warning("%s is not used any more: %s", type(renderer).__name__, error)
                    self._renderer, self._first_draws = self._make_second(), False
                    _close(renderer)
        return draw(self._renderer)


def _close(renderer: Renderer) -> None:
    close = getattr(renderer, "close", None)
    if close is None:
        return
    try:
        close()
    except Exception:
        LOG.exception("a renderer did not close")
