"""What a piece of the drawn scene, and an anchor of a head, stands for."""

from enum import IntEnum


class Surface(IntEnum):
    """What a drawn triangle is made of; 0..4 equal the parts of the base mesh."""

    SKIN = 0
    EYE = 1
    TEETH = 2
    TONGUE = 3
    MOUTH_CAVITY = 4
    CLOTH = 7
    STRAND = 8


class Kind(IntEnum):
    """What an anchor stands for in one head."""

    SKIN = 0
    HAIR = 1
    CLOTH = 2
    GLASSES = 3
    HAT = 4
    JEWELLERY = 5
