"""Stops a training whose numbers are no numbers any more, and says which samples were at fault."""

import math
from collections.abc import Sequence

import torch

from inference.errors import PercHeadError


class NotFiniteError(PercHeadError):
    """The loss or its gradient became infinite or NaN."""


def suspects(
    sources: Sequence[str],  # [B]
    *pictures: torch.Tensor,  # each [B, ...], what was read from disk
) -> list[str]:
    """The samples whose own data is not finite; if there is none, all of the batch."""
    broken = [
        source
        for number, source in enumerate(sources)
        if not all(bool(picture[number].isfinite().all()) for picture in pictures)
    ]
    return broken or list(sources)


def bad_terms(terms: dict[str, float]) -> str:
    """The terms that are not finite, as text; empty where all are."""
    return ", ".join(
        f"{name} is {value}" for name, value in terms.items() if not math.isfinite(value)
    )


def stop(step: int, reason: str, sources: Sequence[str]) -> NotFiniteError:
    """The error to raise.

    Args:
        step: the step that failed.
        reason: what is not finite.
        sources: the samples it may come from.
    """
    return NotFiniteError(
        f"Training stopped at step {step} ({reason or 'in another process'}); the batch was "
        f"{', '.join(sources)}: look at these samples, or lower --learning-rate, then --resume."
    )
