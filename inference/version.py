"""Which PercHead this is, and how it is started."""

import os
from importlib.metadata import PackageNotFoundError, version


def program_version() -> str:
    """The installed version, or "(not installed)" for a bare source tree."""
    try:
        return version("perchead")
    except PackageNotFoundError:
        return "(not installed)"


def program_name() -> str:
    """How the user starts this program: as ./run, which says so, or as an installed command."""
    return os.environ.get("PERCHEAD_PROGRAM") or "perchead"
