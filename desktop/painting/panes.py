"""Where photograph and map are shown in the canvas."""

from PySide6.QtCore import QRectF

from desktop.painting.state import MapView

GAP = 10.0  # widget pixels between two panes


def panes_of(canvas: QRectF, view: MapView) -> list[QRectF]:
    """One pane, or two beside or above each other; side by side the photograph has the first."""
    if view is not MapView.SIDE_BY_SIDE:
        return [canvas]
    if canvas.width() >= canvas.height():
        width = (canvas.width() - GAP) / 2
        return [
            QRectF(0, 0, width, canvas.height()),
            QRectF(width + GAP, 0, width, canvas.height()),
        ]
    height = (canvas.height() - GAP) / 2
    return [
        QRectF(0, 0, canvas.width(), height),
        QRectF(0, height + GAP, canvas.width(), height),
    ]
