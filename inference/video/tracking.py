"""Following one face through a clip."""

from dataclasses import dataclass, replace

import numpy as np

from inference.engine_protocol import EngineProtocol
from inference.errors import UsageError
from inference.portrait.types import CropBox, FaceDetection, LoadedImage
from inference.progress import CancelToken, no_progress

Box = tuple[float, float, float, float]

WINDOW = 3.0
"""Edge of the square that is searched around the last face, in lengths of its box: it is quick,
and other people in the picture do not distract (our choice)."""

MAX_LEAP = 1.0
"""How far, in lengths of its box, a face may move between frames and still be the same one."""

MAX_GROWTH = 1.8
"""By which factor its box may grow or shrink between frames (our choice, as above)."""

SEARCH_EVERY = 5
"""Without a face near its last place, every so many frames the whole picture is searched, which
takes up to a second for one without faces."""

SURE_FOR = 0.5
"""Seconds after which a lost face may turn up anywhere: the nearest one is taken."""


@dataclass(frozen=True)
class TrackedFace:
    """Where the face is in a frame.

    Attributes:
        crop: the head crop, in pixels of the frame.
        box: (left, top, right, bottom) of the face.
    """

    crop: CropBox
    box: Box


class FaceTracker:
    """Finds the same face in frame after frame.

    Args:
        engine: finds faces and suggests crops.
        face: which face of the first frame that shows any, 1 is the largest.
    """

    def __init__(self, engine: EngineProtocol, face: int = 1) -> None:
        self._engine, self._face = engine, face
        self._last: Box | None = None
        self._seen = 0.0

    def resume(self, box: Box, time: float) -> None:
        """Go on after the face was seen here at this time, in seconds."""
        self._last, self._seen = box, time

    def look(
        self, image: LoadedImage, index: int, time: float, cancel: CancelToken
    ) -> TrackedFace | None:
        """The face in the next frame, or None where it cannot be seen.

        Args:
            image: the frame.
            index: its number.
            time: its time, in seconds.
            cancel: stops the search.

        Raises:
            UsageError: the first faces are fewer than the number of the wanted one.
            Cancelled: the token was set.
        """
        found = self._near(image, cancel) if self._last is not None else None
        if found is None and index % SEARCH_EVERY == 0:
            found = self._anywhere(image, time, cancel)
        if found is None:
            return None
        self._last, self._seen = found.box, time
        return TrackedFace(self._engine.suggest_crop(image, found), found.box)

    def _near(self, image: LoadedImage, cancel: CancelToken) -> FaceDetection | None:
        """The face in a window around its last place."""
        assert self._last is not None
        centre, length = _centre(self._last), _length(self._last)
        corner = np.floor(centre - WINDOW / 2 * length)
        low = np.clip(corner, 0, None).astype(int)
        high = np.clip(corner + np.ceil(WINDOW * length), 0, image.size).astype(int)
        if (high - low).min() < 16:
            return None
        part = np.ascontiguousarray(image.rgb[low[1] : high[1], low[0] : high[0]])
        faces = self._engine.detect(LoadedImage(part, None, image.name), no_progress, cancel)
        return self._same([_shifted(face, low) for face in faces])

    def _anywhere(
        self, image: LoadedImage, time: float, cancel: CancelToken
    ) -> FaceDetection | None:
        faces = self._engine.detect(image, no_progress, cancel)
        if not faces:
            return None
        if self._last is None:
            faces.sort(key=lambda face: -_length(face.box))
            if self._face > len(faces):
                raise UsageError(
                    f"Face {self._face} is asked for, but the first frame that shows any "
                    f"has {len(faces)} at {time:.1f} s: ask for a smaller number."
                )
            return faces[self._face - 1]
        if time - self._seen > SURE_FOR:
            return min(faces, key=self._leap)
        return self._same(faces)

    def _same(self, faces: list[FaceDetection]) -> FaceDetection | None:
        """The nearest face that may be the one seen last."""
        assert self._last is not None
        length = _length(self._last)
        same = [
            face
            for face in faces
            if self._leap(face) < MAX_LEAP
            and 1 / MAX_GROWTH < _length(face.box) / length < MAX_GROWTH
        ]
        return min(same, key=self._leap) if same else None

    def _leap(self, face: FaceDetection) -> float:
        """How far a face is from the one seen last, in lengths of its box."""
        assert self._last is not None
        away = np.linalg.norm(_centre(face.box) - _centre(self._last))
        return float(away) / max(_length(self._last), 1e-6)


def _shifted(face: FaceDetection, shift: np.ndarray) -> FaceDetection:
    x, y = (float(value) for value in shift)
    left, top, right, bottom = face.box
    box = (left + x, top + y, right + x, bottom + y)
    return replace(face, box=box, keypoints=face.keypoints + shift)


def _centre(box: Box) -> np.ndarray:
    return np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])


def _length(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])
