"""One export in the list: its name, its bar, Cancel, then where it went."""

from pathlib import Path

from PySide6.QtCore import QSize, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop.icons import icon
from desktop.theme import Palette
from desktop.widgets.labels import ElidedLabel, label
from desktop.workers import Job


class ExportRow(QFrame):
    """Follows one job.

    Signals:
        dismissed: the user takes the finished row away.
    """

    dismissed = Signal()

    def __init__(
        self, job: Job, path: Path, palette: Palette, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("row")
        self.job, self._path, self._palette = job, path, palette
        self._name = ElidedLabel(path.name)
        self._name.setToolTip(str(path))
        self.says = label("Waiting", "small", wrap=True)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.button = QToolButton()
        self.button.setIconSize(QSize(16, 16))
        self._offer("close", "Cancel this export")
        self.button.clicked.connect(self._on_button)
        self.reveal = QToolButton()
        self.reveal.setIconSize(QSize(16, 16))
        self.reveal.setToolTip("Open the folder")
        self.reveal.setAccessibleName("Open the folder")
        self.reveal.clicked.connect(self._on_reveal)
        self.reveal.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 10)
        layout.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(self._name, 1)
        head.addWidget(self.reveal)
        head.addWidget(self.button)
        layout.addLayout(head)
        layout.addWidget(self.bar)
        layout.addWidget(self.says)
        self.set_palette(palette)
        job.progressed.connect(self._on_progress)
        job.succeeded.connect(self._on_done)
        job.failed.connect(self._on_failed)
        job.cancelled.connect(self._on_cancelled)

    def set_palette(self, palette: Palette) -> None:
        """Follow the theme."""
        self._palette = palette
        self.button.setIcon(icon("close", palette.muted))
        self.reveal.setIcon(icon("folder", palette.text))

    def _offer(self, name: str, tip: str) -> None:
        self.button.setIcon(icon(name, self._palette.muted))
        self.button.setToolTip(tip)
        self.button.setAccessibleName(tip)

    def _on_progress(self, stage: str, fraction: float) -> None:
        self.bar.setValue(round(1000 * fraction))
        self.says.setText(f"{stage}  {fraction:.0%}")

    def _on_done(self, result: object) -> None:
        size = self._path.stat().st_size if self._path.exists() else 0
        self._end(f"Done  ·  {_readable(size)}")
        self.reveal.show()

    def _on_failed(self, sentence: str) -> None:
        self.says.setProperty("role", "danger")
        self.says.style().unpolish(self.says)
        self.says.style().polish(self.says)
        self._end(sentence)

    def _on_cancelled(self) -> None:
        self._end("Cancelled; nothing was written.")

    def _end(self, text: str) -> None:
        self.bar.hide()
        self.says.setText(text)
        self._offer("close", "Take it off the list")

    def _on_button(self) -> None:
        if self.job.done:
            self.dismissed.emit()
        else:
            self.job.cancel()
            self.says.setText("Stopping…")

    def _on_reveal(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._path.parent)))


def _readable(size: int) -> str:
    """A file size for people."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"
