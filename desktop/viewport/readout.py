"""What the status line says of the view: speed, Gaussians, renderer, model."""

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QWidget

from desktop.viewport.frame_source import FrameSource

REFRESH = 400  # milliseconds


class Readout(QLabel):
    """One quiet line that keeps itself up to date."""

    def __init__(self, frames: FrameSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("readout")
        self._frames = frames
        self._renderer = ""
        self._model = ""
        self._count = 0
        frames.ready.connect(self._on_ready)
        frames.changed.connect(self._on_changed)
        self.hide()
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH)
        self._timer.timeout.connect(self.refresh)

    def set_head(self, count: int, model: str) -> None:
        """Name the head; 0 Gaussians hide the line."""
        self._count, self._model = count, model
        self.refresh()

    def _on_ready(self, renderer: str) -> None:
        self._renderer = renderer
        self.refresh()

    def _on_changed(self) -> None:
        if not self._timer.isActive():
            self._timer.start()
            self.refresh()

    def refresh(self) -> None:
        """Write the line anew."""
        parts = []
        speed = self._frames.frames_per_second
        if speed:
            parts.append(f"{speed:.0f} fps")
        else:
            self._timer.stop()
            last = self._frames.last
            if last is not None:
                parts.append(f"{last.seconds * 1000:.0f} ms a frame")
        if self._count:
            parts.append(f"{self._count:,} Gaussians")
        parts += [part for part in (self._renderer, self._model) if part]
        self.setText("   ·   ".join(parts))
        self.setVisible(bool(self._count))
