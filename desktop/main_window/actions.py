"""The actions of the shortcut table as Qt's, with icons and tool tips."""

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from desktop.icons import icon
from desktop.shortcuts import ACTIONS, ActionSpec
from desktop.theme import Palette


def shown_keys(keys: tuple[str, ...]) -> str:
    """The first shortcut as the system writes it."""
    return QKeySequence(keys[0]).toString(QKeySequence.SequenceFormat.NativeText) if keys else ""


class ActionSet:
    """All actions by id."""

    def __init__(self, parent: QObject, palette: Palette) -> None:
        self._actions: dict[str, QAction] = {}
        self._groups: dict[str, QActionGroup] = {}
        for spec in ACTIONS:
            action = QAction(spec.text, parent)
            action.setShortcuts([QKeySequence(keys) for keys in spec.keys])
            action.setCheckable(spec.checkable)
            tip = spec.text.removesuffix("…")
            keys = shown_keys(spec.keys)
            action.setToolTip(f"{tip}  ({keys})" if keys else tip)
            if spec.group:
                if spec.group not in self._groups:
                    self._groups[spec.group] = QActionGroup(parent)
                self._groups[spec.group].addAction(action)
            self._actions[spec.id] = action
        self.set_palette(palette)

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def set_palette(self, palette: Palette) -> None:
        """Colour the icons for the theme."""
        for spec in ACTIONS:
            if spec.icon:
                self._actions[spec.id].setIcon(icon(spec.icon, palette.text, palette.accent))

    def enable(self, *, portrait: bool, head: bool) -> None:
        """Enable what can be done now."""
        there = {"": True, "portrait": portrait, "head": head}
        for spec in ACTIONS:
            if spec.needs:
                self._actions[spec.id].setEnabled(there[spec.needs])

    def fill(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Make the menus; returned by title, so that submenus can be added."""
        menus: dict[str, QMenu] = {}
        for spec in ACTIONS:
            if spec.menu not in menus:
                menus[spec.menu] = bar.addMenu(spec.menu)
            if spec.separate:
                menus[spec.menu].addSeparator()
            action = self._actions[spec.id]
            action.setIconVisibleInMenu(False)
            menus[spec.menu].addAction(action)
        return menus


def spec_of(action_id: str) -> ActionSpec:
    """The table's row."""
    return next(spec for spec in ACTIONS if spec.id == action_id)
