"""The window: makes the parts and joins them; each part does its own work."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QMainWindow,
    QMenu,
    QMessageBox,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from desktop.engine_holder import EngineHolder
from desktop.export.exports import Exports
from desktop.export.panel import ExportPanel
from desktop.images import photograph_of_crop, qimage_from_rgb
from desktop.main_window.actions import ActionSet
from desktop.main_window.editing import Editing
from desktop.main_window.export_starts import ExportStarts
from desktop.main_window.help_sheet import HelpSheet
from desktop.main_window.opening import Opening
from desktop.main_window.right_side import RightSide
from desktop.main_window.sharpness import Sharpness
from desktop.main_window.stage_area import HeadStage, StageArea
from desktop.main_window.status_line import StatusLine
from desktop.models.entrance import Models
from desktop.models.weights import Weights
from desktop.pipeline import Pipeline
from desktop.portrait.empty_state import EmptyState
from desktop.portrait.incoming import incoming_from
from desktop.portrait.panel import PortraitPanel
from desktop.preferences import Preferences
from desktop.session import Session, Topic
from desktop.theme import apply_theme, palette_named
from desktop.video.starts import HeadVideoStarts
from desktop.viewport.background_menu import background_menu
from desktop.viewport.pose import OrbitPose, preset
from desktop.viewport.progress_card import ProgressCard
from desktop.viewport.readout import Readout
from desktop.viewport.shared_renderer import SharedRenderer
from desktop.viewport.toolbar import MODES, ViewToolbar
from desktop.viewport.viewport import Viewport
from desktop.widgets.labels import label
from desktop.workers import JobRunner
from inference.files import resource_path
from inference.rendering.view_modes import ViewMode
from inference.version import program_version

PRESETS = {
    "front": "Front",
    "three_quarter": "Three-quarter",
    "side": "Side",
    "back": "Back",
}
LEFT_WIDTH, RIGHT_WIDTH = 320, 264  # pixels at first; the user may drag the borders
RIGHT_LEAST = 252  # pixels
PAINT_SHARE = 0.47  # of the window's width that painting takes at first


class MainWindow(QMainWindow):
    """PercHead's window.

    Args:
        engine: makes the heads.
        renderer: draws them.
        preferences: what is remembered between starts.
    """

    def __init__(
        self, engine: EngineHolder, renderer: SharedRenderer, preferences: Preferences
    ) -> None:
        super().__init__()
        self.setWindowTitle("PercHead")
        self.setAcceptDrops(True)
        self.resize(1280, 820)
        self.setMinimumSize(940, 520)
        self.session = Session()
        self.runner = JobRunner(self)
        self.pipeline = Pipeline(self.session, self.runner, engine)
        self.preferences = preferences
        self._renderer = renderer
        self._left_before = LEFT_WIDTH
        self._palette = palette_named(preferences.theme)
        self.actions_ = ActionSet(self, self._palette)
        self.viewport = Viewport(renderer.preview, self._palette)
        self.status = StatusLine(Readout(self.viewport.frames))
        self.exports = Exports(self.runner, renderer.exports)
        self.head_videos = HeadVideoStarts(self, engine, self.exports, preferences, self.status.say)
        self.opening = Opening(self, self.pipeline, preferences, self._complain, self.head_videos)
        frames, sharpen = self.viewport.frames, self.actions_["sharpen"]
        self.sharpness = Sharpness(sharpen, self.pipeline, self.session, frames, preferences)
        self.export_starts = ExportStarts(
            self, self.session, self.viewport, self.exports, preferences, self.sharpness
        )
        weights = Weights(self.runner, engine, preferences, self.pipeline.engine_changed)
        self.models = Models(self, self.runner, self.status.say, weights)
        self.editing = Editing(
            self,
            self.session,
            self.runner,
            engine,
            self.pipeline,
            renderer,
            preferences,
            self.actions_,
            self._palette,
        )
        self._build()
        self._fill_menus()
        self._connect()
        self._refresh()
        self.viewport.frames.start()

    # Putting together

    def _build(self) -> None:
        actions, palette = self.actions_, self._palette
        self.background_menu = background_menu(
            self,
            lambda: self.session.edits.background,
            lambda choice: self.session.change("Background", background=choice),
        )
        self.toolbar = ViewToolbar(actions.__getitem__, self.background_menu, palette)
        self.card = ProgressCard()
        self.empty = EmptyState(resource_path("samples/astronaut.png"), palette)
        self.hint = label("The head will be here.", "muted")
        stage = HeadStage(self.viewport, self.toolbar, self.card, self.hint)
        self.stage = StageArea(self.empty, stage, self.editing.strip)
        self.portrait_panel = PortraitPanel(
            self.session, self.pipeline, actions["foreground"], actions["open"], palette
        )
        export_actions = {
            name: actions[name] for name in ("export_ply", "export_picture", "export_video")
        }
        self.export_panel = ExportPanel(self.exports, export_actions, palette)
        self.editing.place(
            self.portrait_panel,
            stage,
            self.viewport,
            self.exports,
            self.export_starts,
            lambda: ViewMode(self._mode),
            self._add_paint_menu,
        )
        self.right = RightSide(self.editing.style, self.export_panel)
        self.right.setMinimumWidth(RIGHT_LEAST)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setHandleWidth(1)
        self._splitter.setChildrenCollapsible(False)
        for part in (self.editing.left, self.stage, self.right):
            self._splitter.addWidget(part)
        self._splitter.setStretchFactor(0, 0)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setStretchFactor(2, 0)
        self._splitter.setSizes([LEFT_WIDTH, 1280 - LEFT_WIDTH - RIGHT_WIDTH, RIGHT_WIDTH])
        middle = QWidget()
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._splitter, 1)
        layout.addWidget(self.status)
        self.setCentralWidget(middle)

    def _fill_menus(self) -> None:
        menus = self.actions_.fill(self.menuBar())
        self._view_menu = menus["View"]
        recent = menus["File"].addMenu("Open Recent")
        menus["File"].insertMenu(self.actions_["sample"], recent)
        menus["File"].aboutToShow.connect(lambda: self.opening.fill_recent(recent))
        menus["View"].insertMenu(self.actions_["panels"], self.background_menu)
        theme = menus["View"].addMenu("Theme")
        for text, name in (("As the System", "system"), ("Dark", "dark"), ("Light", "light")):
            action = theme.addAction(text)
            action.triggered.connect(lambda _=False, name=name: self.set_theme(name))

    def _connect(self) -> None:
        actions, session = self.actions_, self.session
        triggered: dict[str, Callable[[], object]] = {
            "open": self.opening.ask,
            "sample": self.opening.sample,
            "paste": self.opening.paste,
            "quit": self.close,
            "undo": session.undo,
            "redo": session.redo,
            "make": self.pipeline.again,
            "cancel": self._on_cancel,
            "reset": lambda: session.change("Reset Camera", pose=OrbitPose()),
            "export_ply": self.export_starts.ply,
            "export_picture": self.export_starts.picture,
            "export_video": self.export_starts.video,
            "models": lambda: self.models.show(),
            "help": lambda: HelpSheet(self, painting=self.pipeline.edits).exec(),
            "about": self._about,
        }
        for name, slot in triggered.items():
            actions[name].triggered.connect(lambda _=False, slot=slot: slot())
        for name in PRESETS:
            actions[name].triggered.connect(lambda _=False, name=name: self._on_preset(name))
        for name in MODES:
            actions[name].toggled.connect(self._show_head)
        actions["splats"].setChecked(True)
        actions["foreground"].setChecked(True)
        actions["panels"].setChecked(True)
        actions["panels"].toggled.connect(self._show_panels)
        actions["full_screen"].toggled.connect(
            lambda on: self.showFullScreen() if on else self.showNormal()
        )
        actions["compare"].toggled.connect(lambda on: self.viewport.compare(on=on))
        actions["fit"].triggered.connect(
            lambda on: self.portrait_panel.options.set_fit(on=bool(on))
        )
        self.viewport.comparing_changed.connect(actions["compare"].setChecked)
        self.viewport.looked.connect(session.look)
        self.viewport.frames.failed.connect(self._complain)
        self.viewport.frames.first.connect(self._refresh)
        self.empty.open_wanted.connect(self.opening.ask)
        self.empty.paste_wanted.connect(self.opening.paste)
        self.empty.sample_wanted.connect(self.opening.sample)
        self.card.cancelled.connect(self.pipeline.cancel)
        self.pipeline.started.connect(self._on_job)
        self.pipeline.failed.connect(self._complain)
        self.pipeline.stopped.connect(lambda: self.status.say("Stopped."))
        self.pipeline.state_changed.connect(self._refresh)
        self.editing.job_started.connect(self.status.follow)
        self.editing.complained.connect(self._complain)
        self.editing.said.connect(self.status.say)
        self.editing.paint_toggled.connect(self._on_paint)
        self.exports.refused.connect(self._complain)
        self.exports.started.connect(self._refresh)
        session.subscribe(self._on_session)

    # Reacting

    def _on_session(self, topic: Topic) -> None:
        session = self.session
        if topic is Topic.PORTRAIT:
            self.opening.remember(session.source)
            self.setWindowTitle(f"{session.name} – PercHead")
            self.card.disc.set_image(None)
        elif topic is Topic.POSE:
            if self.viewport.comparing:
                self.viewport.compare(on=False)
            self.viewport.set_pose(session.edits.pose, fly=True)
        elif topic is Topic.BACKGROUND:
            self.viewport.set_background(session.edits.background)
        elif topic is Topic.PREPARED and session.prepared is not None:
            self.card.disc.set_image(qimage_from_rgb(session.prepared.image))
        elif topic is Topic.HEAD:
            self._show_head()
            if session.head is not None:
                self._say_time(session.head.seconds)
        elif topic is Topic.EDITED:
            self._show_head()
            if session.edited is not None:
                self._say_time(session.edited.seconds)
        self._refresh()

    def _say_time(self, seconds: dict[str, float]) -> None:
        self.status.say(f"The head was made in {sum(seconds.values()):.1f} s.")

    @property
    def _mode(self) -> str:
        return next(name for name in MODES if self.actions_[name].isChecked())

    def _show_head(self) -> None:
        portrait, head = self.session.head, self.session.shown
        self.editing.beside.set_mode()
        if head is None or portrait is None:
            self.viewport.show_head(None)
            self.status.readout.set_head(0, "")
            return
        size = self.session.image.size if self.session.image else (1, 1)
        photograph = photograph_of_crop(portrait.portrait.image, portrait.portrait.crop, size)
        self.viewport.show_head(head.gaussians, head.camera, photograph, ViewMode(self._mode))
        self.status.readout.set_head(len(head.gaussians), head.model)

    def _refresh(self) -> None:
        session, actions = self.session, self.actions_
        there, head = session.image is not None, session.head is not None
        busy = self.pipeline.busy
        self.stage.setCurrentIndex(1 if there or busy else 0)
        panels = there and actions["panels"].isChecked()
        self.editing.left.setVisible(panels)
        # Without a portrait it shows head videos that are being made.
        self.right.setVisible(panels or (not there and bool(self.export_panel.rows)))
        self.toolbar.setVisible(head)
        drawn = self.viewport.frames.image is not None
        self.card.setVisible(not drawn and (head or busy))
        if head and not drawn:
            self.card.show_progress("Drawing the head", 0.0)
        self.hint.setVisible(there and not head and not busy)
        actions.enable(portrait=there, head=head)
        self.editing.refresh()
        actions["fit"].setChecked(session.edits.options.fit)
        for name, what in (
            ("undo", session.history.undo_label),
            ("redo", session.history.redo_label),
        ):
            title = name.capitalize()
            actions[name].setEnabled(what is not None)
            actions[name].setText(f"{title} {what}" if what else title)

    def _on_job(self, job: object) -> None:
        self.status.follow(job)  # type: ignore[arg-type]
        self.card.show_progress(job.title, 0.0)  # type: ignore[attr-defined]
        job.progressed.connect(self.card.show_progress)  # type: ignore[attr-defined]

    def _on_cancel(self) -> None:
        if self.viewport.comparing:
            self.viewport.compare(on=False)
        else:
            self.status.cancel_job()

    def _on_preset(self, name: str) -> None:
        pose = preset(PRESETS[name], self.session.edits.pose)
        self.session.change(f"Camera: {PRESETS[name]}", pose=pose)

    def _show_panels(self, on: bool) -> None:
        self._refresh()

    def _on_paint(self, on: bool) -> None:
        """Painting wants room; the photograph gets back what it had."""
        left, middle, right = self._splitter.sizes()
        if on:
            self._left_before = left
            self.actions_["panels"].setChecked(True)
        wanted = round(PAINT_SHARE * self.width()) if on else self._left_before
        self._splitter.setSizes([wanted, left + middle - wanted, right])

    def _add_paint_menu(self) -> QMenu:
        menu = QMenu("Paint", self)
        bar = self.menuBar()
        bar.insertMenu(self._view_menu.menuAction(), menu)
        return menu

    def _complain(self, sentence: str) -> None:
        self.status.say(sentence, bad=True)

    def _about(self) -> None:
        QMessageBox.about(
            self,
            "About PercHead",
            f"<h3>PercHead {program_version()}</h3>"
            "<p>Makes a whole 3D head from one portrait, on your own computer.</p>"
            "<p>Apache License 2.0. The licences of the networks, assets and libraries in it "
            "stand in THIRD_PARTY_NOTICES.md.</p>",
        )

    def set_theme(self, name: str) -> None:
        """Dress in "dark", "light" or as the system."""
        self.preferences.theme = name
        self.preferences.save()
        self._palette = palette_named(name)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, self._palette)
        for part in (
            self.actions_,
            self.viewport,
            self.toolbar,
            self.empty,
            self.portrait_panel,
            self.export_panel,
            self.editing,
        ):
            part.set_palette(self._palette)

    # Dropping and closing

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if incoming_from(event.mimeData()) is not None:
            event.acceptProposedAction()
            self.empty.set_hot(on=True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.empty.set_hot(on=False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.empty.set_hot(on=False)
        if self.opening.take(event.mimeData()):
            event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.models.may_close():
            event.ignore()
            return
        self.hide()  # at once; what runs is stopped and waited for behind the scenes
        self.runner.shutdown()
        self.viewport.close_frames()
        self.editing.close()
        self._renderer.close()
        super().closeEvent(event)
