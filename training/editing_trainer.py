"""What the editing model's encoder and decoder learn on top of the closed form.

Each step shows the map of one view of a head and the style of another. Every second head gets the
style of somebody else and is judged by its places alone: so places cannot hang on styles.
"""

import argparse
import copy
import time
from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

from inference.editing.kinds import SKIN
from inference.face_map.labels import COUNT
from inference.features.style_blocks import completed
from inference.head.template import HeadTemplate
from inference.model.editing import EditingModel
from training.averaging import follow
from training.editing_data import EditingHeads
from training.patch_sampling import draw_patches, patch_probabilities
from training.run_log import RunLog
from training.schedule import warm_cosine

_BETA = 0.3  # spreads from which on an error of place counts linearly
_COLOUR = 4.0  # weight of colours against places
_BLANK = 0.2  # share of styles with some aspects left open, as prompts leave them


def train(
    model: EditingModel,
    heads: EditingHeads,
    template: HeadTemplate,
    options: argparse.Namespace,
    log: RunLog,
    export: Callable[[EditingModel, int], None],
) -> None:
    """Train for the options' minutes or steps."""
    branch = model.branch
    assert branch is not None
    rng = np.random.default_rng(options.seed)
    probabilities = patch_probabilities(template.labels, model.config.head.per_patch)
    spread = torch.from_numpy(_spread(heads))
    kinds = heads.anchor_kinds()
    trained = [p for n, p in model.named_parameters() if not n.startswith("branch.")]
    optimiser = torch.optim.AdamW(trained, lr=options.learning_rate, weight_decay=0.03)
    average = copy.deepcopy(model)
    began, step = time.monotonic(), 0
    per_patch = model.config.head.per_patch
    saved = began
    while True:
        spent = time.monotonic() - began
        done = step / options.steps if options.steps else spent / (options.minutes * 60)
        if done >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = options.learning_rate * warm_cosine(step, done, 100)
        views = rng.integers(0, len(heads.view_head), options.batch)
        who = heads.view_head[views]
        patches = draw_patches(rng, probabilities, options.patches)
        anchors = (patches[:, None] * per_patch + np.arange(per_patch)).ravel()
        strangers = np.arange(options.batch) % 2 == 1
        style = torch.from_numpy(_styles(heads, who, strangers, rng))
        labels = torch.stack([_one_hot(heads, int(view), rng) for view in views])
        index = torch.from_numpy(patches)
        truth = torch.from_numpy(heads.positions[who][:, anchors].astype(np.float32))
        colour = torch.from_numpy(heads.colours[who][:, anchors].astype(np.float32) / 255)
        kind = torch.from_numpy(kinds[who][:, anchors].astype(np.int64))
        known = kind < 255

        with torch.no_grad():
            latent, _ = branch.read_map(torch.from_numpy(heads.features[views]))
            fields = branch(latent, style, index)
            chosen = torch.where(known, kind, SKIN).unflatten(1, (-1, per_patch))
            places, colours = fields.of(chosen)
        tokens = model.encoder(labels, style)
        made = model.decode(tokens, index, places, colours)
        error = (made.means - truth) / spread[anchors][None, :, None]
        place = functional.smooth_l1_loss(
            error, torch.zeros_like(error), beta=_BETA, reduction="none"
        ).mean(-1)
        own = known & torch.from_numpy(~strangers)[:, None]
        tone = (made.colours - colour).abs().mean(-1)
        terms = {
            "place": (place * known).sum() / known.sum(),
            "colour": (tone * own).sum() / own.sum(),
        }
        terms["total"] = terms["place"] + _COLOUR * terms["colour"]
        with torch.no_grad():
            start = functional.smooth_l1_loss(
                (places.flatten(1, 2) - truth) / spread[anchors][None, :, None],
                torch.zeros_like(error),
                beta=_BETA,
                reduction="none",
            ).mean(-1)
            terms["place of the closed form"] = (start * known).sum() / known.sum()
            first = (colours.flatten(1, 2) - colour).abs().mean(-1)
            terms["colour of the closed form"] = (first * own).sum() / own.sum()
        optimiser.zero_grad(set_to_none=True)
        terms["total"].backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        follow(average, model, step, least=0.005)
        step += 1
        log.step(step, options.batch, spent, {n: float(v.detach()) for n, v in terms.items()})
        if time.monotonic() - saved > 180:
            export(average, step)
            saved = time.monotonic()
    export(average, step)


def _spread(heads: EditingHeads) -> np.ndarray:
    some = heads.positions[:: max(1, len(heads.positions) // 200)].astype(np.float32)
    return np.maximum(np.sqrt(some.var(0).mean(1)), 0.0015).astype(np.float32)


def _styles(
    heads: EditingHeads, who: np.ndarray, strangers: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """[B, W] a picture's style of each head, or of somebody else."""
    rows = []
    for head, stranger in zip(who, strangers, strict=True):
        own = np.flatnonzero(heads.style_head == head)
        chosen = rng.integers(len(heads.styles)) if stranger else rng.choice(own)
        vector = heads.styles[chosen].copy()
        if stranger and rng.random() < _BLANK:
            vector[rng.random(len(vector)) < 0.5] = 0
        rows.append(completed(vector))
    return np.stack(rows).astype(np.float32)


def _one_hot(heads: EditingHeads, view: int, rng: np.random.Generator) -> torch.Tensor:
    """[19, S, S] a view's map, drawn a little elsewhere."""
    labels = torch.from_numpy(heads.maps[view])
    shift = rng.integers(-4, 5, 2)
    labels = torch.roll(labels, tuple(int(s) for s in shift), (0, 1))
    return functional.one_hot(labels.long(), COUNT).permute(2, 0, 1).float()
