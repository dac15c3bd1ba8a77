"""The image backbone that ships with PercHead: a ViT-S/14 in DINOv2's layout."""

import dataclasses
import json

import torch
from safetensors import SafetensorError, safe_open

from inference.errors import InvalidModelError
from inference.features.vit import VisionTransformer, VitConfig, build_vit
from inference.files import resource_path

EMBEDDED_BACKBONE = "networks/vit_s14.safetensors"


def load_embedded_backbone(
    device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> VisionTransformer:
    """Load the embedded backbone (an ImageBackbone) in a fraction of a second.

    Args:
        device: where it shall run.
        dtype: precision it shall run in; the file holds float16.

    Raises:
        InvalidModelError: the file is missing or damaged.
    """
    path = resource_path(EMBEDDED_BACKBONE)
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            config = VitConfig(**json.loads(file.metadata()["config"]))
            weights = {
                name: file.get_tensor(name).to(device, dtype)
                for name in file.keys()  # noqa: SIM118 - not a mapping
            }
        network = build_vit(config, weights)
    except (SafetensorError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise InvalidModelError(
            f"The file resources/{EMBEDDED_BACKBONE} is damaged: install PercHead again."
        ) from error
    return network.to(device)


def config_as_json(config: VitConfig) -> str:
    """The form in which a network's shape is kept in its file's metadata."""
    return json.dumps(dataclasses.asdict(config), sort_keys=True)
