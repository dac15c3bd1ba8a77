"""Finding faces with MediaPipe's BlazeFace (short range), also very large and very small ones.

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs",
https://arxiv.org/abs/1907.05047. The network sees 128 x 128 pixels and likes a face that fills
20 to 60 % of them, so it is run on the whole picture, on the picture with a margin (tight
crops), and on overlapping tiles (small faces).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray
from inference.portrait.landmarks import LandmarkFinder
from inference.portrait.networks import TfliteNetwork
from inference.portrait.sampling import cut_square
from inference.portrait.types import FaceDetection, LoadedImage
from inference.progress import CancelToken

INPUT = 128
"""Edge of the network's input in pixels."""

WORKING_SIDE = 1024
"""Longest side in pixels at which the picture is searched (our choice)."""

MIN_SCORE = 0.5
SURE_SCORE = 0.85
"""Finds above this score are believed; doubtful ones are checked (our choice)."""

MAX_TILES_SIDE_WITH_FACE = 250
"""Tiles smaller than this, in pixels of the searched picture, are looked at only if larger
ones showed no face (our choice: they take half a second)."""

OVERLAP = 0.3
"""Boxes that overlap more (intersection over union) are one face, as MediaPipe has it."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class _Tile:
    """A square of the picture that the network looks at, pixels of the picture."""

    centre_x: float
    centre_y: float
    side: float


class FaceDetector:
    """Finds faces in photographs.

    Args:
        landmarks: asked about doubtful finds: its network tells faces from the folds of a
            sleeve far better than BlazeFace does.
    """

    def __init__(self, landmarks: LandmarkFinder | None = None) -> None:
        self._landmarks = landmarks or LandmarkFinder()
        self._network = TfliteNetwork("face_detection_short_range.tflite")
        self._anchors = _anchors()

    def detect(self, image: LoadedImage, cancel: CancelToken | None = None) -> list[FaceDetection]:
        """Find all faces, best first: large and certain ones before small and doubtful ones.

        Raises:
            Cancelled: the token was set.
        """
        width, height = image.size
        scale = min(1.0, WORKING_SIDE / max(width, height))
        rgb = image.rgb
        if scale < 1:
            target = max(1, round(width * scale)), max(1, round(height * scale))
            rgb = np.asarray(cv2.resize(rgb, target, interpolation=cv2.INTER_AREA), np.float32)
        searched = LoadedImage(rgb, None, image.name)
        faces: list[FaceDetection] = []
        for level in _levels(rgb.shape[1], rgb.shape[0]):
            if faces and level[0].side < MAX_TILES_SIDE_WITH_FACE:
                break
            found = []
            for tile in level:
                if cancel is not None:
                    cancel.check()
                found += self._detect_tile(rgb, tile)
            new = [face for face in _suppress(found) if self._is_face(searched, face)]
            faces = _suppress(faces + new)
        faces.sort(key=lambda face: -face.score * _side(face))
        factor = np.array([width / rgb.shape[1], height / rgb.shape[0]])
        return [_rescaled(face, factor) for face in faces]

    def _is_face(self, image: LoadedImage, face: FaceDetection) -> bool:
        """Whether a find is sure by itself, or the landmark network sees a face in it too."""
        return face.score >= SURE_SCORE or self._landmarks.find(image, face) is not None

    def _detect_tile(self, rgb: FloatArray, tile: _Tile) -> list[FaceDetection]:
        """Faces of one tile, in pixels of the picture `rgb`."""
        pixels = cut_square(rgb, (tile.centre_x, tile.centre_y), tile.side, INPUT)
        logits = self._network.run(pixels * 2 - 1, "classificators").reshape(-1)
        scores = 1 / (1 + np.exp(-np.clip(logits, -50, 50).astype(np.float64)))
        keep = scores >= MIN_SCORE
        if not keep.any():
            return []
        regressors = self._network.run(pixels * 2 - 1, "regressors")
        raw = regressors.reshape(-1, 16).astype(np.float64) / INPUT
        raw, scores, anchors = raw[keep], scores[keep], self._anchors[keep]
        points = raw.reshape(-1, 8, 2)
        points[:, 0] += anchors
        points[:, 2:] += anchors[:, None]
        half = points[:, 1] / 2
        corner = np.array([tile.centre_x, tile.centre_y]) - tile.side / 2
        boxes = np.hstack([points[:, 0] - half, points[:, 0] + half])
        return [
            FaceDetection(_box(box * tile.side + np.tile(corner, 2)), score, keypoints)
            for box, score, keypoints in _blend(boxes, scores, points[:, 2:] * tile.side + corner)
        ]


def _anchors() -> Array:
    """Centres of the network's 896 anchors in 0..1: 2 on 16 x 16 cells, 6 on 8 x 8."""
    layers = []
    for cells, count in ((16, 2), (8, 6)):
        ticks = (np.arange(cells) + 0.5) / cells
        x, y = np.meshgrid(ticks, ticks)
        layers.append(np.repeat(np.column_stack([x.ravel(), y.ravel()]), count, axis=0))
    return np.vstack(layers)


def _levels(width: int, height: int) -> Iterator[list[_Tile]]:
    """What to look at, coarse to fine: the whole, with margin, then overlapping tiles."""
    longest = max(width, height)
    middle = width / 2, height / 2
    yield [_Tile(*middle, longest * factor) for factor in (1.0, 1.5, 2.2)]
    side = longest / 2
    while side >= INPUT:
        rows, columns = _positions(height, side), _positions(width, side)
        yield [_Tile(x, y, side) for y in rows for x in columns]
        side /= 2


def _positions(extent: int, side: float) -> list[float]:
    """Tile centres along an axis, half a tile apart or closer, from edge to edge."""
    if extent <= side:
        return [extent / 2]
    count = int(np.ceil((extent - side) / (side / 2) - 1e-6)) + 1
    return [float(x) for x in np.linspace(side / 2, extent - side / 2, count)]


def _blend(boxes: Array, scores: Array, keypoints: Array) -> Iterator[tuple[Array, float, Array]]:
    """Weighted non-maximum suppression (BlazeFace, section 3.4): average what overlaps."""
    order = np.argsort(-scores)
    while len(order):
        best = order[0]
        same = intersection_over_union(boxes[best], boxes[order]) > OVERLAP
        same[0] = True
        group = order[same]
        weights = scores[group] / scores[group].sum()
        yield (
            weights @ boxes[group],
            float(scores[best]),
            np.tensordot(weights, keypoints[group], axes=1),
        )
        order = order[~same]


def _suppress(found: list[FaceDetection]) -> list[FaceDetection]:
    """Keep the most certain of the detections that several tiles made of one face."""
    kept: list[FaceDetection] = []
    for face in sorted(found, key=lambda face: -face.score):
        box = np.array(face.box)
        others = np.array([other.box for other in kept]).reshape(-1, 4)
        overlap = intersection_over_union(box, others) > OVERLAP
        if not (overlap | (_shared(box, others) > 0.6)).any():
            kept.append(face)
    return kept


def intersection_over_union(box: Array, boxes: Array) -> Array:
    """Overlap of a box [4] with boxes [N, 4] (left, top, right, bottom), [N]."""
    shared, area, areas = _intersection(box, boxes)
    return shared / np.maximum(area + areas - shared, 1e-12)


def _shared(box: Array, boxes: Array) -> Array:
    """Intersection over the smaller of both boxes, [N]."""
    shared, area, areas = _intersection(box, boxes)
    return shared / np.maximum(np.minimum(area, areas), 1e-12)


def _intersection(box: Array, boxes: Array) -> tuple[Array, float, Array]:
    """Shared areas [N], the box's own, the boxes' [N]."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[2:], boxes[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return shared, float(np.prod(box[2:] - box[:2])), areas


def _side(face: FaceDetection) -> float:
    left, top, right, bottom = face.box
    return max(right - left, bottom - top)


def _box(values: Array) -> tuple[float, float, float, float]:
    left, top, right, bottom = (float(value) for value in values)
    return left, top, right, bottom


def _rescaled(face: FaceDetection, factor: Array) -> FaceDetection:
    box = _box(np.array(face.box) * np.tile(factor, 2))
    return FaceDetection(box, face.score, face.keypoints * factor)
