"""The command line: sub-commands, their errors and exit codes."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from inference.commands import doctor, edit, models, parse, reconstruct, render, setup, video
from inference.errors import PercHeadError, UsageError
from inference.version import program_name, program_version

COMMANDS = (reconstruct, edit, video, render, parse, doctor, models, setup)
"""Modules with NAME, add_parser(subparsers) and run(arguments) -> exit status."""

EXIT_INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    """Reports bad use as one sentence instead of a usage block."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}: try '{self.prog} --help'.")


def build_parser() -> argparse.ArgumentParser:
    """The parser with all sub-commands."""
    parser = _Parser(
        prog=program_name(),
        description="One portrait in, a whole 3D head out. "
        "Without a sub-command the application opens, with the portraits given, if any.",
    )
    parser.add_argument("--version", action="version", version=f"PercHead {program_version()}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in COMMANDS:
        module.add_parser(subparsers).set_defaults(run=module.run)
    subparsers.add_parser("test", help="run the tests (only as ./run test)").set_defaults(
        run=_test_hint
    )
    return parser


def _test_hint(arguments: argparse.Namespace) -> int:
    raise UsageError("The tests run from the project's folder: type './run test' there.")


def is_command(word: str) -> bool:
    """Whether a first argument belongs to the command line rather than to the application."""
    names = {module.NAME for module in COMMANDS}
    return word in names | {"test", "-h", "--help", "--version"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub-command.

    Returns:
        0 when all went well, 1 when some portraits of a batch failed, 2 for bad use or input.
    """
    try:
        parsed = build_parser().parse_args(arguments)
        return int(parsed.run(parsed))
    except PercHeadError as error:
        print(f"perchead: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("perchead: stopped.", file=sys.stderr)
        return EXIT_INTERRUPTED
