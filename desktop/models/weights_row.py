"""The line of the Models window that says which weights make heads, and changes them."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop.models.weights import Weights
from desktop.widgets.labels import ElidedLabel, label

EXPLANATION = (
    "Weights that you trained or were given, for the presets light-s, light or paper, need the "
    "image features that their preset names below."
)


class WeightsRow(QFrame):
    """Shows what is in use, with buttons to choose a checkpoint and to go back."""

    def __init__(self, weights: Weights, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("row")
        self._weights = weights
        self.using = ElidedLabel("")
        self.using.setProperty("role", "title")
        self.problem = label("", "danger", wrap=True)
        self.problem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.choose = QPushButton("Choose Weights…")
        self.back = QPushButton("Use the Built-in")
        self.cancel = QPushButton("Cancel")
        for button in (self.choose, self.back, self.cancel):
            button.setAutoDefault(False)
        self.choose.clicked.connect(self._ask)
        self.back.clicked.connect(lambda: weights.use(None))
        self.cancel.clicked.connect(weights.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.using, 1)
        for button in (self.cancel, self.back, self.choose):
            head.addWidget(button)
        layout.addLayout(head)
        layout.addWidget(label(EXPLANATION, "small", wrap=True))
        layout.addWidget(self.problem)
        weights.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is true now."""
        weights, file = self._weights, self._weights.file
        mine = weights.changing == "checkpoint"
        loading = weights.job is not None and mine
        source = file.name if file else "the built-in weights"
        self.using.setText("Loading the weights…" if loading else f"Heads are made by {source}")
        self.using.setToolTip(str(file) if file else "")
        self.cancel.setVisible(loading)
        self.choose.setVisible(not loading)
        self.back.setVisible(not loading and file is not None)
        self.problem.setVisible(bool(weights.problem) and mine and not loading)
        self.problem.setText(weights.problem)

    def _ask(self) -> None:
        file = self._weights.file
        chosen, _ = QFileDialog.getOpenFileName(
            self,
            "Choose Weights",
            str(file.parent if file else Path.home()),
            "Checkpoints of PercHead (*.safetensors)",
        )
        if chosen:
            self._weights.use(Path(chosen))
