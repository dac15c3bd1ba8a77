"""The 19 face regions, and the other order in which networks and data sets count them.

Left and right are the person's. CelebAMask-HQ (https://github.com/switchablenorms/CelebAMask-HQ),
whose order BiSeNet's parsers follow, names them as they lie in the picture: its l_eye is the
person's right eye.
"""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class FaceLabel(IntEnum):
    """FaRL's celebm order (pyfacer's "celebm/448"), the one used everywhere in PercHead."""

    BACKGROUND = 0
    NECK = 1
    FACE = 2
    CLOTH = 3
    RIGHT_EAR = 4
    LEFT_EAR = 5
    RIGHT_BROW = 6
    LEFT_BROW = 7
    RIGHT_EYE = 8
    LEFT_EYE = 9
    NOSE = 10
    INNER_MOUTH = 11
    LOWER_LIP = 12
    UPPER_LIP = 13
    HAIR = 14
    GLASSES = 15
    HAT = 16
    EARRING = 17
    NECKLACE = 18


NUM_LABELS = len(FaceLabel)

FARL_NAMES = (
    "background", "neck", "face", "cloth", "rr", "lr", "rb", "lb", "re", "le",
    "nose", "imouth", "llip", "ulip", "hair", "eyeg", "hat", "earr", "neck_l",
)  # fmt: skip
"""What pyfacer calls the regions, in the order of FaceLabel."""

CELEBAMASK_NAMES = (
    "background", "skin", "l_brow", "r_brow", "l_eye", "r_eye", "eye_g", "l_ear", "r_ear",
    "ear_r", "nose", "mouth", "u_lip", "l_lip", "neck", "neck_l", "cloth", "hair", "hat",
)  # fmt: skip
"""CelebAMask-HQ's order, by its own names."""

_FROM_CELEBAMASK = {
    "background": FaceLabel.BACKGROUND,
    "skin": FaceLabel.FACE,
    "l_brow": FaceLabel.RIGHT_BROW,
    "r_brow": FaceLabel.LEFT_BROW,
    "l_eye": FaceLabel.RIGHT_EYE,
    "r_eye": FaceLabel.LEFT_EYE,
    "eye_g": FaceLabel.GLASSES,
    "l_ear": FaceLabel.RIGHT_EAR,
    "r_ear": FaceLabel.LEFT_EAR,
    "ear_r": FaceLabel.EARRING,
    "nose": FaceLabel.NOSE,
    "mouth": FaceLabel.INNER_MOUTH,
    "u_lip": FaceLabel.UPPER_LIP,
    "l_lip": FaceLabel.LOWER_LIP,
    "neck": FaceLabel.NECK,
    "neck_l": FaceLabel.NECKLACE,
    "cloth": FaceLabel.CLOTH,
    "hair": FaceLabel.HAIR,
    "hat": FaceLabel.HAT,
}


def label_order(names: Sequence[str]) -> tuple[FaceLabel, ...]:
    """What each channel of a network stands for.

    Args:
        names: of its channels, in FaRL's or CelebAMask-HQ's words.

    Returns:
        Our label of each channel; all 19, each once.

    Raises:
        ValueError: the names are neither.
    """
    farl = dict(zip(FARL_NAMES, FaceLabel, strict=True))
    for table in (farl, _FROM_CELEBAMASK):
        if set(names) == set(table) and len(names) == NUM_LABELS:
            return tuple(table[name] for name in names)
    raise ValueError(f"these are not the 19 regions of a face: {', '.join(names)}")


def from_celebamask(
    labels: NDArray[np.uint8],  # [..., H, W] in CelebAMask-HQ's order, 0..18
) -> NDArray[np.uint8]:
    """The same map [..., H, W] in the order of FaceLabel.

    Raises:
        IndexError: a value is no label.
    """
    return np.array(label_order(CELEBAMASK_NAMES), np.uint8)[labels]
