"""Samples as tensors, joined to batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional

from inference.rendering.camera import Camera
from training.data.sample import TrainingSample, TrainingView

UNKNOWN_LABEL = 255
"""Where no FaRL class is known."""


@dataclass(frozen=True)
class PictureSizes:
    """Edges in pixels.

    Attributes:
        input: of the pictures that the model reads.
        target: of the pictures that its heads are compared with.
    """

    input: int
    target: int


class Batch(NamedTuple):
    """Samples stacked; a tuple, so that accelerate and DataLoader move and pin it.

    Attributes:
        images: [B, 3, S, S] float32 RGB 0..1, background included.
        foreground: [B, S, S] float32 0..1.
        labels: [B, S, S] uint8 FaRL classes of the input, UNKNOWN_LABEL where not known.
        targets: [B, T, 3, H, H] float32 RGB 0..1, background included.
        target_alpha: [B, T, H, H] float32 0..1.
        intrinsics: [B, T, 3, 3] float64 pixels, of the targets' cameras at H pixels.
        world_to_camera: [B, T, 4, 4] float64, OpenCV axes, metres.
        valid: [B, T] bool; false where a sample has fewer targets and its last is repeated.
        sources: [B] which view of which data set: what the NaN guard prints.
        identities: [B] the persons.
    """

    images: torch.Tensor
    foreground: torch.Tensor
    labels: torch.Tensor
    targets: torch.Tensor
    target_alpha: torch.Tensor
    intrinsics: torch.Tensor
    world_to_camera: torch.Tensor
    valid: torch.Tensor
    sources: tuple[str, ...]
    identities: tuple[str, ...]

    def camera(self, sample: int, target: int) -> Camera:
        """The camera of one target."""
        height, width = self.target_alpha.shape[-2:]
        return Camera(
            width,
            height,
            self.intrinsics[sample, target].cpu().numpy(),
            self.world_to_camera[sample, target].cpu().numpy(),
        )

    def targets_over(self, background: torch.Tensor) -> torch.Tensor:
        """The targets' foreground over a colour.

        Args:
            background: [3] or anything that broadcasts to [B, T, 3, H, H].

        Returns:
            [B, T, 3, H, H].
        """
        if background.ndim == 1:
            background = background[:, None, None]
        alpha = self.target_alpha[:, :, None]
        return self.targets * alpha + background * (1 - alpha)


def to_batch(sample: TrainingSample, sizes: PictureSizes) -> Batch:
    """One sample as a batch of one."""
    images, foreground = _resized(sample.input, sizes.input)
    pictures = [_resized(view, sizes.target) for view in sample.targets]
    cameras = [view.camera.resized(sizes.target, sizes.target) for view in sample.targets]
    return Batch(
        images=images[None],
        foreground=foreground[None],
        labels=_labels(sample.input, sizes.input)[None],
        targets=torch.stack([rgb for rgb, _ in pictures])[None],
        target_alpha=torch.stack([alpha for _, alpha in pictures])[None],
        intrinsics=torch.from_numpy(np.stack([c.intrinsics for c in cameras]))[None],
        world_to_camera=torch.from_numpy(np.stack([c.world_to_camera for c in cameras]))[None],
        valid=torch.ones(1, len(pictures), dtype=torch.bool),
        sources=(sample.source,),
        identities=(sample.identity,),
    )


def collate(batches: Sequence[Batch]) -> Batch:
    """Join batches of the same sizes; samples with fewer targets are filled up."""
    most = max(batch.valid.shape[1] for batch in batches)
    filled = [_with_targets(batch, most) for batch in batches]
    tensors = {
        name: torch.cat([getattr(batch, name) for batch in filled])
        for name in Batch._fields
        if name not in ("sources", "identities")
    }
    return Batch(
        **tensors,
        sources=tuple(source for batch in batches for source in batch.sources),
        identities=tuple(person for batch in batches for person in batch.identities),
    )


def _with_targets(batch: Batch, count: int) -> Batch:
    """The batch with its last target repeated up to `count` targets."""
    have = batch.valid.shape[1]
    index = torch.arange(count).clamp(max=have - 1)
    repeated = {
        name: getattr(batch, name)[:, index]
        for name in ("targets", "target_alpha", "intrinsics", "world_to_camera")
    }
    valid = batch.valid[:, index] & (torch.arange(count) < have)
    return batch._replace(valid=valid, **repeated)


def _resized(view: TrainingView, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Picture [3, size, size] and foreground [size, size], scaled as the application does."""
    rgb = torch.from_numpy(np.ascontiguousarray(view.rgb)).permute(2, 0, 1)
    alpha = torch.from_numpy(np.ascontiguousarray(view.alpha))[None]
    both = torch.cat([rgb, alpha])[None]
    if both.shape[-2:] != (size, size):
        both = functional.interpolate(both, (size, size), mode="bilinear", antialias=True)
    both = both[0].clamp(0, 1)
    return both[:3], both[3]


def _labels(view: TrainingView, size: int) -> torch.Tensor:
    """FaRL classes [size, size] uint8 by the nearest pixel."""
    if view.label is None:
        return torch.full((size, size), UNKNOWN_LABEL, dtype=torch.uint8)
    label = torch.from_numpy(view.label.copy())[None, None].float()  # PIL's are read-only
    nearest = functional.interpolate(label, (size, size), mode="nearest-exact")
    return nearest[0, 0].to(torch.uint8)
