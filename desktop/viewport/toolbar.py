"""The floating bar under the head: view modes, camera presets, comparison, background."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from desktop.icons import icon
from desktop.theme import Palette

ActionOf = Callable[[str], QAction]

MODES = ("splats", "points", "depth", "normals")
CAMERAS = ("front", "three_quarter", "side", "back", "reset")


class ViewToolbar(QFrame):
    """Buttons for actions of the shortcut table."""

    def __init__(
        self, action: ActionOf, background: QMenu, palette: Palette, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("floating")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(6, 5, 6, 5)
        self._row.setSpacing(2)
        for name in MODES:
            self._add(action(name))
        self._gap()
        for name in CAMERAS:
            self._add(action(name))
        self._gap()
        self._add(action("compare"))
        self._background = QToolButton()
        self._background.setMenu(background)
        self._background.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._background.setToolTip("Background")
        self._background.setAccessibleName("Background")
        self._dress(self._background)
        self.set_palette(palette)

    def set_palette(self, palette: Palette) -> None:
        """Colour the icon that belongs to no action."""
        self._background.setIcon(icon("background", palette.text))

    def _add(self, action: QAction) -> None:
        button = QToolButton()
        button.setDefaultAction(action)
        self._dress(button)

    def _dress(self, button: QToolButton) -> None:
        button.setIconSize(QSize(20, 20))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._row.addWidget(button)

    def _gap(self) -> None:
        line = QFrame()
        line.setObjectName("divider")
        line.setFixedSize(1, 20)
        self._row.addSpacing(5)
        self._row.addWidget(line)
        self._row.addSpacing(5)
