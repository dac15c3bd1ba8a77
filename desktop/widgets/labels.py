"""Labels and dividers in the roles that the style sheet knows."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget


def label(text: str, role: str = "", *, wrap: bool = False) -> QLabel:
    """A label; role is one of title, hero, section, muted, small, danger, key."""
    result = QLabel(text)
    result.setProperty("role", role)
    result.setWordWrap(wrap)
    result.setTextFormat(Qt.TextFormat.PlainText)
    return result


def divider() -> QFrame:
    """A thin horizontal line."""
    line = QFrame()
    line.setObjectName("divider")
    line.setFixedHeight(1)
    return line


def row(*parts: QWidget | int | None, spacing: int = 8) -> QWidget:
    """Widgets beside each other; None stretches, a number is a gap."""
    box = QWidget()
    layout = QHBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for part in parts:
        if part is None:
            layout.addStretch(1)
        elif isinstance(part, int):
            layout.addSpacing(part)
        else:
            layout.addWidget(part)
    return box


def section(title: str, *parts: QWidget) -> QWidget:
    """A headed group of a side panel."""
    box = QWidget()
    layout = QVBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(10)
    layout.addWidget(label(title.upper(), "section"))
    for part in parts:
        layout.addWidget(part)
    return box
