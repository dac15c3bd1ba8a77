"""Which share of each patch of a picture is hair, hat, cloth and so on."""

import numpy as np
from numpy.typing import NDArray

CLASSES = (
    (14,),  # hair
    (16,),  # hat
    (3,),  # cloth
    (1,),  # neck
    (2, 6, 7, 8, 9, 10, 11, 12, 13),  # face
    (4, 5),  # ears
    (15,),  # glasses
    (17, 18),  # jewellery
)
"""Classes of the probe as FaRL's."""


def patch_shares(
    labels: NDArray[np.uint8],  # [V, S, S] FaRL classes
    patch: int,
) -> NDArray[np.float32]:
    """Share 0..1 [V, P, classes] of each patch that is of each class."""
    views, size = labels.shape[0], labels.shape[1]
    grid = size // patch
    shares = []
    for members in CLASSES:
        mask = np.isin(labels[:, : grid * patch, : grid * patch], members).astype(np.float32)
        shares.append(mask.reshape(views, grid, patch, grid, patch).mean((2, 4)))
    return np.stack(shares, -1).reshape(views, grid * grid, len(CLASSES))
