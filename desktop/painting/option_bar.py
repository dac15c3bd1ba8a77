"""The bar over the canvas: what the tool can be told, how the map is shown, and its file."""

from collections.abc import Callable
from math import log

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QWidget,
)

from desktop.painting.state import FAINTEST, LARGEST, SMALLEST, LassoDoes, MapView, PaintState, Tool
from desktop.painting.tool_strip import divider, tool_button
from desktop.widgets.labels import label, row
from desktop.widgets.switch import Switch

_FINE = 100  # steps of the size slider, which is logarithmic


class OptionBar(QFrame):
    """Shows only what concerns the chosen tool."""

    def __init__(
        self,
        state: PaintState,
        action: Callable[[str], QAction],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("option_bar")
        self._state = state
        self.size_slider = _slider("Size of the brush", 110)
        self.size_slider.setRange(0, _FINE)
        self.size_slider.valueChanged.connect(self._on_size)
        self._size_text = _value("000 px")
        self._sized = row(label("Size"), self.size_slider, self._size_text)
        self.contiguous = Switch("Only the clicked patch")
        self.contiguous.setToolTip("Otherwise all of its class  (J)")
        self.contiguous.toggled.connect(lambda on: state.set(contiguous=on))
        self._regional = row(label("Only the clicked patch"), self.contiguous)
        self.does = QComboBox()
        self.does.setAccessibleName("What the lasso does")
        for choice in LassoDoes:
            self.does.addItem(choice.value, choice)
        self.does.currentIndexChanged.connect(
            lambda index: state.set(lasso_does=self.does.itemData(index))
        )
        self._drawn = row(label("Drawn around"), self.does)
        self.mirror = tool_button(action("mirror"))
        self.opacity = _slider("Opacity of the map", 80)
        self.opacity.setRange(round(100 * FAINTEST), 100)
        self.opacity.valueChanged.connect(lambda value: state.set(opacity=value / 100))
        self._opacity_text = _value("100 %")
        self._shown = row(label("Opacity"), self.opacity, self._opacity_text)
        layout = self._row = QHBoxLayout(self)
        layout.setContentsMargins(14, 6, 10, 6)
        layout.setSpacing(8)
        for part in (self._sized, self.mirror, self._regional, self._drawn):
            layout.addWidget(part)
        layout.addStretch(1)
        layout.addWidget(self._shown)
        views = [tool_button(action(name)) for name in ("overlay", "outline", "side_by_side")]
        files = [tool_button(action(name)) for name in ("import_map", "export_map")]
        self._views = row(*views, spacing=8)
        self._files = row(*files, spacing=8)
        whole = tool_button(action("fit_map"))
        for part in (self._views, whole, divider(upright=True), tool_button(action("reset_map"))):
            layout.addWidget(part)
        layout.addWidget(self._files)
        self._whole = whole
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(48)
        state.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the state."""
        state = self._state
        self._sized.setVisible(state.tool.sized)
        self.mirror.setVisible(state.tool.sized)
        self._regional.setVisible(state.tool in (Tool.FILL, Tool.MOVE))
        self._drawn.setVisible(state.tool is Tool.LASSO)
        self._fit()
        self._size_text.setText(f"{2 * state.radius:.0f} px")
        self._opacity_text.setText(f"{100 * state.opacity:.0f} %")
        self.opacity.setToolTip(f"Opacity of the map: {100 * state.opacity:.0f} %  (O, Shift+O)")
        share = log(state.radius / SMALLEST) / log(LARGEST / SMALLEST)
        for control, value in (
            (self.size_slider, share * _FINE),
            (self.opacity, state.opacity * 100),
        ):
            control.blockSignals(True)
            control.setValue(round(value))
            control.blockSignals(False)
        self.contiguous.blockSignals(True)
        self.contiguous.setChecked(state.contiguous)
        self.contiguous.blockSignals(False)
        self.contiguous.jump()
        self.does.setCurrentIndex(self.does.findData(state.lasso_does))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Leave out what has no room, the most dispensable first; the menu has it all."""
        overlay = self._state.view is MapView.OVERLAY
        texts = (self._opacity_text, self._size_text)
        parts = (self._files, *texts, self._shown, self._whole, self._views)
        for part in parts:
            part.setVisible(part is not self._shown or overlay)
        for part in parts:
            # Of a row, Qt would only later measure anew what its text no longer takes.
            for measured in (self._shown, self._sized):
                measured.updateGeometry()
            if self._row.minimumSize().width() <= self.width():
                return
            part.hide()

    def _on_size(self, value: int) -> None:
        self._state.set(radius=SMALLEST * (LARGEST / SMALLEST) ** (value / _FINE))


def _slider(name: str, width: int) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setAccessibleName(name)
    slider.setToolTip(name)
    slider.setFixedWidth(width)
    slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return slider


def _value(widest: str) -> QLabel:
    text = label(widest, "muted")
    text.setMinimumWidth(text.sizeHint().width())
    return text
