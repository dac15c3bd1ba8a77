"""Checksums of networks: equal ones make equal heads and pictures."""

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # who has a network has torch in memory
    from torch import nn

    from inference.model.reconstruction import ReconstructionModel

BACKBONE_STRIDE = 97
"""One in so many of a frozen backbone's weights is looked at; it may have a thousand million."""


def model_fingerprint(model: "ReconstructionModel") -> str:
    """Of a model and of the frozen backbone that it reads with, which is no part of its state."""
    from torch import nn

    words, backbone = [fingerprint(model)], model.encoder.backbone
    if isinstance(backbone, nn.Module):
        words.append(fingerprint(backbone, BACKBONE_STRIDE))
    return "-".join(words)


def fingerprint(network: "nn.Module", stride: int = 1) -> str:
    """Of every `stride`-th of a network's weights, in eight hexadecimal figures."""
    total = 0
    for tensor in network.state_dict().values():
        values = tensor.detach().flatten()[::stride].float().cpu().numpy()
        total = zlib.crc32(values.tobytes(), total)
    return f"{total:08x}"
