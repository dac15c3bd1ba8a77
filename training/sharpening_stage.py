r"""Stage "pairs" of train_sharpening.py: the embedded model's sharpening CNN.

The heads that the program shows are fitted to their photographs, which a network alone is not:
what they lack is what 65,536 Gaussians cannot hold. So the CNN learns from drawn pictures beside
their photographs (training.sharpening_pairs), which show the same place at the same pixel.

By colours alone it would learn nothing: those of the fit are the nearest that Gaussians can come.
What is told is how much detail there is around each pixel; slopes and colours keep it in its
place. The paper's class token, made for pictures that do not fit, shifts the colours of these.

    python -m training.train_sharpening --stage pairs --data PAIRS --out RUN

writes RUN/sharpening.safetensors and, in RUN/log.jsonl, what one tenth of the people, who are not
trained on, says. --resume goes on to the last bit.
"""

import argparse
import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from inference.errors import UsageError
from inference.features.embedded import load_embedded_backbone
from inference.head.template import HeadTemplate
from inference.model.checkpoint import CheckpointInfo, save_checkpoint
from inference.model.config import SharpeningConfig, preset_config
from inference.model.sharpening import Sharpening
from training.losses.dino import DinoLoss, DinoLossConfig
from training.losses.embedded import EmbeddedLossConfig
from training.runs.averaging import follow
from training.runs.command_line import command_parser
from training.runs.folder import describe, write_description
from training.runs.log import RunLog
from training.runs.schedule import warm_cosine
from training.runs.stage_state import (
    StageClock,
    Stateful,
    add_budget_options,
    load_state,
    save_state,
)
from training.sharpening_pairs import Pair, load_pair

EDGE = 196
"""Pixels of the squares that are trained on: whole patches of the frozen ViT (our choice)."""

_COARSE = 4  # pixels over which colours are compared
_SLOPES = 1.0  # weight of differences between neighbours against colours
_CONTRAST = 1.0  # weight of how much detail there is
_SCALES = (2, 4)  # at which that is measured,
_WINDOW = 6  # in windows of so many pixels of them
_LEAST = 0.3  # share of a square that must show the person
_TRIES = 20
_HELD_OUT = 10
_JUDGED = 24  # squares
_WARM_UP = 100  # steps
_STATE = "pairs.pt"


def parse_options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = command_parser("training.train_sharpening", __doc__)
    add = parser.add_argument
    add("--stage", choices=["pairs"], default="pairs", help="this one")
    add("--data", type=Path, required=True, help="a folder of training.sharpening_pairs")
    add("--out", type=Path, required=True, help="folder of the run")
    add("--width", type=int, default=16, help="channels of the CNN's first level")
    add("--levels", type=int, default=2, help="of the CNN")
    add("--fold", type=int, default=2, help="edge of the squares that become channels")
    add_budget_options(parser, "of training")
    add("--batch", type=int, default=8, help="squares a step")
    add("--features", type=float, default=0, help="weight of frozen features, which cost a lot")
    add("--learning-rate", type=float, default=3e-3)
    add("--seed", type=int, default=0)
    add("--threads", type=int, default=1, help="of torch")
    return parser.parse_args(arguments)


class PairLoss(nn.Module):
    """Colours, slopes and frozen features of sharpened pictures against photographs."""

    def __init__(self, features: float) -> None:
        super().__init__()
        self._weight = features
        self._features: DinoLoss | None = None
        if features:
            config = DinoLossConfig(EmbeddedLossConfig().layers, image_size=EDGE)
            self._features = DinoLoss(load_embedded_backbone(), config)

    def forward(
        self,
        sharpened: torch.Tensor,  # [B, 3, H, W]
        truth: torch.Tensor,  # [B, 3, H, W]
        counts: torch.Tensor,  # [B, 1, H, W] 0 or 1
    ) -> dict[str, torch.Tensor]:
        """The terms and "total"; what does not count is taken for the truth."""
        error = (sharpened - truth) * counts
        shown = truth + error
        share = counts.mean().clamp(min=1e-3)
        terms = {
            "colour": functional.avg_pool2d(error, _COARSE).abs().mean() / share,
            "slope": (error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()) / share,
            "contrast": (contrasts(shown) - contrasts(truth)).abs().mean() / share,
        }
        terms["total"] = terms["colour"] + _SLOPES * terms["slope"] + _CONTRAST * terms["contrast"]
        if self._features is not None:
            terms["features"] = self._features(shown, truth)
            terms["total"] = terms["total"] + self._weight * terms["features"]
        return terms


def contrasts(
    pictures: torch.Tensor,  # [B, 3, H, W]
) -> torch.Tensor:
    """[B, n] how much detail there is in small windows of brightness, wherever in them it lies.

    Root mean square of slopes at half and at a quarter of the resolution: at the full one, a
    lattice of single pixels would do.
    """
    found = []
    for coarser in _SCALES:
        bright = functional.avg_pool2d(pictures.mean(1, keepdim=True), coarser)
        square = bright.diff(dim=-1)[..., 1:, :] ** 2 + bright.diff(dim=-2)[..., 1:] ** 2
        windows = functional.avg_pool2d(square, _WINDOW, _WINDOW // 2)
        found.append((windows + 1e-6).sqrt().flatten(1))
    return torch.cat(found, 1)


def draw_squares(
    pairs: Sequence[Pair], count: int, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Random squares of random pairs: drawn and truth [B, 3, E, E], counts [B, 1, E, E]."""
    squares = []
    for _ in range(count):
        for _ in range(_TRIES):
            pair = pairs[int(rng.integers(len(pairs)))]
            top, left = rng.integers(0, len(pair.drawn) - EDGE + 1, 2)
            window = slice(top, top + EDGE), slice(left, left + EDGE)
            if pair.counts[window].mean() > _LEAST:
                break
        parts = np.concatenate(
            [pair.drawn[window], pair.truth[window], 255 * pair.counts[window][..., None]], 2
        )
        squares.append(parts[:, ::-1] if rng.random() < 0.5 else parts)
    stacked = torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).float() / 255
    return stacked[:, :3], stacked[:, 3:6], stacked[:, 6:]


def measure(cnn: Sharpening | None, pairs: Sequence[Pair], loss: PairLoss) -> dict[str, float]:
    """What squares of these pairs say of a CNN; None for the pictures as drawn."""
    drawn, truth, counts = draw_squares(pairs, _JUDGED, np.random.default_rng(0))
    with torch.no_grad():
        found = drawn if cnn is None else cnn(drawn)
        terms = {name: float(value) for name, value in loss(found, truth, counts).items()}
        square = functional.mse_loss(found * counts, truth * counts) / counts.mean()
    return terms | {"psnr": float(-10 * torch.log10(square))}


def load_pairs(folder: Path) -> tuple[list[Pair], list[Pair]]:
    """Pairs to train with, and those of every tenth person, to judge by.

    Raises:
        UsageError: there are too few.
    """
    files = sorted(folder.glob("*.npz"))
    people = sorted({_person(file) for file in files})
    held_out = set(people[::_HELD_OUT])
    if len(people) < 2:
        raise UsageError(f"{folder} has pairs of fewer than two people: make more of them.")
    train = [load_pair(file) for file in files if _person(file) not in held_out]
    return train, [load_pair(file) for file in files if _person(file) in held_out]


def _person(file: Path) -> str:
    """head_000001_2_512.npz is of head_000001."""
    return "_".join(file.stem.split("_")[:-2])


def main(arguments: Sequence[str] | None = None) -> None:
    """Train."""
    options = parse_options(arguments)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    log = RunLog(options.out)
    pairs, judged = load_pairs(options.data)
    log.say(f"{len(pairs)} pairs, {len(judged)} to judge by")
    shape = SharpeningConfig(width=options.width, levels=options.levels, fold=options.fold)
    cnn = Sharpening(shape)
    average = copy.deepcopy(cnn)
    loss = PairLoss(options.features)
    optimiser = torch.optim.AdamW(cnn.parameters(), lr=options.learning_rate, weight_decay=1e-3)
    clock = StageClock(options)
    path = options.out / _STATE
    parts: dict[str, Stateful] = {"cnn": cnn, "average": average, "optimiser": optimiser}
    if options.resume and path.exists():
        clock.steps, clock.seconds = load_state(path, parts)
        log.say(f"goes on at step {clock.steps}")
    write_description(options.out, describe(shape, vars(options)), clock.steps)

    def look(name: str, cnn: Sharpening | None) -> None:
        log.measurement(name, clock.steps, clock.seconds, measure(cnn, judged, loss))

    look("as drawn", None)
    while (done := clock.done) < 1:
        with clock.step():
            for group in optimiser.param_groups:
                group["lr"] = options.learning_rate * warm_cosine(clock.steps, done, _WARM_UP)
            rng = np.random.default_rng([options.seed, clock.steps])
            drawn, truth, counts = draw_squares(pairs, options.batch, rng)
            terms = loss(cnn(drawn), truth, counts)
            optimiser.zero_grad(set_to_none=True)
            terms["total"].backward()
            nn.utils.clip_grad_norm_(cnn.parameters(), 1.0)
            optimiser.step()
            follow(average, cnn, clock.steps, least=0.005)
        values = {name: float(value.detach()) for name, value in terms.items()}
        log.step(clock.steps, options.batch, clock.seconds, values)
        if clock.time_to_save():
            save_state(path, parts, clock.steps, clock.seconds)
            look("sharpened", average)
    save_state(path, parts, clock.steps, clock.seconds)
    look("end", average)
    _export(average, shape, options, len(pairs), clock.steps)


def _export(
    cnn: Sharpening, shape: SharpeningConfig, options: argparse.Namespace, pairs: int, step: int
) -> None:
    info = CheckpointInfo(
        preset="embedded",
        embedding_widths={},
        template_id=HeadTemplate.load().template_id,
        trained_by=f"training.train_sharpening, stage pairs, {pairs} pairs, {step} steps of "
        f"{options.batch} squares",
        licence="Apache-2.0",
    )
    config = replace(preset_config("embedded"), sharpening=shape)
    path = options.out / "sharpening.safetensors"
    save_checkpoint(path, cnn, config, info, torch.float16)
