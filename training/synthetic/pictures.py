"""What the renderer gives, and the points whose colours it is asked for."""

from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from inference.rendering.camera import Camera
from training.synthetic.accessories import Accessory

if TYPE_CHECKING:
    from training.synthetic.head import Head

Single = NDArray[np.float32]


@dataclass(frozen=True)
class Picture:
    """One view.

    Attributes:
        rgb: [S, S, 3] float32 0..1, premultiplied by alpha.
        alpha: [S, S] float32 0..1.
        label: [S, S] uint8 FaRL class.
        depth: [S, S] float32 metres along the view axis to what the label names, 0 elsewhere.
    """

    rgb: Single
    alpha: Single
    label: NDArray[np.uint8]
    depth: Single


@dataclass(frozen=True)
class SurfacePoints:
    """Points on the skin whose colours are wanted; see the shader's attributes.

    Attributes:
        points, normals: [N, 3]; rest: [N, 3]; uvs: [N, 2]; fields: [N, 3]; scalp: [N].
        labels, parts: [N].
    """

    points: Single
    normals: Single
    rest: Single
    uvs: Single
    fields: Single
    scalp: Single
    labels: Single
    parts: Single


@dataclass(frozen=True)
class AnchorTargets:
    """The 65,536 anchors of one head.

    Attributes:
        positions: [A, 3] metres.
        normals: [A, 3] unit, outward; of hair, away from the head's axis.
        colours: [A, 3] 0..1 sRGB, in the head's own light.
        labels: [A] uint8 FaRL class of what the anchor lies on.
        kinds: [A] uint8, values of labels.Kind.
        directions: [A, 3] unit, along the hairs from root to tip; zero where there is no hair.
    """

    positions: Single
    normals: Single
    colours: Single
    labels: NDArray[np.uint8]
    kinds: NDArray[np.uint8]
    directions: Single

    def put(
        self, who: NDArray[np.int64], positions: Single, normals: Single, colours: Single
    ) -> None:
        """Move anchors `who` [N] to positions, normals and colours [N, 3]."""
        self.positions[who], self.normals[who] = positions, normals
        self.colours[who] = np.clip(colours, 0, 1)


class Renderer(Protocol):
    """What draws heads and colours their anchors.

    Attributes:
        size: edge of the pictures in pixels.
        strand_colours: [S * K, 3] sRGB of the points of the loaded head's hair, if it has any.
    """

    size: int
    strand_colours: Single

    @property
    def device(self) -> str:
        """What draws, for the record."""

    def load(self, head: "Head") -> None:
        """Light a head; the other methods are then about it."""

    def draw(self, camera: Camera) -> Picture:
        """One view."""

    def draw_map(self, camera: Camera) -> NDArray[np.uint8]:
        """The label of `draw`; quicker where it can be."""

    def bake_surface(self, at: SurfacePoints) -> Single:
        """Colours [N, 4] of points on skin or cloth; the last channel is 0 where nothing is."""

    def bake_worn(self, thing: Accessory) -> Single:
        """Colours [N, 4] of a worn mesh's vertices, premultiplied by the last channel."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
