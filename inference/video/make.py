"""From a clip to a head video: follow the face, make the heads, write the pictures.

The clip is read twice: first for the face, so that the crops can be smoothed without lag and the
gaps are known, then for the heads. Memory holds a few frames and heads, whatever the length.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.engine_protocol import EngineProtocol
from inference.errors import NoFaceError, OutputError, PercHeadError, UsageError
from inference.export.encoding import encode_video, join_videos
from inference.export.ply import write_ply
from inference.files import atomic_write
from inference.head.gaussians import NUM_GAUSSIANS, Gaussians
from inference.progress import Cancelled, CancelToken, Progress, no_progress
from inference.rendering.protocol import Renderer
from inference.rendering.sharpened import sharpened
from inference.video.clip import ClipReader
from inference.video.crop_path import CropPath, Gap, make_crop_path
from inference.video.frame_heads import FrameHeads, frame_heads
from inference.video.head_stream import HeadStream
from inference.video.job import describe_job
from inference.video.schedule import Schedule, make_schedule
from inference.video.settings import HeadVideo
from inference.video.temporal_filter import TemporalFilter
from inference.video.time_left import TimeLeft
from inference.video.track import follow_face
from inference.video.unfinished import State, Unfinished

PIECE = 24
"""Pictures in a piece of the video; so many are made again at most after being killed."""

PLY_BYTES = 68 * NUM_GAUSSIANS
FOLLOWING = 0.12
"""Share of the whole work that following the face takes (measured on a processor)."""


@dataclass(frozen=True)
class HeadVideoResult:
    """What was made.

    Attributes:
        path: the video.
        splats: the folder of PLY files, or None.
        pictures: in the video.
        frames: in the clip.
        rate: pictures a second.
        held: gaps without a face that were bridged.
        skipped: gaps that were left out.
        damaged: packets of the clip that could not be decoded.
    """

    path: Path
    splats: Path | None
    pictures: int
    frames: int
    rate: float
    held: list[Gap]
    skipped: list[Gap]
    damaged: int


def make_head_video(
    engine: EngineProtocol,
    renderer: Renderer,
    clip: Path,
    path: Path,
    settings: HeadVideo | None = None,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
    heads: FrameHeads | None = None,
) -> HeadVideoResult:
    """Make a video of the head that a clip shows.

    What is done is kept in a hidden folder beside the video; the same call after a crash, a full
    disk or a kill goes on there, and makes the same files as one that was never interrupted.

    Args:
        engine: makes the heads.
        renderer: draws them.
        clip: any video that ffmpeg decodes.
        path: the MP4 to write; splats go to the folder `NAME_splats` beside it.
        settings: see HeadVideo.
        progress: told at each frame; the fraction is that of the whole work.
        cancel: looked at before each frame.
        heads: turns portraits into heads; None for the quickest way with this engine.

    Raises:
        InvalidVideoError: the clip cannot be decoded.
        NoFaceError: no frame shows a face.
        UsageError: the settings do not suit the clip.
        OutputError: the disk is full or the folder cannot be written.
        Cancelled: nothing is left behind.
    """
    path, settings, cancel = Path(path), settings or HeadVideo(), cancel or CancelToken()
    if path.suffix.lower() != ".mp4":
        raise UsageError("A head video is written as .mp4: choose such a name.")
    with ClipReader(clip):
        pass  # what is no clip is told before the models are loaded
    engine.load_models(progress, cancel)
    heads = heads or frame_heads(engine, settings.fit)
    sharpener = engine.sharpener if settings.sharpen else None
    job = describe_job(Path(clip), settings, engine, heads, renderer, sharpener)
    unfinished = Unfinished(path, job)
    renderer = sharpened(renderer, sharpener, cancel)
    making = _Making(engine, renderer, heads, Path(clip), path, settings, unfinished, cancel)
    try:
        return making.run(progress)
    except Cancelled:
        unfinished.remove()
        raise
    except PercHeadError as error:
        if not isinstance(error, OutputError):  # with space on the disk it can go on
            unfinished.remove()
        raise


def splats_folder(path: Path) -> Path:
    """Where the Gaussians of a video's pictures go."""
    return path.with_name(f"{path.stem}_splats")


@dataclass(frozen=True)
class _Making:
    """One call of make_head_video."""

    engine: EngineProtocol
    renderer: Renderer
    heads: FrameHeads
    clip: Path
    path: Path
    settings: HeadVideo
    unfinished: Unfinished
    cancel: CancelToken

    def run(self, progress: Progress) -> HeadVideoResult:
        """Everything from the two readings to the files in their places."""
        with ClipReader(self.clip) as reader:
            track = follow_face(
                reader,
                self.engine,
                self.settings.face,
                self.unfinished.track,
                lambda stage, fraction: progress(stage, FOLLOWING * fraction),
                self.cancel,
            )
            info, damaged = reader.info, reader.damaged
        path = make_crop_path(track, float(info.rate))
        schedule = make_schedule(path, info.rate, self.settings.rate(info.rate))
        if not len(schedule):
            raise NoFaceError(
                f"No face was found in {self.clip.name}: choose a video that shows a face."
            )
        self._write_pieces(path, schedule, progress)
        progress("Joining the video", 0.99)
        count = -(-len(schedule) // PIECE)
        with atomic_write(self.path) as temporary:
            pieces = [self.unfinished.piece(number) for number in range(count)]
            join_videos(temporary, pieces, PIECE, schedule.rate)
        splats = splats_folder(self.path) if self.settings.splats else None
        if splats is not None:
            self.unfinished.place_splats(splats, len(schedule))
        self.unfinished.remove()
        progress("Joining the video", 1.0)
        return HeadVideoResult(
            self.path,
            splats,
            len(schedule),
            len(track),
            float(schedule.rate),
            path.held,
            path.skipped,
            damaged,
        )

    def _write_pieces(self, path: CropPath, schedule: Schedule, progress: Progress) -> None:
        """Make the pieces that are not there yet."""
        state = self.unfinished.load()
        self._check_space(len(schedule) - state.pieces * PIECE)
        temporal = TemporalFilter(self.settings.smoothing)
        temporal.restore(state.filter or {})
        left = TimeLeft(state.pieces * PIECE / len(schedule))
        edge = self.settings.edge
        with ClipReader(self.clip) as reader:
            stream = HeadStream(
                reader, self.engine, self.heads, path, temporal, state.position, self.cancel
            )

            def tell(picture: int) -> None:
                done = picture / len(schedule)
                words = ["Making the heads", left.words(done)]
                progress(", ".join(filter(None, words)), FOLLOWING + (0.99 - FOLLOWING) * done)

            tell(state.pieces * PIECE)
            for first in range(state.pieces * PIECE, len(schedule), PIECE):
                number = first // PIECE
                sources = schedule.sources[first : first + PIECE].tolist()
                pictures = self._pictures(stream.pictures(sources), first, schedule, tell)
                with atomic_write(self.unfinished.piece(number)) as temporary:
                    encode_video(temporary, pictures, edge, edge, schedule.rate)
                self.unfinished.save(State(number + 1, stream.position, temporal.state()))

    def _pictures(
        self,
        heads: Iterator[Gaussians],
        first: int,
        schedule: Schedule,
        tell: Callable[[int], None],
    ) -> Iterator[NDArray[np.uint8]]:
        """Draw the heads of a piece, [H, W, 3]; write them as well if they are wanted."""
        for number, head in enumerate(heads, start=first):
            tell(number)
            self.cancel.check()
            if self.settings.splats:
                write_ply(head, self.unfinished.splats(number), cancel=self.cancel)
            camera = self.settings.camera(number / float(schedule.rate))
            yield self.renderer.render_rgba8(head, camera, self.settings.background)[..., :3]
        self.cancel.check()

    def _check_space(self, pictures: int) -> None:
        """Say at once, not after hours, that the splats do not fit on the disk."""
        needed = pictures * PLY_BYTES if self.settings.splats else 0
        free = shutil.disk_usage(self.unfinished.folder).free
        if needed > free:
            raise OutputError(
                f"The splats of {pictures} pictures need {needed / 1e9:.1f} GB, but "
                f"{self.path.parent} has {free / 1e9:.1f} GB free: free some space or do without "
                "them."
            )
