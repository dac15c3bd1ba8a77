"""Which PercHead this is."""

from importlib.metadata import PackageNotFoundError, version


def program_version() -> str:
    """The installed version, or "(not installed)" for a bare source tree."""
    try:
        return version("perchead")
    except PackageNotFoundError:
        return "(not installed)"
