"""Joins what paints and styles heads: made here, placed by the window."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QWidget

from desktop.editing.left_side import LeftSide
from desktop.editing.maker import EditMaker
from desktop.editing.preparation import Preparation
from desktop.editing.variations import Variations
from desktop.engine_holder import EngineHolder
from desktop.export.exports import Exports
from desktop.filmstrip.results import Result, Results
from desktop.filmstrip.side_by_side import SideBySide
from desktop.filmstrip.strip import FilmStrip
from desktop.filmstrip.thumbnails import Thumbnails
from desktop.filmstrip.transition import TransitionStarts
from desktop.main_window.actions import ActionSet
from desktop.main_window.export_starts import ExportStarts
from desktop.main_window.stage_area import HeadStage
from desktop.pipeline import Pipeline
from desktop.portrait.panel import PortraitPanel
from desktop.preferences import Preferences
from desktop.session import Session, Topic
from desktop.style.panel import StylePanel
from desktop.style.reader import StyleReader
from desktop.theme import Palette
from desktop.viewport.frame_source import FrameSource
from desktop.viewport.shared_renderer import SharedRenderer
from desktop.viewport.viewport import Viewport
from desktop.workers import JobRunner
from inference.rendering.view_modes import ViewMode

ACTIONS = (
    "paint", "prompt", "style_picture", "style_paste", "own_style", "blend", "variations",
    "earlier", "later", "compare_results", "transition",
)  # fmt: skip


class Editing(QObject):
    """The editing half of the window.

    Attributes:
        left: photograph or face map.
        style: the style panel.
        strip: the filmstrip.
        maker: makes the edited heads.
        preparation: makes what they need before the first one.
        results: what the filmstrip shows.

    Signals:
        job_started: the status line shows it.
        complained: a sentence about what went wrong.
        said: a sentence.
        paint_toggled: the map is painted on now, or no longer.
    """

    job_started = Signal(object)
    complained = Signal(str)
    said = Signal(str)
    paint_toggled = Signal(bool)

    def __init__(
        self,
        window: QWidget,
        session: Session,
        runner: JobRunner,
        engine: EngineHolder,
        pipeline: Pipeline,
        renderer: SharedRenderer,
        preferences: Preferences,
        actions: ActionSet,
        palette: Palette,
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._actions = window, session, actions
        self._runner, self._renderer, self._palette = runner, renderer, palette
        self._pipeline = pipeline
        self.maker = EditMaker(session, runner, engine)
        self.preparation = Preparation(session, runner, engine)
        self.reader = StyleReader(runner, engine)
        self.results = Results(session, self.maker, engine, Thumbnails(runner, renderer.exports))
        self.variations = Variations(session, self.maker, runner, engine, self.results.add)
        self.style = StylePanel(
            session,
            self.reader,
            preferences,
            actions["own_style"],
            actions["variations"],
            actions["blend"],
            palette,
        )
        self.strip = FilmStrip(self.results, actions.__getitem__)
        self._menu: QMenu | None = None
        self.left: LeftSide
        self.beside: SideBySide
        self.transitions: TransitionStarts

    def place(
        self,
        portrait: PortraitPanel,
        stage: HeadStage,
        viewport: Viewport,
        exports: Exports,
        starts: ExportStarts,
        mode: Callable[[], ViewMode],
        paint_menu: Callable[[], QMenu],
    ) -> None:
        """Make what needs the other parts of the window, and join everything."""
        self.left = LeftSide(
            self._session,
            self.maker,
            portrait,
            self._actions["paint"],
            lambda: self._make_menu(paint_menu),
            self._palette,
        )
        self.beside = SideBySide(
            self._session,
            self.results,
            viewport,
            self._renderer.preview,
            self._runner,
            stage.place_beside,
            mode,
            self._palette,
        )
        starts.compared = lambda: self.beside.compared
        self.transitions = TransitionStarts(self._window, self.results, exports, starts)
        viewport.frames.changed.connect(lambda: self._on_frame(viewport.frames))
        self._connect()
        self.refresh()

    def refresh(self) -> None:
        """Enable what can be done now."""
        there = self._pipeline.edits and self._session.head is not None
        offered = self._pipeline.edits
        self.left.offer(on=offered)
        self.style.setVisible(there)
        for name in ACTIONS:
            self._actions[name].setEnabled(there)
        pair = self.results.pair is not None
        several = len(self.results.items) > 1
        for name, on in (
            ("own_style", not self._session.edits.look.plain),
            ("earlier", several),
            ("later", several),
            ("compare_results", pair or self._actions["compare_results"].isChecked()),
            ("transition", pair),
        ):
            self._actions[name].setEnabled(there and on)

    def set_palette(self, palette: Palette) -> None:
        """Follow the theme."""
        self._palette = palette
        for part in (self.left, self.style, self.beside):
            part.set_palette(palette)

    def close(self) -> None:
        """End the threads of views."""
        self.beside.close()

    def _connect(self) -> None:
        triggered: dict[str, Callable[[], object]] = {
            "prompt": self.style.focus,
            "style_picture": self.style.ask_picture,
            "style_paste": self.style.paste,
            "own_style": self.style.use_own,
            "variations": self.variations.make,
            "earlier": lambda: self.results.step(-1),
            "later": lambda: self.results.step(1),
            "transition": self._on_transition,
        }
        for name, slot in triggered.items():
            self._actions[name].triggered.connect(lambda _=False, slot=slot: slot())
        self._actions["compare_results"].toggled.connect(lambda on: self.beside.show(on=on))
        self._actions["paint"].toggled.connect(self._on_paint)
        for maker in (self.maker, self.reader, self.variations):
            maker.started.connect(self.job_started)
            maker.failed.connect(self.complained)
            maker.stopped.connect(lambda: self.said.emit("Stopped."))
        self.beside.started.connect(self.job_started)
        self.beside.failed.connect(self.complained)
        self.style.first.line.entered.connect(self.maker.prepare)
        self.left.map_appeared.connect(self.preparation.map_appeared)
        self.style.said.connect(self.complained)
        self.strip.compare_wanted.connect(self._on_compare)
        self.strip.transition_wanted.connect(self.transitions.ask)
        self.results.changed.connect(self._on_results)
        self._session.subscribe(self._on_session)

    def _make_menu(self, make: Callable[[], QMenu]) -> QMenu:
        self._menu = make()
        return self._menu

    def _on_paint(self, on: bool) -> None:
        if self._menu is not None:
            self._menu.setEnabled(on)
        self.paint_toggled.emit(on)

    def _on_frame(self, frames: FrameSource) -> None:
        last = frames.last
        if frames.image is None or last is None or last.request.mode is not ViewMode.SPLATS:
            return
        self.results.see(last.request.gaussians, last.image)

    def _on_compare(self, result: Result) -> None:
        if result is self.results.shown:
            return
        self.results.choose_partner(result)
        self._actions["compare_results"].setChecked(True)

    def _on_transition(self) -> None:
        pair = self.results.pair
        if pair is not None:
            self.transitions.ask(*pair)

    def _on_results(self) -> None:
        if len(self.results.items) < 2:
            self._actions["compare_results"].setChecked(False)
        self.refresh()

    def _on_session(self, topic: Topic) -> None:
        if topic in (Topic.HEAD, Topic.LOOK, Topic.PORTRAIT):
            self.refresh()
