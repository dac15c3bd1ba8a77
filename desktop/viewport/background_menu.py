"""The menu that chooses what is behind the head."""

from collections.abc import Callable

from PySide6.QtGui import QAction, QActionGroup, QColor
from PySide6.QtWidgets import QColorDialog, QMenu, QWidget

from inference.rendering.protocol import Background

Choice = Background | str | None

CHOICES: tuple[tuple[str, Choice], ...] = (
    ("Studio", "theme"),
    ("White", (1.0, 1.0, 1.0)),
    ("Grey", (0.5, 0.5, 0.5)),
    ("Black", (0.0, 0.0, 0.0)),
    ("Transparent", None),
)


def background_menu(
    parent: QWidget, current: Callable[[], Choice], choose: Callable[[Choice], None]
) -> QMenu:
    """A menu of backgrounds.

    Args:
        parent: owns it.
        current: tells what is chosen when it opens.
        choose: takes the user's choice.
    """
    menu = QMenu("Background", parent)
    group = QActionGroup(menu)
    entries: list[tuple[QAction, Choice]] = []
    for text, choice in CHOICES:
        action = menu.addAction(text)
        action.setCheckable(True)
        group.addAction(action)
        action.triggered.connect(lambda _=False, choice=choice: choose(choice))
        entries.append((action, choice))
    menu.addSeparator()
    other = menu.addAction("Other Colour…")
    other.setCheckable(True)
    group.addAction(other)

    def pick() -> None:
        now = current()
        start = QColor.fromRgbF(*now) if isinstance(now, tuple) else QColor("#808080")
        colour = QColorDialog.getColor(start, parent, "Background")
        if colour.isValid():
            choose((colour.redF(), colour.greenF(), colour.blueF()))

    def show_current() -> None:
        now = current()
        for action, choice in entries:
            action.setChecked(choice == now)
        other.setChecked(all(choice != now for _, choice in CHOICES))

    other.triggered.connect(pick)
    menu.aboutToShow.connect(show_current)
    return menu
