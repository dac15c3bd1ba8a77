"""A photograph in black and white, or in sepia, makes a head of its tones alone.

What it does not show comes from the network, in the colours of people: beside grey it would look
blue and pink.
"""

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray

COLOURLESS = 0.012
"""RGB, root mean square, by which pixels stray from one curve of tones at most (our choice: colour
photographs of people stray by 0.03 and more, compression of grey ones by 0.005)."""

DEGREE = 3
"""Of the curve: paper and silver bend it."""

LEAST_PIXELS = 200


def tones_of(
    image: FloatArray,  # [H, W, 3]
    chosen: NDArray[np.bool_],  # [H, W]
) -> FloatArray | None:
    """The curve of a picture without colours, None of one with them.

    Args:
        image: the photograph.
        chosen: its foreground.

    Returns:
        [DEGREE + 1, 3] coefficients of each channel by the channels' mean, highest power first.
    """
    pixels = image[chosen].astype(np.float64)
    if len(pixels) < LEAST_PIXELS:
        return None
    tone = pixels.mean(1)
    curve = np.linalg.lstsq(np.vander(tone, DEGREE + 1), pixels)[0]
    strays = pixels - _on(curve, tone)
    if np.sqrt((strays**2).mean()) > COLOURLESS:
        return None
    return np.asarray(curve, np.float32)


def toned(
    colours: FloatArray,  # [N, 3]
    curve: FloatArray,  # [DEGREE + 1, 3]
) -> FloatArray:
    """Colours [N, 3] as the curve has them."""
    return np.clip(_on(curve, colours.mean(1)), 0, 1).astype(np.float32)


def _on(curve: NDArray[np.floating], tone: NDArray[np.floating]) -> NDArray[np.float64]:
    powers = np.vander(tone, DEGREE + 1)
    return np.asarray(powers @ curve, np.float64)
