"""LPIPS (Zhang et al. 2018, https://arxiv.org/abs/1801.03924), AlexNet variant.

The paper does not say which network it uses; AlexNet is what LPIPS' authors advise for
measuring (our choice).
"""

from pathlib import Path

import torch

from training.evaluation.metric import Comparison, MetricUnavailableError, Picture

ALEXNET_FILE = "alexnet-owt-7be5be79.pth"


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
            import lpips
        except ImportError as error:
            raise MetricUnavailableError("the package lpips is not installed") from error
        weights = Path(torch.hub.get_dir()) / "checkpoints" / ALEXNET_FILE
        if not weights.is_file():
            raise MetricUnavailableError(
                f"AlexNet's weights are missing: {ALEXNET_FILE} in torch hub's folder 'checkpoints'"
            )
        self._network = lpips.LPIPS(net="alex", verbose=False).eval().requires_grad_(False)

    @torch.inference_mode()
    def __call__(self, comparison: Comparison) -> float:
        return float(self._network(_signed(comparison.rendered), _signed(comparison.truth)))


def _signed(picture: Picture) -> torch.Tensor:
    """[1, 3, H, W] RGB -1..1."""
    return torch.from_numpy(picture.transpose(2, 0, 1)[None] * 2 - 1).float()
