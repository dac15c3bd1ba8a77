"""What a description implies without saying so: old people are grey, women have no beards.

Only what it leaves open is added. The style space learns from prompts that name single aspects of
a head, so it cannot know what goes without saying.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from inference.features.style_blocks import BLOCKS, BY_NAME, Block, said, unit
from inference.head.gaussians import FloatArray

_SAID = 0.5  # how surely an aspect must be said to imply another, and at most be said to be open
_LIKE = 0.8  # cosine of what is said with what implies, within its block
_EXACTLY = 0.9999  # the same of what was implied; what is said is hardly ever as like


@dataclass(frozen=True)
class Implication:
    """One rule.

    Attributes:
        aspect: of what is said.
        words: that say it.
        implied: the aspect that goes without saying.
        implied_words: that say that.
    """

    aspect: str
    words: str
    implied: str
    implied_words: str


IMPLICATIONS = (
    Implication("age", "an old person", "hair colour", "hair that has become grey"),
    Implication("sex", "a woman", "beard", "clean-shaven"),
    Implication("age", "a child", "beard", "clean-shaven"),
)


class ImpliedStyle:
    """Completes style vectors of descriptions.

    Args:
        embed: gives the style vectors [T, 128] of texts; asked once, for the words of the rules.
        rules: which.
    """

    def __init__(
        self,
        embed: Callable[[Sequence[str]], FloatArray],
        rules: Sequence[Implication] = IMPLICATIONS,
    ) -> None:
        vectors = embed([words for rule in rules for words in (rule.words, rule.implied_words)])
        self._rules = [
            (BY_NAME[rule.aspect], said_so, BY_NAME[rule.implied], implied)
            for rule, said_so, implied in zip(rules, vectors[::2], vectors[1::2], strict=True)
        ]

    def completed(self, vector: FloatArray) -> FloatArray:
        """A description's vector [128] of unit length, with all that goes without saying."""
        made = vector.copy()
        sure = said(vector)
        for block, like, implied, part in self._rules:
            if _says(vector, like, block) and sure[BLOCKS.index(implied)] < _SAID:
                length = np.linalg.norm(vector[block.where]) / block.weight
                made[implied.where] = unit(part[implied.where]) * implied.weight * length
        return unit(made)

    def goes_without_saying(self, vector: FloatArray, name: str) -> bool:
        """Whether what a description's vector [128] says of an aspect was implied."""
        return any(
            implied.name == name
            and _says(vector, like, block)
            and _cosine(vector, part, implied) > _EXACTLY
            for block, like, implied, part in self._rules
        )


def _says(vector: FloatArray, like: FloatArray, block: Block) -> bool:
    """Whether a vector surely says of an aspect what another one says."""
    sure = said(vector)[BLOCKS.index(block)]
    return bool(sure > _SAID) and _cosine(vector, like, block) > _LIKE


def _cosine(first: FloatArray, second: FloatArray, block: Block) -> float:
    return float(unit(first[block.where]) @ unit(second[block.where]))
