"""A model from a file or folder of the user: for computers without a connection."""

from pathlib import Path
from typing import BinaryIO

from inference.catalogue.checksum import is_published_file
from inference.catalogue.disk import check_space
from inference.catalogue.entries import ModelEntry, ModelFile
from inference.catalogue.store import ModelStore, OnBytes, ignore_bytes
from inference.errors import InvalidModelError, UsageError
from inference.files import atomic_write
from inference.progress import CancelToken

_BLOCK = 2**20  # bytes


def import_model(
    store: ModelStore,
    entry: ModelEntry,
    source: Path,
    cancel: CancelToken | None = None,
    on_bytes: OnBytes = ignore_bytes,
) -> list[ModelFile]:
    """Copy a model's files into our folder, checked; the user's own stay where they are.

    Args:
        store: where they go.
        entry: the model; its licence must be accepted.
        source: a folder that holds its files by their names, or one file. The only file of a
            model may have any name.
        cancel: stops between blocks; what was copied whole stays.
        on_bytes: gets a file's name and how many of its bytes were copied.

    Returns:
        The files that are still missing after this.

    Raises:
        UsageError: there is nothing of this model at `source`, or the licence is not accepted.
        InvalidModelError: a file is not the published one.
        OutputError: no space, or the folder cannot be written.
        Cancelled: the token was set.
    """
    token = cancel or CancelToken()
    if entry.built_in:
        raise UsageError(f"{entry.id} comes with PercHead: there is nothing to import.")
    if not store.has_accepted(entry):
        raise UsageError(f"Read the licence of {entry.id} at {entry.licence.url} and accept it.")
    found = _files_at(entry, source)
    with store.locked(entry, token):
        check_space(store.root, sum(path.stat().st_size for path in found.values()))
        for file, path in found.items():
            _copy(path, store.own_path(entry, file), entry, file, token, on_bytes)
    return [file for file in entry.files if store.find(entry, file) is None]


def _files_at(entry: ModelEntry, source: Path) -> dict[ModelFile, Path]:
    if source.is_dir():
        found = {f: source / f.name for f in entry.files if (source / f.name).is_file()}
    elif not source.is_file():
        raise UsageError(f"There is no file {source}: choose the file or folder of the model.")
    elif len(entry.files) == 1:
        found = {entry.files[0]: source}
    else:
        found = {file: source for file in entry.files if file.name == source.name}
    if not found:
        names = ", ".join(file.name for file in entry.files)
        raise UsageError(f"There is nothing of {entry.id} at {source}: it needs {names}.")
    return found


def _copy(
    source: Path,
    target: Path,
    entry: ModelEntry,
    file: ModelFile,
    cancel: CancelToken,
    on_bytes: OnBytes,
) -> None:
    if target.exists() and target.samefile(source):
        return
    if file.size not in (None, source.stat().st_size):
        raise _wrong(source, entry, file)  # before gigabytes are copied
    done = 0
    with atomic_write(target) as temporary:
        with _open(source) as reader, open(temporary, "wb") as writer:
            while block := reader.read(_BLOCK):
                cancel.check()
                writer.write(block)
                done += len(block)
                on_bytes(file.name, done)
        if not is_published_file(temporary, file, cancel):
            raise _wrong(source, entry, file)
        if entry.id == "flame":
            _check_flame(source)


def _wrong(source: Path, entry: ModelEntry, file: ModelFile) -> InvalidModelError:
    return InvalidModelError(
        f"{source} is not the published {file.name} of {entry.id} "
        f"(length or checksum differ): get it again from {entry.page}."
    )


def _open(source: Path) -> BinaryIO:
    try:
        return open(source, "rb")
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidModelError(f"Cannot read {source} ({reason}): choose another.") from error


def _check_flame(source: Path) -> None:
    # FLAME has many releases and no published checksum: its content tells.
    from inference.head.flame import load_flame_mesh

    load_flame_mesh(source)
