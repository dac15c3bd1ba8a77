"""The tools in a column beside the canvas."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QMenu, QToolButton, QVBoxLayout, QWidget

from desktop.icons import icon
from desktop.theme import Palette


def tool_button(action: QAction) -> QToolButton:
    """A button with an action's icon."""
    button = QToolButton()
    button.setDefaultAction(action)
    button.setIconSize(QSize(20, 20))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def divider(*, upright: bool) -> QFrame:
    """A thin line between groups of buttons."""
    line = QFrame()
    line.setObjectName("divider")
    line.setFixedSize(*((1, 22) if upright else (22, 1)))
    return line


class ToolStrip(QFrame):
    """Groups of tools, then the stamps."""

    def __init__(
        self,
        groups: Sequence[Sequence[QAction]],
        stamps: QMenu,
        palette: Palette,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setProperty("edge", "left")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(7, 10, 7, 10)
        layout.setSpacing(3)
        centre = Qt.AlignmentFlag.AlignHCenter
        for group in groups:
            for action in group:
                button = tool_button(action)
                button.setObjectName("tool")
                layout.addWidget(button, alignment=centre)
            layout.addSpacing(4)
            layout.addWidget(divider(upright=False), alignment=centre)
            layout.addSpacing(4)
        self.stamps = QToolButton()
        self.stamps.setObjectName("tool")
        self.stamps.setMenu(stamps)
        self.stamps.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.stamps.setIconSize(QSize(20, 20))
        self.stamps.setAccessibleName("Stamps")
        self.stamps.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        layout.addWidget(self.stamps, alignment=centre)
        layout.addStretch(1)
        self.set_palette(palette)
        self.enable_stamps(on=True)

    def set_palette(self, palette: Palette) -> None:
        """Colour the icon that belongs to no action."""
        self.stamps.setIcon(icon("stamp", palette.text))

    def open_stamps(self) -> None:
        """Open their menu beside the button."""
        self.stamps.menu().popup(self.stamps.mapToGlobal(QPoint(self.stamps.width(), 0)))

    def enable_stamps(self, *, on: bool) -> None:
        """Stamps need a face to land on."""
        self.stamps.setEnabled(on)
        self.stamps.setToolTip(
            "Glasses, hats, earrings, hair  (A)" if on else "Stamps need a face that was found"
        )
