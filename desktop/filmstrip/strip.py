"""The filmstrip under the head."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop.filmstrip.frame import LINE, SIDE, Frame
from desktop.filmstrip.results import Result, Results

HEIGHT = SIDE + LINE + 22  # pixels
ROOMY = 420  # pixels of width from which on the buttons have words


class FilmStrip(QFrame):
    """Frames in a row that scrolls, and what can be done with two of them.

    Signals:
        transition_wanted: a video from one Result to another.
        compare_wanted: this Result beside the shown one.

    Args:
        results: what is shown.
        action: gives the actions of the buttons at its end.
    """

    transition_wanted = Signal(object, object)
    compare_wanted = Signal(object)

    def __init__(
        self, results: Results, action: Callable[[str], QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("filmstrip")
        self._results, self._action = results, action
        self._buttons: list[QToolButton] = []
        self.frames: list[Frame] = []
        inside = QWidget()
        self._row = QHBoxLayout(inside)
        self._row.setContentsMargins(10, 4, 10, 4)
        self._row.setSpacing(2)
        self._row.addStretch(1)
        self._scroll = _SidewaysScroll()
        self._scroll.setWidget(inside)
        buttons = QVBoxLayout()
        buttons.setContentsMargins(4, 8, 10, 8)
        buttons.setSpacing(2)
        buttons.addStretch(1)
        for name, text in (("compare_results", "Compare"), ("transition", "Transition video…")):
            action(name).setIconText(text)
            button = QToolButton()
            button.setDefaultAction(action(name))
            button.setIconSize(QSize(18, 18))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            buttons.addWidget(button)
            self._buttons.append(button)
        buttons.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._scroll, 1)
        layout.addLayout(buttons)
        self.setFixedHeight(HEIGHT)
        results.changed.connect(self.refresh)
        action("compare_results").toggled.connect(lambda _: self.refresh())
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        style = Qt.ToolButtonStyle
        roomy = self.width() >= ROOMY
        for button in self._buttons:
            button.setToolButtonStyle(
                style.ToolButtonTextBesideIcon if roomy else style.ToolButtonIconOnly
            )

    def refresh(self) -> None:
        """Show the results as they are."""
        items = self._results.items
        wanted = {id(item) for item in items}
        for frame in [frame for frame in self.frames if id(frame.result) not in wanted]:
            self.frames.remove(frame)
            self._row.removeWidget(frame)
            frame.deleteLater()
        there = {id(frame.result) for frame in self.frames}
        for index, item in enumerate(items):
            if id(item) not in there:
                self._insert(index, item)
        pair = self._results.pair
        partner = pair[0] if pair and self._action("compare_results").isChecked() else None
        for frame in self.frames:
            item = frame.result
            marked = item is partner or item is self._results.partner
            frame.show_state(shown=item is self._results.shown, partner=marked)
            if item is self._results.shown:
                QTimer.singleShot(0, frame, lambda frame=frame: self._reveal(frame))
        self.setVisible(bool(items))

    def _reveal(self, frame: Frame) -> None:
        self._scroll.ensureWidgetVisible(frame, 12, 0)

    def _insert(self, index: int, result: Result) -> None:
        frame = Frame(result)
        results = self._results
        frame.restore_wanted.connect(lambda: results.restore(result))
        frame.partner_wanted.connect(lambda: self.compare_wanted.emit(result))
        frame.menu_wanted.connect(lambda where: self._open_menu(result, where))
        self.frames.insert(index, frame)
        self._row.insertWidget(index, frame)

    def menu_of(self, result: Result) -> QMenu:
        """What can be done with a result."""
        results, shown = self._results, self._results.shown
        menu = QMenu(self)
        other = shown is not None and result is not shown and shown in results.items
        back = menu.addAction("Go Back to It")
        back.setEnabled(result is not shown)
        back.triggered.connect(lambda: results.restore(result))
        menu.addSeparator()
        compare = menu.addAction("Compare with the Shown Head")
        compare.setEnabled(other)
        compare.triggered.connect(lambda: self.compare_wanted.emit(result))
        for text, pair in (
            ("Transition Video from It to the Shown Head…", (result, shown)),
            ("Transition Video from the Shown Head to It…", (shown, result)),
        ):
            video = menu.addAction(text)
            video.setEnabled(other)
            video.triggered.connect(lambda _=False, pair=pair: self.transition_wanted.emit(*pair))
        menu.addSeparator()
        remove = menu.addAction("Remove from the Strip")
        remove.setEnabled(result is not shown and result.wanted is not None)
        remove.triggered.connect(lambda: results.remove(result))
        return menu

    def _open_menu(self, result: Result, where: QPoint) -> None:
        menu = self.menu_of(result)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(where)


class _SidewaysScroll(QScrollArea):
    """The wheel moves it sideways."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y() or event.angleDelta().x()
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() - turned)
        event.accept()
