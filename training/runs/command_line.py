"""What this folder's commands share: a help that is the module's docstring, and an exit status."""

import argparse
import sys
from collections.abc import Callable, Sequence

from inference.errors import PercHeadError


def command_parser(
    module: str, document: str | None, usage: str | None = None, add_help: bool = True
) -> argparse.ArgumentParser:
    """A parser for `python -m module`.

    Args:
        module: the command's full name; `__name__` does not know it.
        document: its `__doc__`, shown above the options line for line as it is written.
        usage: in place of the line that argparse makes of the options.
        add_help: whether --help is one of the options.
    """
    return argparse.ArgumentParser(
        prog=f"python -m {module}",
        usage=usage,
        description=document,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=add_help,
    )


def chosen_stage(arguments: Sequence[str], stages: Sequence[str]) -> tuple[str, list[str]]:
    """What --stage says, the first of the stages if nothing, and all other arguments."""
    chooser = argparse.ArgumentParser(add_help=False)
    chooser.add_argument("--stage", choices=stages, default=stages[0])
    found, others = chooser.parse_known_args(arguments)
    return found.stage, others


def exit_status(command: Callable[[], int]) -> int:
    """What `command` returns; 2 and one sentence for something the user can mend."""
    try:
        return command()
    except PercHeadError as error:
        print(error, file=sys.stderr)
        return 2
