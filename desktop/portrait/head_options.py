"""How the head is made: fit on or off, its strength, the decoder's layers."""

from dataclasses import replace

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.pipeline import Pipeline
from desktop.session import Session, Topic
from desktop.widgets.labels import label, row
from desktop.widgets.switch import Switch
from desktop.widgets.value_slider import ValueSlider

WAIT = 250  # milliseconds after the last step of a slider moved by keys


class HeadOptions(QWidget):
    """Shows and changes the session's ReconstructionOptions."""

    def __init__(self, session: Session, pipeline: Pipeline, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._pipeline = session, pipeline
        self.fit = Switch("Fit to the photograph")
        self.fit.setToolTip("Make the head agree with the photograph  (F)")
        self.strength = ValueSlider("Strength", 0, 100, lambda value: f"{value} %")
        self.strength.setToolTip("How far the fit may go; 0 % is the network alone")
        self.layers = ValueSlider("Decoder layers", 0, 1, self._layers_text)
        self.layers.setToolTip(
            "The head as the decoder sees it after this many layers; 0 is where it starts from"
        )
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.setInterval(WAIT)
        self._waiting.timeout.connect(self._commit)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(row(label("Fit to the photograph"), None, self.fit))
        layout.addWidget(self.strength)
        layout.addSpacing(4)
        layout.addWidget(self.layers)
        self.fit.toggled.connect(self._on_fit)
        for slider in (self.strength, self.layers):
            slider.chosen.connect(self._on_slider)
            slider.released.connect(self._commit)
        session.subscribe(self._on_session)
        pipeline.state_changed.connect(self._show_layers)
        self._show()
        self._show_layers()

    def set_fit(self, *, on: bool) -> None:
        """Switch the fit, as from a menu."""
        options = replace(self._session.edits.options, fit=on)
        self._session.change("Fit On" if on else "Fit Off", options=options)

    def _layers_text(self, value: int) -> str:
        return f"{value} of {self._pipeline.layers}" if self._pipeline.layers else "–"

    def _on_fit(self, on: bool) -> None:
        self.set_fit(on=on)

    def _on_slider(self) -> None:
        held = self.strength.slider.isSliderDown() or self.layers.slider.isSliderDown()
        if not held:
            self._waiting.start()

    def _commit(self) -> None:
        """Making a head takes seconds: only where a slider comes to rest counts."""
        self._waiting.stop()
        options = self._session.edits.options
        strength = self.strength.slider.value() / 100
        if round(options.fit_strength * 100) != self.strength.slider.value():
            changed = replace(options, fit_strength=strength)
            self._session.change("Fit Strength", options=changed)
        count = self._pipeline.layers
        chosen = self.layers.slider.value()
        if count and chosen != (count if options.layers is None else options.layers):
            layers = None if chosen == count else chosen
            changed = replace(self._session.edits.options, layers=layers)
            self._session.change("Decoder Layers", options=changed)

    def _on_session(self, topic: Topic) -> None:
        if topic is Topic.OPTIONS:
            self._show()

    def _show(self) -> None:
        options = self._session.edits.options
        self.fit.blockSignals(True)
        self.fit.setChecked(options.fit)
        self.fit.jump()
        self.fit.blockSignals(False)
        self.strength.set_value(round(options.fit_strength * 100))
        self.strength.setEnabled(options.fit)
        self._show_layers()

    def _show_layers(self) -> None:
        count = self._pipeline.layers
        self.layers.setEnabled(bool(count))
        if count:
            layers = self._session.edits.options.layers
            self.layers.set_range(0, count)
            self.layers.set_value(count if layers is None else layers)
