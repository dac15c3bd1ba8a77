"""Colour correction by a polynomial matrix, as NeRSemble v2 is published with.

Cheung et al., "A comparative study of the characterisation of colour cameras by means of neural
networks and polynomial transforms", 2004, in the order of terms of colour-science's
matrix_augmented_Cheung2004. The polynomial works on linear light.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.rendering.camera import Matrix
from training.data.capture import Picture, PictureSource
from training.data.errors import BrokenSampleError
from training.data.json_values import as_matrix

_TERMS = {  # number of columns -> exponents of R, G, B of each term
    3: "R G B",
    4: "R G B RGB",
    5: "R G B RGB 1",
    7: "R G B RG RB GB 1",
    8: "R G B RG RB GB RGB 1",
    10: "R G B RG RB GB RR GG BB 1",
    11: "R G B RG RB GB RR GG BB RGB 1",
    14: "R G B RG RB GB RR GG BB RGB RRR GGG BBB 1",
}


@dataclass(frozen=True)
class ColourCorrected:
    """A picture whose colours are corrected when it is read.

    Attributes:
        picture: the picture.
        matrix: [3, terms].
    """

    picture: PictureSource
    matrix: Matrix

    def read(self) -> Picture:
        """Read and correct it.

        Raises:
            BrokenSampleError: it can't be read.
        """
        picture = self.picture.read()
        return replace(picture, rgb=correct_colours(picture.rgb, self.matrix))


def parse_colour_matrix(value: Any, what: str) -> Matrix:
    """A colour matrix [3, terms] from JSON.

    Raises:
        BrokenSampleError: it is none, or of a number of terms that is not known.
    """
    terms = len(value[0]) if isinstance(value, list) and value and isinstance(value[0], list) else 0
    if terms not in _TERMS:
        raise BrokenSampleError(f"The colour calibration of {what} has {terms} terms.")
    return as_matrix(value, 3, terms, f"the colour calibration of {what}")


def correct_colours(
    rgb: NDArray[np.uint8],  # [H, W, 3] sRGB
    matrix: Matrix,  # [3, terms]
) -> NDArray[np.uint8]:
    """Corrected colours [H, W, 3] uint8 sRGB."""
    table = _to_linear(np.arange(256, dtype=np.float32) / np.float32(255))
    result = np.empty_like(rgb)
    for row in range(0, len(rgb), 256):  # in strips: pictures have seven million pixels
        linear = table[rgb[row : row + 256]]
        channels = dict(zip("RGB", np.moveaxis(linear, -1, 0), strict=True))
        mixed = np.zeros_like(linear)
        for column, term in enumerate(_TERMS[matrix.shape[1]].split()):
            value = np.ones_like(linear[..., 0])
            for letter in term.strip("1"):
                value = value * channels[letter]
            mixed += value[..., None] * matrix[:, column].astype(np.float32)
        encoded = _to_srgb(mixed.clip(0, 1))
        result[row : row + 256] = (encoded * 255 + 0.5).astype(np.uint8)
    return result


def _to_linear(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """From sRGB to linear light (IEC 61966-2-1)."""
    high = ((values + 0.055) / 1.055) ** 2.4
    return np.where(values <= 0.04045, values / 12.92, high).astype(np.float32)


def _to_srgb(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """From linear light to sRGB."""
    high = 1.055 * values ** np.float32(1 / 2.4) - 0.055
    return np.where(values <= 0.0031308, values * 12.92, high).astype(np.float32)
