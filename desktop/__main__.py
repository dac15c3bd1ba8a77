"""Where everything starts: the application, or the command line."""

import sys
from collections.abc import Sequence
from pathlib import Path

from inference.cli import is_command
from inference.cli import main as run_command_line
from inference.display import has_display
from inference.version import program_name

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
    if words and is_command(words[0]):
        return run_command_line(words)
    for word in words:
        if not Path(word).is_file():
            print(f"perchead: {_why_no_portrait(word)}", file=sys.stderr)
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
            f"into files, for example '{program_name()} portrait.jpg'.",
            file=sys.stderr,
        )
        return 2
    print(
        f"There is no display, so the head is written to files in {FILES_FOLDER}/.",
        file=sys.stderr,
    )
    return run_command_line(["reconstruct", *words, "--out", FILES_FOLDER])


def _why_no_portrait(word: str) -> str:
    """One sentence about a word that is neither a sub-command nor a file."""
    if word.startswith("-"):
        example = f"{program_name()} reconstruct portrait.jpg --out heads"
        return f"The option {word} needs a sub-command before it, as in '{example}'."
    if Path(word).is_dir():
        return f"{word} is a folder: give the portraits in it."
    return f"There is no file {word}: try '{program_name()} --help'."


if __name__ == "__main__":
    sys.exit(main())
