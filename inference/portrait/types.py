"""The plain data that the stages from a photograph to the model's input pass on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray


@dataclass(frozen=True)
class LoadedImage:
    """A photograph, upright and in sRGB.

    Attributes:
        rgb: [H, W, 3] float32 0..1; over mid-grey where the file is transparent.
        alpha: [H, W] float32 0..1 where the file has transparency, else None.
        name: the file's stem, or "pasted".
    """

    rgb: FloatArray
    alpha: FloatArray | None
    name: str

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.rgb.shape[1], self.rgb.shape[0]


@dataclass(frozen=True)
class FaceDetection:
    """One face, in pixels of the photograph.

    Attributes:
        box: (left, top, right, bottom).
        score: the detector's confidence 0..1.
        keypoints: [6, 2] right eye, left eye, nose tip, mouth, right ear, left ear
            (the person's right and left).
    """

    box: tuple[float, float, float, float]
    score: float
    keypoints: NDArray[np.float64]


@dataclass(frozen=True)
class FaceLandmarks:
    """MediaPipe's 468 face-mesh points of one face.

    Attributes:
        points: [468, 2] in pixels of the image they were found in.
        score: confidence 0..1 that this is a face.
    """

    points: NDArray[np.float64]
    score: float


@dataclass(frozen=True)
class CropBox:
    """The square of the photograph that shows the head; it may reach beyond the picture.

    Attributes:
        centre_x, centre_y: pixels of the photograph.
        side: length of an edge in pixels of the photograph.
    """

    centre_x: float
    centre_y: float
    side: float

    def to_crop(self, points: NDArray[np.float64], size: int) -> NDArray[np.float64]:
        """Points [N, 2] of the photograph in pixels of the crop drawn at `size`."""
        corner = np.array([self.centre_x, self.centre_y]) - self.side / 2
        return (points - corner) * (size / self.side)


@dataclass(frozen=True)
class PreparedPortrait:
    """The head crop that the model and the fit read.

    Attributes:
        image: [S, S, 3] float32 RGB 0..1, as photographed (background included; mid-grey
            where the box reaches beyond the picture).
        alpha: [S, S] float32 0..1 foreground (0 beyond the picture).
        landmarks: in pixels of the crop, or None if none could be found in the box.
        crop: where the crop lies in the photograph.
        inside: [S, S] float32, 1 where the crop lies within the picture; None if it does as a
            whole.
    """

    image: FloatArray
    alpha: FloatArray
    landmarks: FaceLandmarks | None
    crop: CropBox
    inside: FloatArray | None = None

    @property
    def size(self) -> int:
        """Edge length S in pixels."""
        return self.image.shape[0]
