"""`perchead setup`: what is done once after the libraries are installed."""

import argparse
import sys
from typing import Any

NAME = "setup"


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Describe the sub-command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        NAME, help="compile the renderer for this computer (./run does it the first time)"
    )
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Compile the portable renderer's kernels into numba's cache."""
    from inference.rendering.portable import compile_kernels

    def report(stage: str, fraction: float) -> None:
        print(f"\r  {stage} {fraction:4.0%}", end="", file=sys.stderr, flush=True)

    compile_kernels(report)
    print(file=sys.stderr)
    return 0
