"""What the renderer gives, and the points whose colours it is asked for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Single = NDArray[np.float32]


@dataclass(frozen=True)
class Picture:
    """One view.

    Attributes:
        rgb: [S, S, 3] float32 0..1, premultiplied by alpha.
        alpha: [S, S] float32 0..1.
        label: [S, S] uint8 FaRL class.
        depth: [S, S] float32 metres along the view axis to what the label names, 0 elsewhere.
    """

    rgb: Single
    alpha: Single
    label: NDArray[np.uint8]
    depth: Single


@dataclass(frozen=True)
class SurfacePoints:
    """Points on the skin whose colours are wanted; see the shader's attributes.

    Attributes:
        points, normals: [N, 3]; rest: [N, 3]; uvs: [N, 2]; fields: [N, 3]; scalp: [N].
        labels, parts: [N].
    """

    points: Single
    normals: Single
    rest: Single
    uvs: Single
    fields: Single
    scalp: Single
    labels: Single
    parts: Single
