"""The middle of the window: the head with its bar, or the empty state."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QStackedWidget, QWidget

from desktop.portrait.empty_state import EmptyState
from desktop.viewport.progress_card import ProgressCard
from desktop.viewport.toolbar import ViewToolbar
from desktop.viewport.viewport import Viewport

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
        for child in (viewport, hint, toolbar, card):
            child.setParent(self)
        card.hide()
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.arrange()

    def arrange(self) -> None:
        """Put everything where it belongs."""
        self._viewport.setGeometry(self.rect())
        self._hint.setGeometry(self.rect())
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
    """Empty state first, the head's stage once there is a portrait."""

    def __init__(self, empty: EmptyState, stage: HeadStage, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.empty, self.stage = empty, stage
        self.addWidget(empty)
        self.addWidget(stage)
