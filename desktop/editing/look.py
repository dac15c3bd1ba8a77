"""What the user wants the head to look like. Plain Python: knows no widget and no Qt."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.editing.blending import blend_styles, vary_style
from inference.editing.types import Style

VARIATION = 0.35  # radians between a style and a variation of it; our choice
KEEP = 1.0  # of the photograph's own look at first; our choice


@dataclass(frozen=True, eq=False)
class StyleSource:
    """A style, and what the user knows it by.

    Attributes:
        style: its description is what the user wrote, or the picture's name.
        picture: [H, W, 3] uint8 RGB of a reference's head, or None for words.
    """

    style: Style
    picture: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class Look:
    """Everything of the style panel.

    Attributes:
        source: words or a picture; None is the portrait's own style.
        second: what it is blended with, or None.
        share: 0..1, how far towards `second`.
        strength: 0..1, how far from the portrait's own style towards the wanted one.
        keep: 0..1, how much of the photograph's own look stays.
        seed: of a variation around all this, or None.
    """

    source: StyleSource | None = None
    second: StyleSource | None = None
    share: float = 0.5
    strength: float = 1.0
    keep: float = KEEP
    seed: int | None = None

    @property
    def plain(self) -> bool:
        """Whether it is the portrait's own style."""
        return self.source is None and self.second is None and self.seed is None

    @property
    def title(self) -> str:
        """A few words for menus and tool tips."""
        words = self.source.style.description if self.source else "this portrait"
        if self.second is not None:
            words += f" + {self.second.style.description}"
        return words if self.seed is None else f"{words}, variation {self.seed}"

    def style(self, own: Style) -> Style:
        """The style that all this means, where `own` is the portrait's.

        Raises:
            UsageError: the styles come from different networks.
        """
        wanted = self.source.style if self.source else own
        if self.second is not None:
            wanted = blend_styles(wanted, self.second.style, self.share)
        if self.strength < 1 and wanted is not own:
            wanted = blend_styles(own, wanted, self.strength, wanted.description)
        if self.seed is not None:
            wanted = vary_style(wanted, VARIATION, self.seed)
        return wanted
