"""The bar, the figures and Cancel of the work on one model."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from desktop.models.figures import Figures
from desktop.widgets.labels import label
from desktop.workers import Job

LOOK_EVERY = 150  # milliseconds; figures that change faster cannot be read
SILENCE = 4.0  # seconds without news after which it is said that nothing comes; our choice


class ProgressLine(QWidget):
    """Follows one job after the other.

    Signals:
        cancelled: the user wants the work to stop.
    """

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._job: Job | None = None
        self._figures: Figures | None = None
        self.says = label("", "small")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.cancel = QPushButton("Cancel")
        self.cancel.setAutoDefault(False)
        self.cancel.clicked.connect(self.cancelled)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY)
        self._timer.timeout.connect(self._look)
        words = QWidget()
        column = QVBoxLayout(words)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.bar)
        column.addWidget(self.says)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(16)
        layout.addWidget(words, 1)
        layout.addWidget(self.cancel)

    def follow(self, job: Job, figures: Figures) -> None:
        """Show a job until it is done."""
        self._job, self._figures = job, figures
        self._timer.start()
        self._look()

    def _look(self) -> None:
        job, figures = self._job, self._figures
        if job is None or figures is None or job.done:
            self._timer.stop()
            return
        stopping = job.token.cancelled
        self.cancel.setEnabled(not stopping)
        self.bar.setRange(0, 1000 if figures.fraction >= 0 else 0)
        self.bar.setValue(round(1000 * max(0.0, figures.fraction)))
        quiet = "  ·  waiting" if figures.silence > SILENCE else ""
        self.says.setText("Stopping…" if stopping else f"{figures.words}{quiet}")
