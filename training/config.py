"""What the training scripts can be told: one frozen dataclass per concern.

The paper (appendix E) says AdamW and the epochs; its learning rate and weight decay were lost
with its equations. "Our choice" marks what it leaves open.
"""

from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from inference.errors import UsageError

T = TypeVar("T")
Precision = Literal["auto", "bf16", "fp32"]
Background = Literal["white", "random"]


@dataclass(frozen=True)
class AdamWConfig:
    """AdamW (appendix E), warm-up and cosine, clipping, averaging.

    Attributes:
        learning_rate: at the top of the schedule (our choice).
        weight_decay: on matrices; norms, biases and embeddings have none (MAE's value).
        betas: MAE's values.
        epsilon: AdamW's.
        warm_up: optimiser steps until the top (our choice).
        floor: share of the learning rate that is left at the end (our choice).
        clip: largest norm of the gradient (our choice).
        ema: share of the past that the averaged weights keep per step (our choice).
        factors: (start of a parameter's name, factor on its learning rate); the first that
            fits counts, 0 freezes (our choice).
    """

    learning_rate: float = 1e-4
    weight_decay: float = 0.05
    betas: tuple[float, float] = (0.9, 0.95)
    epsilon: float = 1e-8
    warm_up: int = 1000
    floor: float = 0.01
    clip: float = 1.0
    ema: float = 0.9995
    factors: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class LoopConfig:
    """How long, how much at once, and what is written down when; all our choice but epochs.

    Attributes:
        epochs: passes over the data (15, 30 and 24 in the paper, appendix E).
        steps: optimiser steps; where set, it counts instead of the epochs.
        batch: heads per process and micro-batch.
        accumulate: micro-batches per optimiser step.
        seed: of every random choice.
        precision: of matrix products; auto is bf16 where there is hardware for it (CUDA, or
            a processor with AMX), else fp32.
        workers: processes that load data, per training process; 0 loads in between.
        log_every: steps between rows of curve.jsonl and TensorBoard.
        save_every: steps between states that can be resumed.
        picture_every: steps between pictures in TensorBoard.
    """

    epochs: float = 15
    steps: int | None = None
    batch: int = 2
    accumulate: int = 4
    seed: int = 0
    precision: Precision = "auto"
    workers: int = 4
    log_every: int = 10
    save_every: int = 500
    picture_every: int = 500


@dataclass(frozen=True)
class RenderConfig:
    """How predictions are drawn for the loss; our choice.

    Attributes:
        size: edge of the square pictures in pixels.
        background: what prediction and truth are laid over: white, or another plain colour
            each time, so that no Gaussian can pass for background.
    """

    size: int = 512
    background: Background = "white"


@dataclass(frozen=True)
class ReconstructionConfig:
    """train_reconstruction.py --stage images.

    Attributes:
        preset: which model (inference.model.config).
        closed_form: whether the embedded preset's linear map, which is known in closed form,
            stays as it is or learns too.
        loss: which of training.losses.named.LOSSES.
        augment: whether inputs are made to look like photographs (training.pictures.photograph),
            which clean synthetic pictures need and the paper's data does not.
        recompute_decoder: gradient checkpointing of the decoder's layers.
        recompute_loss: gradient checkpointing of the loss networks' blocks.
        adamw: optimiser.
        loop: length and bookkeeping.
        render: pictures for the loss.
    """

    preset: str
    closed_form: Literal["frozen", "trained"] = "frozen"
    loss: str = "dino+sam"
    augment: Literal["none", "photograph"] = "none"
    recompute_decoder: bool = True
    recompute_loss: bool = True
    adamw: AdamWConfig = AdamWConfig()
    loop: LoopConfig = LoopConfig()
    render: RenderConfig = RenderConfig()


@dataclass(frozen=True)
class SharpeningTrainingConfig:
    """train_sharpening.py.

    Attributes:
        preset: which model (inference.model.config).
        width: of the CNN's first level where the preset has none (our choice).
        levels: of the CNN where the preset has none (our choice).
        blur_sigma: of its entry in pixels where the preset has none (our choice).
        fold: of the CNN where the preset has none; for a CPU that shows pictures (our choice).
        real_only: train on real people alone (section 4.1 and appendix E).
        loss: which of training.losses.named.LOSSES; the class token of layer 8 (section 3.3).
        recompute_loss: gradient checkpointing of the loss network's blocks.
        adamw: optimiser.
        loop: length and bookkeeping.
        render: pictures for the loss.
    """

    preset: str
    width: int = 8
    levels: int = 2
    blur_sigma: float = 1.5
    fold: int = 2
    real_only: bool = True
    loss: str = "class-token"
    recompute_loss: bool = False
    adamw: AdamWConfig = AdamWConfig(warm_up=200)
    loop: LoopConfig = LoopConfig(epochs=30)
    render: RenderConfig = RenderConfig()


@dataclass(frozen=True)
class EditingTrainingConfig:
    """train_editing.py.

    Attributes:
        preset: which model's decoder it goes on from.
        style: which frozen network turns the picture into a style vector.
        left_out: data sets that make heads artificial (section 3.4).
        loss: which of training.losses.named.LOSSES.
        recompute_decoder: gradient checkpointing of the decoder's layers.
        recompute_loss: gradient checkpointing of the loss networks' blocks.
        adamw: optimiser; the decoder is already trained and learns slower (our choice).
        loop: length and bookkeeping.
        render: pictures for the loss.
    """

    preset: str
    style: Literal["clip", "embedded"] = "clip"
    left_out: tuple[str, ...] = ("cafca",)
    loss: str = "dino+sam"
    recompute_decoder: bool = True
    recompute_loss: bool = True
    adamw: AdamWConfig = AdamWConfig(factors=(("encoder", 1.0), ("", 0.3)))
    loop: LoopConfig = LoopConfig(epochs=24)
    render: RenderConfig = RenderConfig()


# The embedded model comes from exact anchors: places and colours are nearly right, sizes,
# orientations and opacities are untouched, and the thousands of inputs of low_rank.refine move
# its output far with each of AdamW's equal steps.
_EMBEDDED_FACTORS = (
    ("head.scale", 3.0),
    ("head.rotation", 3.0),
    ("head.opacity", 3.0),
    ("low_rank.linear", 0.01),
    ("low_rank.refine", 0.1),
)
_EMBEDDED_LOOP = LoopConfig(epochs=15, batch=4, accumulate=1, workers=0)
_EMBEDDED_RENDER = RenderConfig(size=192, background="random")

# Tries the scripts out in a minute (training.runs.start.TRIAL).
_TRIAL_LOOP = LoopConfig(
    epochs=2, batch=2, accumulate=1, workers=0, log_every=1, save_every=50, picture_every=20
)
_TRIAL_ADAMW = AdamWConfig(learning_rate=1e-3, warm_up=5, ema=0.99)
_TRIAL_RENDER = RenderConfig(size=64)

RECONSTRUCTION = {
    "paper": ReconstructionConfig("paper"),
    "light": ReconstructionConfig("light"),
    "light-s": ReconstructionConfig("light-s"),
    "embedded": ReconstructionConfig(
        "embedded",
        loss="embedded",
        augment="photograph",
        recompute_decoder=False,
        recompute_loss=False,
        adamw=AdamWConfig(
            weight_decay=0.03,
            betas=(0.9, 0.98),
            warm_up=200,
            ema=0.999,
            factors=_EMBEDDED_FACTORS,
        ),
        loop=_EMBEDDED_LOOP,
        render=_EMBEDDED_RENDER,
    ),
    "trial": ReconstructionConfig(
        "trial", loss="l1", adamw=_TRIAL_ADAMW, loop=_TRIAL_LOOP, render=_TRIAL_RENDER
    ),
}
SHARPENING = {
    "paper": SharpeningTrainingConfig("paper"),
    "embedded": SharpeningTrainingConfig(
        "embedded",
        loss="embedded-class-token",
        loop=replace(_EMBEDDED_LOOP, epochs=30),
        render=RenderConfig(size=256),
    ),
    "trial": SharpeningTrainingConfig(
        "trial",
        loss="embedded-class-token",
        adamw=_TRIAL_ADAMW,
        loop=_TRIAL_LOOP,
        render=_TRIAL_RENDER,
    ),
}
EDITING = {
    "paper": EditingTrainingConfig("paper"),
    "light": EditingTrainingConfig("light"),
    "light-s": EditingTrainingConfig("light-s"),
    "embedded": EditingTrainingConfig(
        "embedded",
        style="embedded",
        loss="embedded",
        recompute_decoder=False,
        recompute_loss=False,
        loop=replace(_EMBEDDED_LOOP, epochs=24),
        render=_EMBEDDED_RENDER,
    ),
    "trial": EditingTrainingConfig(
        "trial",
        style="embedded",
        loss="l1",
        adamw=_TRIAL_ADAMW,
        loop=_TRIAL_LOOP,
        render=_TRIAL_RENDER,
    ),
}


def training_config(presets: dict[str, T], name: str) -> T:
    """The configuration with which a script trains a preset.

    Raises:
        UsageError: it does not train that preset.
    """
    if name not in presets:
        raise UsageError(f"This script trains {', '.join(presets)}, not {name!r}.")
    return presets[name]
