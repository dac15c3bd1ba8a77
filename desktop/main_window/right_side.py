"""The right side of the window: style above, export below, in one column that scrolls."""

from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from desktop.widgets.scrolling import fill_scrolling


class RightSide(QFrame):
    """A column of panels.

    Args:
        parts: from top to bottom.
    """

    def __init__(self, *parts: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setProperty("edge", "right")
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(16, 18, 16, 18)
        layout.setSpacing(24)
        for part in parts:
            layout.addWidget(part)
        layout.addStretch(1)
        fill_scrolling(self, inside)
