"""How the editing model learns to read the geometry of a head off its map.

Encoder and decoder first learn to tell the whole latent of a head from its map alone. Trained on
what the linear map misses they learn nothing: that is mostly noise at first, in which the tokens
of all maps become alike. On heads that neither was fitted to it then shows how far each number of
the latent is better taken from the one or from the other.
"""

import argparse
import time
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from inference.model.editing import EditingModel
from training.editing_data import EditingHeads, drawn_map
from training.editing_latents import Latents
from training.run_log import RunLog
from training.schedule import warm_cosine
from training.stage_state import Stateful, load_state, save_state, share_done

Array = NDArray[np.float32]

_JUDGED, _OF = 3, 10
"""Heads with this remainder are not trained on."""
_BATCH = 16
_WARM_UP = 200  # steps
_LAST = 0.3  # factor on the learning rate of the map from thousands of latents
_AT_A_TIME = 32
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
    heads: EditingHeads,
    latents: Latents,
    options: argparse.Namespace,
    log: RunLog,
) -> Latents:
    """Train for the options' share of the minutes or steps, then write `refine` and the branch.

    Returns:
        The latents as the branch's linear map now reads them; `refine` adds the rest.
    """
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
    step, spent, saved = 0, 0.0, 0.0
    path = options.out / _STATE
    parts: dict[str, Stateful] = {"model": model, "reader": reader.linear, "optimiser": optimiser}
    if options.resume and path.exists():
        step, spent = load_state(path, parts)
        log.say(f"geometry goes on at step {step}")
    while True:
        done = share_done(options, options.geometry, step, spent)
        if done >= 1:
            break
        began = time.monotonic()
        rng = np.random.default_rng([options.seed, step])
        for group in optimiser.param_groups:
            rate = options.learning_rate * group["factor"]
            group["lr"] = rate * warm_cosine(step, done, _WARM_UP)
        views = rng.choice(shown, _BATCH)
        said = reader(model, _maps(heads, views, rng))
        error = ((said - true[whose[views]]) ** 2 @ importance).mean() / varies
        optimiser.zero_grad(set_to_none=True)
        error.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        step += 1
        spent += time.monotonic() - began
        log.step(step, _BATCH, spent, {"geometry": float(error.detach())})
        if spent - saved > options.save * 60:
            save_state(path, parts, step, spent)
            saved = spent
    save_state(path, parts, step, spent)
    return _shared(model, reader, heads, latents, np.flatnonzero(judged), log)


def _shared(
    model: EditingModel,
    reader: Reader,
    heads: EditingHeads,
    latents: Latents,
    views: NDArray[np.int64],
    log: RunLog,
) -> Latents:
    """Share each number of the latent out between the linear map and the network."""
    branch = model.branch
    assert branch is not None
    whose = heads.twin_heads
    said = []
    with torch.no_grad():
        for some in np.array_split(views, max(1, len(views) // _AT_A_TIME)):
            said.append(reader(model, _maps(heads, some, None)).numpy())
    network, linear = np.concatenate(said), latents.read[views]
    missed = latents.true[whose[views]] - linear
    ahead = network - linear
    share = (ahead * missed).sum(0) / np.maximum((ahead**2).sum(0), 1e-12)
    share = share.clip(0, 1).astype(np.float32)

    def error(found: Array) -> float:
        away = latents.true[whose[views]] - found
        spread = latents.true - latents.true.mean(0)
        return float(
            (away**2 @ latents.importance).mean() / (spread**2 @ latents.importance).mean()
        )

    log.say(
        f"geometry of {len(views)} maps of others: the linear map misses {error(linear):.3f}, the "
        f"network {error(network):.3f}, both {error(linear + share * ahead):.3f}"
    )
    kept = torch.from_numpy(1 - share)
    with torch.no_grad():
        told = torch.from_numpy(share)
        branch.refine.weight.copy_(reader.linear.weight * (told * reader.spread)[:, None])
        branch.refine.bias.copy_(told * (reader.linear.bias * reader.spread + reader.mean))
        branch.latent.weight[: len(share)] *= kept[:, None]
        branch.latent.bias[: len(share)] *= kept
    return replace(latents, read=latents.read * (1 - share))


def _maps(
    heads: EditingHeads,
    views: NDArray[np.int64],  # [B], from the number of maps on mirrored twins
    rng: np.random.Generator | None,
) -> torch.Tensor:
    """[B, S, S]; drawn a little elsewhere where there is chance."""
    count = len(heads.view_head)
    return torch.stack([drawn_map(heads.maps[v % count], v >= count, rng) for v in views])
