"""The bottom of the window: what is being worked on, a bar, Cancel; and the read-out."""

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QSizePolicy, QWidget

from desktop.viewport.readout import Readout
from desktop.widgets.labels import label
from desktop.workers import Job

MESSAGE_SECONDS, BAD_SECONDS = 12.0, 45.0  # how long a message stands; our choice


class StatusLine(QFrame):
    """Follows the newest job it was given; older ones that still run come back after it."""

    def __init__(self, readout: Readout, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status")
        self.readout = readout
        self._jobs: list[Job] = []
        self.text = label("")
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(200)
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop what is being worked on  (Esc)")
        self.cancel.clicked.connect(self.cancel_job)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(18, 0, 18, 0)
        layout.setSpacing(14)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.bar)
        layout.addWidget(self.cancel)
        layout.addWidget(readout)
        self.setFixedHeight(44)
        self._message_timer = QTimer(self)
        self._message_timer.setSingleShot(True)
        self._message_timer.timeout.connect(self._show_job)
        self._show_job()

    @property
    def job(self) -> Job | None:
        """The job that is shown and that Cancel stops."""
        return self._jobs[-1] if self._jobs else None

    def follow(self, job: Job) -> None:
        """Show a job until it ends."""
        self._jobs.append(job)
        job.progressed.connect(self._show_job)
        job.ended.connect(lambda: self._on_ended(job))
        self._message_timer.stop()  # the user goes on; what was said is past
        self._show_job()

    def say(self, text: str, *, bad: bool = False) -> None:
        """Show a message until its time is over or new work begins, also while work goes on."""
        self._write(text, "danger" if bad else "muted")
        self._message_timer.start(round(1000 * (BAD_SECONDS if bad else MESSAGE_SECONDS)))

    def cancel_job(self) -> None:
        """Stop the job that is shown."""
        if self.job is not None:
            self.job.cancel()
            self.cancel.setEnabled(False)
            self._message_timer.stop()
            self._write("Stopping…", "muted")

    def _on_ended(self, job: Job) -> None:
        self._jobs = [other for other in self._jobs if other is not job]
        self._show_job()

    def _show_job(self, *_: object) -> None:
        job = self.job
        self.bar.setVisible(job is not None)
        self.cancel.setVisible(job is not None)
        said = self._message_timer.isActive()
        if job is None:
            if not said:
                self._write("", "muted")
            return
        self.cancel.setEnabled(not job.token.cancelled)
        if not job.token.cancelled:
            self.bar.setValue(round(1000 * job.fraction))
            if not said:
                self._write(f"{job.stage}…", "")

    def _write(self, text: str, role: str) -> None:
        self.text.setText(text)
        self.text.setToolTip(text)
        if self.text.property("role") != role:
            self.text.setProperty("role", role)
            self.text.style().unpolish(self.text)
            self.text.style().polish(self.text)
