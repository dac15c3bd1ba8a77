"""One training example of the parser: an augmented view, prepared as the application does it.

Landmarks and foreground are those that the application's own networks find in the augmented
picture, so that the parser learns how far they can be trusted.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from inference.face_map.labels import Label
from inference.features.protocol import ImageBackbone
from inference.parsing.parser_config import ParserConfig
from inference.parsing.parser_input import parser_picture, resized, token_features
from inference.portrait.prepare import PortraitPreparer
from inference.portrait.types import CropBox, LoadedImage, PreparedPortrait
from training.parsing.clothing import dressed
from training.parsing.hair_dye import dyed
from training.parsing.photographic import photographic
from training.pictures.augment import BEYOND, AugmentConfig, augment_view
from training.runs.cpu_precision import quicker_products

ByteArray = NDArray[np.uint8]

STRENGTHS = AugmentConfig(
    background=0.2, gamma=0.25, gain=0.2, tint=0.07, zoom=0.13, turn=9.0, shift=0.05, beyond=0.4
)
"""Stronger than for heads: only the map has to be right, and a crop placed by hand may be
anywhere (our choice)."""


@dataclass(frozen=True)
class Example:
    """What the parser learns from.

    Attributes:
        picture: [S, S, 3] uint8 of the fine branch.
        alpha: [S, S] uint8 foreground as the application finds it.
        hints: [H, S, S] uint8 outlines from the application's landmarks.
        tokens: [grid * grid, layers * width] float16.
        labels: [S, S] uint8, the truth.
    """

    picture: ByteArray
    alpha: ByteArray
    hints: ByteArray
    tokens: NDArray[np.float16]
    labels: ByteArray


def prepared_view(
    preparer: PortraitPreparer,
    image: ByteArray,  # [S, S, 3] RGB
    inside: NDArray[np.bool_] | None = None,  # [S, S] where there is a picture
) -> PreparedPortrait:
    """A view as the application hands portraits on; the whole of it is the head crop."""
    edge = image.shape[0]
    loaded = LoadedImage(image.astype(np.float32) / np.float32(255), None, "view")
    portrait = preparer.prepare(loaded, CropBox(edge / 2, edge / 2, float(edge)))
    if inside is None or inside.all():
        return portrait
    alpha = portrait.alpha * resized(inside.astype(np.float32), portrait.size)
    return PreparedPortrait(portrait.image, alpha, portrait.landmarks, portrait.crop)


def make_example(
    image: ByteArray,  # [V, V, 3] RGB
    alpha: ByteArray,  # [V, V]
    labels: ByteArray,  # [V, V]
    rng: np.random.Generator,
    preparer: PortraitPreparer,
    backbone: ImageBackbone,
    config: ParserConfig,
) -> Example:
    """Augment a view and read it; the same generator state gives the same example."""
    worn, labels = dressed(dyed(image, labels, rng), labels, rng)
    varied = photographic(worn, alpha, labels, rng)
    view = augment_view(varied[0], varied[1], rng, STRENGTHS, labels=varied[2])
    assert view.labels is not None
    inside = view.labels != BEYOND
    portrait = prepared_view(preparer, view.image, inside)
    seen = parser_picture(portrait, config)
    with torch.no_grad(), quicker_products():
        tokens = token_features(backbone, portrait, config)
    truth = np.where(inside, view.labels, Label.BACKGROUND).astype(np.uint8)
    return Example(
        seen.picture,
        seen.alpha,
        seen.hints,
        tokens[0].half().numpy(),
        _scaled(truth, config.size),
    )


def _scaled(labels: ByteArray, size: int) -> ByteArray:
    nearest = cv2.resize(labels, (size, size), interpolation=cv2.INTER_NEAREST_EXACT)
    return np.asarray(nearest, np.uint8)
