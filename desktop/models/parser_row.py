"""The line of the Models window that says what reads faces, and changes it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop.models.weights import Weights
from desktop.widgets.labels import label
from inference.parsing.selection import EMBEDDED, FARL

EXPLANATION = "FaRL needs both models above and the package pyfacer."


class ParserRow(QFrame):
    """Shows what is in use, with a button for the other one."""

    def __init__(self, weights: Weights, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("row")
        self._weights = weights
        self.using = label("", "title")
        self.problem = label("", "danger", wrap=True)
        self.problem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.change = QPushButton()
        self.change.setAutoDefault(False)
        self.change.clicked.connect(
            lambda: weights.use_parser(FARL if weights.parser == EMBEDDED else EMBEDDED)
        )
        head = QHBoxLayout()
        head.addWidget(self.using, 1)
        head.addWidget(self.change)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addWidget(label(EXPLANATION, "small", wrap=True))
        layout.addWidget(self.problem)
        weights.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what is true now."""
        weights = self._weights
        loading = weights.job is not None and weights.of_parser
        built_in = weights.parser == EMBEDDED
        using = f"Faces are read by {'the built-in parser' if built_in else 'FaRL'}"
        self.using.setText("Loading the parser…" if loading else using)
        self.change.setText("Use FaRL" if built_in else "Use the Built-in")
        self.change.setEnabled(weights.job is None)
        self.problem.setVisible(bool(weights.problem) and weights.of_parser and not loading)
        self.problem.setText(weights.problem)
