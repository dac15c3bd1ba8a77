"""How the editing model learns to read the geometry of a head off its map.

Encoder and decoder first learn to tell the whole latent of a head from its map alone. Trained on
what the linear map misses they learn nothing: that is mostly noise at first, in which the tokens
of all maps become alike. What they then know is regressed on what the linear map misses.
"""

import argparse
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from inference.model.editing import EditingModel
from training.editing.latents import Latents
from training.editing.map_heads import MapHeads, drawn_map
from training.editing.map_ridge import Ridge, best_ridge
from training.runs.log import RunLog
from training.runs.schedule import warm_cosine
from training.runs.stage_state import StageClock, Stateful, load_state, save_state

_JUDGED, _OF = 3, 10
"""Heads with this remainder are not trained on."""
_BATCH = 16
_WARM_UP = 200  # steps
_LAST = 0.3  # factor on the learning rate of the map from thousands of latents
_AT_A_TIME = 32
_MOST = 9000  # maps of the regression
_STRENGTHS = (30.0, 100.0, 300.0, 1e3, 3e3, 1e4, 3e4, 1e5, 1e6)
_STATE = "geometry.pt"


@dataclass(frozen=True)
class Reader:
    """Tells latents of the geometry from the decoder's global latents.

    Attributes:
        linear: to numbers of mean 0 and variance 1.
        mean: [Z] of the latents.
        spread: [Z] their standard deviation.
    """

    linear: nn.Linear
    mean: torch.Tensor
    spread: torch.Tensor

    def __call__(self, model: EditingModel, classes: torch.Tensor) -> torch.Tensor:
        """Latents [B, Z] of maps [B, S, S]."""
        found = model.global_latents(model.encoder.geometry_of_classes(classes))
        said: torch.Tensor = self.linear(found.flatten(1))
        return said * self.spread + self.mean


def learn_geometry(
    model: EditingModel,
    heads: MapHeads,
    latents: Latents,
    options: argparse.Namespace,
    log: RunLog,
) -> None:
    """Train for the options' share of the minutes or steps, then write `refine`."""
    branch = model.branch
    assert branch is not None
    true, importance = torch.from_numpy(latents.true), torch.from_numpy(latents.importance)
    whose = heads.twin_heads
    judged = whose % len(heads.positions) % _OF == _JUDGED
    shown = np.flatnonzero(~judged)
    spread = true.std(0) + 1e-6
    reader = Reader(
        nn.Linear(branch.refine.in_features, branch.config.latent), true.mean(0), spread
    )
    for weight in reader.linear.parameters():
        nn.init.zeros_(weight)
    varies = float(((true - reader.mean) ** 2 @ importance).mean())
    trained = [*model.encoder.parameters(), *model.decoder.parameters(), branch.queries]
    groups = [
        {"params": trained, "factor": 1.0},
        {"params": list(reader.linear.parameters()), "factor": _LAST},
    ]
    optimiser = torch.optim.AdamW(groups, lr=options.learning_rate, weight_decay=0.03)
    clock = StageClock(options, options.geometry)
    path = options.out / _STATE
    parts: dict[str, Stateful] = {"model": model, "reader": reader.linear, "optimiser": optimiser}
    if options.resume and path.exists():
        clock.steps, clock.seconds = load_state(path, parts)
        log.say(f"geometry goes on at step {clock.steps}")
    while (done := clock.done) < 1:
        with clock.step():
            rng = np.random.default_rng([options.seed, clock.steps])
            for group in optimiser.param_groups:
                rate = options.learning_rate * group["factor"]
                group["lr"] = rate * warm_cosine(clock.steps, done, _WARM_UP)
            views = rng.choice(shown, _BATCH)
            said = reader(model, _maps(heads, views, rng))
            error = ((said - true[whose[views]]) ** 2 @ importance).mean() / varies
            optimiser.zero_grad(set_to_none=True)
            error.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimiser.step()
        log.step(clock.steps, _BATCH, clock.seconds, {"geometry": float(error.detach())})
        if clock.time_to_save():
            save_state(path, parts, clock.steps, clock.seconds)
    save_state(path, parts, clock.steps, clock.seconds)
    refine_linear(model, heads, latents, judged, options.seed, log)


def refine_linear(
    model: EditingModel,
    heads: MapHeads,
    latents: Latents,
    judged: NDArray[np.bool_],  # [2 V] maps of heads that the network has not seen
    seed: int,
    log: RunLog,
) -> None:
    """Let the decoder's global latents tell what the linear map misses of heads new to it.

    A ridge regression, as strong as the judged heads want it.
    """
    branch = model.branch
    assert branch is not None
    rng = np.random.default_rng([seed, 1])
    fitted = np.flatnonzero(~judged)
    if len(fitted) > _MOST:
        fitted = rng.choice(fitted, _MOST, replace=False)
    views = np.concatenate([fitted, np.flatnonzero(judged)])
    inner = torch.arange(len(views)) < len(fitted)
    found = []
    with torch.no_grad():
        for some in np.array_split(views, max(1, len(views) // _AT_A_TIME)):
            geometry = model.encoder.geometry_of_classes(_maps(heads, some, None))
            found.append(model.global_latents(geometry).flatten(1))
    told = torch.cat(found).double()
    mean, size = told.mean(0), told.std(0) + 1e-6
    told = (told - mean) / size
    true = latents.true[heads.twin_heads[views]]
    missed = torch.from_numpy(true - latents.read[views]).double()
    importance = torch.from_numpy(latents.importance).double()
    centre = missed[inner].mean(0)
    missed = missed - centre
    ridge = Ridge(told, missed)
    best, left = best_ridge(ridge, ~inner, importance, _STRENGTHS)
    varies = float(((true - latents.true.mean(0)) ** 2 @ latents.importance).mean())
    before = float((missed[~inner] ** 2 @ importance).mean())
    log.say(
        f"geometry of {int((~inner).sum())} maps of others: the linear map misses "
        f"{before / varies:.3f}, with the network {left / varies:.3f} (ridge {best:g})"
    )
    weights = ridge.weights(best) / size[:, None]
    with torch.no_grad():
        branch.refine.weight.copy_(weights.T)
        branch.refine.bias.copy_(centre - mean @ weights)


def _maps(
    heads: MapHeads,
    views: NDArray[np.int64],  # [B], from the number of maps on mirrored twins
    rng: np.random.Generator | None,
) -> torch.Tensor:
    """[B, S, S]; drawn a little elsewhere where there is chance."""
    count = len(heads.view_head)
    return torch.stack([drawn_map(heads.maps[v % count], v >= count, rng) for v in views])
