"""The published networks that the losses need, read from local folders.

The only file that imports transformers. It and lpips are imported when such a loss is used.
"""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from inference.errors import InvalidModelError, UsageError
from inference.features.dinov2 import load_dinov2
from inference.features.vit import IMAGENET_MEAN, IMAGENET_STD, VisionTransformer
from inference.torchvision_repair import repair_torchvision
from training.losses.frozen import checkpoint_blocks
from training.losses.lpips import PictureDistance

ALEXNET_FILE = "alexnet-owt-7be5be79.pth"
ALEXNET_URL = f"https://download.pytorch.org/models/{ALEXNET_FILE}"
_ENCODER_PARTS = ("vision_encoder.", "no_memory_embedding")


class Sam2ImageEncoder(nn.Module):
    """transformers' Sam2Model as a SamEncoder.

    `Sam2Model.get_image_embeddings` is decorated with no_grad; this is what it computes, with
    gradient: the coarsest map of the vision encoder plus the no-memory embedding.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.vision_encoder = model.vision_encoder
        self.no_memory_embedding = nn.Parameter(
            model.no_memory_embedding.detach().clone(), requires_grad=False
        )

    def forward(
        self,
        images: torch.Tensor,  # [B, 3, S, S] RGB 0..1; S a multiple of 32
    ) -> torch.Tensor:
        """The image embedding [B, 256, S / 16, S / 16]."""
        mean = images.new_tensor(IMAGENET_MEAN)[:, None, None]
        std = images.new_tensor(IMAGENET_STD)[:, None, None]
        pixels = ((images - mean) / std).to(self.no_memory_embedding.dtype)
        coarsest: torch.Tensor = self.vision_encoder(pixels).fpn_hidden_states[-1]
        return coarsest + self.no_memory_embedding.reshape(1, -1, 1, 1)


def load_sam2_encoder(
    folder: Path,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    checkpointing: bool = False,
) -> Sam2ImageEncoder:
    """Load the image encoder of a published SAM 2.1 (facebook/sam2.1-hiera-small).

    Args:
        folder: holds config.json and model.safetensors as on the Hugging Face hub.
        device: where it shall run.
        dtype: precision it shall run in.
        checkpointing: trade a second forward pass for memory (at 1024 px most of it).

    Raises:
        UsageError: transformers is not installed.
        InvalidModelError: the folder holds no such network, or a damaged one.
    """
    repair_torchvision()  # transformers' models import it where it is installed
    try:
        from transformers import Sam2Model
    except ImportError as error:
        raise UsageError(
            "The SAM loss needs transformers: install it with pip install 'transformers>=5.20,<6'."
        ) from error
    if not (folder / "config.json").is_file():
        raise InvalidModelError(f"{folder} holds no SAM 2.1 (config.json): download it.")
    try:
        loaded: Any = Sam2Model.from_pretrained(
            folder, local_files_only=True, dtype=dtype, output_loading_info=True
        )
    except Exception as error:
        # transformers raises many kinds, its own and safetensors' among them.
        raise InvalidModelError(
            f"{folder} is damaged or no SAM 2.1 network: download it again."
        ) from error
    model, report = loaded
    absent = [name for name in report["missing_keys"] if name.startswith(_ENCODER_PARTS)]
    if absent:
        raise InvalidModelError(
            f"{folder} lacks parts of SAM 2.1 ({absent[0]}): download it again."
        )
    encoder = Sam2ImageEncoder(model).to(device).eval().requires_grad_(False)
    if checkpointing:
        checkpoint_blocks(encoder.vision_encoder.backbone.blocks)
    return encoder


def load_dino_network(
    source: Path,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    checkpointing: bool = False,
) -> VisionTransformer:
    """Load a published DINOv2 (facebook/dinov2-small): see inference.features.dinov2.

    Raises:
        InvalidModelError: there are no such weights, or damaged ones.
    """
    network = load_dinov2(source, device, dtype)
    if checkpointing:
        checkpoint_blocks(network.blocks)
    return network


def load_lpips_network(device: torch.device | str = "cpu") -> PictureDistance:
    """LPIPS of the package `lpips` with AlexNet; nothing is downloaded.

    Raises:
        UsageError: lpips, torchvision or AlexNet's weights are missing.
    """
    repair_torchvision()
    try:
        from lpips import LPIPS
    except ImportError as error:
        raise UsageError(
            "The LPIPS loss needs the packages lpips and torchvision: "
            "install them with pip install lpips torchvision."
        ) from error
    weights = Path(torch.hub.get_dir()) / "checkpoints" / ALEXNET_FILE
    if not weights.is_file():
        raise UsageError(f"The LPIPS loss needs AlexNet's weights: put {ALEXNET_URL} at {weights}.")
    network: PictureDistance = LPIPS(net="alex", verbose=False).to(device).eval()
    return network
