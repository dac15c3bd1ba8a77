"""The left side of the window: the photograph, or the face map that is painted on."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from desktop.editing.maker import EditMaker
from desktop.editing.stamping import put_stamp
from desktop.editing.waiting import Waiting
from desktop.icons import icon
from desktop.images import qimage_from_rgb
from desktop.portrait.panel import PortraitPanel
from desktop.session import Session, Topic
from desktop.theme import Palette

if TYPE_CHECKING:
    from desktop.painting.panel import PaintingPanel

PORTRAIT_WIDTH = 270  # pixels at least
PAINTING_WIDTH = 380  # pixels at least


class LeftSide(QFrame):
    """Two segments over two pages; the painting panel is made when it is first needed.

    Args:
        session: the document.
        maker: reads the face.
        portrait: the first page.
        paint: the action that switches to the second.
        menu: gets the painting actions once they exist.
        palette: the theme.

    Signals:
        map_appeared: it can be painted on.
    """

    map_appeared = Signal()

    def __init__(
        self,
        session: Session,
        maker: EditMaker,
        portrait: PortraitPanel,
        paint: QAction,
        menu: Callable[[], QMenu],
        palette: Palette,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setProperty("edge", "left")
        self._session, self._maker, self._paint = session, maker, paint
        self._menu, self._palette = menu, palette
        self.painting: PaintingPanel | None = None
        self._preparing = False
        self.photograph_button = _segment("Photograph", "left")
        self.paint_button = _segment("Paint", "right")
        self.photograph_button.setToolTip("The photograph, its crop, and how its head is made")
        self.paint_button.setToolTip(paint.toolTip())
        self.photograph_button.setChecked(True)
        group = QButtonGroup(self)
        group.addButton(self.photograph_button)
        group.addButton(self.paint_button)
        segments = QHBoxLayout()
        segments.setContentsMargins(16, 12, 16, 0)
        segments.setSpacing(0)
        segments.addWidget(self.photograph_button)
        segments.addWidget(self.paint_button)
        self._header = QWidget()
        self._header.setLayout(segments)
        self.waiting = Waiting(maker)
        self._pages = QStackedWidget()
        self._pages.addWidget(portrait)
        self._pages.addWidget(self.waiting)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._header)
        layout.addWidget(self._pages, 1)
        self.photograph_button.clicked.connect(lambda: paint.setChecked(False))
        self.paint_button.clicked.connect(lambda: paint.setChecked(True))
        paint.toggled.connect(self._on_paint)
        paint.changed.connect(lambda: self.paint_button.setEnabled(paint.isEnabled()))
        session.subscribe(self._on_session)
        self.set_palette(palette)
        self._on_paint(False)

    def offer(self, *, on: bool) -> None:
        """Whether this engine can edit; without it there is only the photograph."""
        self._header.setVisible(on)

    def set_palette(self, palette: Palette) -> None:
        """Follow the theme."""
        self._palette = palette
        self.photograph_button.setIcon(icon("picture", palette.text, palette.on_accent))
        self.paint_button.setIcon(icon("brush", palette.text, palette.on_accent))
        if self.painting is not None:
            self.painting.set_palette(palette)

    def _on_paint(self, on: bool) -> None:
        (self.paint_button if on else self.photograph_button).setChecked(True)
        self.setMinimumWidth(PAINTING_WIDTH if on else PORTRAIT_WIDTH)
        self._maker.enter(on=on)
        self._show_page()

    def _on_session(self, topic: Topic) -> None:
        if topic is Topic.PORTRAIT:
            self._paint.setChecked(False)
        elif topic in (Topic.READING, Topic.CROP, Topic.HEAD):
            self._show_page()

    def _show_page(self) -> None:
        session, on = self._session, self._paint.isChecked()
        document, head = session.face_map, session.head
        if not on:
            self._pages.setCurrentIndex(0)
        elif document is None or head is None or head.portrait.crop != session.edits.crop:
            self.waiting.set_picture(session.prepared)
            self._pages.setCurrentWidget(self.waiting)
        elif self.painting is None:
            self._prepare_painting()
        else:
            if self.painting.document is not document:
                self.painting.set_document(document)
                self.painting.set_photograph(qimage_from_rgb(head.portrait.image))
            self._pages.setCurrentWidget(self.painting)
            self.painting.canvas.setFocus()
            self.map_appeared.emit()

    def _prepare_painting(self) -> None:
        """Import the panel in this turn, make it in the next, show it in the one after that.

        So that none of them is long.
        """
        from desktop.painting import panel

        if not self._preparing:
            self._preparing = True
            QTimer.singleShot(0, self, lambda: self._make_painting(panel.PaintingPanel))

    def _make_painting(self, make: "type[PaintingPanel]") -> None:
        session = self._session
        self.painting = make(
            self._palette, parent=self._pages, steps=session, put=partial(put_stamp, session)
        )
        self._pages.addWidget(self.painting)
        self.painting.actions_.fill(self._menu())
        QTimer.singleShot(0, self, self._show_page)


def _segment(text: str, side: str) -> QPushButton:
    button = QPushButton(f" {text}")
    button.setCheckable(True)
    button.setObjectName("segment")
    button.setProperty("side", side)
    button.setIconSize(QSize(16, 16))
    button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
