"""The terms of a model, to be accepted before anything is fetched."""

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QDialog, QPushButton, QVBoxLayout, QWidget

from desktop.models.wording import commercial_words
from desktop.widgets.labels import label, row
from inference.catalogue.entries import ModelEntry
from inference.catalogue.wording import size_text


class LicenceSheet(QDialog):
    """Says whose model it is and under which terms; accepted only with the box ticked.

    Args:
        entry: the model.
        verb: what accepting leads to, on the button: "Get" or "Import".
        parent: the window that it belongs to.
    """

    def __init__(self, entry: ModelEntry, verb: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        licence = entry.licence
        self.setWindowTitle("Licence")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setMinimumWidth(520)
        self.box = QCheckBox("I have read the licence and accept it")
        self.accept_button = QPushButton(f"Accept and {verb}")
        self.accept_button.setProperty("role", "primary")
        self.accept_button.setEnabled(False)
        self.box.toggled.connect(self.accept_button.setEnabled)
        self.accept_button.clicked.connect(self.accept)
        self.read_button = QPushButton("Read the Licence…")
        self.read_button.setToolTip(f"Open {licence.url} in the browser")
        self.read_button.setAutoDefault(False)
        self.read_button.clicked.connect(lambda: QDesktopServices.openUrl(QUrl(licence.url)))
        cancel = QPushButton("Cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        address = label(licence.url, "small", wrap=True)
        address.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(26, 22, 26, 20)
        layout.setSpacing(8)
        layout.addWidget(label(entry.id, "title"))
        size = f", {size_text(entry.size)}" if entry.size else ""
        layout.addWidget(label(f"by {entry.publisher}{size}", "muted", wrap=True))
        layout.addSpacing(8)
        layout.addWidget(label(licence.name, "title"))
        layout.addWidget(label(commercial_words(licence), wrap=True))
        if licence.gist:
            layout.addWidget(
                label(f"In short (the licence itself counts): {licence.gist}", wrap=True)
            )
        if licence.remark:
            layout.addWidget(label(licence.remark, wrap=True))
        layout.addWidget(address)
        layout.addSpacing(10)
        layout.addWidget(self.box)
        layout.addSpacing(10)
        layout.addWidget(row(self.read_button, None, cancel, self.accept_button, spacing=10))
        self.box.setFocus()
