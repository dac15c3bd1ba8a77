"""One file from the net to its place: resumed, checked, put there in one step.

What has arrived lies beside its place as .NAME.part, with .NAME.part.json that says which version
of the file it is (RFC 9110: a strong ETag, sent back as If-Range). A broken line, a full disk or a
killed program leave both, and the next try goes on from there.
"""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from inference.catalogue.checksum import is_published_file
from inference.catalogue.entries import ModelFile
from inference.catalogue.http_stream import (
    Answer,
    BrokenConnection,
    HttpStream,
    PartUseless,
    Refused,
)
from inference.catalogue.store import part_of
from inference.errors import DownloadError, OutputError
from inference.progress import CancelToken


@dataclass(frozen=True)
class Patience:
    """How long a download goes on with a bad line (our choice).

    Attributes:
        timeout: seconds without a byte before the line counts as broken.
        tries: tries in a row that bring no new byte before it gives up.
        first_wait: seconds before the second of them; doubles each time.
        longest_wait: seconds, also where the server asks for more.
    """

    timeout: float = 30.0
    tries: int = 6
    first_wait: float = 1.0
    longest_wait: float = 60.0


DEFAULT_PATIENCE = Patience()


@dataclass(frozen=True)
class Transfer:
    """One file on its way.

    Attributes:
        url: where it comes from.
        file: what was published about it.
        target: where it goes.
        cancel: stops it; what has arrived stays for later.
        on_bytes: gets the bytes of this file that are here, and those it has, where known.
        on_check: gets the bytes that were compared with what was published.
        check_space: gets the bytes that are still to come, before the first one; raises when they
            do not fit.
        patience: with a bad line.
    """

    url: str
    file: ModelFile
    target: Path
    cancel: CancelToken
    on_bytes: Callable[[int, int | None], None]
    on_check: Callable[[int], None]
    check_space: Callable[[int], None]
    patience: Patience = DEFAULT_PATIENCE

    @property
    def part(self) -> Path:
        """What has arrived."""
        return part_of(self.target)

    @property
    def note(self) -> Path:
        """Which version of the file `part` is of."""
        return self.target.with_name(f".{self.target.name}.part.json")

    def run(self) -> None:
        """Fetch the file.

        Raises:
            DownloadError: the server refuses, the line stays broken, or the file is a wrong one.
            OutputError: the disk is full or the folder cannot be written.
            Cancelled: the token was set.
        """
        try:
            self.target.parent.mkdir(parents=True, exist_ok=True)
            self._fetch()
            self._place()
        except OSError as error:
            reason = error.strerror or str(error)
            raise OutputError(
                f"Cannot write {self.target} ({reason}): free some space and start again; "
                "it goes on where it stopped."
            ) from error

    def _fetch(self) -> None:
        failures, most = 0, self._arrived()
        while not self._is_complete():
            try:
                self._try_once()
                return
            except Refused as refusal:
                raise DownloadError(
                    f"Cannot fetch {self.file.name} from {self._host} ({refusal}): "
                    "try later, or import it from a file."
                ) from refusal
            except BrokenConnection as broken:
                # Bytes that came before and come again are no progress: a lying server ends too.
                failures = 0 if self._arrived() > most else failures + 1
                most = max(most, self._arrived())
                if failures >= self.patience.tries:
                    raise DownloadError(
                        f"The connection to {self._host} breaks off ({broken}): start again "
                        "later; it goes on where it stopped."
                    ) from broken
                self._wait(broken.wait, failures)

    def _try_once(self) -> None:
        etag = self._noted_etag()
        start = self._arrived() if etag else 0
        stream = HttpStream(self.url, start, etag, self.cancel, self.patience.timeout)
        try:
            answer = stream.answer()
            if answer.start and (answer.start != start or answer.etag not in (None, etag)):
                raise PartUseless
            self._check_length(answer)
            self._note(answer)
            expected = self.file.size if self.file.size is not None else answer.total
            with open(self.part, "r+b" if answer.start else "wb") as handle:
                handle.seek(answer.start)
                done = answer.start
                for piece in stream:
                    handle.write(piece)
                    done += len(piece)
                    if expected is not None and done > expected:
                        break
                    self.on_bytes(done, expected)
            if expected is not None and done > expected:
                self._forget()
                raise Refused("it sends more than the file")
            if expected is not None and done < expected:
                raise BrokenConnection("the end of the file is missing")
        except PartUseless:
            self._forget()
            raise
        finally:
            stream.close()

    def _check_length(self, answer: Answer) -> None:
        published = self.file.size
        if published is not None and answer.total not in (None, published):
            raise Refused(
                f"it offers {answer.total} bytes, {published} were published: "
                "perhaps the log-in page of a network"
            )
        total = published if published is not None else answer.total
        if total is not None:
            self.check_space(total - answer.start)

    def _place(self) -> None:
        self.cancel.check()
        if not is_published_file(self.part, self.file, self.cancel, self.on_check):
            self._forget()
            raise DownloadError(
                f"What {self._host} sent is not the published {self.file.name} (its content "
                "differs) and was removed: try later, or import it from a file."
            )
        with open(self.part, "rb+") as handle:
            os.fsync(handle.fileno())
        self.part.replace(self.target)
        self._forget()

    @property
    def _host(self) -> str:
        return urlsplit(self.url).hostname or self.url

    def _arrived(self) -> int:
        return self.part.stat().st_size if self.part.is_file() else 0

    def _is_complete(self) -> bool:
        return self.file.size is not None and self._arrived() == self.file.size

    def _noted_etag(self) -> str | None:
        try:
            note = json.loads(self.note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(note, dict) or note.get("url") != self.url:
            return None
        etag = note.get("etag")
        return etag if isinstance(etag, str) else None

    def _note(self, answer: Answer) -> None:
        # Before the first byte of a new version the old note must be gone.
        if answer.start == 0:
            self._forget()
            text = json.dumps({"url": self.url, "etag": answer.etag})
            self.note.write_text(text, encoding="utf-8")

    def _forget(self) -> None:
        self.note.unlink(missing_ok=True)
        self.part.unlink(missing_ok=True)

    def _wait(self, asked: float | None, failures: int) -> None:
        seconds = (
            asked if asked is not None else self.patience.first_wait * 2 ** max(0, failures - 1)
        )
        end = time.monotonic() + min(seconds, self.patience.longest_wait)
        while time.monotonic() < end:
            self.cancel.check()
            time.sleep(min(0.05, max(0.0, end - time.monotonic())))
