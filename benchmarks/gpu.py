"""What a CUDA GPU makes of the large presets: one call for the whole table.

    python -m benchmarks.gpu                       # on a computer with CUDA; some minutes
    python -m benchmarks.gpu --device cpu --small  # every stage once, on any computer

gsplat's pictures beside the torch twin and its gradients beside the portable renderer's, pictures a
second, the forward pass split as in the paper's table 5, and whole portraits on a card of 8 GB.
Writes benchmarks/results/gpu_NAME.json and .md, with the card's name.
"""

import argparse
import json
import platform
import re
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu_clock import Clock
from benchmarks.gpu_portrait import measure_portraits
from benchmarks.gpu_splatting import measure_splatting
from benchmarks.gpu_stages import measure_preset
from inference.device import check_device_words, cuda_problem, gpu_precision
from inference.errors import PercHeadError, UsageError
from inference.files import atomic_write
from inference.model.config import (
    BackboneConfig,
    DecoderConfig,
    EncoderConfig,
    ModelConfig,
    SharpeningConfig,
    VitConfig,
    preset_config,
)
from inference.model.gpu_memory import gpu_bytes

RESULTS = Path(__file__).parent / "results"
PRESETS = ("light-s", "light", "paper")


def shrunk(config: ModelConfig) -> ModelConfig:
    """A preset with all its parts, each of them tiny."""
    backbone = BackboneConfig("tiny", 64, (0, 1), depth=2, swiglu=config.encoder.backbone.swiglu)
    return replace(
        config,
        encoder=EncoderConfig(56, backbone, VitConfig(width=16), hidden=32),
        decoder=DecoderConfig(width=64, layers=1, heads=2),
        sharpening=SharpeningConfig(width=4) if config.sharpening else None,
    )


def measure(device: str, presets: list[str], small: bool, runs: int) -> dict[str, Any]:
    """The whole report as plain data.

    Raises:
        UsageError: there is no such GPU, or no such preset.
    """
    configs = [preset_config(name) for name in presets]
    cuda = device != "cpu"
    if cuda and (problem := cuda_problem(device)):
        raise UsageError(
            f"This benchmark wants an NVIDIA GPU, and {problem}: try --device cpu --small."
        )
    half = getattr(torch, gpu_precision(preset_config("paper"), device)) if cuda else torch.bfloat16
    clock = Clock(device, 2 if small else runs)
    picture, edge = (48, 64) if small else (512, 8192)
    report: dict[str, Any] = {
        "gpu": torch.cuda.get_device_name(device) if cuda else "none",
        "memory_bytes": torch.cuda.get_device_properties(device).total_memory if cuda else 0,
        "torch": torch.__version__,
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "half_precision": str(half)[6:],
        "small": small,
        "splatting": measure_splatting(clock, [48] if small else [512, 1024], 48 if small else 512),
        "presets": [],
    }
    for config in configs:
        whole = shrunk(config) if small else config
        row = measure_preset(whole, clock, half, picture, edge)
        if small:  # whose figures say nothing beside those of the real thing
            nothing = {"paper_rtx_3090_ms": None, "target_ms": None}
            row["stages"] = [stage | nothing for stage in row["stages"]]
        row["portraits"] = measure_portraits(whole, clock, half, picture)
        row["estimated_bytes"] = gpu_bytes(whole, "bfloat16")
        report["presets"].append(row)
    return report


def table(report: dict[str, Any]) -> str:
    """The report as Markdown."""
    lines = [
        f"# {report['gpu']}" if report["gpu"] != "none" else "# No GPU: every stage ran once",
        "",
        f"torch {report['torch']}, {report['system']}; half precision is "
        f"{report['half_precision']}; medians. Made by `python -m benchmarks.gpu`.",
    ]
    for preset in report["presets"]:
        lines += ["", *_preset_lines(preset)]
    return "\n".join([*lines, "", *_splatting_lines(report["splatting"])]) + "\n"


def _preset_lines(preset: dict[str, Any]) -> list[str]:
    rates = ", ".join(f"{rate:.3g} in {name}" for name, rate in preset["product_tflops"].items())
    lines = [
        f"## {preset['preset']}, picture of {preset['picture']} px",
        "",
        "| stage | way | ms | RTX 3090 (paper) | target | target met | arithmetic limit "
        "| peak GB |",
        "| --- | --- | ---: | ---: | ---: | --- | ---: | ---: |",
    ]
    for stage in preset["stages"]:
        for way in stage["ways"]:
            figures = (stage["paper_rtx_3090_ms"], stage["target_ms"], stage["limit_ms"])
            paper, target, limit = ("" if x is None else f"{x:.3g}" for x in figures)
            measured, peak = _measured(way)
            met = _target_met(way, stage["target_ms"])
            lines.append(
                f"| {stage['stage']} | {way['way']} | {measured} | {paper} | {target} | {met} "
                f"| {limit} | {peak} |"
            )
    lines += [
        "",
        f"The limit is the stage's operations at the half-precision rate of one large product "
        f"(TFLOP/s: {rates}). By the configuration a portrait takes "
        f"{preset['estimated_bytes'] / 1e9:.1f} GB of GPU memory in half precision.",
        "",
        "| whole portrait, half precision | ms | peak GB of tensors | card of |",
        "| --- | ---: | ---: | ---: |",
    ]
    for way in preset["portraits"]:
        measured, peak = _measured(way)
        lines.append(f"| {way['way']} | {measured} | {peak} | {way['card_bytes'] / 1e9:g} GB |")
    return lines


def _measured(way: dict[str, Any]) -> tuple[str, str]:
    """Milliseconds, or why there are none, and the peak in GB."""
    if "ms" not in way:
        return f"({way['why']})", ""
    return f"{way['ms']:.3f}", f"{way['peak_bytes'] / 1e9:.2f}"


def _target_met(way: dict[str, Any], target: float | None) -> str:
    """Empty where there is no target, or no figure."""
    if target is None or "ms" not in way:
        return ""
    return "yes" if way["ms"] < target else "NO"


def _splatting_lines(splatting: dict[str, Any]) -> list[str]:
    if splatting["renderer"] is None:
        return ["## Splatting", "", f"Not measured: {splatting['why']}."]
    lines = [
        f"## Splatting by {splatting['renderer']}",
        "",
        "| scene | size | error to the twin, max (at most 1/255) | gradient cosine, least "
        "| gradient error, most, relative | good |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    pairs = zip(splatting["accuracy"], splatting["gradients"], strict=True)
    for error, gradient in pairs:
        lines.append(
            f"| {error['scene']} | {error['size']} | {error['max']:.2e} "
            f"| {gradient['least_cosine']:.7f} ({gradient['of']} to {gradient['to']}) "
            f"| {gradient['largest_relative']:.1e} "
            f"| {'yes' if error['good'] and gradient['good'] else 'NO'} |"
        )
    lines += ["", "| scene | size | ms | pictures a second |", "| --- | ---: | ---: | ---: |"]
    lines += [
        f"| {rate['scene']} | {rate['size']} | {rate['ms']:.2f} | {rate['pictures_a_second']} |"
        for rate in splatting["rates"]
    ]
    return lines


def main(words: list[str] | None = None) -> int:
    """Measure, print the table and write both files; 2 where it cannot be done."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", default="cuda", help="cuda (default), cuda:1, or cpu")
    parser.add_argument("--small", action="store_true", help="tiny parts: does everything run?")
    parser.add_argument("--presets", nargs="+", default=list(PRESETS), metavar="PRESET")
    parser.add_argument("--runs", type=int, default=30, help="of which the median counts")
    parser.add_argument("--out", type=Path, default=RESULTS, metavar="DIR")
    options = parser.parse_args(words)
    try:
        device = check_device_words(options.device)
        chosen = torch.cuda.is_available() and device != "cpu"
        with torch.cuda.device(device) if chosen else nullcontext():  # gsplat draws on this one
            report = measure(device, options.presets, options.small, options.runs)
        name = re.sub(r"\W+", "_", report["gpu"]) + ("_small" if options.small else "")
        files = {"json": json.dumps(report, indent=1) + "\n", "md": table(report)}
        for suffix, text in files.items():
            with atomic_write(options.out / f"gpu_{name}.{suffix}") as temporary:
                temporary.write_text(text, encoding="utf-8")
    except PercHeadError as error:
        print(f"benchmarks.gpu: {error}", file=sys.stderr)
        return 2
    print(table(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
