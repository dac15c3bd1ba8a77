"""What a right click on a class offers: its toggles in words, also where they have no room."""

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from inference.face_map.labels import Label

_CHOICES = (("shown", "Visible"), ("locked", "Locked"), ("only_over", "Paint Only Over"))


class Toggle(Protocol):
    """Turns something of a class on or off."""

    def __call__(self, label: Label, what: str, *, on: bool) -> None: ...


def class_menu(
    parent: QWidget, label: Label, is_on: Callable[[Label, str], bool], toggle: Toggle
) -> QMenu:
    """A menu that is gone when it closes.

    Args:
        parent: owns it.
        label: the class.
        is_on: tells whether it is "shown", "locked", or painted "only_over".
        toggle: changes that.
    """
    menu = QMenu(label.title, parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.addAction(label.title).setEnabled(False)  # the row may show no more than a colour
    menu.addSeparator()
    for what, text in _CHOICES:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(is_on(label, what))
        action.triggered.connect(lambda on, what=what: toggle(label, what, on=bool(on)))
    return menu
