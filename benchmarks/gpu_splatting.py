"""How exact and how quick gsplat draws: the part of `python -m benchmarks.gpu` about splatting.

On a computer without CUDA the portable renderer takes gsplat's place, and the twin that of the
portable renderer for the gradients, so that every line runs.
"""

from typing import Any

import numpy as np
import torch

from benchmarks.gpu_clock import Clock
from benchmarks.render import compare_gradients, gradients_of
from benchmarks.render_scenes import SCENES, bench_camera, make_scene
from inference.rendering.differentiable import Backend
from inference.rendering.gsplat_cuda import GsplatRenderer, probe
from inference.rendering.portable.renderer import PortableRenderer
from inference.rendering.protocol import Renderer
from inference.rendering.torch_twin import TwinRenderer

MAX_ERROR = 1 / 255
LEAST_COSINE = 0.9999
"""Of gsplat's gradient to the portable renderer's (our choice: both are float32, and sum in
other orders)."""


def measure_splatting(clock: Clock, sizes: list[int], twin_size: int) -> dict[str, Any]:
    """Errors, gradients and pictures a second.

    Args:
        clock: says where and how often.
        sizes: edges in pixels of the pictures whose rate is measured.
        twin_size: edge in pixels of the pictures that the slow twin draws too.
    """
    cuda = clock.device != "cpu"
    if cuda:
        usable, reason = probe()
        if not usable:
            return {"renderer": None, "why": reason}
    renderer: Renderer = GsplatRenderer() if cuda else PortableRenderer()
    return {
        "renderer": renderer.name,
        "accuracy": [_accuracy(renderer, scene, twin_size) for scene in SCENES],
        "gradients": [_gradients(scene, twin_size, clock.device) for scene in SCENES],
        "rates": [_rate(renderer, clock, scene, size) for scene in SCENES for size in sizes],
    }


def _accuracy(renderer: Renderer, scene: str, size: int) -> dict[str, Any]:
    """Largest and mean difference of colour and alpha to the float64 twin."""
    gaussians, camera = make_scene(scene), bench_camera(size)
    drawn = renderer.render(gaussians, camera)
    truth = TwinRenderer(torch.float64).render(gaussians, camera)
    colour = np.abs(drawn.colour.astype(np.float64) - truth.colour)
    alpha = np.abs(drawn.alpha.astype(np.float64) - truth.alpha)
    largest = float(max(colour.max(), alpha.max()))
    return {
        "scene": scene,
        "size": size,
        "mean": float(colour.mean()),
        "p99.99": float(np.quantile(colour, 0.9999)),
        "max": largest,
        "good": largest <= MAX_ERROR,
    }


def _gradients(scene: str, size: int, device: str) -> dict[str, Any]:
    """How gsplat's gradients agree with the portable renderer's."""
    gaussians = make_scene(scene)
    first: Backend = "portable" if device == "cpu" else "gsplat"
    second: Backend = "twin" if device == "cpu" else "portable"
    got = gradients_of(gaussians, first, torch.float32, size, device)
    truth = gradients_of(gaussians, second, torch.float32, size)
    compared = compare_gradients(got, truth)
    least = min(values["cosine"] for values in compared.values())
    return {"scene": scene, "size": size, "of": first, "to": second} | {
        "attributes": compared,
        "least_cosine": least,
        "largest_relative": max(values["relative_l2"] for values in compared.values()),
        "good": least >= LEAST_COSINE,
    }


def _rate(renderer: Renderer, clock: Clock, scene: str, size: int) -> dict[str, Any]:
    """Pictures a second for the screen, brought to the computer's memory as the window has them."""
    gaussians, camera = make_scene(scene), bench_camera(size)
    milliseconds = clock.milliseconds(lambda: renderer.render_rgba8(gaussians, camera))
    return {
        "scene": scene,
        "size": size,
        "ms": milliseconds,
        "pictures_a_second": round(1000 / milliseconds, 1),
    }
