"""Which patches of a picture the model reads (section 3.1: "we only keep foreground patches")."""

import torch
from torch.nn import functional


def foreground_patches(
    foreground: torch.Tensor,  # [B, H, W] alpha 0..1
    patch: int,
    threshold: float,
) -> torch.Tensor:
    """Which patches [B, P] are kept: their mean alpha reaches the threshold.

    A picture without any foreground keeps every patch, so that attention stays defined.
    """
    mean = functional.avg_pool2d(foreground[:, None].float(), patch).flatten(1)
    kept = mean >= threshold
    return kept | ~kept.any(dim=1, keepdim=True)


def select_foreground(
    kept: torch.Tensor,  # [B, P] bool, at least one in each row
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Indices [B, T] of the kept patches in order, and which of them count [B, T].

    T is the largest count of the batch; the second value is None where all count.
    """
    counts = kept.sum(dim=1)
    longest = int(counts.max())
    index = torch.argsort(kept.int(), dim=1, descending=True, stable=True)[:, :longest]
    if bool((counts == longest).all()):
        return index, None
    position = torch.arange(longest, device=kept.device)
    return index, position < counts[:, None]
