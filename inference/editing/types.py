"""What editing takes and gives, as plain data."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inference.engine_protocol import Reconstruction
from inference.errors import UsageError
from inference.head.gaussians import FloatArray, Gaussians
from inference.rendering.camera import Camera


@dataclass(frozen=True)
class Style:
    """A point of a style space.

    Attributes:
        vector: [W] float32, L2-normalised.
        network: the style network whose space it lies in; vectors of two networks never mix.
        description: what the user knows it by: a prompt, a file's name, "this portrait".
        dark_lenses: whether glasses have dark lenses, where words say so; None: the vector decides.
    """

    vector: FloatArray
    network: str
    description: str
    dark_lenses: bool | None = None

    def __post_init__(self) -> None:
        length = float(np.linalg.norm(self.vector))
        if self.vector.ndim != 1 or not np.isfinite(length) or abs(length - 1) > 1e-3:
            raise ValueError(f"a style is one unit vector, got {self.vector.shape}, norm {length}")


@dataclass(frozen=True)
class EditRequest:
    """All that decides an edited head; the same request gives the same head.

    Attributes:
        labels: [S, S] uint8, the face map in the portrait's crop (inference.face_map.labels).
        style: how it shall look.
        base: the portrait's own head, whose colours and shape `keep_identity` keeps; None for an
            edit from map and style alone.
        base_labels: [S, S] uint8, the map of `base`'s portrait before anybody painted.
        base_style: the style of `base`'s portrait.
        keep_identity: 0..1, how much of the photograph's own look stays where the map did not
            change; counts only with `base`, `base_labels` and `base_style`.
    """

    labels: NDArray[np.uint8]
    style: Style
    base: Reconstruction | None = None
    base_labels: NDArray[np.uint8] | None = None
    base_style: Style | None = None
    keep_identity: float = 0.0

    def __post_init__(self) -> None:
        if self.labels.ndim != 2 or self.labels.shape[0] != self.labels.shape[1]:
            raise ValueError(f"a face map is [S, S], got {self.labels.shape}")
        if not 0 <= self.keep_identity <= 1:
            raise ValueError(f"keep_identity lies in 0..1, got {self.keep_identity}")


def check_styles(network: str, *styles: Style | None) -> None:
    """Refuse styles that another style network made.

    Raises:
        UsageError: one did.
    """
    for style in styles:
        if style is not None and style.network != network:
            raise UsageError(
                f"This model wants styles of {network}, not of {style.network}: "
                "make the style anew."
            )


@dataclass(frozen=True)
class EditedHead:
    """A head made from a map and a style.

    Attributes:
        gaussians: the 65,536 Gaussians, index i on template anchor i.
        camera: the camera of the face map: the photograph's own where there is one.
        request: what it was made from.
        seconds: time per stage, by stage name.
        model: name of the preset that made it.
    """

    gaussians: Gaussians
    camera: Camera
    request: EditRequest
    seconds: dict[str, float] = field(default_factory=dict)
    model: str = "embedded"
