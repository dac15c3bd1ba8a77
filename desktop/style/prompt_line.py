"""The line that the wish is written into: suggestions, earlier prompts, pasted pictures."""

from collections.abc import Callable

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QStringListModel,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QAction,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
)
from PySide6.QtWidgets import QCompleter, QLineEdit, QListView, QWidget

from desktop.icons import icon
from desktop.portrait.incoming import Incoming, incoming_from
from desktop.theme import Palette

SHOWN = 9  # suggestions at once


class PromptLine(QLineEdit):
    """Enter, or choosing a suggestion, applies what is written.

    The button at its end applies too, or, where what is written was applied, takes it away.

    Signals:
        chosen: the text to apply; empty takes the style away.
        picture_given: an Incoming was pasted instead of words.
        entered: the user is about to write.

    Args:
        suggestions: gives what can be proposed, the likeliest first.
        palette: the theme.
    """

    chosen = Signal(str)
    picture_given = Signal(object)
    entered = Signal()

    def __init__(
        self,
        suggestions: Callable[[], list[str]],
        palette: Palette,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._suggestions = suggestions
        self._applied = ""
        self._palette = palette
        self.end_action = QAction(self)
        self.end_action.triggered.connect(self._on_end)
        self.addAction(self.end_action, QLineEdit.ActionPosition.TrailingPosition)
        self.textChanged.connect(self._show_end)
        self.setAcceptDrops(False)  # pictures are dropped on the panel
        self.completer_ = _LastPartCompleter(self)
        self.completer_.activated.connect(self._on_activated)
        self.setCompleter(self.completer_)
        self.returnPressed.connect(self._apply)
        self._show_end()

    def suggest(self) -> None:
        """Open the list: earlier prompts and suggestions that go on from what is written."""
        self.completer_.offer(self._suggestions())
        self.completer_.setCompletionPrefix(self.completer_.last_part(self.text()))
        self.completer_.complete()

    def show_text(self, text: str) -> None:
        """Show what is applied; the line's own undo begins anew, so Ctrl+Z is the window's."""
        self._applied = text
        self.setText(text)
        self._show_end()

    def set_palette(self, palette: Palette) -> None:
        """Follow the theme."""
        self._palette = palette
        self._show_end()

    def _show_end(self) -> None:
        written = self.text().strip()
        self.end_action.setVisible(bool(written))
        fresh = written != self._applied
        name, tip = ("apply", "Apply  (Enter)") if fresh else ("close", "Take this style away")
        self.end_action.setIcon(icon(name, self._palette.accent if fresh else self._palette.muted))
        self.end_action.setToolTip(tip)

    def _on_end(self) -> None:
        if self.text().strip() == self._applied:
            self.clear()
        self._apply()

    def _apply(self) -> None:
        text = " ".join(self.text().split()).strip(" ,")
        self.completer_.list_.hide()
        if text or self._applied:
            self.chosen.emit(text)

    def _on_activated(self, _: str) -> None:
        # The completer writes into the line after this signal.
        self.completer_.later(self._apply)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if not self.text():
            self.suggest()

    def event(self, event: QEvent) -> bool:
        # Undo and redo are the window's where there is nothing typed to take back.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            undo = event.matches(QKeySequence.StandardKey.Undo) and not self.isUndoAvailable()
            redo = event.matches(QKeySequence.StandardKey.Redo) and not self.isRedoAvailable()
            if undo or redo:
                event.ignore()
                return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste):
            given = picture_in_clipboard()
            if given is not None:
                self.picture_given.emit(given)
                return
        if event.key() == Qt.Key.Key_Down and not self.completer_.list_.isVisible():
            self.suggest()
            return
        super().keyPressEvent(event)
        if event.text() and event.text().isprintable():
            self.completer_.offer(self._suggestions())


def picture_in_clipboard() -> Incoming | None:
    """A picture, or the file of one, that was copied; words are not one."""
    mime = QGuiApplication.clipboard().mimeData()
    if mime is None or not (mime.hasImage() or mime.hasUrls()):
        return None
    return incoming_from(mime)


class _LastPartCompleter(QCompleter):
    """Completes what stands after the last comma."""

    def __init__(self, line: QLineEdit) -> None:
        super().__init__(line)
        self._line = line
        self._model = QStringListModel(self)
        self.setModel(self._model)
        self.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setFilterMode(Qt.MatchFlag.MatchContains)
        self.setMaxVisibleItems(SHOWN)
        self.list_ = QListView()
        self.list_.setObjectName("suggestions")
        self.list_.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setPopup(self.list_)

    def offer(self, texts: list[str]) -> None:
        """What can be completed from now on."""
        if texts != self._model.stringList():
            self._model.setStringList(texts)

    def later(self, call: Callable[[], None]) -> None:
        """Call when Qt has written the completion into the line."""
        QTimer.singleShot(0, self._line, call)

    @staticmethod
    def last_part(text: str) -> str:
        """What is being written."""
        return text.rpartition(",")[2].strip()

    def splitPath(self, path: str) -> list[str]:
        return [self.last_part(path)]

    def pathFromIndex(self, index: QModelIndex | QPersistentModelIndex) -> str:
        before, comma, _ = self._line.text().rpartition(",")
        completion = str(index.data())
        return f"{before}, {completion}" if comma else completion
