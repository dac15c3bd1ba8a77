"""What the workers do with a model's files; knows no widget."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.models.figures import UNKNOWN, Figures
from desktop.workers import Job
from inference.catalogue.entries import ModelEntry
from inference.catalogue.store import ModelStore, State
from inference.catalogue.wording import duration_text, size_text

if TYPE_CHECKING:
    from inference.catalogue.download import DownloadState


@dataclass(frozen=True)
class Place:
    """Where a model is.

    Attributes:
        state: see ModelStore.state.
        arrived: bytes of it in our folder.
        accepted: whether the user accepted its licence before.
    """

    state: State
    arrived: int
    accepted: bool


@dataclass(frozen=True)
class Note:
    """A sentence about what was done.

    Attributes:
        text: the sentence.
        bad: whether something went wrong.
    """

    text: str
    bad: bool = False


ModelWork = Callable[[Job], Note | None]


def look(store: ModelStore, entry: ModelEntry) -> Place:
    """Where a model is now; asks the disk."""
    return Place(store.state(entry), store.arrived(entry), store.has_accepted(entry))


def get(store: ModelStore, entry: ModelEntry, figures: Figures) -> ModelWork:
    """Fetch a model; to press the button after reading the licence is to accept it."""

    def work(job: Job) -> Note | None:
        from inference.catalogue.download import download_model

        _accept(store, entry)
        figures.tell("Waiting", UNKNOWN)
        download_model(store, entry, lambda state: figures.tell(*download_words(state)), job.token)
        return None

    return work


def bring(store: ModelStore, entry: ModelEntry, source: Path, figures: Figures) -> ModelWork:
    """Copy a model from the user's file or folder."""

    def work(job: Job) -> Note | None:
        from inference.catalogue.importing import import_model

        _accept(store, entry)
        missing = import_model(
            store, entry, source, job.token, _bytes_words(figures, entry, "Copying")
        )
        if missing:
            names = ", ".join(file.name for file in missing)
            return Note(f"Copied; still missing: {names}.")
        return None

    return work


def verify(store: ModelStore, entry: ModelEntry, figures: Figures) -> ModelWork:
    """Compare a model's files with what was published."""

    def work(job: Job) -> Note | None:
        verdicts = store.verify(entry, job.token, _bytes_words(figures, entry, "Reading"))
        wrong = [file.name for file, verdict in verdicts.items() if verdict == "damaged"]
        if wrong:
            return Note(_damaged_words(store, entry, ", ".join(wrong)), bad=True)
        unknown = [f.name for f, verdict in verdicts.items() if verdict == "no checksum published"]
        if unknown:
            names = ", ".join(unknown)
            return Note(f"Whole; its publisher names no checksum to compare with ({names}).")
        return Note("Every file is as it was published.")

    return work


def _damaged_words(store: ModelStore, entry: ModelEntry, names: str) -> str:
    if store.state(entry) != "shared":
        return f"Damaged: {names}; remove the model and get it again."
    # What other programs use too is not ours to remove.
    return f"Damaged: {names} in {store.folder(entry)}; delete it there and get the model again."


def remove(store: ModelStore, entry: ModelEntry) -> ModelWork:
    """Delete our copy."""

    def work(job: Job) -> Note | None:
        return Note(f"Removed; {size_text(store.remove(entry))} are free again.")

    return work


def download_words(state: "DownloadState") -> tuple[str, float]:
    """A download as words and its fraction: file, bytes, speed, time left."""
    fraction = state.done / state.total if state.total else UNKNOWN
    if state.checking:
        return f"Checking {state.file}", fraction
    whole = f" of {size_text(state.total)}" if state.total is not None else ""
    words = [state.file, f"{size_text(state.done)}{whole}"]
    if state.speed > 0:
        words.append(f"{size_text(state.speed)}/s")
    if state.seconds_left is not None and state.done != state.total:
        words.append(f"{duration_text(state.seconds_left)} left")
    return "  ·  ".join(words), fraction


def _bytes_words(figures: Figures, entry: ModelEntry, verb: str) -> Callable[[str, int], None]:
    sizes = {file.name: file.size for file in entry.files}

    def on_bytes(name: str, done: int) -> None:
        size = sizes.get(name)
        figures.tell(f"{verb} {name}  ·  {size_text(done)}", done / size if size else UNKNOWN)

    return on_bytes


def _accept(store: ModelStore, entry: ModelEntry) -> None:
    if not store.has_accepted(entry):
        store.accept_licence(entry)
