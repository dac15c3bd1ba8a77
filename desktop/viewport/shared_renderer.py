"""One renderer for the preview and the exports; the preview goes first."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import Gaussians
from inference.rendering.camera import Camera
from inference.rendering.protocol import WHITE, Background, Frame, Renderer, preview_rgba8

RendererFactory = Callable[[], Renderer]


def default_renderer() -> Renderer:
    """The best renderer of this computer; slow to import, so only workers call this."""
    from inference.rendering.selection import choose_renderer

    return choose_renderer()


class SharedRenderer:
    """Makes the renderer when it is first needed and lets one thread draw at a time."""

    def __init__(self, factory: RendererFactory = default_renderer) -> None:
        self._factory = factory
        self._renderer: Renderer | None = None
        self._turn = threading.Condition()
        self._busy = False
        self._previews_waiting = 0
        self.preview: Renderer = _Side(self, first=True)
        self.exports: Renderer = _Side(self, first=False)

    def close(self) -> None:
        """End the renderer's own threads, if it has any; nobody may be drawing."""
        close = getattr(self._renderer, "close", None)
        if close is not None:
            close()

    @contextmanager
    def lend(self, *, first: bool) -> Iterator[Renderer]:
        """The renderer for one picture; callers with `first` overtake the others."""
        with self._turn:
            self._previews_waiting += first
            try:
                while self._busy or (self._previews_waiting and not first):
                    self._turn.wait()
            finally:
                self._previews_waiting -= first
            self._busy = True
        try:
            if self._renderer is None:
                self._renderer = self._factory()
            yield self._renderer
        finally:
            with self._turn:
                self._busy = False
                self._turn.notify_all()


class _Side:
    """A Renderer that waits for its turn."""

    def __init__(self, shared: SharedRenderer, *, first: bool) -> None:
        self._shared, self._first = shared, first

    @property
    def name(self) -> str:
        with self._shared.lend(first=self._first) as renderer:
            return renderer.name

    def render(self, gaussians: Gaussians, camera: Camera) -> Frame:
        with self._shared.lend(first=self._first) as renderer:
            return renderer.render(gaussians, camera)

    def render_rgba8(
        self, gaussians: Gaussians, camera: Camera, background: Background | None = WHITE
    ) -> NDArray[np.uint8]:
        with self._shared.lend(first=self._first) as renderer:
            return renderer.render_rgba8(gaussians, camera, background)

    def preview_rgba8(
        self, gaussians: Gaussians, camera: Camera, background: Background | None = WHITE
    ) -> NDArray[np.uint8]:
        with self._shared.lend(first=self._first) as renderer:
            return preview_rgba8(renderer, gaussians, camera, background)
