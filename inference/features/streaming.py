"""A frozen network whose blocks stay in the computer's memory and come to the GPU one by one.

For cards that cannot hold it: DINOv2 giant in half precision sends 2.3 GB a portrait, about a
tenth of a second over PCIe 4.
"""

import torch
from torch import nn

from inference.features.vit import VisionTransformer


class StreamedBlock(nn.Module):
    """A block whose weights are copied to its input's device for each call."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        # In a tuple, so that moving the network leaves the weights where they are.
        self._block = (block,)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """[B, T, C] -> [B, T, C]."""
        block = self._block[0]
        weights = {
            name: weight.to(tokens.device, non_blocking=True)
            for name, weight in block.named_parameters()
        }
        output: torch.Tensor = torch.func.functional_call(block, weights, (tokens,))
        return output


def stream_blocks(network: VisionTransformer) -> VisionTransformer:
    """Make a network's blocks streamed ones, in place; their weights stay where they are."""
    network.blocks = nn.ModuleList(StreamedBlock(block) for block in network.blocks)
    return network
