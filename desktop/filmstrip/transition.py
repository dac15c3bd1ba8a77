"""The dialog of a transition video, and the start of its export."""

from pathlib import Path

from PySide6.QtWidgets import QDialog, QWidget

from desktop.export.dialogs import VideoDialog
from desktop.export.exports import Exports
from desktop.export.settings import VideoExport
from desktop.filmstrip.results import Result, Results
from desktop.main_window.export_starts import ExportStarts
from desktop.workers import Job
from inference.rendering.protocol import Background
from inference.rendering.sharpened import PictureSharpener, sharpened


class TransitionDialog(VideoDialog):
    """How the camera rides while one head turns into another."""

    title = "Export Transition Video"

    def __init__(
        self,
        first: Result,
        second: Result,
        path: Path,
        background: Background | None,
        parent: QWidget | None = None,
        sharpen: bool | None = None,
    ) -> None:
        self.first, self.second = first, second
        self.says = (
            f"Head “{first.title}” turns into head “{second.title}” while the camera rides "
            "around them."
        )
        super().__init__(path, background, parent, sharpen)


class TransitionStarts:
    """Opens the dialog, which does not block, and starts the export."""

    def __init__(
        self, window: QWidget, results: Results, exports: Exports, starts: ExportStarts
    ) -> None:
        self._window, self._results = window, results
        self._exports, self._starts = exports, starts

    def ask(self, first: Result, second: Result) -> TransitionDialog:
        """Two results were chosen."""
        background = self._starts.background() or (1.0, 1.0, 1.0)
        path = self._starts.default_path("transition.mp4")
        dialog = TransitionDialog(
            first, second, path, background, self._window, self._starts.sharpen()
        )
        dialog.accepted.connect(lambda: self._on_accepted(dialog))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def start(
        self,
        export: VideoExport,
        first: Result,
        second: Result,
        sharpener: PictureSharpener | None = None,
    ) -> Job | None:
        """Write the video; None where another export is writing the same file."""
        one, other = self._results.source_of(first), self._results.source_of(second)
        renderer, path = self._exports.renderer, export.path.absolute()

        def work(job: Job) -> Path:
            from inference.export.transition import write_transition_video

            write_transition_video(
                sharpened(renderer, sharpener if export.sharpen else None, job.token),
                one(job),
                other(job),
                export.orbit,
                path,
                export.background,
                job.report,
                job.token,
            )
            return path

        return self._exports.run(path, work)

    def _on_accepted(self, dialog: TransitionDialog) -> None:
        if dialog.result() == QDialog.DialogCode.Accepted:
            export = dialog.export()
            self._starts.remember_folder(export.path)
            self.start(export, dialog.first, dialog.second, self._starts.sharpener)
