"""The small dialog that opens with a clip."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget

from desktop.export.dialogs import FileDialog
from desktop.widgets.labels import row
from inference.video.settings import CameraMove, HeadVideo, Smoothing

MOVES = {
    "Swings from side to side": CameraMove.SWING,
    "Orbits around the head": CameraMove.ORBIT,
    "Stays in front": CameraMove.FIXED,
}
STRENGTHS = {
    "Off": Smoothing.OFF,
    "Normal": Smoothing.NORMAL,
    "Strong": Smoothing.STRONG,
}
SIZES = (256, 512, 768, 1024)


class HeadVideoDialog(FileDialog):
    """How the head of a clip is filmed.

    Args:
        clip: the video that was opened.
        path: where to by default.
        parent: the window.
        sharpen: whether pictures are sharpened, as the user has chosen for all pictures.
    """

    title = "Make a Head Video"
    filters = "Videos (*.mp4)"
    does = "Make the Video"

    def __init__(
        self, clip: Path, path: Path, parent: QWidget | None = None, *, sharpen: bool = True
    ) -> None:
        self.clip, self._sharpen = clip, sharpen
        self.says = (
            f"A 3D head of the largest face in {clip.name}, made anew for every frame. "
            "That takes about a second a frame; you can go on working meanwhile."
        )
        super().__init__(path, parent)

    def add_rows(self) -> None:
        usual = HeadVideo()
        self.move_box = _choices(MOVES, usual.move)
        self.smoothing_box = _choices(STRENGTHS, usual.smoothing)
        self.smoothing_box.setToolTip(
            "How much trembling is taken out; strong follows quick movements a little late"
        )
        self.size_box = QComboBox()
        for size in SIZES:
            self.size_box.addItem(f"{size} × {size}", size)
        self.size_box.setCurrentIndex(self.size_box.findData(usual.size))
        self.fit_box = QCheckBox("Fit every head to its frame (several times slower)")
        self.splats_box = QCheckBox("Also write the Gaussians of every picture (PLY, 4.5 MB each)")
        self.add_row("Camera", self.move_box)
        self.add_row("Smoothing", row(self.smoothing_box, None))
        self.add_row("Size", self.size_box)
        self.add_row("Likeness", self.fit_box)
        self.add_row("Splats", self.splats_box)

    def settings(self) -> HeadVideo:
        """What the user asked for."""
        return HeadVideo(
            move=self.move_box.currentData(),
            smoothing=self.smoothing_box.currentData(),
            size=self.size_box.currentData(),
            fit=self.fit_box.isChecked(),
            splats=self.splats_box.isChecked(),
            sharpen=self._sharpen,
        )


def _choices(choices: Mapping[str, StrEnum], chosen: StrEnum) -> QComboBox:
    box = QComboBox()
    for text, value in choices.items():
        box.addItem(text, value)
    box.setCurrentIndex(list(choices.values()).index(chosen))
    return box
