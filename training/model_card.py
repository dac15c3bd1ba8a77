r"""Write the model card of shipped weights from what was measured.

    python -m training.model_card resources/models/embedded.safetensors \
        --evaluation RESULTS/evaluation.json --data "900 synthetic heads, seeds 0:900 ..."

writes resources/models/embedded.md. Every figure comes from the evaluation's JSON, the rest from
the checkpoint's own metadata and the options; nothing is rated by hand.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inference.files import atomic_write
from inference.model.checkpoint import CheckpointInfo, read_info
from training.evaluation.measure import EXTREME, NOVEL
from training.evaluation.metrics import METRIC_NAMES
from training.evaluation.report import bias_table, number, read_json, score_table, target_table
from training.evaluation.targets import MODEL_TARGETS
from training.runs.command_line import command_parser, exit_status

LIMITS = (
    "A single moment: no expression transfer, and no memory of earlier frames, so that videos "
    "flicker (paper, section 4.6).",
    "The light of the photograph is baked into the colours.",
    "What the photograph does not show is a guess: the back of the head, a hidden ear, the inside "
    "of the mouth.",
    "Scores on synthetic heads do not promise the same on photographs.",
    "No tool for telling who someone is: a face from one photograph is not evidence.",
)


def model_card(
    name: str,
    info: CheckpointInfo,
    megabytes: float,
    report: dict[str, Any],
    data: str,
    steps: str | None,
    limits: Sequence[str] = (),
) -> str:
    """The card as Markdown.

    Args:
        name: the file's stem.
        info: what the checkpoint says about itself.
        megabytes: the file's size.
        report: evaluation.json.
        data: what it was trained on.
        steps: how it was trained; None takes the checkpoint's own words.
        limits: known weaknesses of these weights beside those of the method.
    """
    networks = ", ".join(f"{key} ({width})" for key, width in info.embedding_widths.items())
    protocol = report["protocol"]
    lines = [
        f"# {name}",
        "",
        f"Weights of the preset `{info.preset}`: one portrait in, 65,536 Gaussians out. "
        f"{megabytes:.1f} MB, licence {info.licence}. Reads the frozen features of {networks}; "
        f"belongs to the head template `{info.template_id}`.",
        "",
        "## Data",
        "",
        data,
        "",
        "## Training",
        "",
        steps or info.trained_by,
        "",
        "## Scores",
        "",
        f"{report['data']}: {protocol['identities']} identities never trained on, "
        f"{protocol['views'][NOVEL]} views near the input and {protocol['views'][EXTREME]} from "
        f"its other side, inputs within ±{protocol['widest_input']:.0f} degrees, "
        f"{protocol['crop']}, {protocol['size']} pixels; the network alone, without fitting.",
        "",
        *score_table(report),
        "",
        *target_table(report, MODEL_TARGETS),
    ]
    if report["skipped"]:
        names = ", ".join(METRIC_NAMES[key] for key in report["skipped"])
        lines += ["", f"Not measured, for lack of their packages or weights: {names}."]
    lines += ["", "## Bias", "", *bias_table(report), "", *_gaps(report)]
    lines += ["", "## Limits", "", *(f"- {limit}" for limit in (*limits, *LIMITS))]
    missed = [t for t in MODEL_TARGETS if t.reached(report) is False]
    if missed:
        found = "; ".join(f"{t.name} {number(t.found(report))} ({t.limit:g})" for t in missed)
        lines.append(f"- Missed targets (wanted in brackets): {found}.")
    return "\n".join(lines) + "\n"


def _gaps(report: dict[str, Any]) -> list[str]:
    """For each kind of group, how far its best and worst scores lie apart."""
    lines = []
    for kind, groups in report["groups"].items():
        for task in (NOVEL, EXTREME):
            means = {
                group: found["scores"][task]["psnr"]["mean"]
                for group, found in groups.items()
                if found["scores"][task].get("psnr", {}).get("mean") is not None
            }
            if len(means) < 2:
                continue
            best, worst = max(means, key=means.__getitem__), min(means, key=means.__getitem__)
            lines.append(
                f"- {kind}, {task} views: {best} heads score {means[best] - means[worst]:.2f} dB "
                f"PSNR more than {worst} ones."
            )
    smallest = min(
        (found["identities"] for groups in report["groups"].values() for found in groups.values()),
        default=0,
    )
    if lines and smallest < 8:
        lines.append(f"- The smallest group has {smallest} identities: differences may be chance.")
    return lines or ["Not measured: these heads carry no groups."]


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; 2 for something the user can mend."""
    parser = command_parser("training.model_card", __doc__)
    parser.add_argument("checkpoint", type=Path, help="the weights")
    parser.add_argument("--evaluation", type=Path, required=True, help="evaluation.json")
    parser.add_argument("--data", required=True, help="what it was trained on, a few sentences")
    parser.add_argument("--steps", help="how; by default what the checkpoint says")
    parser.add_argument("--limit", action="append", default=[], help="a known weakness")
    parser.add_argument("--out", type=Path, help="by default beside the checkpoint")
    options = parser.parse_args(arguments)
    return exit_status(lambda: run(options))


def run(options: argparse.Namespace) -> int:
    """Write the card and print where it is; 0."""
    card = model_card(
        options.checkpoint.stem,
        read_info(options.checkpoint),
        options.checkpoint.stat().st_size / 1e6,
        read_json(options.evaluation),
        options.data,
        options.steps,
        options.limit,
    )
    target = options.out or options.checkpoint.with_suffix(".md")
    with atomic_write(target) as temporary:
        temporary.write_text(card, encoding="utf-8")
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
