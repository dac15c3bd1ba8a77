"""The forward pass of a preset, split as in the paper's table 5: part of `benchmarks.gpu`.

Each stage is measured plainly and with what may help: half precision, torch.compile,
channels_last, CUDA graphs (https://pytorch.org/blog/accelerating-pytorch-with-cuda-graphs/).
Weights are random and every patch counts as foreground, which is the most a portrait takes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from benchmarks.gpu_clock import Clock
from inference.head.template import HeadTemplate
from inference.model.config import ModelConfig
from inference.model.cost import model_cost
from inference.model.reconstruction import ReconstructionModel
from inference.model.tensors import GaussianTensors, ImageTokens
from inference.model.untrained import untrained_backbone, untrained_model
from inference.rendering.differentiable import rasterize

STAGES = ("features", "3D model", "splatting", "sharpening")
PAPER_MS = {
    "light-s": {"features": 10, "3D model": 30, "splatting": 30},
    "light": {"features": 20, "3D model": 30, "splatting": 30},
    "paper": {"features": 20, "3D model": 70, "splatting": 30, "sharpening": 40},
}
"""Table 5 of the paper, one RTX 3090."""
TARGET_MS = {"3D model": 6.0, "splatting": 1.0, "sharpening": 5.0}
"""What the `paper` preset shall take on a current data-centre GPU."""

Work = Callable[[], Any]


@dataclass(frozen=True)
class Way:
    """One way to run a stage.

    Attributes:
        half: large products in half precision.
        channels_last: pictures with their channels innermost; for convolutions.
        compiled: by torch.compile.
        graph: launched as one CUDA graph.
    """

    half: bool = False
    channels_last: bool = False
    compiled: bool = False
    graph: bool = False

    @property
    def name(self) -> str:
        """For the table."""
        words = ["half precision" if self.half else "float32"]
        words += ["channels_last"] * self.channels_last + ["compiled"] * self.compiled
        return ", ".join(words + ["CUDA graph"] * self.graph)


def ways_of(stage: str) -> list[Way]:
    """What is tried for a stage."""
    if stage == "splatting":  # gsplat's lists have lengths that only the scene tells
        return [Way()]
    ways = [Way(), Way(half=True), Way(half=True, graph=True), Way(half=True, compiled=True)]
    ways += [Way(half=True, compiled=True, graph=True)]
    if stage == "sharpening":
        ways += [Way(half=True, channels_last=True), Way(half=True, channels_last=True, graph=True)]
        ways += [Way(half=True, channels_last=True, compiled=True, graph=True)]
    return ways


@torch.inference_mode()
def measure_preset(
    config: ModelConfig, clock: Clock, half: torch.dtype, size: int, product_edge: int
) -> dict[str, Any]:
    """Every stage in every way.

    Args:
        config: the preset.
        clock: where, and how often.
        half: the half precision to try.
        size: edge in pixels of the picture that is drawn and sharpened.
        product_edge: of the matrices whose product gives the arithmetic limit.

    Returns:
        Per stage its operations, limit, the paper's figure, and the ways with their times.
    """
    torch.manual_seed(0)
    flop = _flop_by_stage(config, size)
    rates = {dtype: clock.product_rate(dtype, product_edge) for dtype in (torch.float32, half)}
    result: dict[str, Any] = {"preset": config.name, "picture": size, "stages": []}
    result["product_tflops"] = {str(dtype)[6:]: rate / 1e12 for dtype, rate in rates.items()}
    anchors = torch.from_numpy(HeadTemplate.load().anchors.copy())
    model = untrained_model(config, anchors, None).to(clock.device)
    for stage in STAGES:
        if stage == "sharpening" and config.sharpening is None:
            continue
        rows = []
        for way in ways_of(stage):
            dtype = half if way.half else torch.float32
            rows.append({"way": way.name} | _measure(model, stage, way, dtype, clock, size))
        good = [row["ms"] for row in rows if "ms" in row]
        result["stages"].append(
            {
                "stage": stage,
                "gflop": flop[stage] / 1e9,
                "limit_ms": 1000 * flop[stage] / rates[half] if flop[stage] else None,
                "paper_rtx_3090_ms": PAPER_MS.get(config.name, {}).get(stage),
                "target_ms": TARGET_MS.get(stage) if config.name == "paper" else None,
                "best_ms": min(good) if good else None,
                "ways": rows,
            }
        )
    return result


def _flop_by_stage(config: ModelConfig, size: int) -> dict[str, int]:
    features, *rest = model_cost(config, render_size=size)
    sharpening = rest.pop().flop if config.sharpening else 0
    model = sum(part.flop for part in rest)
    return dict(zip(STAGES, (features.flop, model, 0, sharpening), strict=True))


def _measure(
    model: ReconstructionModel, stage: str, way: Way, dtype: torch.dtype, clock: Clock, size: int
) -> dict[str, Any]:
    """One stage in one way: milliseconds and peak memory, or why not."""
    if way.graph and clock.device == "cpu":
        return {"why": "a processor has no CUDA graphs"}
    clock.forget_peak()
    try:
        work = _work(model, stage, way, dtype, clock.device, size)
        if way.graph:
            work = _as_graph(work, clock)
        return {"ms": clock.milliseconds(work), "peak_bytes": clock.peak_bytes()}
    except Exception as error:  # noqa: BLE001 - a compiler or driver may fail in any way
        return {"why": f"{type(error).__name__}: {error}".split("\n")[0][:200]}
    finally:
        torch.compiler.reset()


def _work(
    model: ReconstructionModel, stage: str, way: Way, dtype: torch.dtype, device: str, size: int
) -> Work:
    """The stage as a call without arguments, on inputs that stay where they are."""
    config, edge = model.config.encoder, model.config.image_size
    image = torch.rand(1, 3, edge, edge, device=device)
    if stage == "features":
        backbone = untrained_backbone(config.backbone, device).to(dtype)
        run = _compiled(backbone.forward, way, device)
        return lambda: run(image, config.backbone.layers)
    if stage == "3D model":
        width = config.backbone.width * len(config.backbone.layers)
        features = torch.randn(1, config.grid**2, width, device=device)
        every = torch.arange(config.grid**2, device=device)[None]
        model.precision = dtype

        def reconstruct(features: torch.Tensor, image: torch.Tensor) -> GaussianTensors:
            with torch.autocast(image.device.type, dtype, enabled=way.half):
                tokens = model.encoder.fuse_branches(features, image, every, None)
            return model.decode(ImageTokens(tokens, None))

        run = _compiled(reconstruct, way, device)
        return lambda: run(features, image)
    if stage == "splatting":
        return _splatting(device, size)
    sharpening, picture = model.sharpening, torch.rand(1, 3, size, size, device=device)
    assert isinstance(sharpening, nn.Module)
    layout = torch.channels_last if way.channels_last else torch.contiguous_format
    sharpening, picture = sharpening.to(memory_format=layout), picture.to(memory_format=layout)
    run = _compiled(sharpening.forward, way, device)

    def sharpen() -> torch.Tensor:
        with torch.autocast(device.split(":")[0], dtype, enabled=way.half):
            return run(picture)

    return sharpen


def _splatting(device: str, size: int) -> Work:
    """The benchmark's head as tensors on the device, drawn there and left there."""
    from benchmarks.render import ATTRIBUTES
    from benchmarks.render_scenes import bench_camera, make_scene

    scene, camera = make_scene("head"), bench_camera(size)
    inputs = [torch.tensor(getattr(scene, name), device=device) for name in ATTRIBUTES]
    backend = "portable" if device == "cpu" else "gsplat"
    return lambda: rasterize(*inputs, camera, backend=backend)


def _compiled(function: Callable[..., Any], way: Way, device: str) -> Callable[..., Any]:
    """On a processor only traced: its compiler is not what is measured here."""
    if not way.compiled:
        return function
    return torch.compile(function, backend="eager" if device == "cpu" else "inductor")


def _as_graph(work: Work, clock: Clock) -> Work:
    """The work recorded once and launched as a whole; its inputs and results stay in place."""
    side = torch.cuda.Stream(clock.device)
    side.wait_stream(torch.cuda.current_stream(clock.device))
    with torch.cuda.stream(side):  # capture wants everything to have been allocated before
        for _ in range(3):
            work()
    torch.cuda.current_stream(clock.device).wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay
