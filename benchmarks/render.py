"""How exact and how quick the portable renderer is: `python -m benchmarks.render`.

Exactness and gradients are measured against the torch twin in float64, speed as the least of
several runs (other programs only ever add time), in wall time and in CPU time of all threads.
The issue's targets and the figures of a C++ study of the same algorithm (AVX2, two
Cascade Lake cores) stand beside what was measured.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.render_scenes import SCENES, bench_camera, make_scene
from inference.head.gaussians import Gaussians
from inference.rendering.differentiable import Backend, rasterize
from inference.rendering.opengl.context import OpenGLError
from inference.rendering.opengl.renderer import OpenGLRenderer
from inference.rendering.portable.renderer import PortableRenderer
from inference.rendering.portable.team import usable_cores
from inference.rendering.portable.warm_up import compile_kernels
from inference.rendering.portable.workspace import Splats
from inference.rendering.torch_twin import TwinRenderer

ATTRIBUTES = ("means", "quaternions", "scales", "opacities", "colours")
GRADIENT_SIZE = 256
STUDY_MS = {"head": 12.8, "head forward + backward": 33.0, "head_large": 30.2}
TARGET_MS = {"head": 25.0, "head forward + backward": 75.0, "head_large": 60.0}


def log(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def least_ms(function: Callable[[], object], runs: int) -> dict[str, float]:
    """Least wall time, and least CPU time of all threads together, in milliseconds."""
    wall, cpu = [], []
    for _ in range(runs):
        wall_0, cpu_0 = time.perf_counter_ns(), time.process_time_ns()
        function()
        wall.append(time.perf_counter_ns() - wall_0)
        cpu.append(time.process_time_ns() - cpu_0)
    return {"wall": round(min(wall) / 1e6, 2), "cpu": round(min(cpu) / 1e6, 2)}


def measure_speed(sizes: list[int], runs: int) -> list[dict[str, Any]]:
    """Frames for the screen, and forward + backward, with one thread and with two."""
    rows = []
    for scene in SCENES:
        gaussians = make_scene(scene)
        for size in sizes:
            for threads in (1, 2):
                row = {"scene": scene, "size": size, "threads": threads}
                row |= time_frames(gaussians, size, threads, runs)
                rows.append(row)
                log(json.dumps(row))
    return rows


def time_frames(gaussians: Gaussians, size: int, threads: int, runs: int) -> dict[str, Any]:
    """Times of one scene at one size."""
    camera, splats = bench_camera(size), Splats.of(gaussians)
    weights = np.random.default_rng(0).normal(size=(size, size, 4)).astype(np.float32)
    by_colour, by_alpha = weights[..., :3].copy(), weights[..., 3].copy()
    renderer = PortableRenderer(threads)

    def forward_backward() -> object:
        tape = renderer.record(splats, camera)
        return renderer.gradients(tape, by_colour, by_alpha, None)

    times = {
        "rgba8_ms": least_ms(lambda: renderer.render_rgba8(gaussians, camera), runs),
        "frame_ms": least_ms(lambda: renderer.render(gaussians, camera), runs),
        "forward_backward_ms": least_ms(forward_backward, runs),
    }
    renderer.close()
    return times


def measure_opengl(size: int, runs: int) -> list[dict[str, Any]]:
    """Frames by OpenGL, by software too, and how they differ from the portable renderer's."""
    renderer = OpenGLRenderer()
    try:
        name = renderer.name
    except OpenGLError as error:
        log(f"OpenGL: {error}")
        return []
    portable, camera, rows = PortableRenderer(), bench_camera(size), []
    for scene in SCENES:
        gaussians = make_scene(scene)
        expected = portable.render_rgba8(gaussians, camera).astype(int)
        row = {"renderer": name, "scene": scene, "size": size}
        for what, draw in (("rgba8", renderer.render_rgba8), ("moving", renderer.preview_rgba8)):
            error = np.abs(draw(gaussians, camera) - expected)
            row[f"{what}_levels_of_255"] = {"mean": float(error.mean()), "max": int(error.max())}
            row[f"{what}_ms"] = least_ms(lambda draw=draw, g=gaussians: draw(g, camera), runs)
        rows.append(row)
        log(json.dumps(row))
    renderer.close()
    portable.close()
    return rows


def measure_accuracy(scene: str, size: int) -> dict[str, Any]:
    """Differences to the float64 twin, and how much longer the twin takes."""
    gaussians, camera = make_scene(scene), bench_camera(size)
    one, two = PortableRenderer(1), PortableRenderer(2)
    frame = two.render(gaussians, camera)
    portable_ms = least_ms(lambda: two.render_rgba8(gaussians, camera), 20)["wall"]
    start = time.perf_counter()
    truth = TwinRenderer(torch.float64).render(gaussians, camera)
    twin_ms = (time.perf_counter() - start) * 1e3
    error = np.abs(frame.colour.astype(np.float64) - truth.colour)
    single = one.render(gaussians, camera)
    result = {
        "scene": scene,
        "size": size,
        "mean": float(error.mean()),
        "p99.99": float(np.quantile(error, 0.9999)),
        "max": float(error.max()),
        "max_alpha": float(np.abs(frame.alpha - truth.alpha).max()),
        "same_bits_1_and_2_threads": bool(
            np.array_equal(frame.colour, single.colour)
            and np.array_equal(frame.alpha, single.alpha)
            and np.array_equal(frame.depth, single.depth)
        ),
        "twin_ms": round(twin_ms, 1),
        "portable_ms": portable_ms,
        "times_faster": round(twin_ms / portable_ms, 1),
    }
    log(json.dumps(result))
    return result


def gradients_of(
    gaussians: Gaussians,
    backend: Backend,
    dtype: torch.dtype,
    size: int = GRADIENT_SIZE,
    device: str = "cpu",
) -> dict[str, torch.Tensor]:
    """Gradients of a random weighting of colour, alpha and depth, in float64 on the CPU."""
    inputs = [
        torch.tensor(getattr(gaussians, name), dtype=dtype, device=device, requires_grad=True)
        for name in ATTRIBUTES
    ]
    outputs = rasterize(*inputs, bench_camera(size), backend=backend)
    generator = torch.Generator().manual_seed(0)
    loss = torch.zeros((), dtype=torch.float64)
    for output in outputs:
        weight = torch.randn(output.shape, generator=generator, dtype=torch.float64)
        loss = loss + (weight * output.double().cpu()).sum()
    loss.backward()
    return {name: x.grad.double().cpu() for name, x in zip(ATTRIBUTES, inputs, strict=True)}


def compare_gradients(
    got: dict[str, torch.Tensor], truth: dict[str, torch.Tensor]
) -> dict[str, dict[str, float]]:
    """Cosine and relative L2 distance of every attribute's gradient to the other's."""
    return {
        name: {
            "cosine": float((x * truth[name]).sum() / x.norm() / truth[name].norm()),
            "relative_l2": float((x - truth[name]).norm() / truth[name].norm()),
        }
        for name, x in got.items()
    }


def measure_gradients(scene: str) -> dict[str, Any]:
    """Cosine and relative L2 distance of every attribute's gradient to the twin's."""
    gaussians = make_scene(scene)
    truth = gradients_of(gaussians, "twin", torch.float64)
    got = gradients_of(gaussians, "portable", torch.float32)
    result: dict[str, Any] = {"scene": scene, "size": GRADIENT_SIZE}
    result |= compare_gradients(got, truth)
    log(json.dumps(result))
    return result


def comparison(speed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The table against targets and study, at 512 pixels with two threads."""
    rows = []
    for scene, what, key in (
        ("head", "head", "rgba8_ms"),
        ("head", "head forward + backward", "forward_backward_ms"),
        ("head_large", "head_large", "rgba8_ms"),
    ):
        for row in speed:
            if (row["scene"], row["size"], row["threads"]) == (scene, 512, 2):
                measured = row[key]["wall"]
                rows.append(
                    {
                        "what": what,
                        "ms": measured,
                        "target_ms": TARGET_MS[what],
                        "cpp_study_ms": STUDY_MS[what],
                        "of_study": round(measured / STUDY_MS[what], 2),
                    }
                )
                log(
                    "{what:26} {ms:7.2f} ms  target {target_ms}  C++ study {cpp_study_ms}".format(
                        **rows[-1]
                    )
                )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="write the JSON here, not to stdout")
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--speed-only", action="store_true", help="leave out the slow twin")
    arguments = parser.parse_args()
    torch.set_num_threads(min(2, usable_cores()))
    compile_kernels()
    speed = measure_speed(arguments.sizes, arguments.runs)
    report: dict[str, Any] = {
        "machine": {"processor": platform.processor(), "cores": usable_cores()},
        "comparison": comparison(speed),
        "speed": speed,
        "opengl": measure_opengl(512, max(1, arguments.runs // 5)),
    }
    if not arguments.speed_only:
        report["accuracy"] = [measure_accuracy("head", 512), measure_accuracy("head_large", 256)]
        report["gradients"] = [measure_gradients(scene) for scene in SCENES]
    text = json.dumps(report, indent=1)
    if arguments.out:
        arguments.out.write_text(text + "\n")
    else:
        print(text)


if __name__ == "__main__":
    main()
