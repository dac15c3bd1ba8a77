"""ViTMatte: alpha of hair in the band where the coarse outline does not know, by transformers.

Yao et al. 2023, "ViTMatte: Boosting Image Matting with Pretrained Plain Vision Transformers",
https://arxiv.org/abs/2305.15272. The only file of inference that imports transformers. Its own
image processor needs torchvision and is not used: what it does is four lines here.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch.nn import functional

from inference.catalogue.locate import missing_package, published_folder
from inference.catalogue.store import ModelStore
from inference.errors import InvalidModelError
from inference.head.gaussians import FloatArray
from inference.portrait.trimap import UNKNOWN, make_trimap
from inference.portrait.types import FaceLandmarks
from inference.torchvision_repair import repair_torchvision

MODEL = "vitmatte-small"
"""What the catalogue calls it."""

EXTRA = "matting"
"""The extra of pyproject.toml with its package."""

DIVISOR = 32
"""The network takes pictures whose edges are multiples of this (published: size_divisibility)."""


class VitMatte:
    """Implements Matting.

    Args:
        folder: holds config.json, preprocessor_config.json and model.safetensors as published.
        device: where it shall run.

    Raises:
        UsageError: transformers is not installed.
        InvalidModelError: a file is missing, damaged or of another network.
    """

    def __init__(self, folder: Path, device: torch.device | str = "cpu") -> None:
        network_class, config_class = _import_network()
        try:
            config = json.loads((folder / "config.json").read_bytes())
            picture = json.loads((folder / "preprocessor_config.json").read_bytes())
            if config["backbone_config"]["model_type"] != "vitdet":
                raise ValueError("another backbone")  # which transformers might want to fetch
            self._mean = torch.tensor(picture["image_mean"]).reshape(3, 1, 1)
            self._std = torch.tensor(picture["image_std"]).reshape(3, 1, 1)
            network = network_class(config_class.from_dict(config))
            network.load_state_dict(load_file(folder / "model.safetensors"))
        except Exception as error:
            # A wrong configuration makes transformers raise many kinds, its own among them.
            raise InvalidModelError(
                f"{folder} is damaged or holds no ViTMatte: remove the model and get it again."
            ) from error
        self._network = network.to(device).eval().requires_grad_(False)
        self._device = torch.device(device)

    def refine(
        self,
        picture: FloatArray,  # [S, S, 3] RGB 0..1
        alpha: FloatArray,  # [S, S] 0..1
        landmarks: FaceLandmarks | None,
    ) -> FloatArray:
        """The alpha [S, S] that the network finds in a band around the outline."""
        trimap = make_trimap(alpha, landmarks)
        unknown = trimap == np.float32(UNKNOWN)
        if not unknown.any():
            return alpha
        return np.where(unknown, self.predict(picture, trimap), trimap)

    @torch.inference_mode()
    def predict(
        self,
        picture: FloatArray,  # [H, W, 3] RGB 0..1
        trimap: FloatArray,  # [H, W] 0, UNKNOWN or 1
    ) -> FloatArray:
        """What the network says of the whole picture, [H, W] float32 0..1."""
        height, width = trimap.shape
        image = torch.from_numpy(np.ascontiguousarray(picture, np.float32)).permute(2, 0, 1)
        asked = torch.from_numpy(np.ascontiguousarray(trimap, np.float32))[None]
        pixels = torch.cat([(image - self._mean) / self._std, asked])[None]
        pixels = functional.pad(pixels, (0, -width % DIVISOR, 0, -height % DIVISOR))
        alphas = self._network(pixel_values=pixels.to(self._device)).alphas
        found: FloatArray = alphas[0, 0, :height, :width].float().cpu().numpy()
        return found


def load_published_matting(
    store: ModelStore | None = None, device: torch.device | str = "cpu"
) -> VitMatte:
    """ViTMatte from the catalogue; nothing is fetched.

    Args:
        store: where to look; the user's.
        device: where it shall run.

    Raises:
        UsageError: transformers is not installed.
        InvalidModelError: the model is not on this computer, or damaged.
    """
    return VitMatte(published_folder(MODEL, store), device)


def _import_network() -> tuple[Any, Any]:
    """The network's class and that of its configuration.

    Raises:
        UsageError: the package is not installed.
    """
    repair_torchvision()  # transformers' models import it where it is installed
    try:
        from transformers import VitMatteConfig, VitMatteForImageMatting
    except (ImportError, RuntimeError) as error:
        raise missing_package("ViTMatte", "transformers", EXTRA) from error
    return VitMatteForImageMatting, VitMatteConfig
