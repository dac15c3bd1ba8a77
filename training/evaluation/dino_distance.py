"""Perceptual distance in the features of the ViT-S/14 that ships with PercHead."""

import cv2
import numpy as np
import torch
from torch.nn import functional

from inference.features.embedded import load_embedded_backbone
from inference.features.protocol import ImageBackbone
from training.evaluation.metric import Comparison, Picture

LAYERS = (5, 7, 9)
"""Blocks compared (our choice: the later ones of those that still see what DINOv2 saw)."""
SIZE = 224
"""Edge in pixels at which they are compared; a multiple of the patch size."""


class DinoDistance:
    """Mean over blocks, class and patch tokens of 1 - cosine, as equations 4 and 5.

    The network is DINOv2's layout fine-tuned for saliency, not DINOv2 itself: figures compare
    with each other, not with those of other papers.

    Args:
        backbone: the frozen network; None takes the one that ships.
    """

    name = "DINO distance"
    higher_is_better = False

    def __init__(self, backbone: ImageBackbone | None = None) -> None:
        self._backbone = backbone or load_embedded_backbone()

    @torch.inference_mode()
    def __call__(self, comparison: Comparison) -> float:
        pair = torch.stack([_prepared(comparison.rendered), _prepared(comparison.truth)])
        distances = [
            1 - functional.cosine_similarity(tokens[0], tokens[1], dim=-1).mean()
            for tokens in self._backbone(pair, LAYERS)
        ]
        return float(torch.stack(distances).mean())


def _prepared(picture: Picture) -> torch.Tensor:
    """[3, SIZE, SIZE] RGB 0..1."""
    smaller = picture.shape[0] > SIZE
    method = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    sized = np.clip(cv2.resize(picture, (SIZE, SIZE), interpolation=method), 0, 1)
    return torch.from_numpy(np.ascontiguousarray(sized.transpose(2, 0, 1), np.float32))
