"""A GET whose reader never hangs: the network is read in a thread, handed over in pieces.

A blocked socket cannot be asked to stop, a queue can: so cancelling takes 0.1 s however dead the
line is. What is left of the thread ends by itself when the socket times out.
"""

import queue
import re
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException, HTTPResponse
from typing import IO

from inference.progress import CancelToken

_PIECE = 2**18  # bytes
_WAITING_PIECES = 16
_POLL = 0.1  # seconds


class BrokenConnection(Exception):  # noqa: N818 - an event that a new try may mend
    """The line broke, stalled, or the server asks to come back later."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait
        """Seconds that the server asks to wait, where it does."""


class PartUseless(BrokenConnection):
    """What has arrived does not fit what the server has: start over."""

    def __init__(self) -> None:
        super().__init__("the file changes while it is fetched")


class Refused(Exception):  # noqa: N818 - turned into a sentence by the caller
    """The server's answer will be the same next time."""


@dataclass(frozen=True)
class Answer:
    """What the server says before the bytes.

    Attributes:
        start: which byte of the file comes first: 0, or where we asked it to go on.
        total: bytes of the whole file, where the server says.
        etag: its mark of this very version of the file; None when it has no strong one.
    """

    start: int
    total: int | None
    etag: str | None


class HttpStream:
    """One GET; read `answer` first, then iterate over the pieces."""

    def __init__(
        self,
        url: str,
        start: int,
        etag: str | None,
        cancel: CancelToken,
        timeout: float,
    ) -> None:
        """Begin.

        Args:
            url: http or https.
            start: the first byte wanted, in effect only together with `etag`.
            etag: the version of the file that the bytes before `start` are from.
            cancel: looked at every 0.1 s.
            timeout: seconds without a byte before the line counts as broken.
        """
        self._cancel = cancel
        self._pieces: queue.Queue[Answer | bytes | Exception | None] = queue.Queue(_WAITING_PIECES)
        self._abandoned = threading.Event()
        request = urllib.request.Request(url, headers={"Accept-Encoding": "identity"})
        request.add_header("User-Agent", "perchead")
        if start and etag:
            request.add_header("Range", f"bytes={start}-")
            request.add_header("If-Range", etag)
        threading.Thread(target=self._fetch, args=(request, timeout), daemon=True).start()

    def answer(self) -> Answer:
        """What the server says.

        Raises:
            BrokenConnection: a new try may help.
            Refused: it will not.
            Cancelled: the token was set.
        """
        first = self._next()
        assert isinstance(first, Answer)
        return first

    def __iter__(self) -> Iterator[bytes]:
        """The bytes; raises as answer() does."""
        while (piece := self._next()) is not None:
            assert isinstance(piece, bytes)
            yield piece

    def close(self) -> None:
        """Let the thread go."""
        self._abandoned.set()

    def _next(self) -> Answer | bytes | None:
        while True:
            self._cancel.check()
            try:
                item = self._pieces.get(timeout=_POLL)
            except queue.Empty:
                continue
            if isinstance(item, Exception):
                raise item
            return item

    def _put(self, item: Answer | bytes | Exception | None) -> bool:
        while not self._abandoned.is_set():
            try:
                self._pieces.put(item, timeout=_POLL)
                return True
            except queue.Full:
                continue
        return False

    def _fetch(self, request: urllib.request.Request, timeout: float) -> None:
        try:
            opener = urllib.request.build_opener(SafeRedirects)
            with opener.open(request, timeout=timeout) as response:
                if not self._put(_read_answer(response)):
                    return
                while piece := response.read1(_PIECE):
                    if not self._put(piece):
                        return
            self._put(None)
        except (BrokenConnection, Refused) as error:
            self._put(error)
        except urllib.error.HTTPError as error:
            with error:
                self._put(_from_status(error.code, error.headers))
        except urllib.error.URLError as error:
            # A wrong certificate stays wrong; a missing network may come back.
            wrong = isinstance(error.reason, ssl.SSLCertVerificationError)
            self._put((Refused if wrong else BrokenConnection)(str(error.reason)))
        except (OSError, HTTPException, ValueError) as error:
            self._put(BrokenConnection(str(error) or type(error).__name__))


class SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects (urllib's ten), but never from https to http."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> urllib.request.Request | None:
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise Refused("it leads from an encrypted connection to one that is not")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def _from_status(status: int, headers: Message) -> Exception:
    if status == 416:  # our part is longer than the file: the caller starts over
        return PartUseless()
    if status in (408, 425, 429) or status >= 500:
        seconds = headers.get("Retry-After", "")
        wait = float(seconds) if re.fullmatch(r"\d{1,6}", seconds) else None
        return BrokenConnection(f"the server answers {status}", wait)
    if 300 <= status < 400:
        return Refused("it leads around in a circle")
    return Refused(
        {
            401: "it wants a log-in (401)",
            403: "it does not give the file out (403)",
            404: "the file is not there any more (404)",
        }.get(status, f"the server answers {status}")
    )


def _read_answer(response: HTTPResponse) -> Answer:
    headers = response.headers
    if headers.get("Content-Encoding", "identity") != "identity":
        raise Refused("the server changes the file on its way")
    etag = headers.get("ETag")
    if etag is not None and not re.fullmatch(r'"[^"]{1,500}"', etag):
        etag = None  # a weak one is no promise about bytes
    if response.status == 206:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", headers.get("Content-Range", ""))
        if not found:
            raise PartUseless
        return Answer(int(found[1]), int(found[2]), etag)
    length = headers.get("Content-Length", "")
    return Answer(0, int(length) if length.isdecimal() else None, etag)
