"""How the user paints: tool, class, size, view. Nothing here is part of the map."""

from enum import Enum

from PySide6.QtCore import QObject, Signal

from inference.face_map.labels import Label

SMALLEST, LARGEST = 1.0, 128.0  # radius in pixels of the map
STEP = 1.18  # per bracket key or notch of the wheel
FAINTEST = 0.1  # opacity; less could hardly be seen
FADE = 0.1  # of opacity a key


class Tool(Enum):
    """What the left button does; the value is the action's id."""

    BRUSH = "brush"
    ERASER = "eraser"
    RESTORE = "restore"
    SMOOTH = "smooth"
    FILL = "fill"
    LASSO = "lasso"
    MOVE = "move"
    PICK = "pick"

    @property
    def sized(self) -> bool:
        """Whether it has a brush."""
        return self in (Tool.BRUSH, Tool.ERASER, Tool.RESTORE, Tool.SMOOTH)


class MapView(Enum):
    """How map and photograph are shown; the value is the action's id."""

    OVERLAY = "overlay"
    OUTLINE = "outline"
    SIDE_BY_SIDE = "side_by_side"


class LassoDoes(Enum):
    """What happens to what was drawn around; the value is what the user reads."""

    FILL = "Fill"
    ERASE = "Erase"
    RESTORE = "Restore"


class PaintState(QObject):
    """One place for what the panel's controls share.

    Signals:
        changed: something of it is different.
        said: a sentence for the user, or "" to take it back.

    Attributes:
        tool: what the left button does.
        label: the class that is painted.
        radius: of the brush, pixels of the map.
        mirror: paint on the other half of the face too.
        contiguous: fill and move take one patch rather than the whole class.
        lasso_does: what the lasso does.
        view: how map and photograph are shown.
        opacity: of the classes over the photograph, 0..1.
        hidden: classes that are not shown.
    """

    changed = Signal()
    said = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tool = Tool.BRUSH
        self.label = Label.HAIR
        self.radius = 14.0
        self.mirror = False
        self.contiguous = True
        self.lasso_does = LassoDoes.FILL
        self.view = MapView.OVERLAY
        self.opacity = 0.55
        self.hidden: frozenset[Label] = frozenset()

    def set(self, **values: object) -> None:
        """Change attributes and tell everybody, if anything is different."""
        different = {k: v for k, v in values.items() if getattr(self, k) != v}
        for name, value in different.items():
            setattr(self, name, value)
        if different:
            self.changed.emit()

    def fade(self, steps: int) -> None:
        """Make the classes more opaque, or less with negative steps."""
        self.set(opacity=min(max(round(self.opacity + FADE * steps, 2), FAINTEST), 1.0))

    def resize(self, steps: float) -> None:
        """Grow or shrink the brush, at least by half a pixel a step."""
        factor = STEP**steps
        change = self.radius * (factor - 1)
        least = 0.5 * steps
        change = change if abs(change) > abs(least) else least
        self.set(radius=min(max(self.radius + change, SMALLEST), LARGEST))
