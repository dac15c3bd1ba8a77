"""From an export action to a running export: the dialog, the view's camera, the folder."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QDialog, QWidget

from desktop.export.dialogs import ExportDialog, PictureDialog, PlyDialog, VideoDialog
from desktop.export.exports import Exports, HeadSource
from desktop.export.settings import PictureExport
from desktop.main_window.sharpness import Sharpness
from desktop.preferences import Preferences
from desktop.session import Session
from desktop.theme import palette_named
from desktop.viewport.viewport import Viewport
from inference.rendering.protocol import Background
from inference.rendering.sharpened import PictureSharpener


class ExportStarts:
    """Opens export dialogs; they do not block, so the head can be turned meanwhile.

    Attributes:
        compared: what gives the head that is compared with the shown one, if one is.
    """

    def __init__(
        self,
        window: QWidget,
        session: Session,
        viewport: Viewport,
        exports: Exports,
        preferences: Preferences,
        sharpness: Sharpness,
    ) -> None:
        self._window, self._session, self._viewport = window, session, viewport
        self._exports, self._preferences = exports, preferences
        self._sharpness = sharpness
        self.compared: Callable[[], HeadSource | None] = lambda: None

    def ply(self) -> None:
        """File > Export 3D Gaussians."""
        self._open(PlyDialog(self.default_path("head.ply"), self._window, self.sharpen()))

    def picture(self) -> None:
        """File > Export Picture; of both heads where two are compared, unless one is wanted."""
        compared = self.compared()
        dialog = PictureDialog(
            self.default_path("view.png"),
            self._viewport.pixels,
            self.background(),
            self._window,
            self.sharpen(),
            self.default_path("comparison.png") if compared else None,
        )
        self._open(dialog, compared)

    def video(self) -> None:
        """File > Export Orbit Video."""
        background = self.background() or (1.0, 1.0, 1.0)  # an MP4 cannot be transparent
        path = self.default_path("orbit.mp4")
        self._open(VideoDialog(path, background, self._window, self.sharpen()))

    def _open(self, dialog: ExportDialog, compared: HeadSource | None = None) -> None:
        dialog.accepted.connect(lambda: self._start(dialog, compared))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _start(self, dialog: ExportDialog, compared: HeadSource | None) -> None:
        head = self._session.shown
        if head is None or dialog.result() != QDialog.DialogCode.Accepted:
            return
        export = dialog.export()
        size = self._viewport.pixels
        width, height = size.width(), size.height()
        if isinstance(export, PictureExport):
            width, height = export.width, export.height
        self.remember_folder(export.path)
        camera = self._viewport.view_camera(width, height)
        self._exports.start(export, head.gaussians, camera, self._sharpness.sharpener, compared)

    def remember_folder(self, path: Path) -> None:
        """Propose the folder of this file from now on."""
        self._preferences.export_folder = str(path.absolute().parent)
        self._preferences.save()

    @property
    def sharpener(self) -> PictureSharpener | None:
        """What exported pictures go through where the user wants it."""
        return self._sharpness.sharpener

    def sharpen(self) -> bool | None:
        """What the dialog proposes; None where nothing can sharpen this head."""
        return None if self._sharpness.sharpener is None else self._sharpness.wanted

    def default_path(self, ending: str) -> Path:
        """A free name in the folder of the last export."""
        folder = Path(self._preferences.export_folder)
        if not self._preferences.export_folder or not folder.is_dir():
            places = QStandardPaths.StandardLocation.PicturesLocation
            folder = Path(QStandardPaths.writableLocation(places) or Path.home())
        path = folder / f"{self._session.name}_{ending}"
        count = 2
        while path.exists():
            stem, suffix = ending.rsplit(".", 1)
            path = folder / f"{self._session.name}_{stem}_{count}.{suffix}"
            count += 1
        return path

    def background(self) -> Background | None:
        """The view's background; the theme's gradient as its middle colour."""
        background = self._session.edits.background
        if not isinstance(background, str):
            return background
        palette = palette_named(self._preferences.theme)
        colour = QColor(palette.stage_top)
        return (colour.redF(), colour.greenF(), colour.blueF())
