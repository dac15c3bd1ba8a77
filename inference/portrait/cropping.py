"""Where the head crop of a face lies, and cutting it out.

The model is trained on crops whose camera looks at HEAD_CENTRE, with a field of view of
PORTRAIT_FOV_DEGREES, and shows PORTRAIT_HALF_EXTENT metres to either side of it. So the crop is
found by perspective-n-point between face landmarks and the same points of the head template.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.fitting.evidence.landmark_groups import landmark_trust
from inference.head.gaussians import FloatArray
from inference.portrait.sampling import cut_square
from inference.portrait.types import CropBox, FaceDetection, FaceLandmarks, LoadedImage
from inference.rendering.camera import HEAD_CENTRE, PORTRAIT_FOV_DEGREES, PORTRAIT_HALF_EXTENT

Points = NDArray[np.float64]

KEYPOINTS = np.array(
    [
        [-0.0294, 0.0295, 0.059],
        [0.0294, 0.0295, 0.059],
        [0.0, -0.009, 0.091],
        [0.0, -0.038, 0.080],
        [-0.069, 0.010, -0.018],
        [0.069, 0.010, -0.018],
    ]
)
"""The detector's keypoints on an average head, metres in the world frame."""

MAX_RESIDUAL = 0.06
"""Landmarks that agree worse with a rigid head, relative to the face's size, are not believed
(our choice; faces turned by 60 degrees reach half of it)."""

BOX_TO_CROP = 2.87
"""Edge of the head crop over that of the detector's box (mean of portraits from the front)."""

OUTSIDE = 0.5
"""Grey of the crop where it reaches beyond the picture."""


def suggest_crop(
    detection: FaceDetection,
    landmarks: FaceLandmarks | None,
    anchors: Points,  # [468, 3] metres
) -> CropBox:
    """The head crop of a face.

    The crop is never rolled. Where the landmarks contradict a rigid head (faces in profile),
    the detector's keypoints say where it lies and its box how large it is.

    Args:
        detection: the face.
        landmarks: its landmarks, in pixels of the photograph, or None.
        anchors: where the head template has the 468 landmarks.
    """
    if landmarks is not None:
        rigid = landmark_trust() >= 1
        crop = _crop_of_pose(anchors[rigid], landmarks.points[rigid])
        if crop is not None and _plausible(crop, detection):
            return crop
    left, top, right, bottom = detection.box
    centre = _centre_weights() @ detection.keypoints
    side = BOX_TO_CROP * max(right - left, bottom - top)
    return CropBox(float(centre[0]), float(centre[1]), side)


def centred_crop(width: int, height: int) -> CropBox:
    """The largest centred square of a picture."""
    return CropBox(width / 2, height / 2, float(min(width, height)))


def cut_crop(image: LoadedImage, crop: CropBox, size: int) -> tuple[FloatArray, FloatArray]:
    """Cut the crop out of the photograph, without aliasing.

    Returns:
        The picture [size, size, 3] float32 0..1, mid-grey outside the photograph, and
        [size, size] float32 that is 1 inside the photograph and 0 outside.
    """
    centre = crop.centre_x, crop.centre_y
    picture = cut_square(image.rgb, centre, crop.side, size, outside=OUTSIDE)
    corner = np.array([crop.centre_x, crop.centre_y]) - crop.side / 2
    pixels = corner[:, None] + (np.arange(size) + 0.5) * (crop.side / size)
    within = (pixels > 0) & (pixels < np.array(image.size)[:, None])
    inside = (within[1][:, None] & within[0]).astype(np.float32)
    picture = np.where(inside[..., None] > 0, picture.clip(0, 1), np.float32(OUTSIDE))
    return picture, inside


def _centre_weights() -> Points:
    """Weights [6] with which the keypoints' mean is HEAD_CENTRE, seen from anywhere far off."""
    equations = np.vstack([KEYPOINTS.T, np.ones(len(KEYPOINTS))])
    return np.asarray(np.linalg.lstsq(equations, np.array([*HEAD_CENTRE, 1.0]))[0])


def _crop_of_pose(points: Points, pixels: Points) -> CropBox | None:
    """The crop by perspective-n-point, or None where the points contradict a rigid head.

    Args:
        points: [N, 3] metres in the world frame.
        pixels: [N, 2] of the photograph.
    """
    extent = float(np.ptp(pixels, axis=0).max())
    if not np.isfinite(pixels).all() or extent < 1:
        return None
    centre, side = pixels.mean(0), 3 * extent
    for _ in range(3):  # the lens depends on the crop: one round would nearly do
        focal = side / (2 * np.tan(np.radians(PORTRAIT_FOV_DEGREES) / 2))
        pose = _solve_pose(points, (pixels - centre) / focal)
        if pose is None:
            return None
        rotation, shift = pose
        projected = _project(points, rotation, shift) * focal + centre
        error = float(np.median(np.linalg.norm(projected - pixels, axis=1)))
        middle = rotation @ np.array(HEAD_CENTRE) + shift
        if error > MAX_RESIDUAL * extent or middle[2] <= 0:
            return None
        centre = middle[:2] / middle[2] * focal + centre
        side = 2 * PORTRAIT_HALF_EXTENT * focal / middle[2]
    return CropBox(float(centre[0]), float(centre[1]), float(side))


def _solve_pose(points: Points, rays: Points) -> tuple[Points, Points] | None:
    """Pose (rotation [3, 3], translation [3]) that puts points [N, 3] onto rays [N, 2]."""
    identity = np.eye(3)
    try:
        found, turn, shift = cv2.solvePnP(points, rays, identity, None, flags=cv2.SOLVEPNP_SQPNP)
        if not found:
            return None
        turn, shift = cv2.solvePnPRefineLM(points, rays, identity, None, turn, shift)
    except cv2.error:
        return None
    if not (np.isfinite(turn).all() and np.isfinite(shift).all()):
        return None
    return np.asarray(cv2.Rodrigues(turn)[0], np.float64), np.asarray(shift, np.float64).ravel()


def _project(points: Points, rotation: Points, shift: Points) -> Points:
    """Points [N, 3] on the plane at depth 1, [N, 2]."""
    local = points @ rotation.T + shift
    return local[:, :2] / local[:, 2:]


def _plausible(crop: CropBox, detection: FaceDetection) -> bool:
    """Whether a crop has about the size and place that the detector's box leads to."""
    left, top, right, bottom = detection.box
    face = max(right - left, bottom - top)
    shift = np.hypot(crop.centre_x - (left + right) / 2, crop.centre_y - (top + bottom) / 2)
    return 1.4 * face < crop.side < 3.5 * face and float(shift) < 0.8 * face
