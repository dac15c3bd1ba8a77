"""Where the face is in every frame; kept on disk while the clip is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from inference.engine_protocol import EngineProtocol
from inference.errors import OutputError
from inference.progress import CancelToken, Progress
from inference.video.clip import ClipReader
from inference.video.tracking import FaceTracker, TrackedFace

Track = NDArray[np.float64]
"""[frames, 8]: time in seconds; centre x, centre y and edge of the crop, and left, top, right,
bottom of the face, in pixels; all but the time are NaN where the face cannot be seen."""

COLUMNS = 8
_ROW_BYTES = 8 * COLUMNS

STAGE = "Following the face"


def follow_face(
    reader: ClipReader,
    engine: EngineProtocol,
    face: int,
    path: Path,
    progress: Progress,
    cancel: CancelToken,
) -> Track:
    """Find the face in every frame, going on after the rows that are on disk already.

    Args:
        reader: the clip, at its start.
        engine: finds faces.
        face: which one, see FaceTracker.
        path: the file of rows; a last row that was cut off is made again.
        progress: told at each frame.
        cancel: looked at before each frame.

    Raises:
        OutputError: the disk is full.
        UsageError: there is no such face.
        Cancelled: the rows stay.
    """
    known = read_track(path)
    tracker = FaceTracker(engine, face)
    seen = np.flatnonzero(np.isfinite(known[:, 1]))
    if len(seen):
        time, _, _, _, left, top, right, bottom = known[seen[-1]].tolist()
        tracker.resume((left, top, right, bottom), time)
    with _appending(path, len(known)) as file:
        for frame in reader.frames():
            cancel.check()
            if frame.index < len(known):
                continue
            expected = max(reader.info.frames, frame.index + 1, 1)
            progress(STAGE, frame.index / expected if reader.info.frames else 0.0)
            found = tracker.look(frame.image(), frame.index, frame.time, cancel)
            file.write(_row(frame.time, found).tobytes())
    return read_track(path)


def read_track(path: Path) -> Track:
    """The whole rows of a file; none where there is no file."""
    if not path.exists():
        return np.zeros((0, COLUMNS))
    count = path.stat().st_size // _ROW_BYTES
    return np.fromfile(path, np.float64, count * COLUMNS).reshape(count, COLUMNS)


def _row(time: float, face: TrackedFace | None) -> NDArray[np.float64]:
    if face is None:
        return np.array([time, *[np.nan] * (COLUMNS - 1)])
    crop = face.crop
    return np.array([time, crop.centre_x, crop.centre_y, crop.side, *face.box])


@contextmanager
def _appending(path: Path, rows: int) -> Iterator[BinaryIO]:
    """The file open behind its whole rows, each written at once."""
    try:
        path.touch()
        with open(path, "r+b", buffering=0) as file:
            file.truncate(rows * _ROW_BYTES)
            file.seek(rows * _ROW_BYTES)
            yield file
    except OSError as error:
        raise OutputError(
            f"Cannot write {path.parent} ({error.strerror or error}): "
            "free some space or choose another folder."
        ) from error
