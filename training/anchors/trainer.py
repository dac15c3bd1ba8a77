"""One step of training against exact anchors, and all state that a resumed run needs."""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inference.files import atomic_write
from inference.head.template import HeadTemplate
from inference.model.reconstruction import ReconstructionModel
from training.anchors.feature_cache import CacheBatch, FeatureCache
from training.anchors.linear_start import LinearStart, pooled_features, view_coefficients
from training.anchors.log_shape import MIRRORED
from training.anchors.loss import AnchorLossConfig, AnchorTargets, anchor_loss
from training.anchors.patch_sampling import anchors_of, draw_patches, patch_probabilities
from training.pictures.augment import apply_light
from training.runs.averaging import MovingAverage
from training.runs.schedule import warm_cosine


@dataclass(frozen=True)
class OptimiserConfig:
    """AdamW and what surrounds it; every value is our choice.

    Attributes:
        learning_rate: at the top of the schedule.
        global_rate: factor on it for the map from the global latents to coefficients, whose
            thousands of inputs move its output far with each of AdamW's equal steps.
        weight_decay: on matrices; norms, biases and embeddings have none.
        betas: AdamW's.
        warm_up: steps until the top.
        clip: largest norm of the gradient.
        ema: share of the past that the averaged weights keep per step.
        batch: views a step.
        patches: patches a view.
        feature_noise: standard deviation of a multiplicative noise on the cached features.
        patch_dropout: share of foreground patches that are hidden.
        precision: "bf16" runs matrix products in bfloat16.
    """

    learning_rate: float = 6e-4
    global_rate: float = 0.1
    weight_decay: float = 0.03
    betas: tuple[float, float] = (0.9, 0.98)
    warm_up: int = 200
    clip: float = 1.0
    ema: float = 0.999
    batch: int = 16
    patches: int = 256
    feature_noise: float = 0.1
    patch_dropout: float = 0.05
    precision: str = "bf16"


class AnchorTrainer:
    """Holds model, optimiser and average; every random choice depends on seed and step alone."""

    def __init__(
        self,
        model: ReconstructionModel,
        template: HeadTemplate,
        cache: FeatureCache,
        start: LinearStart,
        config: OptimiserConfig,
        loss: AnchorLossConfig,
        seed: int,
    ) -> None:
        self.model, self.cache, self.start = model, cache, start
        self.config, self.loss, self.seed = config, loss, seed
        self.step_count = 0
        self._mirror = template.mirror
        self._probabilities = patch_probabilities(template.labels, model.config.head.per_patch)
        self._spread = torch.from_numpy(start.statistics.spread)
        if model.low_rank is None:
            raise ValueError("training against anchors starts from the low-rank branch")
        self._low_rank = model.low_rank
        parts = start.components
        self._share = None if parts is None else torch.from_numpy(parts.share())
        self._coefficients = np.zeros((0, start.held_out.shape[1]), np.float32)
        # It has seen the training heads: their own views use what it says without them.
        self._low_rank.linear.requires_grad_(False)
        self._linear = start.held_out
        self.average = MovingAverage(model, config.ema)
        self.optimiser = torch.optim.AdamW(
            _groups(model, config), lr=config.learning_rate, betas=config.betas, eps=1e-8
        )
        self.take_new_views()

    def take_new_views(self) -> None:
        """Compute true and linearly predicted coefficients of views that the cache has gained."""
        if len(self.cache) > len(self._linear):
            pooled = torch.from_numpy(pooled_features(self.model, self.cache, len(self._linear)))
            with torch.no_grad():
                linear = self._low_rank.linear_coefficients(pooled)
            self._linear = np.concatenate([self._linear, linear.numpy()])
        if self._share is not None and len(self.cache) > len(self._coefficients):
            new = view_coefficients(self.start, self.cache, self._mirror, len(self._coefficients))
            self._coefficients = np.concatenate([self._coefficients, new])

    def step(self, progress: float) -> dict[str, float]:
        """One update.

        Args:
            progress: share of the whole training that is done, for the cosine schedule.

        Returns:
            The terms of the loss and the norm of the gradient.
        """
        config, model = self.config, self.model
        rng = np.random.default_rng([self.seed, self.step_count])
        torch.manual_seed(int(rng.integers(2**62)))
        views = rng.integers(0, len(self._linear), config.batch)
        patches = draw_patches(rng, self._probabilities, config.patches)
        batch = self._disturb(self.cache.batch(views))
        truth = self._targets(views, batch, patches)
        for group in self.optimiser.param_groups:
            group["lr"] = group["factor"] * self._rate(progress)
        with torch.autocast("cpu", torch.bfloat16, enabled=config.precision == "bf16"):
            tokens = model.encoder.from_features(
                batch.features, batch.images, batch.kept, batch.foreground
            )
            predicted, coefficients = model.decode_with_coefficients(
                tokens,
                torch.from_numpy(patches),
                linear=torch.from_numpy(self._linear[views]),
            )
        terms = anchor_loss(predicted, coefficients, truth, self.loss)
        self.optimiser.zero_grad(set_to_none=True)
        terms["total"].backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip)
        self.optimiser.step()
        self.average.update(model)
        self.step_count += 1
        return {name: float(value.detach()) for name, value in terms.items()} | {
            "norm": float(norm)
        }

    def averaged_model(self) -> ReconstructionModel:
        """A copy of the model with averaged weights, in evaluation mode."""
        model = copy.deepcopy(self.model)
        self.average.copy_to(model)
        return model.eval()

    def save(self, path: Path, extra: dict[str, Any]) -> None:
        """Write everything that `load` needs for an exact continuation."""
        state = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "average": self.average.shadow,
            "average_steps": self.average.steps,
            "step": self.step_count,
            "extra": extra,
        }
        with atomic_write(path) as temporary:
            torch.save(state, temporary)

    def load(self, path: Path) -> dict[str, Any]:
        """Continue from a file of `save`; returns what was handed to it as extra."""
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.average.shadow = dict(state["average"])
        self.average.steps = int(state["average_steps"])
        self.step_count = int(state["step"])
        return dict(state["extra"])

    def _rate(self, progress: float) -> float:
        factor = warm_cosine(self.step_count, progress, self.config.warm_up, floor=0.01)
        return self.config.learning_rate * factor

    def _disturb(self, batch: CacheBatch) -> CacheBatch:
        """Noise on the features and hidden patches, so that cached views do not wear out."""
        channel = 1 + self.config.feature_noise * torch.randn(
            len(batch.features), 1, batch.features.shape[-1]
        )
        shown = batch.kept & (torch.rand(batch.kept.shape) >= self.config.patch_dropout)
        shown = torch.where(shown.any(1, keepdim=True), shown, batch.kept)
        return CacheBatch(
            batch.features * channel.to(batch.features.dtype),
            batch.images,
            shown,
            batch.foreground,
            batch.shares,
            batch.light,
            batch.heads,
            batch.mirrored,
        )

    def _targets(
        self,
        views: NDArray[np.int64],  # [B]
        batch: CacheBatch,
        patches: NDArray[np.int64],  # [P]
    ) -> AnchorTargets:
        per_patch = self.model.config.head.per_patch
        anchors = anchors_of(patches, per_patch)
        positions, colours, shapes = [], [], []
        for head, flipped, light in zip(batch.heads, batch.mirrored, batch.light, strict=True):
            truth = self.cache.targets[head]
            chosen = self._mirror[anchors] if flipped else anchors
            place = truth.positions[chosen].astype(np.float32)
            if flipped:
                place[:, 0] *= -1
            positions.append(place)
            if truth.shapes is not None:
                shape = truth.shapes[chosen].astype(np.float32)
                shapes.append(shape * MIRRORED if flipped else shape)
            unit = np.multiply(truth.colours[chosen], 1 / 255, dtype=np.float32)
            colours.append(apply_light(unit, light))
        return AnchorTargets(
            torch.from_numpy(np.stack(positions)),
            torch.from_numpy(np.stack(colours)),
            self._spread[anchors],
            None if self._share is None else torch.from_numpy(self._coefficients[views]),
            self._share,
            torch.from_numpy(np.stack(shapes)) if shapes else None,
        )


def _groups(model: ReconstructionModel, config: OptimiserConfig) -> list[dict[str, Any]]:
    """Parameter groups: matrices decay, the rest does not, the closed form stays."""
    embeddings = ("template.query", "low_rank.queries")
    matrices, others, overall = [], [], []
    for name, parameter in model.named_parameters():
        if name.startswith("low_rank.linear"):
            continue
        if name.startswith("low_rank.refine"):
            overall.append(parameter)
        elif parameter.ndim > 1 and name not in embeddings:
            matrices.append(parameter)
        else:
            others.append(parameter)
    return [
        {"params": matrices, "weight_decay": config.weight_decay, "factor": 1.0},
        {"params": others, "weight_decay": 0.0, "factor": 1.0},
        {"params": overall, "weight_decay": config.weight_decay, "factor": config.global_rate},
    ]
