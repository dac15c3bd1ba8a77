"""Where the models' files are: our own folder, and Hugging Face's shared cache for reading.

Our folder holds ID/FILE. A file gets its name only when it is whole and checked, so one that is
there with the right length is good. The shared cache (of transformers and others) is never
written: models--OWNER--NAME/snapshots/REVISION/FILE,
https://huggingface.co/docs/huggingface_hub/guides/manage-cache.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import platformdirs

from inference.catalogue.checksum import is_published_file
from inference.catalogue.entries import ModelEntry, ModelFile
from inference.catalogue.locking import exclusive
from inference.errors import OutputError
from inference.files import atomic_write, resource_path
from inference.progress import CancelToken

State = Literal["built in", "here", "shared", "partly", "absent"]
Verdict = Literal["good", "no checksum published", "damaged", "missing"]
OnBytes = Callable[[str, int], None]
"""on_bytes(file, done): how many bytes of which file are through."""


def ignore_bytes(file: str, done: int) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class ModelStore:
    """The places.

    Attributes:
        root: our own folder.
        shared: the hub folder of Hugging Face's cache.
    """

    root: Path
    shared: Path

    def own_path(self, entry: ModelEntry, file: ModelFile) -> Path:
        """Where a file belongs in our folder, whether it is there or not."""
        return self.root / entry.id / file.name

    def find(self, entry: ModelEntry, file: ModelFile) -> Path | None:
        """A whole file, ours first; None when it is nowhere."""
        places = (folder / file.name for folder in self._folders(entry))
        return next((place for place in places if _is_whole(place, file)), None)

    def arrived(self, entry: ModelEntry) -> int:
        """Bytes of a model in our folder, those of broken-off downloads included."""
        own = [self.own_path(entry, file) for file in entry.files]
        return sum(_length(path) for whole in own for path in (whole, part_of(whole)))

    def folder(self, entry: ModelEntry) -> Path | None:
        """The one folder that holds all files of a model, for a loader; None when none does."""
        for folder in self._folders(entry):
            if all(_is_whole(folder / file.name, file) for file in entry.files):
                return folder
        return None

    def _folders(self, entry: ModelEntry) -> list[Path]:
        if entry.built_in:
            return [resource_path("models")]
        own = self.root / entry.id
        if entry.repository is None:
            return [own]
        cached = self.shared / f"models--{entry.repository.replace('/', '--')}"
        return [own, cached / "snapshots" / str(entry.revision)]

    def state(self, entry: ModelEntry) -> State:
        """Where it is: in the program, in our folder ("here"), in the cache, in part, nowhere."""
        folder = self.folder(entry)
        if folder is None:
            return "partly" if self.arrived(entry) else "absent"
        if entry.built_in:
            return "built in"
        return "here" if folder == self.root / entry.id else "shared"

    @contextmanager
    def locked(self, entry: ModelEntry, cancel: CancelToken, wait: bool = True) -> Iterator[None]:
        """Hold off other programs from this model's files (see locking.exclusive)."""
        with exclusive(self.root / ".locks" / f"{entry.id}.lock", cancel, wait):
            yield

    def verify(
        self,
        entry: ModelEntry,
        cancel: CancelToken | None = None,
        on_bytes: OnBytes = ignore_bytes,
    ) -> dict[ModelFile, Verdict]:
        """Read every file again and compare it with what is published.

        Args:
            entry: the model.
            cancel: stops between blocks.
            on_bytes: gets a file's name and how many of its bytes were read.

        Raises:
            OutputError: a file is there but cannot be read.
            Cancelled: the token was set.
        """
        token = cancel or CancelToken()
        return {file: self._verdict(entry, file, token, on_bytes) for file in entry.files}

    def _verdict(
        self, entry: ModelEntry, file: ModelFile, cancel: CancelToken, on_bytes: OnBytes
    ) -> Verdict:
        # A file of a wrong length in our folder is damaged, not missing.
        own = self.own_path(entry, file)
        path = own if own.is_file() else self.find(entry, file)
        if path is None:
            return "missing"
        try:
            good = is_published_file(path, file, cancel, lambda done: on_bytes(file.name, done))
        except OSError as error:
            reason = error.strerror or str(error)
            raise OutputError(f"Cannot read {path} ({reason}): look at its permissions.") from error
        if not good:
            return "damaged"
        return "good" if file.sha256 else "no checksum published"

    def remove(self, entry: ModelEntry) -> int:
        """Delete our copy, broken-off downloads included; the shared cache stays as it is.

        Returns:
            Bytes that are free again.

        Raises:
            OutputError: another program uses it, or the folder cannot be changed.
        """
        folder = self.root / entry.id
        if not folder.exists():
            return 0
        with self.locked(entry, CancelToken(), wait=False):
            try:
                size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
                shutil.rmtree(folder)
            except OSError as error:
                reason = error.strerror or str(error)
                raise OutputError(f"Cannot remove {folder} ({reason}): delete it.") from error
        return size

    def accept_licence(self, entry: ModelEntry) -> None:
        """Record that the user has seen and accepted the terms.

        Raises:
            OutputError: the record cannot be written.
        """
        record = {
            "model": entry.id,
            "licence": entry.licence.name,
            "url": entry.licence.url,
            "accepted": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        with atomic_write(self._record(entry)) as temporary:
            temporary.write_text(json.dumps(record, indent=2), encoding="utf-8")

    def has_accepted(self, entry: ModelEntry) -> bool:
        """Whether the user accepted these very terms; changed ones are asked for again."""
        try:
            record = json.loads(self._record(entry).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        terms = (entry.licence.name, entry.licence.url)
        return isinstance(record, dict) and (record.get("licence"), record.get("url")) == terms

    def _record(self, entry: ModelEntry) -> Path:
        return self.root / ".accepted" / f"{entry.id}.json"


def default_store() -> ModelStore:
    """The user's: PERCHEAD_MODELS or the system's place for data; HF_HOME and its kin."""
    data = Path(platformdirs.user_data_dir("perchead", appauthor=False)) / "models"
    return ModelStore(_folder("PERCHEAD_MODELS") or data, shared_cache())


def shared_cache() -> Path:
    """Hugging Face's hub cache, found as huggingface_hub finds it."""
    named = _folder("HF_HUB_CACHE") or _folder("HUGGINGFACE_HUB_CACHE")
    caches = _folder("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return named or (_folder("HF_HOME") or caches / "huggingface") / "hub"


def _folder(variable: str) -> Path | None:
    words = os.environ.get(variable)
    return Path(os.path.expandvars(words)).expanduser() if words else None


def part_of(target: Path) -> Path:
    """Where a file lies while it is not whole."""
    return target.with_name(f".{target.name}.part")


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _is_whole(path: Path, file: ModelFile) -> bool:
    try:
        return path.is_file() and file.size in (None, path.stat().st_size)
    except OSError:
        return False
