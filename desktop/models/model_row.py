"""One model: whose it is, its terms, its size, where it is, and what can be done with it."""

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop.models.progress_line import ProgressLine
from desktop.models.shelf import Shelf
from desktop.models.wording import commercial_words, memory_words, place_words, size_words
from desktop.widgets.labels import label, row
from inference.catalogue.entries import ModelEntry

COLUMNS = (240, 150, 115, 262)  # pixels at least: what for, terms, size, place


class ModelRow(QFrame):
    """Shows what the shelf knows of one model.

    Args:
        entry: the model.
        shelf: knows of it.
        memory: bytes of this computer's memory.
        parent: the list.

    Signals:
        get_wanted, import_wanted, remove_wanted: a button was pressed.
    """

    get_wanted = Signal()
    import_wanted = Signal()
    remove_wanted = Signal()

    def __init__(
        self, entry: ModelEntry, shelf: Shelf, memory: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("row")
        self.entry, self._shelf = entry, shelf
        self.place = label("", "small", wrap=True)
        self.place.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.note = label("", "small", wrap=True)
        self.note.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.progress = ProgressLine()
        self.get = _button("Get")
        self.page = _button("Website…")
        self.import_ = _button("Import…")
        self.verify = _button("Verify")
        self.remove = _button("Remove")
        self.page.setToolTip(f"{entry.publisher} hands it out there: {entry.page}")
        self.import_.setToolTip("Take it from a file or folder of yours")
        self.verify.setToolTip("Compare its files with what was published")
        self.remove.setToolTip("Delete it from this computer")
        self.get.clicked.connect(self.get_wanted)
        self.page.clicked.connect(lambda: QDesktopServices.openUrl(QUrl(entry.page)))
        self.import_.clicked.connect(self.import_wanted)
        self.verify.clicked.connect(lambda: shelf.verify(entry))
        self.remove.clicked.connect(self.remove_wanted)
        self.progress.cancelled.connect(lambda: shelf.cancel(entry))
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        what = entry.purpose[:1].upper() + entry.purpose[1:]
        upper = (label(entry.id, "title"), label(entry.licence.name, wrap=True))
        commercial = label(commercial_words(entry.licence), "small")
        commercial.setToolTip(entry.licence.remark)
        lower = (label(f"{what}. {entry.publisher}", "small", wrap=True), commercial)
        needs = label(
            memory_words(entry, memory), "danger" if entry.memory > memory else "small", wrap=True
        )
        cells = (
            (*upper, label(size_words(entry)), self.place),
            (*lower, needs, row(None, *self.buttons, spacing=6)),
        )
        for line, parts in enumerate(cells):
            for column, part in enumerate(parts):
                grid.addWidget(part, line, column, Qt.AlignmentFlag.AlignTop)
        for column, width in enumerate(COLUMNS):
            grid.setColumnMinimumWidth(column, width)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(8)
        layout.addLayout(grid)
        layout.addWidget(self.progress)
        layout.addWidget(self.note)
        self.refresh()

    @property
    def buttons(self) -> tuple[QPushButton, ...]:
        """What can be done, in their order."""
        return self.get, self.page, self.import_, self.verify, self.remove

    def refresh(self) -> None:
        """Show what the shelf knows now."""
        place = self._shelf.places.get(self.entry.id)
        job = self._shelf.jobs.get(self.entry.id)
        note = self._shelf.notes.get(self.entry.id)
        state = place.state if place is not None and job is None else ""
        coming = self.entry.id in self._shelf.fetching
        self.place.setText("On its way" if coming else place_words(self.entry, place))
        self.get.setText("Resume" if state == "partly" else "Get")
        for button in self.buttons:
            button.setAccessibleName(f"{button.text().removesuffix('…')} {self.entry.id}")
        self.get.setVisible(state in ("absent", "partly") and self.entry.can_be_fetched)
        self.page.setVisible(state in ("absent", "partly") and not self.entry.can_be_fetched)
        self.import_.setVisible(state in ("absent", "partly"))
        self.verify.setVisible(state in ("built in", "here", "shared"))
        self.remove.setVisible(state in ("here", "partly"))
        self.progress.setVisible(job is not None)
        if job is not None:
            self.progress.follow(job, self._shelf.figures[self.entry.id])
        self.note.setVisible(note is not None and job is None)
        if note is not None:
            self.note.setText(note.text)
            _set_role(self.note, "danger" if note.bad else "small")


def _button(text: str) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    return button


def _set_role(words: QLabel, role: str) -> None:
    if words.property("role") != role:
        words.setProperty("role", role)
        words.style().unpolish(words)
        words.style().polish(words)
