"""Where everything starts: the application, or the command line."""

import sys
from collections.abc import Sequence
from pathlib import Path

from inference.cli import is_command
from inference.cli import main as run_command_line
from inference.display import has_display

FILES_FOLDER = "heads"
"""Where portraits go when there is no display, below the current folder."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the application, or run a sub-command.

    Args:
        arguments: the words after the program's name: a sub-command with its options, or
            portraits to open.

    Returns:
        The exit status.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and (is_command(words[0]) or words[0].startswith("-")):
        return run_command_line(words)
    for word in words:
        if not Path(word).is_file():
            print(f"perchead: There is no file {word}: try 'perchead --help'.", file=sys.stderr)
            return 2
    if has_display():
        from desktop.libraries import Libraries

        libraries = Libraries()
        libraries.start()
        from desktop.app import run_app

        return run_app(words, libraries=libraries)
    if not words:
        print(
            "perchead: There is no display to open the window on: give a portrait to turn it "
            "into files, for example './run portrait.jpg'.",
            file=sys.stderr,
        )
        return 2
    print(
        f"There is no display, so the head is written to files in {FILES_FOLDER}/.",
        file=sys.stderr,
    )
    return run_command_line(["reconstruct", *words, "--out", FILES_FOLDER])


if __name__ == "__main__":
    sys.exit(main())
