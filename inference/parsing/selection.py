"""The face parsers by name, loaded when they are asked for."""

from inference.errors import UsageError
from inference.parsing.protocol import FaceParser

EMBEDDED, FARL = "embedded", "farl"
PARSERS = (EMBEDDED, FARL)


def check_parser(name: str) -> None:
    """Refuse what is no parser, before anything is loaded.

    Raises:
        UsageError: there is none of this name.
    """
    if name not in PARSERS:
        raise UsageError(f"There is no face parser {name!r}: choose {' or '.join(PARSERS)}.")


def load_parser(name: str) -> FaceParser:
    """Load a parser.

    Raises:
        UsageError: there is none of this name, or its package is not installed.
        InvalidModelError: its files are missing or damaged.
    """
    check_parser(name)
    if name == FARL:
        from inference.parsing.farl import load_published_parser

        return load_published_parser()
    from inference.parsing.embedded import load_embedded_parser

    return load_embedded_parser()
