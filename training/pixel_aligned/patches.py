"""How patches learn to mend themselves after what they are seen on (patch_refinement)."""

import argparse
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inference.head.template import HeadTemplate
from inference.model.patch_evidence import Viewpoint
from inference.model.patch_refinement import PatchRefinement
from inference.model.pixel_aligned import AlignedHead, LookedPatches
from inference.model.reconstruction import ReconstructionModel
from training.anchors.data import CLOTH, HAIR, SKIN
from training.anchors.metrics import FACE_LABELS
from training.pictures.augment import apply_light
from training.pixel_aligned.views import AlignedViews
from training.runs.averaging import MovingAverage
from training.runs.log import RunLog
from training.runs.schedule import warm_cosine

VIEWS, PATCHES = 16, 384
"""A step's."""
_COLOUR = 0.6
"""Weight of an error of a hundredth of a colour against a millimetre (our choice)."""
_WARM_UP, _DECAY, _CLIP = 100, 0.998, 1.0
_JUDGED, _OF = 3, 10
"""Heads with this remainder are not trained on."""
_JUDGED_PATCHES = 8  # every so many
_SCALED_BY, _LEAST_SCALE = 32, 1e-2  # views that say how evidence is scaled
_ROWS = 8

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class FoundHeads:
    """What the look back says of every view, ready for any patches.

    Attributes:
        coefficients: [V, K] of the low-rank branch.
        pose, axes, front, shape, tone: as Viewpoint and AlignedHead have them, front float16.
    """

    coefficients: torch.Tensor
    pose: torch.Tensor
    axes: torch.Tensor
    front: torch.Tensor
    shape: torch.Tensor
    tone: torch.Tensor

    def of(self, views: AlignedViews, rows: Indices) -> AlignedHead:
        """That of some views."""
        view = Viewpoint(
            self.pose[rows], self.axes[rows], self.front[rows].float(), views.maps(rows)
        )
        return AlignedHead(view, self.shape[rows], self.tone[rows])


@torch.inference_mode()
def find_heads(model: ReconstructionModel, views: AlignedViews) -> FoundHeads:
    """Look back at every view."""
    branch, low_rank = model.pixel_aligned, model.low_rank
    assert branch is not None
    assert low_rank is not None
    columns: list[list[torch.Tensor]] = []
    for at in range(0, len(views), _ROWS):
        rows = slice(at, at + _ROWS)
        pooled = views.pooled[rows]
        coefficients = low_rank.linear_coefficients(pooled)
        found = branch.look(low_rank, model.head, coefficients, pooled, views.maps(rows))
        view = found.view
        columns.append(
            [coefficients, view.pose, view.axes, view.front.half(), found.shape, found.tone]
        )
    return FoundHeads(*(torch.cat(column).clone() for column in zip(*columns, strict=True)))


@dataclass(frozen=True)
class PatchErrors:
    """Of anchors in views, [B, P, K] unless said.

    Attributes:
        lacking: [B, P, K, 3] the way to where they belong, before they move, millimetres.
        moves: [B, P, K, 3] that they take, millimetres.
        colours: hundredths.
        kind: what each stands for.
    """

    lacking: torch.Tensor
    moves: torch.Tensor
    colours: torch.Tensor
    kind: torch.Tensor

    @property
    def before(self) -> torch.Tensor:
        """Millimetres before they move."""
        return self.lacking.norm(dim=-1)

    @property
    def places(self) -> torch.Tensor:
        """Millimetres after it."""
        return (self.lacking - self.moves).norm(dim=-1)


class PatchTrainer:
    """Batches of patches, their errors, and the steps that make these less.

    Args:
        model: its pixel-aligned branch's patches are trained, nothing else.
        views: of heads that nothing in the model was fitted to.
        template: for the figures.
    """

    def __init__(
        self, model: ReconstructionModel, views: AlignedViews, template: HeadTemplate
    ) -> None:
        assert model.pixel_aligned is not None
        assert model.low_rank is not None
        self._model, self._views = model, views
        self._branch, self._low_rank = model.pixel_aligned, model.low_rank
        self._found = find_heads(model, views)
        self._faces = torch.from_numpy(np.isin(template.labels, FACE_LABELS)).view(
            self._branch.mirror.shape
        )

    @property
    def patches(self) -> PatchRefinement:
        """What is trained."""
        return self._branch.patches

    def scale(self, views: Indices) -> None:
        """Set how evidence is centred and scaled, from some views."""
        rng = np.random.default_rng(len(views))
        chosen = np.sort(rng.choice(views, min(_SCALED_BY, len(views)), replace=False))
        found, looked = self._looked(chosen, self._some_patches(rng))
        places = (looked.places, looked.mirrored)
        judged = self.patches.colour_evidence(found.view, places, looked.predicted, looked.tone)[0]
        whole = torch.cat([looked.evidence, judged], -1).flatten(0, 1)
        for network in (self.patches.places, self.patches.colours):
            seen = whole[:, : len(network.mean)]
            network.mean.copy_(seen.mean(0))
            network.scale.copy_(seen.std(0) + _LEAST_SCALE)

    def loss(self, views: Indices, rng: np.random.Generator) -> torch.Tensor:
        """Mean weighted error of random patches in some views."""
        errors = self._errors(views, self._some_patches(rng))
        return errors.places.mean() + _COLOUR * errors.colours.mean()

    @torch.no_grad()
    def figures(self, views: Indices) -> dict[str, float]:
        """Millimetres before and after, and hundredths of colours, of faces, of hair, of all."""
        index = torch.arange(0, len(self._faces), _JUDGED_PATCHES)
        sums: dict[str, torch.Tensor] = {}
        for at in range(0, len(views), _ROWS):
            errors = self._errors(views[at : at + _ROWS], index)
            kind = errors.kind
            parts = {
                "face": (kind == SKIN) & self._faces[index],
                "hair": kind == HAIR,
                "worn": kind > CLOTH,
                "all": torch.ones_like(self._faces[index]).expand_as(kind),
            }
            for name, mask in parts.items():
                each = [mask, errors.before * mask, errors.places * mask, errors.colours * mask]
                counted = torch.stack([x.sum().double() for x in each])
                sums[name] = sums.get(name, torch.zeros(4, dtype=torch.double)) + counted
        found = {}
        for name, (count, *values) in sums.items():
            for what, value in zip(("mm before", "mm", "colour"), values, strict=True):
                found[f"{name} {what}"] = round(float(value / max(count, 1)), 3)
        return found

    def _looked(self, views: Indices, index: torch.Tensor) -> tuple[AlignedHead, LookedPatches]:
        found = self._found.of(self._views, views)
        coefficients = self._found.coefficients[views]
        with torch.no_grad():
            looked = self._branch.looked(
                found, coefficients, self._low_rank, self._model.head, index
            )
        return found, looked

    def _errors(self, views: Indices, index: torch.Tensor) -> PatchErrors:
        found, looked = self._looked(views, index)
        own, across = looked.anchors.numpy(), self._branch.mirror[index].numpy()
        truth = [self._truth(view, own, across) for view in views]
        places, mirrored, at, at_mirror, wanted, kind = (
            torch.from_numpy(np.stack(values)) for values in zip(*truth, strict=True)
        )
        colours = self._branch.recoloured(found, looked, (places, mirrored), (at, at_mirror))
        return PatchErrors(
            (places - looked.places) * 1e3,
            self._branch.moves(found, looked) * 1e3,
            (colours - wanted).abs().mean(-1) * 1e2,
            kind,
        )

    def _truth(self, view: int, own: Indices, across: Indices) -> tuple[NDArray[Any], ...]:
        """Places of anchors and their mirror images, where they are seen, colours and kinds.

        Colours are judged where anchors truly are and are truly seen: what to trust shall be said
        by what is visible. With predicted places it would hang on how far these are off too, and
        eyes and brows would be mixed with predicted ones that lie beside them.
        """
        head = self._views.targets[self._views.heads[view]]
        places = head.positions.astype(np.float32)
        colours = np.multiply(head.colours[own], 1 / 255, dtype=np.float32)
        seen = [self._views.seen(view, places[x].reshape(-1, 3)) for x in (own, across)]
        lit = apply_light(colours, self._views.light[view])
        return places[own], places[across], *seen, lit, head.kind[own]

    def _some_patches(self, rng: np.random.Generator) -> torch.Tensor:
        count = len(self._faces)
        return torch.from_numpy(rng.permutation(count)[: min(PATCHES, count)])


def learn_patches(
    model: ReconstructionModel,
    views: AlignedViews,
    template: HeadTemplate,
    options: argparse.Namespace,
    log: RunLog,
) -> dict[str, float]:
    """Train the patches for the options' steps; their average is what stays.

    Every tenth head is not trained on.

    Returns:
        The figures of these.
    """
    trainer = PatchTrainer(model, views, template)
    judged = views.heads % _OF == _JUDGED
    shown, others = np.flatnonzero(~judged), np.flatnonzero(judged)
    patches = trainer.patches
    trainer.scale(shown)
    patches.start_training()
    patches.requires_grad_(True).train()
    torch.manual_seed(options.seed)  # of the dropout
    average = MovingAverage(patches, _DECAY)
    optimiser = torch.optim.AdamW(patches.parameters(), options.learning_rate, weight_decay=0.05)
    began = time.monotonic()
    figures: dict[str, float] = {}
    for step in range(options.steps):
        rng = np.random.default_rng([options.seed, step])
        for group in optimiser.param_groups:
            shrunk = warm_cosine(step, step / options.steps, _WARM_UP)
            group["lr"] = options.learning_rate * shrunk
        loss = trainer.loss(rng.choice(shown, VIEWS), rng)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(patches.parameters(), _CLIP)
        optimiser.step()
        average.update(patches)
        elapsed = time.monotonic() - began
        log.step(step + 1, VIEWS, elapsed, {"loss": loss.item()})
        if step % options.measure == options.measure - 1 or step == options.steps - 1:
            with average.swapped_into(patches):
                patches.eval()
                figures = trainer.figures(others)
                patches.train()
            log.measurement("others", step + 1, elapsed, figures)
    average.copy_to(patches)
    patches.requires_grad_(False).eval()
    return figures
