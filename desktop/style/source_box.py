"""One style: words or a picture, and what it is now."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop.editing.look import StyleSource
from desktop.icons import icon
from desktop.main_window.opening import PICTURES
from desktop.portrait.incoming import Incoming
from desktop.style.prompt_line import PromptLine
from desktop.theme import Palette
from desktop.widgets.labels import ElidedLabel, label
from inference.editing.cut_words import names_a_cut

CUT_HINT = (
    "Length and cut are painted: under Paint, choose a hair stamp, or draw the outline with Hair."
)
FACE = 34  # pixels of the reference's thumbnail
FILTERS = f"Pictures ({PICTURES});;All files (*)"


class SourceBox(QWidget):
    """A prompt line, a button for pictures, and a chip that says what is applied.

    Where the prompt is about how hair is cut, a sentence below it says where that is decided.

    Signals:
        words_given: a prompt was entered.
        picture_given: an Incoming was chosen or pasted.
        cleared: the chip's cross.
    """

    words_given = Signal(str)
    picture_given = Signal(object)
    cleared = Signal()

    def __init__(
        self,
        says: str,
        placeholder: str,
        suggestions: Callable[[], list[str]],
        palette: Palette,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._palette = palette
        self.line = PromptLine(suggestions, palette)
        self.line.setPlaceholderText(placeholder)
        self.line.setAccessibleName(says)
        self.line.chosen.connect(self.words_given)
        self.line.picture_given.connect(self.picture_given)
        self.picture = QPushButton(" Picture…")
        self.picture.setObjectName("compact")
        self.picture.setIconSize(QSize(16, 16))
        self.picture.setToolTip(
            "Take the look of somebody in a picture; you can also drop one here"
        )
        self.picture.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.picture.clicked.connect(self.ask)
        self.hint = label(CUT_HINT, "small", wrap=True)
        self.hint.hide()
        self.line.chosen.connect(self._show_hint)
        self.line.textChanged.connect(self._on_written)
        self._face = QLabel()
        self._face.setFixedSize(FACE, FACE)
        self._name = ElidedLabel("")
        self._clear = QToolButton()
        self._clear.setIconSize(QSize(14, 14))
        self._clear.setToolTip("Take this style away")
        self._clear.clicked.connect(self.cleared)
        self.chip = QFrame()
        self.chip.setObjectName("row")
        inside = QHBoxLayout(self.chip)
        inside.setContentsMargins(8, 5, 5, 5)
        inside.setSpacing(8)
        inside.addWidget(self._face)
        inside.addWidget(self._name, 1)
        inside.addWidget(self._clear)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        self._buttons.addWidget(self.picture)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(label(says))
        layout.addWidget(self.line)
        layout.addWidget(self.hint)
        layout.addLayout(self._buttons)
        layout.addWidget(self.chip)
        self.set_palette(palette)
        self.show_source(None)

    def add_button(self, button: QPushButton) -> None:
        """Put another button beside that for pictures."""
        self._buttons.addWidget(button)

    def set_palette(self, palette: Palette) -> None:
        """Follow the theme."""
        self._palette = palette
        self.line.set_palette(palette)
        self.picture.setIcon(icon("picture", palette.accent))
        self._clear.setIcon(icon("close", palette.text))

    def show_source(self, source: StyleSource | None, *, reading: str = "") -> None:
        """Say what is applied, or what is being read."""
        words = source.style.description if source else ""
        there = source is not None and source.picture is not None
        # Words stand in the line itself; the chip is for pictures, and for what is going on.
        self.chip.setVisible(bool(reading) or there)
        self._clear.setVisible(not reading)
        self._face.setVisible(there)
        self._name.setText(reading or words)
        self._name.setToolTip(reading or words)
        if source is not None and source.picture is not None:
            self._face.setPixmap(_rounded(source, self.devicePixelRatioF()))

    def show_words(self, text: str) -> None:
        """Show an applied prompt in the line."""
        self.line.show_text(text)
        self._show_hint(text)

    def _show_hint(self, applied: str) -> None:
        self.hint.setVisible(names_a_cut(applied))

    def _on_written(self, text: str) -> None:
        # It goes while one writes and comes with Enter: "short" may yet become a short beard.
        if not names_a_cut(text):
            self.hint.hide()

    def ask(self) -> None:
        """Choose the file of a picture."""
        chosen, _ = QFileDialog.getOpenFileName(self, "Take the Look of a Picture", "", FILTERS)
        if chosen:
            self.picture_given.emit(Incoming(Path(chosen)))


def _rounded(source: StyleSource, ratio: float) -> QPixmap:
    """The reference's head in a rounded square."""
    assert source.picture is not None
    height, width, _ = source.picture.shape
    image = QImage(
        source.picture.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888
    ).copy()
    edge = round(FACE * ratio)
    result = QPixmap(edge, edge)
    result.fill(QColor(0, 0, 0, 0))
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    path = QPainterPath()
    path.addRoundedRect(0, 0, edge, edge, 7 * ratio, 7 * ratio)
    painter.setClipPath(path)
    scaled = image.scaled(
        edge,
        edge,
        Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )
    painter.drawImage(0, 0, scaled)
    painter.end()
    result.setDevicePixelRatio(ratio)
    return result
