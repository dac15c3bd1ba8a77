"""What the editing model's encoder and decoder learn on top of the closed form.

First the geometry as a whole (training.editing.geometry), then what each patch adds to it. Each
step shows the map of one view of a head and the style of another view. Every second head gets the
style of somebody else: its places stay what they were, so they cannot hang on styles, and its
colours are what the closed form makes of that style, so they cannot hang on maps. Every other pair
of heads is mirrored, with colours as a stranger's, since light does not mirror a style.
"""

import argparse
import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from inference.editing.kinds import SKIN
from inference.features.style_blocks import completed
from inference.head.template import HeadTemplate
from inference.model.editing import EditingModel
from inference.model.editing_branch import KINDS
from training.anchors.patch_sampling import anchors_of, draw_patches, patch_probabilities
from training.config import AdamWConfig
from training.editing.data import EditingHeads
from training.editing.geometry import learn_geometry
from training.editing.latents import MIRROR_PLACE, Latents
from training.editing.map_heads import MapHeads, drawn_map
from training.editing.metrics import measure
from training.editing.tints import learn_tints
from training.runs.averaging import follow
from training.runs.log import RunLog
from training.runs.schedule import parameter_groups, warm_cosine
from training.runs.stage_state import StageClock, Stateful, load_state, save_state

_BETA = 0.3  # spreads from which on an error of place counts linearly
_COLOUR = 4.0  # weight of colours against places
_LATENT = 0.5  # weight of the geometry's latent against places
_BLANK = 0.2  # share of strangers' styles with some aspects left open, as prompts leave them
_WORDS = 0.3  # share of strangers' styles that are prompts, where there are any
_WARM_UP = 100  # steps
_ADAMW = AdamWConfig(weight_decay=0.03, factors=(("branch.refine.", 0.1),))
"""The map from global latents has thousands of inputs and goes slowly."""
_STATE = "patches.pt"


@dataclass(frozen=True)
class EditingBatch:
    """What a step shows, and the truth.

    Attributes:
        maps: [B, S, S] of classes.
        read: [B, Z] what a linear map says of their latents.
        latent: [B, Z] the true ones.
        style: [B, W] completed.
        coloured: [B] whether the colours are those of the style.
        truth: [B, A, 3] metres.
        colours: [B, A, 3] RGB.
        kind: [B, A] numbers of KINDS, 255 where an anchor is nobody's.
    """

    maps: torch.Tensor
    read: torch.Tensor
    latent: torch.Tensor
    style: torch.Tensor
    coloured: torch.Tensor
    truth: torch.Tensor
    colours: torch.Tensor
    kind: torch.Tensor


@dataclass(frozen=True)
class Guess:
    """What the model makes of a batch.

    Attributes:
        latent: [B, Z] of the geometry.
        colours: [B, A, 3] RGB that the branch says.
        made: [B, A, 3] metres of the whole model.
        tones: [B, A, 3] RGB of the whole model.
    """

    latent: torch.Tensor
    colours: torch.Tensor
    made: torch.Tensor
    tones: torch.Tensor


def guess(model: EditingModel, batch: EditingBatch, patches: torch.Tensor) -> Guess:
    """Ask the model for the patches [P] of a batch, each anchor as what it truly is."""
    branch = model.branch
    assert branch is not None
    geometry = model.encoder.geometry_of_classes(batch.maps)
    latent = batch.read + model.refinement(geometry)
    chosen = torch.where(batch.kind < len(KINDS), batch.kind, SKIN)
    fields = branch(latent, model.palette(geometry, batch.style), patches)
    places, colours = fields.of(chosen.unflatten(1, (-1, model.config.head.per_patch)))
    latents = model.latents(model.fuse(geometry, batch.style), patches)
    whole = model.places_and_colours(latents, patches, places, colours)
    return Guess(latent, colours.flatten(1, 2), *whole)


class EditingTrainer:
    """Model, its average and the optimiser; every random choice depends on seed and step alone."""

    def __init__(
        self,
        model: EditingModel,
        heads: EditingHeads,
        mapped: MapHeads,
        latents: Latents,
        template: HeadTemplate,
        learning_rate: float,
        seed: int,
    ) -> None:
        """Train with the maps of `mapped`, the first of which are `heads`, in their order."""
        self.model, self.heads, self.latents, self.seed = model, heads, latents, seed
        self.mapped = mapped
        self.average = copy.deepcopy(model)
        self.steps = 0
        self._learning_rate = learning_rate
        self._per_patch = model.config.head.per_patch
        self._probabilities = patch_probabilities(template.labels, self._per_patch)
        self._mirror = template.mirror
        self._spread = torch.from_numpy(mapped.spread())
        self._kinds = mapped.anchor_kinds()
        self._importance = torch.from_numpy(latents.importance)
        self._whose = mapped.twin_heads
        self._styled = np.flatnonzero(mapped.view_head < len(heads.names))
        self._missed = float(
            ((latents.read - latents.true[self._whose]) ** 2 @ latents.importance)
            .mean()
            .clip(1e-12)
        )
        self.optimiser = torch.optim.AdamW(parameter_groups(model, _ADAMW), lr=learning_rate)

    def step(self, progress: float, batch: int, patches: int) -> dict[str, float]:
        """One update with so many heads and patches of each; returns the terms of the loss."""
        rng = np.random.default_rng([self.seed, self.steps])
        for group in self.optimiser.param_groups:
            rate = warm_cosine(self.steps, progress, _WARM_UP)
            group["lr"] = self._learning_rate * rate * group["factor"]
        chosen = draw_patches(rng, self._probabilities, patches)
        anchors = anchors_of(chosen, self._per_patch)
        shown = self._draw(rng, batch, anchors)
        found = guess(self.model, shown, torch.from_numpy(chosen))
        terms = self._terms(shown, found, self._spread[anchors][None, :, None])
        self.optimiser.zero_grad(set_to_none=True)
        terms["total"].backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        follow(self.average, self.model, self.steps, least=0.002)
        self.steps += 1
        return {name: float(value.detach()) for name, value in terms.items()}

    def _draw(
        self, rng: np.random.Generator, count: int, anchors: NDArray[np.int64]
    ) -> EditingBatch:
        heads = self.mapped
        number = np.arange(count)
        strangers, mirrored = number % 2 == 1, number % 4 >= 2
        anybody = rng.integers(0, len(heads.view_head), count)
        views = np.where(strangers, anybody, rng.choice(self._styled, count))
        places, colours, kinds = [], [], []
        for head, flipped in zip(heads.view_head[views], mirrored, strict=True):
            chosen = self._mirror[anchors] if flipped else anchors
            place = heads.positions[head][chosen].astype(np.float32)
            places.append(place * MIRROR_PLACE if flipped else place)
            colours.append(heads.colours[head][chosen].astype(np.float32) / 255)
            kinds.append(self._kinds[head][chosen].astype(np.int64))
        twins = views + mirrored * len(heads.view_head)
        drawn = zip(views, mirrored, strict=True)
        return EditingBatch(
            torch.stack([drawn_map(heads.maps[view], flipped, rng) for view, flipped in drawn]),
            torch.from_numpy(self.latents.read[twins]),
            torch.from_numpy(self.latents.true[self._whose[twins]]),
            torch.from_numpy(self._styles(views, strangers, rng)),
            torch.from_numpy(~(strangers | mirrored)),
            torch.from_numpy(np.stack(places)),
            torch.from_numpy(np.stack(colours)),
            torch.from_numpy(np.stack(kinds)),
        )

    def _styles(
        self,
        views: NDArray[np.int64],  # [B]
        strangers: NDArray[np.bool_],  # [B]
        rng: np.random.Generator,
    ) -> NDArray[np.float32]:
        """[B, W] completed styles: of another view of each head, or of somebody else."""
        heads, mapped = self.heads, self.mapped
        rows = []
        for view, stranger in zip(views, strangers, strict=True):
            if stranger:
                worded = len(heads.prompts) and rng.random() < _WORDS
                vector = rng.choice(heads.prompts if worded else heads.styles).copy()
            else:
                whose, number = mapped.view_head[view], mapped.view_number[view]
                vector = heads.styles[rng.choice(heads.styles_beside(whose, number))].copy()
            if stranger and rng.random() < _BLANK:
                vector[rng.random(len(vector)) < 0.5] = 0
            rows.append(completed(vector))
        return np.stack(rows).astype(np.float32)

    def _terms(
        self, batch: EditingBatch, found: Guess, spread: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        known = batch.kind < len(KINDS)
        asked = torch.where(batch.coloured[:, None, None], batch.colours, found.colours.detach())
        place = _distance(found.made, batch.truth, spread)
        tone = (found.tones - asked).abs().mean(-1)
        missed = ((found.latent - batch.latent) ** 2 @ self._importance).mean() / self._missed
        terms = {
            "latent": missed,  # of what the linear map misses
            "place": (place * known).sum() / known.sum(),
            "colour": (tone * known).sum() / known.sum(),
        }
        terms["total"] = _LATENT * missed + terms["place"] + _COLOUR * terms["colour"]
        with torch.no_grad():
            first = ((batch.read - batch.latent) ** 2 @ self._importance).mean()
            terms["latent before"] = first / self._missed
            own = known & batch.coloured[:, None]
            terms["own colour"] = (tone * own).sum() / own.sum()
            before = (found.colours - batch.colours).abs().mean(-1)
            terms["own colour before"] = (before * own).sum() / own.sum()
        return terms


def train(
    model: EditingModel,
    heads: EditingHeads,
    mapped: MapHeads,
    latents: Latents,
    test: EditingHeads | None,
    template: HeadTemplate,
    options: argparse.Namespace,
    log: RunLog,
    export: Callable[[EditingModel, int, int, int], None],
) -> None:
    """Train for the options' minutes or steps, and measure on heads that are not trained on."""

    def look(name: str, model: EditingModel, steps: int, seconds: float) -> None:
        if test is not None:
            log.measurement(name, steps, seconds, measure(model, test, template))

    look("closed form", model, 0, 0.0)
    reading, latents = learn_geometry(model, mapped, latents, options, log)
    export(model, reading, 0, 0)
    look("geometry", model, 0, 0.0)
    tints = learn_tints(model, heads, mapped, options, log)
    export(model, reading, tints, 0)
    look("tints", model, 0, 0.0)
    rate, seed = options.learning_rate, options.seed
    trainer = EditingTrainer(model, heads, mapped, latents, template, rate, seed)
    clock = StageClock(options, 1 - options.geometry - options.tints)
    path = options.out / _STATE
    parts: dict[str, Stateful] = {
        "model": model,
        "average": trainer.average,
        "optimiser": trainer.optimiser,
    }
    if options.resume and path.exists():
        clock.steps, clock.seconds = load_state(path, parts)
        trainer.steps = clock.steps
        log.say(f"patches go on at step {clock.steps}")
    while (done := clock.done) < 1:
        with clock.step():
            terms = trainer.step(done, options.batch, options.patches)
        log.step(clock.steps, options.batch, clock.seconds, terms)
        if clock.time_to_save():
            save_state(path, parts, clock.steps, clock.seconds)
            export(trainer.average, reading, tints, clock.steps)
            look("patches", trainer.average, clock.steps, clock.seconds)
    export(trainer.average, reading, tints, clock.steps)
    look("end", trainer.average, clock.steps, clock.seconds)


def _distance(
    places: torch.Tensor,  # [B, A, 3]
    truth: torch.Tensor,  # [B, A, 3]
    spread: torch.Tensor,  # [1, A, 1]
) -> torch.Tensor:
    """[B, A] how far places are from the truth, in spreads."""
    error = (places - truth) / spread
    return functional.smooth_l1_loss(
        error, torch.zeros_like(error), beta=_BETA, reduction="none"
    ).mean(-1)
