"""Runs exports, several at once, each with its progress and its own cancel."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.export.settings import Export, PictureExport, PlyExport
from desktop.workers import Job, JobRunner, Work
from inference.head.gaussians import Gaussians
from inference.rendering.camera import Camera
from inference.rendering.protocol import Renderer
from inference.rendering.sharpened import PictureSharpener, sharpened

HeadSource = Callable[[Job], Gaussians]
"""Gives a head in a worker, where it may have to be made."""


class Exports(QObject):
    """The exports of this session.

    Attributes:
        renderer: what draws for them.

    Signals:
        started: a Job and the Path it writes.
        refused: a sentence.
    """

    started = Signal(object, object)
    refused = Signal(str)

    def __init__(self, runner: JobRunner, renderer: Renderer) -> None:
        super().__init__()
        self._runner, self.renderer = runner, renderer
        self._writing: set[Path] = set()

    def start(
        self,
        export: Export,
        gaussians: Gaussians,
        camera: Camera,
        sharpener: PictureSharpener | None = None,
        compared: HeadSource | None = None,
    ) -> Job | None:
        """Write a head; it may be replaced in the window meanwhile.

        Args:
            export: what and where to.
            gaussians: the head.
            camera: the view, for pictures, at the size to draw.
            sharpener: what pictures go through where the export wants it, if there is one.
            compared: the head left of it in a picture of both.

        Returns:
            The job, or None where another export is writing the same file.
        """
        renderer = self.renderer
        path = export.path.absolute()

        def work(job: Job) -> Path:
            _write(export, renderer, gaussians, camera, sharpener, compared, job)
            return path

        return self.run(path, work)

    def run(self, path: Path, work: Work) -> Job | None:
        """Run what writes a file; it is shown and cancelled as an export.

        Args:
            path: the file.
            work: writes it, in a thread of its own.

        Returns:
            The job, or None where another export is writing the same file.
        """
        path = path.absolute()
        if path in self._writing:
            self.refused.emit(
                f"{path.name} is being written by another export: choose another name."
            )
            return None
        self._writing.add(path)
        job = self._runner.start(path.name, work)
        job.ended.connect(lambda: self._writing.discard(path))
        self.started.emit(job, path)
        return job


def _write(
    export: Export,
    renderer: Renderer,
    gaussians: Gaussians,
    camera: Camera,
    sharpener: PictureSharpener | None,
    compared: HeadSource | None,
    job: Job,
) -> None:
    """Write in the calling thread; the writers are imported here, since encoders load slowly."""
    if isinstance(export, PlyExport):
        from inference.export.ply import write_ply

        write_ply(gaussians, export.path, job.report, job.token)
        return
    renderer = sharpened(renderer, sharpener if export.sharpen else None, job.token)
    if isinstance(export, PictureExport):
        from inference.export.picture import write_picture

        heads = [gaussians]
        if export.both and compared is not None:
            heads.insert(0, compared(job))
        write_picture(
            renderer,
            heads[0],
            camera,
            export.path,
            export.background,
            job.report,
            job.token,
            heads[1:],
        )
    else:
        from inference.export.video import write_orbit_video

        write_orbit_video(
            renderer,
            gaussians,
            export.orbit,
            export.path,
            export.background,
            job.report,
            job.token,
        )
