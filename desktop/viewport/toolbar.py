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
        modes = [self._add(action(name)) for name in MODES]
        gap = self._gap()
        cameras = [self._add(action(name)) for name in CAMERAS]
        self._gap()
        self._dispensable = ([*modes, gap], cameras[:-1])  # menus and keys have them too
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

    def fit(self, width: int) -> None:
        """Leave out what has no room in a view of this width."""
        for group in self._dispensable:
            for part in group:
                part.show()
        for group in self._dispensable:
            if self.sizeHint().width() <= width:
                return
            for part in group:
                part.hide()

    def _add(self, action: QAction) -> QWidget:
        button = QToolButton()
        button.setDefaultAction(action)
        self._dress(button)
        return button

    def _dress(self, button: QToolButton) -> None:
        button.setIconSize(QSize(20, 20))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._row.addWidget(button)

    def _gap(self) -> QWidget:
        line = QFrame()
        line.setObjectName("divider")
        line.setFixedSize(1, 20)
        box = QWidget()
        inside = QHBoxLayout(box)
        inside.setContentsMargins(5, 0, 5, 0)
        inside.addWidget(line)
        self._row.addWidget(box)
        return box
