"""`perchead doctor`: what this computer can do, and why not more."""

import argparse
import json
from pathlib import Path
from typing import Any

NAME = "doctor"


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Describe the sub-command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        NAME,
        help="say what this computer can do and why not more",
        description="Says what this computer can do and why not more; with --model, what a "
        "preset costs.",
    )
    parser.add_argument("--model", metavar="PRESET", help="parameters and GFLOP of a preset")
    parser.add_argument("--json", action="store_true", help="the same for programs")
    # How a bundled program asks itself in another process; see rendering/opengl/probe.py.
    parser.add_argument("--try-opengl", type=Path, help=argparse.SUPPRESS)
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Look and print.

    Raises:
        UsageError: there is no such preset.
    """
    if arguments.try_opengl:
        from inference.rendering.opengl.probe import answer_into

        answer_into(arguments.try_opengl)
    elif arguments.model:
        _print_costs(arguments.model, arguments.json)
    else:
        _print_facts(arguments.json)
    return 0


def _print_costs(preset: str, as_json: bool) -> None:
    from dataclasses import asdict

    from inference.model.config import preset_config
    from inference.model.cost import cost_table, model_cost

    config = preset_config(preset)
    if as_json:
        parts = [asdict(part) for part in model_cost(config)]
        print(json.dumps({"preset": preset, "parts": parts}, indent=2))
    else:
        print(cost_table(config))


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
