"""A slider with its name and its value."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSlider, QVBoxLayout, QWidget

from desktop.widgets.labels import label, row


class ValueSlider(QWidget):
    """A whole number chosen by a slider.

    Signals:
        chosen: the user moved it to this value (also in the middle of a drag).
        released: the gesture is over.
    """

    chosen = Signal(int)
    released = Signal()

    def __init__(
        self,
        name: str,
        low: int,
        high: int,
        show: Callable[[int], str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._show = show
        self._name = label(name)
        self._value = label("", "muted")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(low, high)
        self.slider.setAccessibleName(name)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(row(self._name, None, self._value))
        layout.addWidget(self.slider)
        self.slider.valueChanged.connect(self._on_value)
        self.slider.sliderReleased.connect(self.released)
        self._value.setText(show(self.slider.value()))

    def set_range(self, low: int, high: int) -> None:
        """Change the ends without telling anybody."""
        self.slider.blockSignals(True)
        self.slider.setRange(low, high)
        self.slider.blockSignals(False)
        self._value.setText(self._show(self.slider.value()))

    def set_value(self, value: int) -> None:
        """Show a value without telling anybody."""
        self.slider.blockSignals(True)
        self.slider.setValue(value)
        self.slider.blockSignals(False)
        self._value.setText(self._show(value))

    def _on_value(self, value: int) -> None:
        self._value.setText(self._show(value))
        self.chosen.emit(value)
