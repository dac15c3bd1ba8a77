"""The tight crop in which heads are compared.

Appendix F compares all methods in PanoHead's crop, the tightest. PanoHead cuts FFHQ's square
(its half side is twice the distance of the eyes or 1.8 times that from eyes to mouth, whichever
is more), widened by a twentieth left and right and a tenth at the top, after moving it onto
the middle of the head that 3DDFA finds (github.com/SizheAn/PanoHead, recrop_images.py). On the
template these are 0.252 m around a point a little above the eyes' height. Our cameras are
known, so the same square is cut around the projection of that point: it needs no detector and
is the same from every side.
"""

from dataclasses import dataclass

import numpy as np

from inference.portrait.sampling import cut_square
from inference.rendering.camera import Camera
from training.data.sample import TrainingView
from training.evaluation.metric import Picture

TIGHT_CENTRE = (0.0, 0.033, -0.010)
"""Metres, world frame: between the face and the back of the head."""
TIGHT_HALF_EXTENT = 0.126
"""Metres at that point's depth, half of the crop's side."""


@dataclass(frozen=True)
class CroppedTruth:
    """The true picture in the tight crop.

    Attributes:
        rgb: [S, S, 3] float32 RGB 0..1 over white.
        alpha: [S, S] float32 0..1.
        camera: that draws the same crop.
    """

    rgb: Picture
    alpha: Picture
    camera: Camera


def tight_square(camera: Camera) -> tuple[tuple[float, float], float]:
    """Centre (x, y) and side of the crop in pixels of the camera's picture."""
    pixels, depth = camera.project(np.array([TIGHT_CENTRE]))
    side = 2 * TIGHT_HALF_EXTENT * camera.intrinsics[0, 0] / float(depth[0])
    return (float(pixels[0, 0]), float(pixels[0, 1])), float(side)


def tight_camera(camera: Camera, size: int) -> Camera:
    """The same point of view that shows only the crop, at `size` pixels.

    Pixels of the source must be square.
    """
    (x, y), side = tight_square(camera)
    scale = size / side
    move = np.array([[scale, 0, size / 2 - scale * x], [0, scale, size / 2 - scale * y], [0, 0, 1]])
    return Camera(size, size, move @ camera.intrinsics, camera.world_to_camera)


def crop_truth(view: TrainingView, size: int) -> CroppedTruth:
    """Cut the crop out of a picture; beyond the picture it is white."""
    centre, side = tight_square(view.camera)
    # Premultiplied, so that the background does not bleed into the rim.
    layers = np.dstack([view.rgb * view.alpha[..., None], view.alpha])
    cut = np.clip(cut_square(layers, centre, side, size), 0, 1)
    rgb = np.clip(cut[..., :3] + 1 - cut[..., 3:], 0, 1)
    return CroppedTruth(rgb, cut[..., 3], tight_camera(view.camera, size))
