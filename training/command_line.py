"""The help of this folder's commands: what a module's docstring says, and its options."""

import argparse


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
