"""The sheet of shortcuts and gestures, made from the table."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop.main_window.actions import shown_keys
from desktop.shortcuts import ACTIONS, GESTURES, PAINT_ACTIONS, PAINT_GESTURES
from desktop.widgets.labels import label


class HelpSheet(QDialog):
    """Everything that has a key, then everything the mouse does.

    Args:
        parent: the window.
        painting: whether the face map can be painted in this window.
    """

    def __init__(self, parent: QWidget | None = None, *, painting: bool = False) -> None:
        super().__init__(parent)
        self.setWindowTitle("Shortcuts and Gestures")
        columns = QHBoxLayout(self)
        columns.setContentsMargins(32, 28, 32, 32)
        columns.setSpacing(56)
        keys: dict[str, list[tuple[str, str]]] = {}
        for spec in ACTIONS + (PAINT_ACTIONS if painting else ()):
            if spec.keys:
                keys.setdefault(spec.menu, []).append(
                    (spec.text.removesuffix("…"), "   ".join(shown_keys((k,)) for k in spec.keys))
                )
        gestures: dict[str, list[tuple[str, str]]] = {}
        for where, gesture, effect in GESTURES + (PAINT_GESTURES if painting else ()):
            gestures.setdefault(f"Mouse: {where}", []).append((effect, gesture))
        columns.addLayout(_column({name: keys[name] for name in ("File", "Edit", "Head", "Style")}))
        columns.addLayout(_column({name: keys[name] for name in ("View", "Help")}))
        if painting:
            columns.addLayout(_column({"Paint": keys["Paint"]}))
        columns.addLayout(_column(gestures))


def _column(groups: dict[str, list[tuple[str, str]]]) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(10)
    for title, entries in groups.items():
        column.addWidget(label(title.upper(), "section"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(28)
        grid.setVerticalSpacing(7)
        for line, (text, keys) in enumerate(entries):
            grid.addWidget(label(text), line, 0)
            key = label(keys, "key")
            grid.addWidget(key, line, 1, Qt.AlignmentFlag.AlignRight)
        column.addLayout(grid)
        column.addSpacing(14)
    column.addStretch(1)
    return column
