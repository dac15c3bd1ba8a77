"""Tells attributes of a head off its picture: logistic regression on frozen features.

Trained on pictures of training heads; it shares the frozen ViT-S/14 with the style space, and none
of what the style space has learned.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from inference.features.embedded import load_embedded_backbone
from inference.features.protocol import ImageBackbone
from inference.features.style_features import StyleFeatures, on_backdrop, style_features
from inference.portrait.types import LoadedImage
from training.style_data import TAGS, StyleData

_STEPS, _RATE, _DECAY = 300, 0.02, 2e-2


@dataclass(frozen=True)
class AttributeProbe:
    """One linear score a tag.

    Attributes:
        backbone: the frozen network.
        mean, std: [F] of the features over the training pictures.
        weight: [F, T].
        bias: [T].
    """

    backbone: ImageBackbone
    mean: torch.Tensor
    std: torch.Tensor
    weight: torch.Tensor
    bias: torch.Tensor

    def scores(self, picture: LoadedImage) -> NDArray[np.float32]:
        """[T] log odds of all tags (training.style_data.TAGS)."""
        image = torch.from_numpy(picture.rgb).permute(2, 0, 1)[None]
        assert picture.alpha is not None
        shown = on_backdrop(image, torch.from_numpy(picture.alpha)[None])
        found = (flat(style_features(self.backbone, shown)) - self.mean) / self.std
        return np.asarray((found @ self.weight + self.bias)[0].numpy(), np.float32)

    def sees(self, picture: LoadedImage, aspect: str, tag: str) -> bool:
        """Whether that tag is the likeliest of its aspect, or likelier than not."""
        scores = self.scores(picture)
        rivals = {t: scores[n] for n, (a, t) in enumerate(TAGS) if a == aspect}
        return bool(rivals[tag] > 0 or max(rivals, key=lambda name: rivals[name]) == tag)


def flat(features: StyleFeatures) -> torch.Tensor:
    """Class tokens, foreground means and a coarse grid of colours: [B, F]."""
    colours = functional.adaptive_avg_pool2d(features.colours.permute(0, 3, 1, 2), 8)
    return torch.cat([features.overall, 20 * colours.flatten(1)], dim=1)


def train_probe(data: StyleData) -> AttributeProbe:
    """Fit it to the pictures of a cache."""
    torch.manual_seed(0)
    features = torch.cat(
        [
            flat(data.features(np.arange(start, min(start + 512, len(data.head)))))
            for start in range(0, len(data.head), 512)
        ]
    )
    mean, std = features.mean(0), features.std(0) + 0.02 * features.std()
    standard = (features - mean) / std
    truth = torch.from_numpy(data.has[data.head]).float()
    weight = torch.zeros(standard.shape[1], truth.shape[1], requires_grad=True)
    share = truth.mean(0).clamp(0.002, 0.998)
    bias = torch.logit(share).requires_grad_(True)
    optimiser = torch.optim.AdamW([weight, bias], lr=_RATE / 10, weight_decay=_DECAY * 50)
    for step in range(_STEPS):
        rows = torch.randint(0, len(standard), (256,))
        noisy = standard[rows] + 0.3 * torch.randn(256, standard.shape[1])
        loss = functional.binary_cross_entropy_with_logits(noisy @ weight + bias, truth[rows])
        optimiser.zero_grad()
        (loss * truth.shape[1]).backward()
        optimiser.step()
        for group in optimiser.param_groups:
            group["lr"] = _RATE / 10 * (1 - step / _STEPS)
    return AttributeProbe(load_embedded_backbone(), mean, std, weight.detach(), bias.detach())
