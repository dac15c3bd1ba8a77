"""Pictures of a synthetic head's exact anchors, drawn as splats.

What an edited head looks like at best. Networks that judge edited heads, or read a style off
them, have to know such pictures: splats have no pores and no single hairs, and networks that only
ever saw the generator's pictures take that for age, light or hair of another kind.
"""

import numpy as np
from numpy.typing import NDArray

from inference.rendering.camera import Camera
from inference.rendering.protocol import Frame, Renderer
from training.anchors.data import HeadTargets
from training.anchors.target_splats import splats_of_targets

SIZE = 512
"""Edge of a picture in pixels (our choice: that of the edits' evaluation)."""


def draw_anchors(
    targets: HeadTargets,
    intrinsics: NDArray[np.float64],  # [V, 3, 3] pixels of the generator's pictures
    poses: NDArray[np.float64],  # [V, 4, 4] world to camera
    edge: int,  # of the generator's pictures, in pixels
    renderer: Renderer,
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The head from these cameras: RGB [V, SIZE, SIZE, 3] over black, and alpha [V, SIZE, SIZE]."""
    splats = splats_of_targets(targets)
    pictures, alphas = [], []
    for matrix, pose in zip(intrinsics, poses, strict=True):
        camera = Camera(edge, edge, matrix, pose).resized(SIZE, SIZE)
        picture, alpha = own_colours(renderer.render(splats, camera))
        pictures.append(picture)
        alphas.append(alpha)
    return np.stack(pictures), np.stack(alphas)


def own_colours(frame: Frame) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A drawn head's RGB [S, S, 3], not mixed with what is behind, and its alpha [S, S]."""
    alpha = np.asarray(frame.alpha, np.float32)
    # Undo the black, since a backdrop is put behind the picture once more.
    own = frame.over((0.0, 0.0, 0.0)) / np.maximum(alpha[..., None], 1e-3)
    return (own.clip(0, 1) * 255).round().astype(np.uint8), alpha
