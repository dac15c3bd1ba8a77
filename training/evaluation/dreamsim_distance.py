"""DreamSim (Fu et al. 2023, https://arxiv.org/abs/2306.09344), the ensemble at 224 pixels."""

import os
from pathlib import Path

import cv2
import numpy as np
import torch

from inference.torchvision_repair import repair_torchvision
from training.evaluation.metric import Comparison, MetricUnavailableError, Picture

SIZE = 224
FOLDER_VARIABLE = "PERCHEAD_DREAMSIM"
"""Environment variable that names the folder of DreamSim's weights (its `cache_dir`)."""
ENSEMBLE_FILES = (
    "dino_vitb16_pretrain.pth",
    "clip_vitb16_pretrain.pth.tar",
    "open_clip_vitb16_pretrain.pth.tar",
    "ensemble_lora",
)
"""What dreamsim 0.2.1 looks for before it downloads anything."""


class DreamSimDistance:
    """DreamSim's ensemble.

    Raises:
        MetricUnavailableError: the package or its weights are not there; nothing is
            downloaded.
    """

    name = "DreamSim"
    higher_is_better = False

    def __init__(self) -> None:
        repair_torchvision()
        try:
            from dreamsim import dreamsim
        except ImportError as error:
            raise MetricUnavailableError("the package dreamsim is not installed") from error
        folder = Path(os.environ.get(FOLDER_VARIABLE, "models"))
        missing = [name for name in ENSEMBLE_FILES if not (folder / name).exists()]
        if missing:
            raise MetricUnavailableError(
                f"DreamSim's weights are missing: {missing[0]} in the folder that "
                f"{FOLDER_VARIABLE} names"
            )
        self._network, _ = dreamsim(pretrained=True, device="cpu", cache_dir=str(folder))

    @torch.inference_mode()
    def __call__(self, comparison: Comparison) -> float:
        return float(self._network(_prepared(comparison.rendered), _prepared(comparison.truth)))


def _prepared(picture: Picture) -> torch.Tensor:
    """[1, 3, 224, 224] RGB 0..1, resized bicubically as DreamSim's own preprocessing does."""
    method = cv2.INTER_AREA if picture.shape[0] > SIZE else cv2.INTER_CUBIC
    sized = np.clip(cv2.resize(picture, (SIZE, SIZE), interpolation=method), 0, 1)
    return torch.from_numpy(np.ascontiguousarray(sized.transpose(2, 0, 1)[None], np.float32))
