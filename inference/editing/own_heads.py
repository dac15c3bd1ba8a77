"""Heads of untouched portraits, which all edits of a portrait are compared with: each made once."""

import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from inference.editing.identity import ShapedHead
from inference.head.gaussians import FloatArray
from inference.progress import CancelToken
from inference.rendering.camera import Camera

_KEPT = 2
"""The open portrait's head and the one's before."""

_LOOK = 0.05
"""Seconds between two looks at the token while another thread makes the head."""

Key = tuple[bytes, bytes, bytes]


def key_of(labels: NDArray[np.uint8], style: FloatArray, camera: Camera) -> Key:
    """All that decides a head: its map [S, S], its completed style [W], the map's camera."""
    return labels.tobytes(), style.tobytes(), camera.world_to_camera.tobytes()


class OwnHeads:
    """Keeps the newest; who asks for one that another thread is making waits for that one."""

    def __init__(self) -> None:
        self._kept: list[tuple[Key, ShapedHead]] = []
        self._making: dict[Key, threading.Event] = {}
        self._lock = threading.Lock()

    def known(self, key: Key, cancel: CancelToken) -> ShapedHead | None:
        """The head, if it was made before or is being made.

        Raises:
            Cancelled: the token was set.
        """
        while True:
            with self._lock:
                head = next((head for known, head in self._kept if known == key), None)
                making = self._making.get(key)
            if head is not None or making is None:
                return head
            _wait(making, cancel)

    def get(self, key: Key, make: Callable[[], ShapedHead], cancel: CancelToken) -> ShapedHead:
        """The head; made here where nobody made it, or where who was making it gave up.

        Raises:
            Cancelled: the token was set.
        """
        while True:
            head = self.known(key, cancel)
            if head is not None:
                self._keep(key, head)
                return head
            with self._lock:
                if key not in self._making and all(known != key for known, _ in self._kept):
                    done = self._making[key] = threading.Event()
                    break
        try:
            head = make()
            self._keep(key, head)
            return head
        finally:
            with self._lock:
                del self._making[key]
            done.set()

    def _keep(self, key: Key, head: ShapedHead) -> None:
        with self._lock:
            others = [entry for entry in self._kept if entry[0] != key]
            self._kept = [(key, head), *others][:_KEPT]


def _wait(making: threading.Event, cancel: CancelToken) -> None:
    while not making.wait(_LOOK):
        cancel.check()
