"""One small dialog for each kind of export."""

from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QGridLayout,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from desktop.export.path_row import PathRow
from desktop.export.settings import Export, PictureExport, PlyExport, VideoExport
from desktop.widgets.labels import label, row
from inference.export.video import OrbitVideo
from inference.rendering.protocol import WHITE, Background

COLOURS: dict[str, Background | None] = {
    "White": WHITE,
    "Black": (0.0, 0.0, 0.0),
    "Grey": (0.5, 0.5, 0.5),
}


class FileDialog(QDialog):
    """Title, what is set, where to, a button that does it, and Cancel."""

    title = ""
    says = ""
    filters = ""
    does = "Export"

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.title)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(22)
        self._grid.setVerticalSpacing(10)
        self._grid.setColumnStretch(1, 1)
        self.path_row = PathRow(path, self.filters)
        self.export_button = QPushButton(self.does)
        self.export_button.setProperty("role", "primary")
        self.export_button.setDefault(True)
        self.export_button.clicked.connect(self.accept)
        cancel = QPushButton("Cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(26, 22, 26, 20)
        layout.setSpacing(6)
        layout.addWidget(label(self.title, "title"))
        layout.addWidget(label(self.says, "muted", wrap=True))
        layout.addSpacing(12)
        layout.addLayout(self._grid)
        layout.addSpacing(14)
        layout.addWidget(row(None, cancel, self.export_button, spacing=10))
        self.add_rows()
        self.add_row("File", self.path_row)
        self.path_row.changed.connect(self._on_path)
        self.setMinimumWidth(500)
        self._on_path()
        self.export_button.setFocus()

    def add_rows(self) -> None:
        """Add what may be set to the form."""

    def add_row(self, name: str, field: QWidget) -> None:
        """Add one line: its name, and what sets it."""
        line = self._grid.rowCount()
        words = label(name, "muted")
        words.setFixedHeight(34)  # of a field, so that both stand on one line
        self._grid.addWidget(words, line, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(field, line, 1, Qt.AlignmentFlag.AlignLeft)

    @property
    def path(self) -> Path:
        """Where to."""
        path = self.path_row.path
        if path is None:
            raise ValueError("the dialog was accepted without a path")
        return path

    def _on_path(self) -> None:
        self.export_button.setEnabled(self.path_row.path is not None)


class ExportDialog(FileDialog):
    """A dialog that exports the open head."""

    def export(self) -> Export:
        """What the user asked for; valid after the dialog was accepted."""
        raise NotImplementedError


class PlyDialog(ExportDialog):
    """The head as 3D Gaussians."""

    title = "Export 3D Gaussians"
    says = "A PLY file that Gaussian splat viewers and editors open."
    filters = "3D Gaussians (*.ply)"

    def __init__(
        self, path: Path, parent: QWidget | None = None, sharpen: bool | None = None
    ) -> None:
        if sharpen:
            self.says += " It looks softer there: sharpening is for pictures alone."
        super().__init__(path, parent)

    def export(self) -> PlyExport:
        return PlyExport(self.path)


class PictureDialog(ExportDialog):
    """The view as a picture.

    Args:
        path: where to, by default.
        view: pixels of the view.
        background: the view's.
        sharpen: what is proposed; None is where nothing can sharpen.
        comparison: where a picture of both compared heads goes by default; None is where none are.
    """

    title = "Export Picture"
    says = "The head as you see it now."
    filters = "Pictures (*.png *.webp *.jpg)"

    def __init__(
        self,
        path: Path,
        view: QSize,
        background: Background | None,
        parent: QWidget | None = None,
        sharpen: bool | None = None,
        comparison: Path | None = None,
    ) -> None:
        self._view, self._background, self._sharpen = view, background, sharpen
        self._path, self._comparison = path, comparison
        if comparison is not None:
            self.says = "The heads as you see them now."
        super().__init__(comparison or path, parent)

    def add_rows(self) -> None:
        self.heads_box = QComboBox()
        self.heads_box.addItem("Both, side by side", True)
        self.heads_box.addItem("Only the one on the right", False)
        self.heads_box.currentIndexChanged.connect(self._on_heads)
        if self._comparison is not None:
            self.add_row("Heads", self.heads_box)
        self.width_box = _number(16, 16_384, self._view.width(), " px")
        self.height_box = _number(16, 16_384, self._view.height(), " px")
        size = "Size" if self._comparison is None else "Size of each"
        self.add_row(size, row(self.width_box, label("×", "muted"), self.height_box))
        self.background_box = _background_box(self._background)
        self.add_row("Background", self.background_box)
        self.sharpen_box = _sharpen_box(self._sharpen)
        if self._sharpen is not None:
            self.add_row("Sharpness", self.sharpen_box)

    @property
    def both(self) -> bool:
        """Whether both compared heads are wanted."""
        return self._comparison is not None and bool(self.heads_box.currentData())

    def _on_heads(self) -> None:
        """A name that the user left alone follows."""
        usual = (self._comparison, self._path) if self.both else (self._path, self._comparison)
        if self.path_row.path == usual[1]:
            self.path_row.edit.setText(str(usual[0]))

    def export(self) -> PictureExport:
        return PictureExport(
            self.path,
            self.width_box.value(),
            self.height_box.value(),
            self.background_box.currentData(),
            self.sharpen_box.isChecked(),
            self.both,
        )


class VideoDialog(ExportDialog):
    """An orbit as a video."""

    title = "Export Orbit Video"
    says = "The camera rides around the head."
    filters = "Videos (*.mp4 *.webp)"

    def __init__(
        self,
        path: Path,
        background: Background | None,
        parent: QWidget | None = None,
        sharpen: bool | None = None,
    ) -> None:
        self._background, self._sharpen = background, sharpen
        super().__init__(path, parent)

    def add_rows(self) -> None:
        usual = OrbitVideo()
        self.degrees_box = _number(-3600, 3600, round(usual.degrees), " °")
        self.elevation_box = _number(-90, 90, round(usual.elevation), " °")
        self.seconds_box = QDoubleSpinBox()
        self.seconds_box.setRange(0.5, 600.0)
        self.seconds_box.setDecimals(1)
        self.seconds_box.setValue(usual.seconds)
        self.seconds_box.setSuffix(" s")
        _dress(self.seconds_box)
        self.size_box = QComboBox()
        for size in (256, 512, 768, 1024, 1440, 2048):
            self.size_box.addItem(f"{size} × {size}", size)
        self.size_box.setCurrentIndex(self.size_box.findData(usual.size))
        self.fps_box = _number(1, 120, usual.fps, " fps")
        self.ping_pong_box = QCheckBox("There and back again, as a loop")
        self.background_box = _background_box(self._background)
        self.add_row("Turn", self.degrees_box)
        self.add_row("Elevation", self.elevation_box)
        self.add_row("Length", row(self.seconds_box, self.fps_box, None))
        self.add_row("Size", self.size_box)
        self.add_row("Ride", self.ping_pong_box)
        self.add_row("Background", self.background_box)
        self.sharpen_box = _sharpen_box(self._sharpen)
        if self._sharpen is not None:
            self.add_row("Sharpness", self.sharpen_box)
        self.background_box.currentIndexChanged.connect(self._on_background)

    def _on_background(self) -> None:
        """An MP4 cannot be transparent, so the file becomes a WebP."""
        path = self.path_row.path
        if self.background_box.currentData() is None and path and path.suffix.lower() == ".mp4":
            self.path_row.edit.setText(str(path.with_suffix(".webp")))

    def _on_path(self) -> None:
        """The other way round: for an MP4 that is typed the background becomes white."""
        super()._on_path()
        path = self.path_row.path
        if path and path.suffix.lower() == ".mp4" and self.background_box.currentData() is None:
            self.background_box.setCurrentIndex(self.background_box.findText("White"))

    def export(self) -> VideoExport:
        orbit = OrbitVideo(
            degrees=float(self.degrees_box.value()),
            elevation=float(self.elevation_box.value()),
            seconds=self.seconds_box.value(),
            size=self.size_box.currentData(),
            fps=self.fps_box.value(),
            ping_pong=self.ping_pong_box.isChecked(),
        )
        return VideoExport(
            self.path, orbit, self.background_box.currentData(), self.sharpen_box.isChecked()
        )


def _number(low: int, high: int, value: int, suffix: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(low, high)
    box.setValue(value)
    box.setSuffix(suffix)
    _dress(box)
    return box


def _dress(box: QAbstractSpinBox) -> None:
    box.setFixedWidth(112)
    box.lineEdit().setTextMargins(6, 0, 0, 0)  # the style sheet's padding is ignored here


def _sharpen_box(checked: bool | None) -> QCheckBox:
    """Whether to sharpen; None is where nothing can, and the box is not shown."""
    box = QCheckBox("Sharpen")
    box.setChecked(checked is not False)
    return box


def _background_box(current: Background | None) -> QComboBox:
    """Named colours, transparency and the view's own; the view's own is chosen."""
    box = QComboBox()
    choices: dict[str, Background | None] = {**COLOURS, "Transparent": None}
    if current not in choices.values():
        choices = {"As in the view": current, **choices}
    for text, value in choices.items():
        box.addItem(text, value)
    box.setCurrentIndex(list(choices.values()).index(current))
    return box
