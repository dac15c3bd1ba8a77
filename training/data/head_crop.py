"""Head crops of pictures whose camera is known: what suggest_crop estimates, exactly."""

import numpy as np
from numpy.typing import NDArray

from inference.portrait.types import CropBox
from inference.rendering.camera import HEAD_CENTRE, PORTRAIT_HALF_EXTENT, Camera
from training.data.errors import BrokenSampleError
from training.data.sample import TrainingView

Rectangle = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of a crop; right and bottom are the first ones beyond."""

MIN_INSIDE = 0.3
"""Share of the crop that must lie within the picture (our choice)."""


def head_crop_box(camera: Camera) -> CropBox:
    """The square around the head in a picture.

    Args:
        camera: of the whole picture, in the template's world.

    Raises:
        BrokenSampleError: the camera does not see the head.
    """
    pixel, depth = camera.project(np.array([HEAD_CENTRE]))
    if depth[0] <= PORTRAIT_HALF_EXTENT:
        raise BrokenSampleError("The camera looks away from the head or sits in it.")
    focal = float(np.sqrt(camera.intrinsics[0, 0] * camera.intrinsics[1, 1]))
    side = 2 * PORTRAIT_HALF_EXTENT * focal / float(depth[0])
    box = CropBox(float(pixel[0, 0]), float(pixel[0, 1]), side)
    corner = np.array([box.centre_x, box.centre_y]) - side / 2
    shared = np.minimum(corner + side, [camera.width, camera.height]) - np.maximum(corner, 0)
    if shared.min() <= 0 or shared.prod() < MIN_INSIDE * side * side:
        raise BrokenSampleError("Most of the head lies beyond the picture.")
    return box


def cropped_camera(camera: Camera, box: CropBox, size: int) -> Camera:
    """The camera of the crop drawn at `size` pixels."""
    scale = size / box.side
    to_crop = np.array(
        [
            [scale, 0, -scale * (box.centre_x - box.side / 2)],
            [0, scale, -scale * (box.centre_y - box.side / 2)],
            [0, 0, 1],
        ]
    )
    return Camera(size, size, to_crop @ camera.intrinsics, camera.world_to_camera)


def picture_in_crop(box: CropBox, width: int, height: int, size: int) -> Rectangle:
    """Where a picture of width x height lies in its crop drawn at `size` pixels."""
    corner = np.array([box.centre_x, box.centre_y]) - box.side / 2
    low = np.ceil(-corner * size / box.side - 1e-6)
    high = np.floor((np.array([width, height]) - corner) * size / box.side + 1e-6)
    left, top = (int(value) for value in np.clip(low, 0, size))
    right, bottom = (int(value) for value in np.clip(high, 0, size))
    return left, top, right, bottom


def within_picture(view: TrainingView, inside: Rectangle) -> TrainingView:
    """The largest square of a crop that lies within the picture, as near its middle as can be.

    Nobody knows what is beyond a picture's edge: as a target it would teach that shoulders end
    there. The camera of the square cuts what the model draws in the same way.
    """
    left, top, right, bottom = inside
    side = min(right - left, bottom - top)
    if side < 1 or inside == (0, 0, view.camera.width, view.camera.height):
        return view
    x = int(np.clip((view.camera.width - side) // 2, left, right - side))
    y = int(np.clip((view.camera.height - side) // 2, top, bottom - side))
    rows, columns = slice(y, y + side), slice(x, x + side)
    shift = np.array([[1.0, 0, -x], [0, 1, -y], [0, 0, 1]])
    camera = Camera(side, side, shift @ view.camera.intrinsics, view.camera.world_to_camera)
    label = None if view.label is None else view.label[rows, columns]
    return TrainingView(view.rgb[rows, columns], view.alpha[rows, columns], camera, label)


def cut_labels(label: NDArray[np.uint8], box: CropBox, size: int) -> NDArray[np.uint8]:
    """Labels [H, W] in the crop [size, size] by the nearest pixel; 0 beyond the picture."""
    steps = (np.arange(size) + 0.5) * (box.side / size) - box.side / 2
    columns = np.floor(box.centre_x + steps).astype(int)
    rows = np.floor(box.centre_y + steps).astype(int)
    height, width = label.shape
    inside = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))
    picked = label[rows.clip(0, height - 1)][:, columns.clip(0, width - 1)]
    return np.where(inside, picked, 0).astype(np.uint8)
