"""What a preset really takes on this computer: time and memory of each stage of one portrait.

The stages are those of the paper's table 5. Weights are random, since neither depends on them;
every patch of the picture counts as foreground, which is the most that a portrait can take.
"""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch

from inference.errors import UsageError
from inference.memory import available_memory_bytes, memory_bytes
from inference.model.config import ModelConfig
from inference.model.cost import PICTURE_SIZE, model_cost
from inference.model.untrained import untrained_backbone, untrained_model
from inference.progress import CancelToken, Progress, no_progress
from inference.rendering.camera import orbit_camera
from inference.rendering.protocol import Renderer

LIBRARIES = 700 * 2**20
"""Bytes that torch, numba and the head template take, measured on Linux."""

_REPEATED_BELOW = 2.0  # seconds; quicker stages run again, since their first run warms up
_RUNS = 3

Result = TypeVar("Result")


@dataclass(frozen=True)
class StageMeasure:
    """One stage.

    Attributes:
        name: what was done.
        seconds: how long, the shortest of up to three runs.
        flop: operations by the configuration's own estimate; 0 where there is none.
        memory: bytes that this process holds after it.
    """

    name: str
    seconds: float
    flop: int
    memory: int


def needed_memory(config: ModelConfig) -> int:
    """Bytes that a preset takes at least on the CPU in float32: weights, states and libraries."""
    weights = sum(part.weight_bytes for part in model_cost(config))
    encoder, decoder = config.encoder, config.decoder
    features = encoder.grid**2 * encoder.backbone.width * len(encoder.backbone.layers)
    # A decoder layer holds its state, what it adds, and an MLP's hidden state before and after.
    layer = decoder.patches * decoder.width * (4 + 2 * decoder.mlp_ratio)
    picture = 0
    if config.sharpening:
        picture = 8 * config.sharpening.width * PICTURE_SIZE**2
    return weights + 4 * (2 * features + max(layer, picture)) + LIBRARIES


def measure_preset(
    config: ModelConfig,
    anchors: torch.Tensor,  # [65536, 3] metres
    renderer: Renderer,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> list[StageMeasure]:
    """Build a preset at full size on the CPU and run one portrait through it.

    Args:
        config: the preset.
        anchors: where its Gaussians start.
        renderer: draws the head.
        progress: gets the name of each stage before it.
        cancel: looked at between the stages.

    Raises:
        UsageError: the memory does not suffice.
        Cancelled: the token was set.
    """
    cancel = cancel or CancelToken()
    check_memory(config)
    names = ("weights", "image features", "2D encoder", "3D decoder and head", "splatting")
    steps = len(names) + bool(config.sharpening)
    measured: list[StageMeasure] = []
    torch.manual_seed(0)

    def stage(name: str, work: Callable[[], Result], repeat: bool = True, flop: int = 0) -> Result:
        cancel.check()
        progress(name, len(measured) / steps)
        seconds, result = _timed(work, repeat)
        measured.append(StageMeasure(name, seconds, flop, memory_bytes()))
        return result

    cost = [part.flop for part in model_cost(config, render_size=PICTURE_SIZE)]
    if config.sharpening:
        *cost, sharpening_flop = cost
    features_flop, encoder_flop, *decoder_flop = cost
    free = available_memory_bytes()  # asking takes memory, of which there may be none left
    try:
        with torch.inference_mode():
            model = stage(
                "weights",
                lambda: untrained_model(
                    config, anchors, untrained_backbone(config.encoder.backbone)
                ),
                repeat=False,
            )
            size, patches = config.image_size, config.encoder.grid**2
            image = torch.rand(1, 3, size, size)
            every_patch = torch.ones(1, patches, dtype=torch.bool)
            features = stage(
                "image features",
                lambda: model.encoder.backbone_features(image),
                flop=features_flop,
            )
            tokens = stage(
                "2D encoder",
                lambda: model.encoder.from_features(features, image, every_patch),
                flop=encoder_flop,
            )
            head = stage(
                "3D decoder and head", lambda: model.decode(tokens), flop=sum(decoder_flop)
            )
            camera = orbit_camera(size=(PICTURE_SIZE, PICTURE_SIZE))
            gaussians = head.to_gaussians(0)
            renderer.render(gaussians, orbit_camera(size=(16, 16)))  # kernels may be compiled
            frame = stage("splatting", lambda: renderer.render(gaussians, camera))
            if model.sharpening is not None:
                sharpen = model.sharpening
                picture = torch.from_numpy(frame.over()).permute(2, 0, 1)[None].contiguous()
                stage("sharpening", lambda: sharpen(picture), flop=sharpening_flop)
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "alloc" not in str(error):
            raise
        raise _too_little(config, free) from error
    return measured


def check_memory(config: ModelConfig) -> None:
    """See to it that a preset fits into the memory that is free now.

    Raises:
        UsageError: it does not.
    """
    free = available_memory_bytes()
    if free < needed_memory(config):
        raise _too_little(config, free)


def _too_little(config: ModelConfig, free: int) -> UsageError:
    return UsageError(
        f"The preset {config.name} at full size takes about {needed_memory(config) / 1e9:.1f} GB "
        f"of memory and {free / 1e9:.1f} GB are free: close other programs, or take a smaller "
        "preset."
    )


def _timed(work: Callable[[], Result], repeat: bool) -> tuple[float, Result]:
    """The shortest time of a work and its result; slow work runs once."""
    best = float("inf")
    gc.collect()
    for _ in range(_RUNS if repeat else 1):
        start = time.perf_counter()
        result = work()
        seconds = time.perf_counter() - start
        best = min(best, seconds)
        if seconds > _REPEATED_BELOW:
            break
    return best, result


def measure_table(config: ModelConfig, measures: list[StageMeasure], peak: int) -> str:
    """The measurement as lines for people.

    Args:
        config: the preset.
        measures: its stages.
        peak: the most bytes that the process has held.
    """
    lines = [f"{'stage':<24}{'seconds':>10}{'GFLOP':>10}{'GFLOP/s':>10}{'memory in GB':>14}"]
    for measure in measures:
        flop = f"{measure.flop / 1e9:.1f}" if measure.flop else ""
        rate = f"{measure.flop / measure.seconds / 1e9:.0f}" if measure.flop else ""
        lines.append(
            f"{measure.name:<24}{measure.seconds:>10.3f}{flop:>10}{rate:>10}"
            f"{measure.memory / 1e9:>14.2f}"
        )
    total = sum(measure.seconds for measure in measures[1:])
    lines.append(
        f"{'a portrait in all':<24}{total:>10.3f}{'':>10}{'at most':>10}{peak / 1e9:>14.2f}"
    )
    lines.append(
        f"{config.name}, random weights, float32 on the CPU with {torch.get_num_threads()} "
        f"threads; crop {config.image_size} px, every patch foreground; picture "
        f"{PICTURE_SIZE} px."
    )
    return "\n".join(lines)
