"""What every data set gives: one input view and the target views that it is judged by."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.rendering.camera import Camera


@dataclass(frozen=True)
class TrainingView:
    """One picture of a head, cropped as the model's portraits are.

    Attributes:
        rgb: [H, W, 3] float32 RGB 0..1, as photographed (background included).
        alpha: [H, W] float32 foreground 0..1.
        camera: where it was taken from, in the world of the head template, of this picture's
            size.
        label: [H, W] uint8 FaRL classes, or None where they are not known.
    """

    rgb: NDArray[np.float32]
    alpha: NDArray[np.float32]
    camera: Camera
    label: NDArray[np.uint8] | None = None

    def over(self, background: tuple[float, float, float]) -> NDArray[np.float32]:
        """The foreground over one colour, [H, W, 3]: targets are compared so."""
        alpha = self.alpha[..., None]
        mixed: NDArray[np.float32] = self.rgb * alpha + np.asarray(background, np.float32) * (
            1 - alpha
        )
        return mixed


@dataclass(frozen=True)
class TrainingSample:
    """One training step's worth of one person.

    Attributes:
        source: which view of which data set, unique and readable: the NaN guard prints it.
        identity: the person, unique across data sets; splits go by it.
        input: what the model sees.
        targets: what its head must look like; the paper takes three other views, in-the-wild
            data has only the input itself.
    """

    source: str
    identity: str
    input: TrainingView
    targets: tuple[TrainingView, ...]


class HeadDataset(Protocol):
    """A data set: samples by index; which other views are targets is drawn from the seed."""

    @property
    def name(self) -> str:
        """Which data set, as the configuration calls it."""
        ...

    @property
    def real(self) -> bool:
        """Whether it shows real people (the sharpening CNN learns from those alone)."""
        ...

    def __len__(self) -> int:
        """Number of input views: any view may be the input (section 3.3)."""
        ...

    def sample(self, index: int, rng: np.random.Generator) -> TrainingSample:
        """The sample whose input is view `index`; its targets are drawn with `rng`.

        Raises:
            BrokenSampleError: its files can't be read.
        """
        ...
