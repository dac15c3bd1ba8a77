"""What the rows say about a model."""

from desktop.models.work import Place
from inference.catalogue.entries import Licence, ModelEntry
from inference.catalogue.wording import size_text

PRIVACY = "Your portraits never leave this computer."

_COMMERCIAL = {
    "yes": "Commercial use: yes",
    "no": "Commercial use: no",
    "unclear": "Commercial use: unclear",
}


def commercial_words(licence: Licence) -> str:
    """Whether commercial use is allowed."""
    return _COMMERCIAL[licence.commercial]


def place_words(entry: ModelEntry, place: Place | None) -> str:
    """Where a model is."""
    if place is None:
        return "Looking…"
    if place.state == "partly":
        whole = f" of {size_text(entry.size)}" if entry.size else ""
        return f"Partly here: {size_text(place.arrived)}{whole}"
    return {
        "built in": "Part of PercHead",
        "here": "On this computer",
        "shared": "On this computer, in the shared cache",
        "absent": "Not on this computer",
    }[place.state]


def size_words(entry: ModelEntry) -> str:
    """How much is to be fetched."""
    if entry.built_in:
        return "No download"
    if not entry.can_be_fetched:
        return "Your own file"
    return size_text(entry.size).capitalize() if entry.size is None else size_text(entry.size)


def memory_words(entry: ModelEntry, memory: int) -> str:
    """What using it takes, and what there is where that is less.

    Args:
        entry: the model.
        memory: bytes of this computer's memory.
    """
    needed = f"{size_text(entry.memory)} of memory"
    return needed if entry.memory <= memory else f"{needed}, here {size_text(memory)}"
