"""How the editing model's decoder learns to tell a palette from a style.

A linear map tells most of it (training.editing.style_palette). What it misses, global latents learn
that meet the style at every patch of a face map (equation 8), one aspect of the style at a time.
Maps are anybody's: so no number of the palette can hang on an outline. The geometry is read from
the same encoder and decoder with no style at all: only what meets the style learns here, and no map
is read differently afterwards.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from inference.features.style_blocks import BLOCKS, EMPHASIS, completed, said
from inference.model.editing import EditingModel
from inference.model.editing_branch import TINTED
from inference.model.editing_encoder import MapTokens
from training.editing.data import EditingHeads
from training.editing.map_heads import MapHeads, drawn_map
from training.editing.style_palette import PALETTE_BLOCKS
from training.runs.log import RunLog
from training.runs.schedule import warm_cosine
from training.runs.stage_state import StageClock, Stateful, load_state, save_state

_JUDGED, _OF = 3, 10
"""Heads with this remainder are not trained on; they say how far the tints are believed."""
TINT_BATCH = 32
"""Styles a step."""
_MAPS, _PATCHES = 400, 8
"""Maps that they meet, and patches of one of these that each of them meets."""
_LOUD = 0.5
"""Standard deviation of the first weights that meet the style, of which one aspect's squares sum
to .03 to .2: beside the map's numbers usual ones would leave the network linear in it for long,
and greater ones learn single heads (our choice)."""
_WARM_UP = 100  # steps
_DECAY = 0.1
_NOISE = 0.02  # of each coordinate of a style, whose squares sum to 1
_WORDS = 0.4  # share of styles that are prompts, where there are any
_STATE = "tints.pt"


@dataclass(frozen=True)
class TintExamples:
    """Completed styles, and what the linear map misses of the palettes that they stand for.

    Attributes:
        styles: [S, W].
        missed: [S, T] of the numbers of TINTED, in standard deviations.
        known: [S, T] whether a style tells of a number.
        whose: [S] head.
        worded: [S] whether it is a prompt.
        spread: [T] standard deviations of these numbers.
    """

    styles: torch.Tensor
    missed: torch.Tensor
    known: torch.Tensor
    whose: NDArray[np.int64]
    worded: NDArray[np.bool_]
    spread: torch.Tensor

    @staticmethod
    def of(model: EditingModel, heads: EditingHeads) -> "TintExamples":
        """All pictures and prompts of some heads."""
        assert model.branch is not None
        vectors = [*heads.styles, *heads.prompts]
        styles = torch.from_numpy(np.stack([completed(v) for v in vectors]).astype(np.float32))
        whose = np.concatenate([heads.style_head, heads.prompt_head])
        numbers = list(TINTED)
        palette = torch.from_numpy(heads.palette[whose][:, numbers].astype(np.float32))
        about = np.array([said(vector) for vector in vectors]) > 0.8
        # A prompt tells of a colour only if it names what has it.
        leads = [BLOCKS.index(PALETTE_BLOCKS[number][0]) for number in numbers]
        known = torch.isfinite(palette) & torch.from_numpy(about[:, leads])
        spread = _spread(torch.from_numpy(heads.palette[:, numbers].astype(np.float32)))
        with torch.no_grad():
            missed = (palette - model.branch.palette(styles)[:, numbers]) / spread
        worded = np.arange(len(vectors)) >= len(heads.styles)
        return TintExamples(styles, torch.nan_to_num(missed), known, whose, worded, spread)


def _spread(
    palette: torch.Tensor,  # [H, T] NaN where a head has no such part
) -> torch.Tensor:
    """[T] standard deviations of who has it, if anybody does."""
    has = torch.isfinite(palette)
    values, count = torch.nan_to_num(palette), has.sum(0).clamp(min=1)
    ahead = (values - values.sum(0) / count) * has
    return ((ahead**2).sum(0) / count).sqrt() + 1e-3


def learn_tints(
    model: EditingModel,
    heads: EditingHeads,
    mapped: MapHeads,
    options: argparse.Namespace,
    log: RunLog,
) -> int:
    """Train for the options' share of the minutes or steps, then write the tints into the branch.

    Args:
        model: only what meets the style changes.
        heads: styles and palettes.
        mapped: whose maps the styles meet.
        options: of training.editing.stage.
        log: of the run.

    Returns:
        The steps.
    """
    branch = model.branch
    assert branch is not None
    clock = StageClock(options, options.tints)
    if clock.done >= 1:
        return 0
    examples = TintExamples.of(model, heads)
    judged = examples.whose % _OF == _JUDGED
    patches = _MapPatches.of(model, mapped, np.random.default_rng([options.seed, 8]))
    entry = model.encoder.fuse[0]
    assert isinstance(entry, nn.Linear)
    style_width = examples.styles.shape[1]
    told = list(branch.tint.parameters())
    trained = [entry.weight, branch.tints, *told]
    groups = [
        {"params": trained[:2], "weight_decay": 0.0},
        {"params": told, "weight_decay": _DECAY},
    ]
    optimiser = torch.optim.AdamW(groups, lr=options.learning_rate)
    chance = torch.Generator().manual_seed(options.seed)
    with torch.no_grad():
        entry.weight[:, -style_width:].normal_(std=_LOUD, generator=chance)
    path = options.out / _STATE
    parts: dict[str, Stateful] = {"model": model, "optimiser": optimiser}
    if options.resume and path.exists():
        clock.steps, clock.seconds = load_state(path, parts)
        log.say(f"tints go on at step {clock.steps}")

    def look() -> None:
        before, after, _ = _judge(model, examples, patches, judged)
        named = {"palette missed by the linear map": before, "palette missed": after}
        log.measurement("tints of others", clock.steps, clock.seconds, named)

    with _alone(model, trained):
        while (done := clock.done) < 1:
            with clock.step():
                rng = np.random.default_rng([options.seed, 7, clock.steps])
                for group in optimiser.param_groups:
                    group["lr"] = options.learning_rate * warm_cosine(clock.steps, done, _WARM_UP)
                styles, rows = _draw(examples, ~judged, rng)
                said = model.tints(patches.draw(len(rows), rng), styles)
                errors = functional.smooth_l1_loss(said, examples.missed[rows], reduction="none")
                known = examples.known[rows]
                loss = (errors * known).sum() / known.sum().clamp(min=1)
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                assert entry.weight.grad is not None
                entry.weight.grad[:, :-style_width] = 0  # what reads the map stays as it is
                torch.nn.utils.clip_grad_norm_(trained, 1.0)
                optimiser.step()
            log.step(clock.steps, TINT_BATCH, clock.seconds, {"tints": float(loss.detach())})
            if clock.time_to_save():
                save_state(path, parts, clock.steps, clock.seconds)
                look()
        save_state(path, parts, clock.steps, clock.seconds)
    before, _, share = _judge(model, examples, patches, judged)
    with torch.no_grad():
        scale = share * examples.spread
        branch.tint.weight.mul_(scale[:, None])
        branch.tint.bias.mul_(scale)
        after = _judge(model, examples, patches, judged, examples.spread)[1]
    log.say(
        f"palettes of {len(set(examples.whose[judged]))} others: the linear map misses "
        f"{before:.3f}, with tints {after:.3f} (shares {np.round(share.numpy(), 2).tolist()})"
    )
    return clock.steps


@contextmanager
def _alone(model: EditingModel, trained: list[torch.Tensor]) -> Iterator[None]:
    """Let nothing else of the model learn."""
    wanted = {id(weight) for weight in trained}
    others = [p for p in model.parameters() if p.requires_grad and id(p) not in wanted]
    for weight in others:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for weight in others:
            weight.requires_grad_(True)


@dataclass(frozen=True)
class _MapPatches:
    """Patches of maps as the encoder's ViT sees them.

    Attributes:
        tokens: [T, width of the ViT] of all maps, one after the other.
        first: [M + 1] where each map's begin, and the end.
    """

    tokens: torch.Tensor
    first: NDArray[np.int64]

    @staticmethod
    def of(model: EditingModel, mapped: MapHeads, rng: np.random.Generator) -> "_MapPatches":
        """Of some maps, drawn a little elsewhere."""
        count = len(mapped.maps)
        found = []
        for view in rng.choice(count, min(_MAPS, count), replace=False):
            drawn = drawn_map(mapped.maps[view], False, rng)[None]
            with torch.no_grad():
                found.append(model.encoder.geometry_of_classes(drawn).tokens[0])
        return _MapPatches(torch.cat(found), np.cumsum([0, *map(len, found)]))

    def draw(self, maps: int, rng: np.random.Generator) -> MapTokens:
        """Some patches of so many maps."""
        chosen = rng.integers(0, len(self.first) - 1, maps)
        begin, end = self.first[chosen, None], self.first[chosen + 1, None]
        rows = begin + rng.integers(0, 1 << 30, (maps, _PATCHES)) % (end - begin)
        return MapTokens(self.tokens[torch.from_numpy(rows)], None)


def _draw(
    examples: TintExamples,
    allowed: NDArray[np.bool_],  # [S]
    rng: np.random.Generator,
) -> tuple[torch.Tensor, NDArray[np.int64]]:
    """Styles [B, W], some as loud as `emphasised` makes prompts, and whose rows [B]."""
    pictures, prompts = (np.flatnonzero(allowed & (examples.worded == w)) for w in (False, True))
    rows = rng.choice(pictures, TINT_BATCH)
    styles = examples.styles[rows]
    if len(prompts):
        rows = np.where(rng.random(TINT_BATCH) < _WORDS, rng.choice(prompts, TINT_BATCH), rows)
        # What a prompt leaves open is zero, or comes from a picture.
        words, filled = examples.styles[rows], torch.from_numpy(rng.random((TINT_BATCH, 1)) < 0.5)
        styles = torch.where((words == 0) & filled, styles, words)
    louder = 1 + EMPHASIS * torch.from_numpy(rng.random((TINT_BATCH, 1)).astype(np.float32))
    noise = torch.from_numpy(rng.normal(0, _NOISE, styles.shape).astype(np.float32))
    return styles * louder + noise * (styles != 0), rows


def _judge(
    model: EditingModel,
    examples: TintExamples,
    patches: _MapPatches,
    judged: NDArray[np.bool_],  # [S]
    spread: torch.Tensor | None = None,  # [T] of what the tints say; None says in deviations
) -> tuple[float, float, torch.Tensor]:
    """Mean squares that are missed before and after, and the best share [T] of the tints."""
    rows = np.flatnonzero(judged)
    rng = np.random.default_rng(0)
    told = []
    with torch.no_grad():
        for part in np.array_split(rows, max(1, len(rows) // TINT_BATCH)):
            maps = patches.draw(len(part), rng)
            told.append(model.tints(maps, examples.styles[part]))
    said = torch.cat(told) / (1 if spread is None else spread)
    missed, known = examples.missed[rows], examples.known[rows]
    share = (said * missed * known).sum(0) / ((said**2 * known).sum(0) + 1e-6)
    count = known.sum()
    before = float((missed**2 * known).sum() / count)
    after = float(((missed - said) ** 2 * known).sum() / count)
    return before, after, share.clamp(0, 1)
