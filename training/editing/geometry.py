"""How the editing model learns to read the geometry of a head off its map.

Encoder and decoder first learn to tell the whole latent of a head from its map alone, and from
where it is seen, on which the latent's traces in the map hang. Trained on what the linear map
misses they learn nothing: that is mostly noise at first, in which the tokens of all maps become
alike. Then every number of the latent is read partly by them and partly by the linear map.
"""

import argparse
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from inference.model.editing import EditingModel
from training.editing.latents import MIRROR_POSE, Latents
from training.editing.map_heads import MapHeads, drawn_map
from training.runs.log import RunLog
from training.runs.schedule import warm_cosine
from training.runs.stage_state import StageClock, Stateful, load_state, save_state

_JUDGED, _OF = 3, 10
"""Heads with this remainder are not trained on."""
READING_BATCH = 16
"""Maps a step."""
_WARM_UP = 200  # steps
_LAST = 0.3  # factor on the learning rate of the map from thousands of latents
_ANGLES = 2  # yaw and elevation, which no drawing of the map changes
_SEEN_FROM = 0.3  # weight of these against the latent
_MEASURED = 240  # maps of others
_AT_A_TIME = 32
_STATE = "geometry.pt"


@dataclass(frozen=True)
class Reader:
    """Tells latents of the geometry, and angles of the view, from the decoder's global latents.

    Attributes:
        linear: to numbers of mean 0 and variance 1.
        mean: [Z + 2] of latents and angles.
        spread: [Z + 2] their standard deviation.
        weight: [Z + 2] of their errors in spreads.
    """

    linear: nn.Linear
    mean: torch.Tensor
    spread: torch.Tensor
    weight: torch.Tensor

    @staticmethod
    def of(
        inputs: int,
        truth: torch.Tensor,  # [V, Z + 2]
        importance: torch.Tensor,  # [Z]
    ) -> "Reader":
        """One that says the mean of everything at first."""
        spread = truth.std(0) + 1e-6
        share = importance * spread[:-_ANGLES] ** 2
        weight = torch.cat([share / share.sum(), torch.full((_ANGLES,), _SEEN_FROM / _ANGLES)])
        linear = nn.Linear(inputs, truth.shape[1])
        nn.init.zeros_(linear.weight)
        nn.init.zeros_(linear.bias)
        return Reader(linear, truth.mean(0), spread, weight)

    def errors(
        self,
        model: EditingModel,
        classes: torch.Tensor,  # [B, S, S]
        truth: torch.Tensor,  # [B, Z + 2]
    ) -> torch.Tensor:
        """Shares of their variances that are missed of latents and of angles, [2]."""
        missed = self._said(model, classes) - (truth - self.mean) / self.spread
        weighted = (missed**2).mean(0) * self.weight
        return torch.stack([part.sum() for part in weighted.tensor_split([-_ANGLES])])

    def latents(
        self,
        model: EditingModel,
        classes: torch.Tensor,  # [B, S, S]
    ) -> torch.Tensor:
        """Latents [B, Z] of maps."""
        return (self._said(model, classes) * self.spread + self.mean)[:, :-_ANGLES]

    def _said(self, model: EditingModel, classes: torch.Tensor) -> torch.Tensor:
        found = model.global_latents(model.encoder.geometry_of_classes(classes))
        said: torch.Tensor = self.linear(found.flatten(1))
        return said


def learn_geometry(
    model: EditingModel,
    heads: MapHeads,
    latents: Latents,
    options: argparse.Namespace,
    log: RunLog,
) -> tuple[int, Latents]:
    """Train for the options' share of the minutes or steps, then blend_readings.

    Returns:
        The steps, and what blend_readings returns.
    """
    branch = model.branch
    assert branch is not None
    whose = heads.twin_heads
    judged = whose % len(heads.positions) % _OF == _JUDGED
    shown, others = np.flatnonzero(~judged), np.flatnonzero(judged)
    others = others[:: max(1, len(others) // _MEASURED)]
    poses = np.concatenate([heads.pose, heads.pose * MIRROR_POSE])
    truth = torch.from_numpy(np.concatenate([latents.true[whose], poses[:, :_ANGLES]], 1))
    reader = Reader.of(branch.refine.in_features, truth, torch.from_numpy(latents.importance))

    def look() -> None:
        with torch.no_grad():
            parts = np.array_split(others, max(1, len(others) // _AT_A_TIME))
            left = [reader.errors(model, _maps(heads, part, None), truth[part]) for part in parts]
        missed, turned = torch.stack(left).mean(0).tolist()
        named = {"latent missed": missed, "angles missed": turned / _SEEN_FROM}
        log.measurement("geometry of others", clock.steps, clock.seconds, named)

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
            views = rng.choice(shown, READING_BATCH)
            missed, turned = reader.errors(model, _maps(heads, views, rng), truth[views])
            optimiser.zero_grad(set_to_none=True)
            (missed + turned).backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimiser.step()
        log.step(clock.steps, READING_BATCH, clock.seconds, {"geometry": float(missed.detach())})
        if clock.time_to_save():
            save_state(path, parts, clock.steps, clock.seconds)
            look()
    save_state(path, parts, clock.steps, clock.seconds)
    if clock.steps == 0:
        return 0, latents  # a network that has learned nothing reads nothing
    return clock.steps, blend_readings(model, reader, heads, latents, judged, log)


def blend_readings(
    model: EditingModel,
    reader: Reader,
    heads: MapHeads,
    latents: Latents,
    judged: NDArray[np.bool_],  # [2 V] maps of heads that the network has not seen
    log: RunLog,
) -> Latents:
    """Let each number of the latent be read partly by the linear map, partly by the network.

    The share of the network is the one that leaves the least square on the judged heads.

    Returns:
        The latents, of whose linear readings no more than their share is left.
    """
    branch = model.branch
    assert branch is not None
    views = np.flatnonzero(judged)
    with torch.no_grad():
        parts = np.array_split(views, max(1, len(views) // _AT_A_TIME))
        said = torch.cat([reader.latents(model, _maps(heads, part, None)) for part in parts])
    read, true = latents.read[views], latents.true[heads.twin_heads[views]]
    ahead, missed = said.numpy() - read, true - read
    share = np.clip((ahead * missed).sum(0) / ((ahead**2).sum(0) + 1e-12), 0, 1)
    varies = ((true - latents.true.mean(0)) ** 2 @ latents.importance).mean()
    left = [
        ((missed - part * ahead) ** 2 @ latents.importance).mean() / varies
        for part in (0, 1, share)
    ]
    log.say(
        f"geometry of {len(views)} maps of others: the linear map misses {left[0]:.3f}, "
        f"the network {left[1]:.3f}, both {left[2]:.3f} "
        f"(shares {share.min():.2f} to {share.max():.2f})"
    )
    count, network = len(share), torch.from_numpy(share.astype(np.float32))
    linear, spread = reader.linear, reader.spread[: len(share)]
    with torch.no_grad():
        branch.latent.weight[:count] *= 1 - network[:, None]
        branch.latent.bias[:count] *= 1 - network
        branch.refine.weight.copy_((network * spread)[:, None] * linear.weight[:count])
        branch.refine.bias.copy_(network * (linear.bias[:count] * spread + reader.mean[:count]))
    return replace(latents, read=(latents.read * (1 - share)).astype(np.float32))


def _maps(
    heads: MapHeads,
    views: NDArray[np.int64],  # [B], from the number of maps on mirrored twins
    rng: np.random.Generator | None,
) -> torch.Tensor:
    """[B, S, S]; drawn a little elsewhere where there is chance."""
    count = len(heads.view_head)
    return torch.stack([drawn_map(heads.maps[v % count], v >= count, rng) for v in views])
