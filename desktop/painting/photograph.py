"""The photograph behind the map, scaled once for a view."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap

from desktop.painting.map_view import Placement
from inference.face_map.document import SIZE


class Photograph:
    """Covers the same square as the map."""

    def __init__(self) -> None:
        self._image = QImage()
        self._scaled: tuple[object, QPixmap] | None = None

    @property
    def there(self) -> bool:
        """Whether there is one."""
        return not self._image.isNull()

    def set_image(self, image: QImage) -> None:
        """Show another one."""
        self._image, self._scaled = image, None

    def pixmap(self, placement: Placement, ratio: float) -> QPixmap:
        """What a pane shows of it.

        Args:
            placement: of the map in the pane.
            ratio: screen pixels a widget pixel.
        """
        key = placement, ratio
        if self._scaled is None or self._scaled[0] != key:
            size = QSize(round(placement.width * ratio), round(placement.height * ratio))
            pixmap = QPixmap(size)
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            corner, far = placement.to_pane(0, 0), placement.to_pane(SIZE, SIZE)
            painter.drawImage(QRectF(QPointF(*corner), QPointF(*far)), self._image)
            painter.end()
            self._scaled = key, pixmap
        return self._scaled[1]
