"""What all losses around a frozen network share."""

from typing import Any, Self

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


class FrozenNetworkLoss(nn.Module):
    """A loss whose injected network is never trained.

    The gradient goes through the network to the rendered picture. The network stays in eval
    mode even when the loss is put into train mode together with the model beside it.
    """

    def __init__(self, network: object) -> None:
        super().__init__()
        self.network = network
        if isinstance(network, nn.Module):
            network.requires_grad_(False)
            network.eval()

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        if isinstance(self.network, nn.Module):
            self.network.eval()
        return self


class CheckpointedBlock(nn.Module):
    """A block whose activations are computed again in the backward pass instead of kept.

    Gradient checkpointing, https://arxiv.org/abs/1604.06174. transformers' own switch works in
    train mode only; frozen networks are in eval mode.
    """

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, *args: torch.Tensor, **options: Any) -> torch.Tensor:
        if not torch.is_grad_enabled():
            return self.block(*args, **options)
        result: torch.Tensor = checkpoint(self.block, *args, use_reentrant=False, **options)
        return result


def checkpoint_blocks(blocks: nn.ModuleList) -> None:
    """Wrap every block of a loaded network; a second call changes nothing."""
    for index, block in enumerate(blocks):
        if not isinstance(block, CheckpointedBlock):
            blocks[index] = CheckpointedBlock(block)
