"""What cuts the person out, by name, loaded when it is asked for."""

from typing import TYPE_CHECKING

from inference.errors import UsageError

if TYPE_CHECKING:  # the names alone are wanted where a start must be quick
    from inference.portrait.foreground import ForegroundFinder

EMBEDDED, VITMATTE = "embedded", "vitmatte"
FOREGROUNDS = (EMBEDDED, VITMATTE)


def check_foreground(name: str) -> None:
    """Refuse what cuts nothing out, before anything is loaded.

    Raises:
        UsageError: there is none of this name.
    """
    if name not in FOREGROUNDS:
        raise UsageError(f"There is no foreground {name!r}: choose {' or '.join(FOREGROUNDS)}.")


def load_foreground(name: str) -> "ForegroundFinder":
    """Load what cuts the person out.

    Raises:
        UsageError: there is none of this name, or its package is not installed.
        InvalidModelError: its files are missing or damaged.
    """
    check_foreground(name)
    from inference.portrait.foreground import ForegroundFinder

    if name == VITMATTE:
        from inference.portrait.matting import load_published_matting

        return ForegroundFinder(load_published_matting())
    return ForegroundFinder()
