"""The classes of a face map: numbers, names, colours and what lies beneath what.

FaRL's celebm/448 order; left and right are the person's. Pictures and files show a class in its
colour here and nowhere else.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

ByteArray = NDArray[np.uint8]


class Label(IntEnum):
    """A class of the map."""

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

    @property
    def title(self) -> str:
        """What the user reads."""
        return _TITLES.get(self, self.name.replace("_", " ").capitalize())


_TITLES = {Label.CLOTH: "Clothing", Label.INNER_MOUTH: "Mouth inside"}

COUNT = len(Label)

COLOURS: ByteArray = np.array(
    [
        (28, 28, 32),
        (206, 132, 88),
        (240, 188, 146),
        (88, 104, 208),
        (232, 122, 104),
        (186, 84, 92),
        (158, 104, 56),
        (108, 68, 36),
        (112, 222, 240),
        (44, 160, 214),
        (250, 214, 92),
        (112, 22, 52),
        (244, 92, 128),
        (206, 40, 84),
        (148, 92, 196),
        (66, 206, 140),
        (24, 132, 112),
        (252, 246, 186),
        (188, 206, 58),
    ],
    np.uint8,
)
"""[19, 3] sRGB; our choice: kin have kindred hues, and each can be told from its neighbours."""
COLOURS.setflags(write=False)

MIRRORED: ByteArray = np.arange(COUNT, dtype=np.uint8)
"""[19] the class that each class turns into when left and right are swapped."""
for _right, _left in (
    (Label.RIGHT_EAR, Label.LEFT_EAR),
    (Label.RIGHT_BROW, Label.LEFT_BROW),
    (Label.RIGHT_EYE, Label.LEFT_EYE),
):
    MIRRORED[_right], MIRRORED[_left] = _left, _right
MIRRORED.setflags(write=False)

_GROUND = frozenset(
    {
        Label.BACKGROUND,
        Label.NECK,
        Label.FACE,
        Label.CLOTH,
        Label.RIGHT_EAR,
        Label.LEFT_EAR,
    }
)
_LIPS = frozenset({Label.LOWER_LIP, Label.UPPER_LIP})
FEATURES = (
    Label.RIGHT_BROW,
    Label.LEFT_BROW,
    Label.RIGHT_EYE,
    Label.LEFT_EYE,
    Label.NOSE,
    Label.INNER_MOUTH,
    Label.LOWER_LIP,
    Label.UPPER_LIP,
)
"""What lies on a face."""


def beneath(label: int) -> frozenset[Label]:
    """The classes that can come to light where one is taken away (our choice).

    A face has nothing of its own kind beneath it, features lie on the face, hair on both, and
    what is worn on all of them.
    """
    kind = Label(label)
    if kind in _GROUND:
        return _GROUND - {kind}
    if kind is Label.INNER_MOUTH:
        return _LIPS | {Label.FACE}
    if kind in FEATURES:
        return frozenset({Label.FACE})
    if kind is Label.HAIR:
        return _GROUND | set(FEATURES)
    return _GROUND | set(FEATURES) | {Label.HAIR}
