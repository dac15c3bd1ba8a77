"""The middle of the window: the head with its bar, or the empty state."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QStackedWidget, QVBoxLayout, QWidget

from desktop.portrait.empty_state import EmptyState
from desktop.viewport.progress_card import ProgressCard
from desktop.viewport.toolbar import ViewToolbar
from desktop.viewport.viewport import Viewport

LEAST = 300  # pixels of width
LEAST_MARGIN = 6  # pixels beside the bar
GAP = 2  # pixels between two heads
MARGIN = 18  # pixels between the view's edge and what floats on it


class HeadStage(QWidget):
    """The viewport and what floats on it."""

    def __init__(
        self,
        viewport: Viewport,
        toolbar: ViewToolbar,
        card: ProgressCard,
        hint: QLabel,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewport, self._toolbar, self._card, self._hint = viewport, toolbar, card, hint
        self._beside: QWidget | None = None
        for child in (viewport, hint, toolbar, card):
            child.setParent(self)
        card.hide()
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.arrange()

    def place_beside(self, view: QWidget | None) -> None:
        """Put another view left of the head, both with half the room; None takes it away."""
        if view is self._beside:
            return
        if self._beside is not None:
            self._beside.hide()
        self._beside = view
        if view is not None:
            view.setParent(self)
            view.stackUnder(self._hint)
            view.show()
        self.arrange()

    def arrange(self) -> None:
        """Put everything where it belongs."""
        area = self.rect()
        if self._beside is not None:
            half = (area.width() - GAP) // 2
            self._beside.setGeometry(0, 0, half, area.height())
            area.setLeft(half + GAP)
        self._viewport.setGeometry(area)
        self._hint.setGeometry(self.rect())
        self._toolbar.fit(self.width() - 2 * LEAST_MARGIN)
        bar = self._toolbar.sizeHint()
        self._toolbar.setGeometry(
            (self.width() - bar.width()) // 2,
            self.height() - bar.height() - MARGIN,
            bar.width(),
            bar.height(),
        )
        card = self._card.sizeHint().expandedTo(self._card.minimumSize())
        self._card.setGeometry(
            (self.width() - card.width()) // 2,
            (self.height() - card.height()) // 2 - MARGIN,
            card.width(),
            card.height(),
        )


class StageArea(QStackedWidget):
    """Empty state first; once there is a portrait the head's stage, with the filmstrip below."""

    def __init__(
        self, empty: EmptyState, stage: HeadStage, below: QWidget, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.empty, self.stage = empty, stage
        column = QWidget()
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(stage, 1)
        layout.addWidget(below)
        self.addWidget(empty)
        self.addWidget(column)
        self.setMinimumWidth(LEAST)  # the empty state, which is wider, has the window for itself
