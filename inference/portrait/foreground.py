"""The soft outline of the person in a head crop.

MediaPipe's selfie segmentation gives the coarse shape (256 x 256 pixels); two passes of the
guided filter draw its edge along the picture's own edges, within a narrow band.
"""

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import ArrayLike

from inference.head.gaussians import FloatArray
from inference.portrait.guided_filter import guided_filter
from inference.portrait.networks import TfliteNetwork
from inference.portrait.types import FaceLandmarks

INPUT = 256
"""Edge of the network's input in pixels."""

REFERENCE = 512
"""Edge of the crop, in pixels, that the lengths below are for."""

COARSE_RADIUS, COARSE_EPSILON = 8, 5e-4
FINE_RADIUS, FINE_EPSILON = 4, 2e-4
BAND = 8
"""How far, in pixels, the outline may move from the network's (our choice, as the four above:
compared by eye on portraits with hair, ears and collars)."""

CUT_OUT_SHARE = 0.05
"""With more than this share of transparent pixels the file is a cut-out already."""


class Matting(Protocol):
    """A network that draws an outline finer; may be called from several threads."""

    def refine(
        self,
        picture: FloatArray,  # [S, S, 3] RGB 0..1
        alpha: FloatArray,  # [S, S] 0..1
        landmarks: FaceLandmarks | None,
    ) -> FloatArray:
        """The finer alpha [S, S] float32 0..1."""
        ...


class ForegroundFinder:
    """Cuts the person out of head crops.

    Args:
        matting: draws the outline finer than the guided filter does, where there is one.
    """

    def __init__(self, matting: Matting | None = None) -> None:
        self._matting = matting
        self._network = TfliteNetwork("selfie_segmentation.tflite")

    def find(
        self,
        picture: FloatArray,  # [S, S, 3] RGB 0..1
        inside: FloatArray,  # [S, S] 1 within the photograph
        file_alpha: FloatArray | None,  # [S, S] 0..1, of a file with transparency
        landmarks: FaceLandmarks | None,
    ) -> FloatArray:
        """Soft foreground 0..1, [S, S] float32; one piece, 0 beyond the photograph."""
        if file_alpha is not None and _is_cut_out(file_alpha, inside):
            alpha = file_alpha
        else:
            coarse = self._coarse(picture, np.ones_like(inside))
            if _misses_face(coarse, landmarks):
                coarse = self._coarse(picture, inside)
            alpha = _refine(picture, coarse)
            if self._matting is not None:
                alpha = self._matting.refine(picture, alpha, landmarks)
            if file_alpha is not None:
                alpha = alpha * file_alpha
        return _one_piece(alpha * inside, landmarks)

    def _coarse(self, picture: FloatArray, inside: FloatArray) -> FloatArray:
        """The network's answer for the picture and its mirror image, averaged, [S, S].

        It is shown what is `inside` alone.
        """
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        if len(rows) < 2 or len(columns) < 2:
            return np.zeros_like(inside)
        within = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        shown = picture[within]
        height, width = shown.shape[:2]
        method = cv2.INTER_AREA if max(height, width) > INPUT else cv2.INTER_LINEAR
        small = np.asarray(cv2.resize(shown, (INPUT, INPUT), interpolation=method), np.float32)
        output = "activation_10"
        straight = self._network.run(small, output).reshape(INPUT, INPUT)
        mirrored = self._network.run(small[:, ::-1], output).reshape(INPUT, INPUT)
        mean = (straight + mirrored[:, ::-1]) / 2
        large = cv2.resize(mean, (width, height), interpolation=cv2.INTER_CUBIC)
        result = np.zeros_like(inside)
        result[within] = large.clip(0, 1)
        return result


def _misses_face(alpha: FloatArray, landmarks: FaceLandmarks | None) -> bool:
    """Whether most of a face is no foreground: a small photograph is lost in a wide grey frame."""
    if landmarks is None:
        return False
    columns, rows = np.clip(landmarks.points.astype(int), 0, len(alpha) - 1).T
    return bool((alpha[rows, columns] > 0.5).mean() < 0.5)


def _is_cut_out(file_alpha: FloatArray, inside: FloatArray) -> bool:
    within = file_alpha[inside > 0]
    return bool(within.size and (within < 0.5).mean() > CUT_OUT_SHARE)


def _refine(picture: FloatArray, coarse: FloatArray) -> FloatArray:
    """Draw the outline along the picture's edges: [S, S, 3], [S, S] -> [S, S]."""
    scale = picture.shape[0] / REFERENCE
    coarse_radius = max(2, round(COARSE_RADIUS * scale))
    fine_radius = max(1, round(FINE_RADIUS * scale))
    alpha = guided_filter(picture, _step(coarse, 0.3, 0.7), coarse_radius, COARSE_EPSILON)
    alpha = guided_filter(picture, _step(alpha, 0.15, 0.85), fine_radius, FINE_EPSILON)
    alpha = ((alpha - 0.1) / 0.8).clip(0, 1)
    band = 2 * max(2, round(BAND * scale)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (band, band))
    shape = (coarse > 0.5).astype(np.uint8)
    surely = _soften(cv2.erode(shape, kernel), scale)
    possibly = _soften(cv2.dilate(shape, kernel), scale)
    return np.maximum(np.minimum(alpha, possibly), surely)


def _one_piece(alpha: FloatArray, landmarks: FaceLandmarks | None) -> FloatArray:
    """Drop islands: keep the piece that holds the face, without landmarks the largest one."""
    size = alpha.shape[0]
    count, pieces, statistics, _ = cv2.connectedComponentsWithStats(
        (alpha > 0.5).astype(np.uint8), connectivity=4
    )
    if count <= 1:
        return alpha
    sizes = statistics[:, cv2.CC_STAT_AREA].astype(np.float64)
    if landmarks is not None:
        columns, rows = np.clip(landmarks.points.astype(int), 0, size - 1).T
        on_face = np.bincount(pieces[rows, columns], minlength=count)
        sizes = np.where(on_face > 0, on_face * float(size * size), sizes)
    sizes[0] = -1  # the background
    scale = size / REFERENCE
    edge = 2 * max(2, round(6 * scale)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (edge, edge))
    piece = (pieces == int(sizes.argmax())).astype(np.uint8)
    # What touches the piece may stay soft; other pieces must go even where they are near.
    others = ((pieces > 0) & (piece == 0)).astype(np.uint8)
    near = cv2.dilate(piece, kernel) * (1 - others)
    kept = alpha * np.maximum(_soften(near, scale), piece)
    return np.asarray(np.where(others > 0, 0, kept), np.float32)


def _step(values: FloatArray, low: float, high: float) -> FloatArray:
    """Smooth step from 0 at `low` to 1 at `high`."""
    ramp = ((values - low) / (high - low)).clip(0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp), np.float32)


def _soften(mask: ArrayLike, scale: float) -> FloatArray:
    """A mask of 0 and 1 with a soft edge."""
    sharp = np.asarray(mask, np.float32)
    blurred = cv2.GaussianBlur(sharp, (0, 0), max(0.5, 1.5 * scale))
    return np.asarray(blurred, np.float32)
