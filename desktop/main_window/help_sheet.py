"""The sheet of shortcuts and gestures, made from the table."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop.main_window.actions import shown_keys
from desktop.shortcuts import ACTIONS, GESTURES, PAINT_ACTIONS, PAINT_GESTURES
from desktop.widgets.labels import label

COLUMNS = (
    ("File", "Edit", "Head", "Style", "Mouse: Style", "Mouse: Results", "Mouse: Window"),
    ("View", "Help", "Mouse: Head", "Mouse: Photograph", "Mouse: Classes"),
)
"""What stands in which column; the rest has the last one."""

SHARE = 0.92  # of the screen that the sheet takes at most


class HelpSheet(QDialog):
    """Everything that has a key, then everything the mouse does.

    Args:
        parent: the window.
        painting: whether the face map can be painted in this window.
    """

    def __init__(self, parent: QWidget | None = None, *, painting: bool = False) -> None:
        super().__init__(parent)
        self.setWindowTitle("Shortcuts and Gestures")
        keys: dict[str, list[tuple[str, str]]] = {}
        for spec in ACTIONS + (PAINT_ACTIONS if painting else ()):
            if spec.keys:
                keys.setdefault(spec.menu, []).append(
                    (spec.text.removesuffix("…"), "   ".join(shown_keys((k,)) for k in spec.keys))
                )
        gestures: dict[str, list[tuple[str, str]]] = {}
        for where, gesture, effect in GESTURES + (PAINT_GESTURES if painting else ()):
            gestures.setdefault(f"Mouse: {where}", []).append((effect, gesture))
        inside = QWidget()
        columns = QHBoxLayout(inside)
        columns.setContentsMargins(28, 22, 28, 22)
        columns.setSpacing(36)
        groups = {**keys, **gestures}
        for names in COLUMNS:
            there = {name: groups.pop(name) for name in names if name in groups}
            columns.addLayout(_column(there))
        if groups:
            columns.addLayout(_column(groups))
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)
        room = self.screen().availableSize() * SHARE
        self.resize((inside.sizeHint() + QSize(14, 4)).boundedTo(room))


def _column(groups: dict[str, list[tuple[str, str]]]) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(8)
    for title, entries in groups.items():
        column.addWidget(label(title.upper(), "section"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(4)
        for line, (text, keys) in enumerate(entries):
            grid.addWidget(label(text), line, 0)
            key = label(keys, "key")
            grid.addWidget(key, line, 1, Qt.AlignmentFlag.AlignRight)
        column.addLayout(grid)
        column.addSpacing(10)
    column.addStretch(1)
    return column
