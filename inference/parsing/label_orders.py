"""The orders in which networks and data sets count the 19 face regions.

FaRL's celebm order (pyfacer's "celebm/448") is ours, see inference.face_map.labels. Left and
right are the person's. CelebAMask-HQ (https://github.com/switchablenorms/CelebAMask-HQ), whose
order BiSeNet's parsers follow, names them as they lie in the picture: its l_eye is the person's
right eye.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inference.face_map.labels import COUNT, Label

FARL_NAMES = (
    "background", "neck", "face", "cloth", "rr", "lr", "rb", "lb", "re", "le",
    "nose", "imouth", "llip", "ulip", "hair", "eyeg", "hat", "earr", "neck_l",
)  # fmt: skip
"""What pyfacer calls the regions, in the order of Label."""

CELEBAMASK_NAMES = (
    "background", "skin", "l_brow", "r_brow", "l_eye", "r_eye", "eye_g", "l_ear", "r_ear",
    "ear_r", "nose", "mouth", "u_lip", "l_lip", "neck", "neck_l", "cloth", "hair", "hat",
)  # fmt: skip
"""CelebAMask-HQ's order, by its own names."""

_FROM_CELEBAMASK = {
    "background": Label.BACKGROUND,
    "skin": Label.FACE,
    "l_brow": Label.RIGHT_BROW,
    "r_brow": Label.LEFT_BROW,
    "l_eye": Label.RIGHT_EYE,
    "r_eye": Label.LEFT_EYE,
    "eye_g": Label.GLASSES,
    "l_ear": Label.RIGHT_EAR,
    "r_ear": Label.LEFT_EAR,
    "ear_r": Label.EARRING,
    "nose": Label.NOSE,
    "mouth": Label.INNER_MOUTH,
    "u_lip": Label.UPPER_LIP,
    "l_lip": Label.LOWER_LIP,
    "neck": Label.NECK,
    "neck_l": Label.NECKLACE,
    "cloth": Label.CLOTH,
    "hair": Label.HAIR,
    "hat": Label.HAT,
}


def label_order(names: Sequence[str]) -> tuple[Label, ...]:
    """What each channel of a network stands for.

    Args:
        names: of its channels, in FaRL's or CelebAMask-HQ's words.

    Returns:
        Our label of each channel; all 19, each once.

    Raises:
        ValueError: the names are neither.
    """
    farl = dict(zip(FARL_NAMES, Label, strict=True))
    for table in (farl, _FROM_CELEBAMASK):
        if set(names) == set(table) and len(names) == COUNT:
            return tuple(table[name] for name in names)
    raise ValueError(f"these are not the 19 regions of a face: {', '.join(names)}")


def from_celebamask(
    labels: NDArray[np.uint8],  # [..., H, W] in CelebAMask-HQ's order, 0..18
) -> NDArray[np.uint8]:
    """The same map [..., H, W] in the order of Label.

    Raises:
        IndexError: a value is no label.
    """
    return np.array(label_order(CELEBAMASK_NAMES), np.uint8)[labels]
