"""What stands in the painting's place while the face is read, or when it could not be."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QStackedWidget, QVBoxLayout, QWidget

from desktop.editing.maker import EditMaker
from desktop.images import qimage_from_rgb
from desktop.viewport.progress_card import ProgressCard
from desktop.widgets.labels import label
from desktop.workers import Job
from inference.portrait.types import PreparedPortrait


class Waiting(QWidget):
    """Follows the maker's reading: a card with Cancel, then perhaps a sentence with Try Again."""

    def __init__(self, maker: EditMaker, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._maker = maker
        self._picture: PreparedPortrait | None = None
        self.card = ProgressCard()
        self.card.setMinimumWidth(220)
        self.card.cancelled.connect(maker.cancel)
        self.says = label("", "muted", wrap=True)
        self.says.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.again = QPushButton("Try Again")
        self.again.setProperty("role", "primary")
        self.again.clicked.connect(lambda: maker.enter(on=True))
        problem = QWidget()
        inside = QVBoxLayout(problem)
        inside.setContentsMargins(24, 24, 24, 24)
        inside.setSpacing(14)
        inside.addStretch(1)
        inside.addWidget(self.says)
        inside.addWidget(self.again, 0, Qt.AlignmentFlag.AlignHCenter)
        inside.addStretch(1)
        self._pages = QStackedWidget()
        centred = QWidget()
        middle = QVBoxLayout(centred)
        middle.addStretch(1)
        middle.addWidget(self.card)
        middle.addStretch(1)
        self._pages.addWidget(centred)
        self._pages.addWidget(problem)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        maker.started.connect(self._on_job)
        maker.state_changed.connect(self._refresh)
        self.card.show_progress("Reading the face", 0.0)

    def set_picture(self, portrait: PreparedPortrait | None) -> None:
        """Show the crop that is read."""
        if portrait is not self._picture:
            self._picture = portrait
            self.card.disc.set_image(qimage_from_rgb(portrait.image) if portrait else None)

    def _on_job(self, job: Job) -> None:
        if job is self._maker.reading:
            self.card.show_progress(job.stage, 0.0)
            job.progressed.connect(self.card.show_progress)

    def _refresh(self) -> None:
        self.says.setText(self._maker.problem)
        self._pages.setCurrentIndex(1 if self._maker.problem else 0)
