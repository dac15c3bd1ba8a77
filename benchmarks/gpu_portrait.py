"""Whole portraits through a preset on a small card: part of `python -m benchmarks.gpu`.

From the crop to the sharpened picture, as the program does it in half precision, with the frozen
network in GPU memory and with its blocks sent one by one. torch may take no more than a card of
8 GB has, so that what does not fit there fails here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from benchmarks.gpu_clock import Clock
from inference.features.streaming import stream_blocks
from inference.head.template import HeadTemplate
from inference.model.config import ModelConfig
from inference.model.gpu_memory import CUDA_BYTES
from inference.model.reconstruction import ReconstructionModel
from inference.model.untrained import untrained_backbone, untrained_model
from inference.rendering.camera import orbit_camera
from inference.rendering.gsplat_cuda import GsplatRenderer
from inference.rendering.portable.renderer import PortableRenderer
from inference.rendering.protocol import Renderer

CARD_BYTES = 8_000_000_000
"""Memory of the card that every preset shall run on; CUDA itself takes its part of it."""


def measure_portraits(
    config: ModelConfig, clock: Clock, half: torch.dtype, size: int
) -> list[dict[str, Any]]:
    """Milliseconds and peak of GPU memory of a portrait, plain and streamed, or why not.

    Args:
        config: the preset.
        clock: where, and how often.
        half: the half precision.
        size: edge in pixels of the picture that is drawn and sharpened.
    """
    return [_measure(config, clock, half, size, streamed) for streamed in (False, True)]


@torch.inference_mode()
def _measure(
    config: ModelConfig, clock: Clock, half: torch.dtype, size: int, streamed: bool
) -> dict[str, Any]:
    row: dict[str, Any] = {"way": "streamed" if streamed else "plain", "card_bytes": CARD_BYTES}
    clock.forget_peak()
    with _small_card(clock.device):
        try:
            model = _model(config, clock.device, half, streamed)
            renderer = PortableRenderer() if clock.device == "cpu" else GsplatRenderer()
            milliseconds = clock.milliseconds(_portrait(model, renderer, clock.device, size))
            return row | {"ms": milliseconds, "peak_bytes": clock.peak_bytes()}
        except Exception as error:  # noqa: BLE001 - too little memory, or whatever a driver raises
            return row | {"why": f"{type(error).__name__}: {error}".split("\n")[0][:200]}


@contextmanager
def _small_card(device: str) -> Iterator[None]:
    """While this lasts, torch may take what a small card has beside CUDA itself."""
    if device == "cpu":
        yield
        return
    whole = torch.cuda.get_device_properties(device).total_memory
    torch.cuda.set_per_process_memory_fraction(min(1.0, (CARD_BYTES - CUDA_BYTES) / whole), device)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, device)


def _model(
    config: ModelConfig, device: str, half: torch.dtype, streamed: bool
) -> ReconstructionModel:
    torch.manual_seed(0)
    backbone = untrained_backbone(config.encoder.backbone).to(half)
    if streamed:
        if device != "cpu":  # as inference.features.dinov2 loads them
            for weight in backbone.blocks.parameters():
                weight.data = weight.data.pin_memory()
        backbone = stream_blocks(backbone)
    anchors = torch.from_numpy(HeadTemplate.load().anchors.copy())
    model = untrained_model(config, anchors, backbone.to(device)).to(device)
    model.precision = half
    return model


def _portrait(
    model: ReconstructionModel, renderer: Renderer, device: str, size: int
) -> Callable[[], object]:
    """From a crop that is all foreground, which is the most a portrait takes."""
    edge = model.config.image_size
    image, foreground = torch.rand(1, 3, edge, edge), torch.ones(1, edge, edge)
    camera = orbit_camera(size=(size, size))

    def make() -> object:
        tokens = model.encode(image.to(device), foreground.to(device))
        frame = renderer.render(model.decode(tokens).to_gaussians(0), camera)
        if model.sharpening is None:
            return frame
        picture = torch.from_numpy(frame.over()).permute(2, 0, 1)[None].contiguous()
        return model.sharpening(picture.to(device)).cpu()

    return make
