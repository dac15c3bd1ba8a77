"""The lines of the Models window that say which network does something, and change it."""

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop.models.weights import Weights
from desktop.widgets.labels import label
from inference.parsing.selection import EMBEDDED as EMBEDDED_PARSER
from inference.parsing.selection import FARL
from inference.portrait.selection import EMBEDDED as EMBEDDED_FOREGROUND
from inference.portrait.selection import VITMATTE


@dataclass(frozen=True)
class Choice:
    """A built-in network and a published one for the same thing.

    Attributes:
        field: of desktop.preferences.Choices.
        built_in: what that field says for the built-in one.
        published: what it says for the other.
        name: of the published one, for people.
        doing: what they do; the one that does it follows.
        kind: what they are.
        explanation: what the published one needs.
    """

    field: str
    built_in: str
    published: str
    name: str
    doing: str
    kind: str
    explanation: str


PARSER = Choice(
    "parser",
    EMBEDDED_PARSER,
    FARL,
    "FaRL",
    "Faces are read by",
    "parser",
    "FaRL needs both models above and the package pyfacer.",
)
FOREGROUND = Choice(
    "foreground",
    EMBEDDED_FOREGROUND,
    VITMATTE,
    "ViTMatte",
    "Heads are cut out by",
    "networks",
    "ViTMatte draws the outline of hair finer, a few seconds a portrait. It needs the model above "
    "and the package transformers.",
)


class ChoiceRow(QFrame):
    """Shows what is in use, with a button for the other one."""

    def __init__(self, weights: Weights, choice: Choice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("row")
        self._weights, self._choice = weights, choice
        self.using = label("", "title")
        self.problem = label("", "danger", wrap=True)
        self.problem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.change = QPushButton()
        self.change.setAutoDefault(False)
        self.change.clicked.connect(self._use_other)
        head = QHBoxLayout()
        head.addWidget(self.using, 1)
        head.addWidget(self.change)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addWidget(label(choice.explanation, "small", wrap=True))
        layout.addWidget(self.problem)
        weights.changed.connect(self.refresh)
        self.refresh()

    @property
    def _is_built_in(self) -> bool:
        used: str = getattr(self._weights.choices, self._choice.field)
        return used == self._choice.built_in

    def _use_other(self) -> None:
        choice = self._choice
        other = choice.published if self._is_built_in else choice.built_in
        self._weights.choose(choice.field, other)

    def refresh(self) -> None:
        """Show what is true now."""
        weights, choice = self._weights, self._choice
        mine = weights.changing == choice.field
        loading = weights.job is not None and mine
        who = f"the built-in {choice.kind}" if self._is_built_in else choice.name
        self.using.setText(f"Loading the {choice.kind}…" if loading else f"{choice.doing} {who}")
        self.change.setText(f"Use {choice.name}" if self._is_built_in else "Use the Built-in")
        self.change.setEnabled(weights.job is None)
        self.problem.setVisible(bool(weights.problem) and mine and not loading)
        self.problem.setText(weights.problem)
