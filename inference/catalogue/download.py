"""A model from the net, when the user says so and has accepted its licence.

Blocking, with a report and a cancel token: the application calls it in a worker thread.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from inference.catalogue.disk import check_space
from inference.catalogue.entries import ModelEntry, ModelFile, file_url
from inference.catalogue.speed import SpeedMeter
from inference.catalogue.store import ModelStore, part_of
from inference.catalogue.transfer import DEFAULT_PATIENCE, Patience, Transfer
from inference.errors import UsageError
from inference.progress import CancelToken
from inference.version import program_name


@dataclass(frozen=True)
class DownloadState:
    """Where a download is.

    Attributes:
        file: name of the file on its way.
        done: its bytes that are here.
        total: its bytes in all; None where neither publisher nor server says.
        speed: bytes per second lately.
        seconds_left: for this file; None while unknown.
        checking: all of it is here, and `done` bytes are compared with what was published.
    """

    file: str
    done: int
    total: int | None
    speed: float
    seconds_left: float | None
    checking: bool = False


Report = Callable[[DownloadState], None]


def no_report(state: DownloadState) -> None:
    """Report nothing."""


def download_model(
    store: ModelStore,
    entry: ModelEntry,
    report: Report = no_report,
    cancel: CancelToken | None = None,
    patience: Patience = DEFAULT_PATIENCE,
) -> None:
    """Fetch the files of a model that are not here yet.

    A second program that wants the same model waits for the first and then finds it here.

    Raises:
        UsageError: the licence is not accepted, or the model is not to be had on the net.
        DownloadError: see Transfer.run.
        OutputError: too little space, or the folder cannot be written.
        Cancelled: the token was set; what has arrived stays for later.
    """
    token = cancel or CancelToken()
    if entry.built_in:
        raise UsageError(f"{entry.id} comes with PercHead: if it is missing, install it again.")
    if not entry.can_be_fetched:
        raise UsageError(
            f"{entry.publisher} gives {entry.id} out in person: get it at {entry.page}, then "
            f"import it with '{program_name()} models import {entry.id} FILE'."
        )
    if not store.has_accepted(entry):
        raise UsageError(f"Read the licence of {entry.id} at {entry.licence.url} and accept it.")
    with store.locked(entry, token):
        missing = _missing(store, entry)
        check_space(store.root, sum(_still_to_come(store, entry, file) for file in missing))
        for file in missing:
            _download_file(store, entry, file, report, token, patience)


def _missing(store: ModelStore, entry: ModelEntry) -> list[ModelFile]:
    # A loader wants all files in one folder: what the shared cache holds in part is no help.
    if store.folder(entry) is not None:
        return []
    return [f for f in entry.files if not _is_here(store, entry, f)]


def _is_here(store: ModelStore, entry: ModelEntry, file: ModelFile) -> bool:
    return store.find(entry, file) == store.own_path(entry, file)


def _still_to_come(store: ModelStore, entry: ModelEntry, file: ModelFile) -> int:
    part = part_of(store.own_path(entry, file))
    arrived = part.stat().st_size if part.is_file() else 0
    return max(0, (file.size or 0) - arrived)


def _download_file(
    store: ModelStore,
    entry: ModelEntry,
    file: ModelFile,
    report: Report,
    cancel: CancelToken,
    patience: Patience,
) -> None:
    meter = SpeedMeter()

    def on_bytes(done: int, total: int | None) -> None:
        speed = meter.add(time.monotonic(), done)
        left = (total - done) / speed if total is not None and speed > 0 else None
        report(DownloadState(file.name, done, total, speed, left))

    def on_check(done: int) -> None:
        report(DownloadState(file.name, done, file.size, 0.0, None, checking=True))

    url = file_url(entry, file)
    assert url is not None, "download_model has looked"
    Transfer(
        url,
        file,
        store.own_path(entry, file),
        cancel,
        on_bytes,
        on_check,
        lambda size: check_space(store.root, size),
        patience,
    ).run()
