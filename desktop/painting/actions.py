"""The painting actions of the shortcut table; their keys work inside the panel only."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from desktop.icons import icon
from desktop.main_window.actions import shown_keys
from desktop.shortcuts import PAINT_ACTIONS
from desktop.theme import Palette


class PaintActions:
    """All painting actions by id, added to the panel."""

    def __init__(self, panel: QWidget, palette: Palette) -> None:
        self._actions: dict[str, QAction] = {}
        self._groups: dict[str, QActionGroup] = {}
        for spec in PAINT_ACTIONS:
            action = QAction(spec.text, panel)
            action.setShortcuts([QKeySequence(keys) for keys in spec.keys])
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.setCheckable(spec.checkable)
            action.setToolTip(f"{spec.text.removesuffix('…')}  ({shown_keys(spec.keys)})")
            if spec.group:
                if spec.group not in self._groups:
                    self._groups[spec.group] = QActionGroup(panel)
                self._groups[spec.group].addAction(action)
            panel.addAction(action)
            self._actions[spec.id] = action
        self.set_palette(palette)

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def fill(self, menu: QMenu) -> None:
        """Put all of them into a menu of the window and its submenus."""
        menus = {"Paint": menu}
        group = ""
        for spec in PAINT_ACTIONS:
            if spec.menu not in menus:
                menus[spec.menu] = menu.addMenu(spec.menu)
            its = menus[spec.menu]
            if (spec.separate or spec.group != group) and not its.isEmpty():
                its.addSeparator()
            group = spec.group
            self._actions[spec.id].setIconVisibleInMenu(False)
            its.addAction(self._actions[spec.id])

    def set_palette(self, palette: Palette) -> None:
        """Colour the icons for the theme."""
        for spec in PAINT_ACTIONS:
            if spec.icon:
                self._actions[spec.id].setIcon(icon(spec.icon, palette.text, palette.accent))
