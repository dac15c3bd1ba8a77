"""Hair in other colours than its own: white, grey, fair, red, dark, or anything."""

import cv2
import numpy as np

from inference.face_map.labels import Label
from training.parsing.photographic import ByteArray, FloatImage

DYE = 0.4
"""How often hair is dyed (our choice): few synthetic heads are white, and white hair beside a
bright forehead is what a parser mistakes for skin."""

_FEW = 60  # pixels below which there is no hair worth dyeing
_TONES = (
    (0.88, 0.87, 0.86),  # white
    (0.62, 0.61, 0.60),  # grey
    (0.80, 0.68, 0.50),  # fair
    (0.55, 0.30, 0.16),  # red
    (0.30, 0.21, 0.15),  # brown
    (0.10, 0.09, 0.08),  # dark
)
_OFTEN = (0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.1)
"""How often each of them is taken, and how often any colour at all."""


def dyed(
    image: ByteArray,  # [S, S, 3] RGB
    labels: ByteArray,  # [S, S]
    rng: np.random.Generator,
) -> ByteArray:
    """The picture [S, S, 3] with its hair in another tone; light and strands stay in part."""
    hair = labels == Label.HAIR
    if rng.random() >= DYE or hair.sum() < _FEW:
        return image
    kind = int(rng.choice(len(_OFTEN), p=_OFTEN))
    tone = rng.random(3) if kind == len(_TONES) else np.array(_TONES[kind])
    tone = np.clip(tone * rng.uniform(0.75, 1.1) * rng.uniform(0.95, 1.05, 3), 0.02, 0.97)
    picture: FloatImage = image.astype(np.float32) / 255
    light = picture.mean(-1, keepdims=True)
    relative = np.clip(light / max(float(light[hair].mean()), 0.02), 0.25, 2.5)
    new = np.clip(tone.astype(np.float32) * relative ** rng.uniform(0.35, 1), 0, 1)
    cover = cv2.GaussianBlur(hair.astype(np.float32), (0, 0), 0.7)[..., None]
    mixed = picture + (new - picture) * cover * rng.uniform(0.7, 1)
    return (np.clip(mixed, 0, 1) * 255 + 0.5).astype(np.uint8)
