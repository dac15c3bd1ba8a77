"""What averages of many heads wash out of a face: wrinkles and irises, painted as the style says.

Not part of the heads that identity compares: on a portrait they go onto the photograph's own head,
and only as far as the style wants what the photograph does not have.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.editing.identity import ShapedHead
from inference.editing.irises import colour_change, colour_irises
from inference.editing.wrinkles import Wrinkles, added_age, removed_age
from inference.head.gaussians import FloatArray, Gaussians
from inference.head.template import HeadTemplate
from inference.rendering.camera import Camera

_OF_A_PHOTOGRAPH = 1.5
"""Contrast of wrinkles on a photograph's own skin (our choice, looking at three portraits)."""


@dataclass(frozen=True)
class FaceLook:
    """What a style says of a face.

    Attributes:
        age: centuries.
        iris: [3] RGB.
    """

    age: float
    iris: FloatArray


class FaceDetails:
    """Paints the details of faces of one template."""

    def __init__(self, template: HeadTemplate) -> None:
        self._template = template
        self._wrinkles = Wrinkles(template)

    def on_head(
        self,
        head: ShapedHead,
        labels: NDArray[np.uint8],  # [S, S] the face map
        camera: Camera,
        look: FaceLook,
    ) -> ShapedHead:
        """The model's head with its wrinkles and with irises that have an edge."""
        means, kinds = head.means, head.kinds
        colours, _ = colour_irises(
            head.colours, means, kinds, labels, camera, self._template, look.iris, drawn=True
        )
        colours = self._wrinkles.paint(colours, means, kinds, labels, camera, look.age)
        return replace(head, colours=colours)

    def on_portrait(
        self,
        edited: Gaussians,
        fitted: Gaussians,
        kinds: NDArray[np.int64],  # [N] of the edited head
        maps: tuple[NDArray[np.uint8], NDArray[np.uint8]],  # [S, S] edited, the portrait's own
        camera: Camera,
        looks: tuple[FaceLook, FaceLook],  # asked for, the portrait's own
        keep: float,  # 0..1 of the portrait
    ) -> Gaussians:
        """An edited portrait, older, younger or with other irises if the style says so."""
        asked, own = looks
        colours = edited.colours
        change = keep * colour_change(asked.iris, own.iris)
        if change > 0:
            irises, found = colour_irises(
                fitted.colours,
                fitted.means,
                kinds,
                maps[1],
                camera,
                self._template,
                asked.iris,
                drawn=False,
            )
            colours = colours.copy()
            colours[found] += change * (irises[found] - colours[found])
        gone = keep * removed_age(asked.age, own.age)
        colours = self._wrinkles.smoothed(colours, edited.means, kinds, maps[0], camera, gone)
        age = keep * added_age(asked.age, own.age) + (1 - keep) * asked.age
        contrast = 1 + keep * (_OF_A_PHOTOGRAPH - 1)
        colours = self._wrinkles.paint(colours, edited.means, kinds, maps[0], camera, age, contrast)
        return edited if colours is edited.colours else replace(edited, colours=colours)
