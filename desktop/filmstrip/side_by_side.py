"""Two results beside each other, seen by one camera."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.export.exports import HeadSource
from desktop.filmstrip.results import Result, Results
from desktop.session import Session, Topic
from desktop.theme import Palette
from desktop.viewport.viewport import Viewport
from desktop.workers import JobRunner
from inference.head.gaussians import Gaussians
from inference.rendering.protocol import Renderer
from inference.rendering.view_modes import ViewMode

Place = Callable[[QWidget | None], None]


class SideBySide(QObject):
    """A second view left of the first one, made when it is first needed.

    Args:
        session: has the camera.
        results: has the pair.
        viewport: shows the head in the window.
        renderer: draws the second view.
        runner: makes a head again that was forgotten.
        place: puts the second view beside the first one; None takes it away.
        mode: what of the heads is shown.
        palette: the theme.

    Signals:
        started: a Job began.
        failed: a sentence.
    """

    started = Signal(object)
    failed = Signal(str)

    def __init__(
        self,
        session: Session,
        results: Results,
        viewport: Viewport,
        renderer: Renderer,
        runner: JobRunner,
        place: Place,
        mode: Callable[[], ViewMode],
        palette: Palette,
    ) -> None:
        super().__init__()
        self._session, self._results, self._viewport = session, results, viewport
        self._renderer, self._runner, self._place, self._mode = renderer, runner, place, mode
        self._palette = palette
        self._result: Result | None = None
        self.view: Viewport | None = None
        self.on = False
        results.changed.connect(self.refresh)
        session.subscribe(self._on_session)

    @property
    def compared(self) -> HeadSource | None:
        """What gives the head of the second view, where there is one."""
        return self._results.source_of(self._result) if self._result is not None else None

    def show(self, *, on: bool) -> None:
        """Compare, or show one head again."""
        self.on = on
        self.refresh()

    def refresh(self) -> None:
        """Show the pair as it is."""
        pair = self._results.pair if self.on else None
        if pair is None:
            self._place(None)
            self._viewport.caption = ""
            self._result = None
            return
        partner, shown = pair
        if self.view is None:
            self._make_view()
        assert self.view is not None
        self.view.caption, self._viewport.caption = partner.title, shown.title
        self._place(self.view)
        if partner is not self._result:
            self._result = partner
            self._show(partner)

    def set_palette(self, palette: Palette) -> None:
        """Follow the theme."""
        self._palette = palette
        if self.view is not None:
            self.view.set_palette(palette)

    def set_mode(self) -> None:
        """The view mode may be another one."""
        if self.view is not None and self._result is not None:
            self._show(self._result)

    def close(self) -> None:
        """End the second view's thread."""
        if self.view is not None:
            self.view.close_frames()

    def _make_view(self) -> None:
        view = Viewport(self._renderer, self._palette)
        view.setAccessibleName("Compared head")
        view.set_background(self._session.edits.background)
        view.set_pose(self._session.edits.pose, fly=False)
        view.looked.connect(self._session.look)
        view.frames.failed.connect(self.failed)
        view.frames.start()
        self.view = view

    def _show(self, result: Result) -> None:
        there = self._results.head_of(result)
        if there is not None:
            self._show_head(result, there)
            return
        give = self._results.source_of(result)
        job = self._runner.start("Making the head", give, lane="compare")
        job.succeeded.connect(lambda head: self._show_head(result, head))
        job.failed.connect(self.failed)
        self.started.emit(job)

    def _show_head(self, result: Result, head: Gaussians) -> None:
        if result is self._result and self.view is not None:
            self.view.show_head(head, mode=self._mode())

    def _on_session(self, topic: Topic) -> None:
        if self.view is None:
            return
        if topic is Topic.POSE:
            self.view.follow(self._session.edits.pose)
        elif topic is Topic.BACKGROUND:
            self.view.set_background(self._session.edits.background)
