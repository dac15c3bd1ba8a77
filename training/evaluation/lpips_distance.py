"""LPIPS (Zhang et al. 2018, https://arxiv.org/abs/1801.03924), AlexNet variant.

The paper does not say which network it uses; AlexNet is what LPIPS' authors advise for
measuring (our choice).
"""

import torch

from inference.errors import UsageError
from training.evaluation.metric import Comparison, MetricUnavailableError, Picture
from training.losses.backbones import load_lpips_network


class LpipsDistance:
    """LPIPS with AlexNet on pictures of the crop's own size.

    Raises:
        MetricUnavailableError: the package or AlexNet's weights are not there; nothing is
            downloaded.
    """

    name = "LPIPS (alex)"
    higher_is_better = False

    def __init__(self) -> None:
        try:
            self._network = load_lpips_network()
        except UsageError as error:
            raise MetricUnavailableError(str(error).rstrip(".")) from error

    @torch.inference_mode()
    def __call__(self, comparison: Comparison) -> float:
        return float(self._network(_signed(comparison.rendered), _signed(comparison.truth)))


def _signed(picture: Picture) -> torch.Tensor:
    """[1, 3, H, W] RGB -1..1."""
    return torch.from_numpy(picture.transpose(2, 0, 1)[None] * 2 - 1).float()
