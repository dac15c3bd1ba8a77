"""`perchead setup`: what is done once after the libraries are installed."""

import argparse
from typing import Any

from inference.commands.options import terminal_progress
from inference.files import resource_path
from inference.progress import Progress

NAME = "setup"
SAMPLE = "samples/astronaut.png"


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Describe the sub-command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        NAME, help="compile the renderer for this computer (./run does it the first time)"
    )
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Compile all kernels into numba's cache, so that the first head comes at full speed."""
    from inference.rendering.portable import compile_kernels

    compile_kernels(terminal_progress)
    _rehearse(terminal_progress)
    return 0


def _rehearse(report: Progress) -> None:
    """Make the sample's head once: the fit's kernels are compiled, and a damaged part shows."""
    from inference.engine import Engine

    engine = Engine()
    image = engine.open_image(resource_path(SAMPLE))
    faces = engine.detect(image)
    portrait = engine.prepare(image, engine.suggest_crop(image, faces[0]))
    engine.reconstruct(portrait, progress=report)
