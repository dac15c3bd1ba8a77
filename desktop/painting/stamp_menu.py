"""The menu of stamps, in the order of what people look for."""

from collections.abc import Callable

from PySide6.QtWidgets import QMenu, QWidget

from inference.face_map.stamps.stamp import Stamp

_GROUPS = (
    (Stamp.ROUND_GLASSES, Stamp.SQUARE_GLASSES, Stamp.DARK_GLASSES),
    (Stamp.BEANIE, Stamp.BRIM_HAT, Stamp.EARRINGS),
    (Stamp.SHORT_HAIR, Stamp.BOB, Stamp.LONG_HAIR),
)


def stamp_menu(parent: QWidget, put: Callable[[Stamp], None]) -> QMenu:
    """A menu that calls put with what was chosen."""
    menu = QMenu("Stamp", parent)
    for group in _GROUPS:
        if not menu.isEmpty():
            menu.addSeparator()
        for stamp in group:
            action = menu.addAction(stamp.value)
            action.triggered.connect(lambda _=False, stamp=stamp: put(stamp))
    return menu
