"""From one head to another, anchor by anchor."""

import numpy as np

from inference.errors import UsageError
from inference.head.gaussians import Gaussians


def gaussians_between(first: Gaussians, second: Gaussians, share: float) -> Gaussians:
    """The head that is `share` (0..1) of the way from `first` to `second`.

    Gaussian i of both sits on the same anchor. Positions, colours, opacities and logarithms of
    sizes go straight; orientations turn the shorter way on the sphere (q and -q are the same).

    Raises:
        UsageError: the two have not the same number of Gaussians.
    """
    if len(first) != len(second):
        raise UsageError(
            f"Heads of {len(first):,} and {len(second):,} Gaussians do not match: "
            "make both with the same kind of model."
        )
    if share <= 0:
        return first
    if share >= 1:
        return second

    def mixed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.asarray((1 - share) * a + share * b, np.float32)

    scales = np.exp(mixed(np.log(first.scales), np.log(second.scales)))
    return Gaussians(
        mixed(first.means, second.means),
        _turned(first.quaternions, second.quaternions, share),
        scales,
        mixed(first.opacities, second.opacities),
        mixed(first.colours, second.colours),
    )


def _turned(
    first: np.ndarray,  # [N, 4] unit length
    second: np.ndarray,  # [N, 4]
    share: float,
) -> np.ndarray:
    """Spherical interpolation [N, 4] (Shoemake 1985, https://doi.org/10.1145/325334.325242)."""
    cosine = np.einsum("nc,nc->n", first, second)
    second = np.where(cosine[:, None] < 0, -second, second)
    angle = np.arccos(np.clip(np.abs(cosine), 0, 1))
    sine = np.sin(angle)
    close = sine < 1e-4  # a straight line there is as good, and divides by nothing
    below = np.where(close, 1.0, sine)
    from_first = np.where(close, 1 - share, np.sin((1 - share) * angle) / below)
    from_second = np.where(close, share, np.sin(share * angle) / below)
    mixed = from_first[:, None] * first + from_second[:, None] * second
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    return np.asarray(mixed, np.float32)
