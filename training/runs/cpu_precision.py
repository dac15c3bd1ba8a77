"""Which numbers the processor is quicker in.

Processors without matrix units for bfloat16 emulate it: on one of them the frozen ViT-S/14 took
6.5 times as long as in float32.
"""

import contextlib

import torch


def multiplies_bfloat16() -> bool:
    """Whether the processor multiplies matrices in bfloat16 (AMX)."""
    probe = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return probe is not None and bool(probe())


def quicker_products() -> contextlib.AbstractContextManager[object]:
    """Matrix products on the CPU in bfloat16 where that is quicker, else in float32."""
    return torch.autocast("cpu", torch.bfloat16, enabled=multiplies_bfloat16())
