"""How the embedded style space is laid out: one block of coordinates per aspect of a look.

A description names some aspects; the blocks of the others are zero in its vector. So a partial
prompt says what it does not say, and what it leaves open can come from another style.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inference.head.gaussians import FloatArray


@dataclass(frozen=True)
class Block:
    """One aspect.

    Attributes:
        name: what it is about.
        start, stop: its coordinates.
        weight: its length in a vector that knows every aspect; their squares sum to 1.
    """

    name: str
    start: int
    stop: int
    weight: float

    @property
    def width(self) -> int:
        """Number of coordinates."""
        return self.stop - self.start

    @property
    def where(self) -> slice:
        """Its coordinates as a slice."""
        return slice(self.start, self.stop)


# Width, and share of the squared length: what strikes a viewer most weighs most (our choice).
_LAYOUT = {
    "hair colour": (20, 0.20),
    "hair kind": (16, 0.09),
    "skin": (16, 0.20),
    "age": (8, 0.13),
    "sex": (8, 0.10),
    "beard": (12, 0.08),
    "eyes": (8, 0.04),
    "light": (16, 0.07),
    "clothes": (16, 0.06),
    "worn": (8, 0.03),
}


def _blocks() -> tuple[Block, ...]:
    made, start = [], 0
    for name, (width, share) in _LAYOUT.items():
        made.append(Block(name, start, start + width, float(np.sqrt(share))))
        start += width
    return tuple(made)


BLOCKS = _blocks()
WIDTH = BLOCKS[-1].stop
BY_NAME = {block.name: block for block in BLOCKS}

_SURE, _OPEN = 0.9, 0.3
EMPHASIS = 0.4
"""By how much a description of one aspect out of very many is exaggerated (our choice, comparing
colours that words give with those of heads that have them: at 0.9 grey hair is nearly white)."""

_SILENT, _SAID = 0.15, 0.5
"""Relative lengths of a block, over the longest of its vector: not said at all, said surely."""


def said(vector: FloatArray) -> FloatArray:
    """How surely [10] 0..1 a style vector [128] says something about each aspect."""
    length = np.array(
        [np.linalg.norm(vector[block.where]) / block.weight for block in BLOCKS], np.float64
    )
    relative = length / max(float(length.max()), 1e-9)
    return np.asarray(np.clip((relative - _SILENT) / (_SAID - _SILENT), 0, 1), np.float32)


def completed(vector: FloatArray, base: FloatArray | None = None) -> FloatArray:
    """A style vector [128] in which every aspect that is said has the same certainty.

    Args:
        vector: of a picture, of a description, or between such.
        base: where what is left open comes from. What it leaves open too is zero, which stands
            for the average of all people.
    """
    made = np.zeros(WIDTH, np.float32)
    sure, known = said(vector), said(base) if base is not None else np.zeros(len(BLOCKS))
    for block, share, other in zip(BLOCKS, sure, known, strict=True):
        part = unit(vector[block.where]) * share
        if base is not None:
            part = part + unit(base[block.where]) * other * (1 - share)
        made[block.where] = block.weight * part
    return made


def with_block(vector: FloatArray, name: str, other: FloatArray) -> FloatArray:
    """A style vector [128] that says of one aspect what another says."""
    made = vector.copy()
    where = BY_NAME[name].where
    made[where] = other[where]
    return made


def difference(look: FloatArray, own: FloatArray, name: str) -> float:
    """How far two completed styles [128] are apart in an aspect: 0 the same, 2 opposite."""
    block = BY_NAME[name]
    return float(np.linalg.norm((look - own)[block.where])) / block.weight


def emphasised(look: FloatArray, vector: FloatArray) -> FloatArray:
    """A completed style [128] with more of what a description names.

    Words tell the average of all heads that they fit, which strikes nobody: who asks for red hair
    wants it redder than that. Zero stands for the average of all people, so longer is more.

    Args:
        look: the completed style.
        vector: that says so; a picture, which says everything, emphasises nothing.
    """
    made = look.copy()
    sure = said(vector)
    extra = EMPHASIS * (1 - float(sure.mean()))
    for block, share in zip(BLOCKS, sure, strict=True):
        made[block.where] *= 1 + extra * share
    return made


def joined(whole: FloatArray, parts: Sequence[FloatArray], alone: Sequence[bool]) -> FloatArray:
    """The vector [128] of a description and of its phrases, of unit length.

    What a phrase says surely is taken from it, if the whole says something about it at all: alone,
    "grey" could be hair or eyes. A phrase that names its subject needs no whole: a long description
    can drown what one of its phrases says.

    Args:
        whole: of the description.
        parts: of its phrases.
        alone: which of these name their subject.
    """
    made = np.zeros(WIDTH, np.float32)
    sure = said(whole)
    told = [said(part) for part in parts]
    for number, block in enumerate(BLOCKS):
        heard = sure[number] > _OPEN
        own = [
            part[block.where]
            for part, sureness, named in zip(parts, told, alone, strict=True)
            if sureness[number] > _SURE and (heard or named)
        ]
        if own:
            value, share = (
                np.sum([unit(values) for values in own], axis=0),
                max(sure[number], _SURE),
            )
        else:
            value, share = whole[block.where] * sure[number], sure[number]
        made[block.where] = unit(value) * block.weight * max(share, 1e-3)
    return unit(made)


def unit(values: FloatArray) -> FloatArray:
    """The vector at length 1; zero stays zero."""
    return np.asarray(values / max(float(np.linalg.norm(values)), 1e-9), np.float32)
