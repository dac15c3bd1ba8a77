"""`perchead doctor`: what this computer can do, and why not more."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

NAME = "doctor"


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Describe the sub-command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        NAME,
        help="say what this computer can do and why not more",
        description="Says what this computer can do and why not more; with --model, what a "
        "preset costs by its configuration, and with --measure what it really takes here.",
    )
    parser.add_argument("--model", metavar="PRESET", help="parameters and GFLOP of a preset")
    parser.add_argument(
        "--measure",
        action="store_true",
        help="with --model: run the preset at full size with random weights on the CPU, and say "
        "how much time and memory each stage takes",
    )
    parser.add_argument("--json", action="store_true", help="the same for programs")
    # How a bundled program asks itself in another process; see rendering/opengl/probe.py.
    parser.add_argument("--try-opengl", type=Path, help=argparse.SUPPRESS)
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Look and print.

    Raises:
        UsageError: there is no such preset, or too little memory to measure it.
    """
    if arguments.try_opengl:
        from inference.rendering.opengl.probe import answer_into

        answer_into(arguments.try_opengl)
    elif arguments.measure:
        _print_measures(arguments.model, arguments.json)
    elif arguments.model:
        _print_costs(arguments.model, arguments.json)
    else:
        _print_facts(arguments.json)
    return 0


def _print_costs(preset: str, as_json: bool) -> None:
    from dataclasses import asdict

    from inference.model.config import preset_config
    from inference.model.cost import cost_table, model_cost
    from inference.model.gpu_memory import memory_lines

    config = preset_config(preset)
    if as_json:
        parts = [asdict(part) for part in model_cost(config)]
        print(json.dumps({"preset": preset, "parts": parts}, indent=2))
    else:
        print(cost_table(config))
        if config.name != "embedded":
            print(memory_lines(config))


def _print_measures(preset: str | None, as_json: bool) -> None:
    from dataclasses import asdict

    from inference.errors import UsageError

    if preset is None:
        raise UsageError("Say what to measure, for example --model embedded --measure.")
    from inference.model.config import preset_config

    config = preset_config(preset)
    import torch

    from inference.head.template import HeadTemplate
    from inference.memory import peak_memory_bytes
    from inference.model.measuring import measure_preset, measure_table
    from inference.rendering.selection import choose_renderer

    anchors = torch.from_numpy(HeadTemplate.load().anchors.copy())
    measures = measure_preset(config, anchors, choose_renderer(), _show_stage)
    peak = peak_memory_bytes()
    if as_json:
        stages = [asdict(measure) for measure in measures]
        answer = {"preset": preset, "threads": torch.get_num_threads(), "stages": stages}
        print(json.dumps(answer | {"peak_memory_bytes": peak}, indent=2))
    else:
        print(measure_table(config, measures, peak))


def _show_stage(stage: str, fraction: float) -> None:
    if sys.stderr.isatty():
        print(f"{stage}…", file=sys.stderr, flush=True)


def _print_facts(as_json: bool) -> None:
    from inference.diagnosis import diagnose

    facts = diagnose()
    if as_json:
        sections: dict[str, dict[str, dict[str, str]]] = {}
        for fact in facts:
            entry = {"value": fact.value, "why": fact.why}
            sections.setdefault(fact.section, {})[fact.name] = entry
        print(json.dumps(sections, indent=2))
        return
    section = ""
    for fact in facts:
        if fact.section != section:
            section = fact.section
            print(section)
        remark = f" ({fact.why})" if fact.why else ""
        print(f"  {fact.name}: {fact.value}{remark}")
