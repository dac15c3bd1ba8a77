"""Imports the large libraries in a thread of their own, while the window is being built.

One import after the other: the window shares the interpreter with one thread, not with three.
Garbage is not collected meanwhile: a full collection looks at every object of these libraries,
a tenth of a second in which no thread runs, and finds nothing.
"""

import gc
import importlib
import sys
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from desktop.native_libraries import preload

Result = TypeVar("Result")

MODULES = (
    "torch",
    "cv2",
    "numba",
    "numba.cpython.charseq",
    "numba.np.arrayobj",
    "scipy.sparse.linalg",
)
"""In the order in which the first head needs them; numba imports some only at its first use."""

SHARED = ("PySide6.QtWidgets", "numpy")
"""Needed by the window and by the libraries. Importing them from two threads at once can end the
program: shiboken walks through sys.modules, numpy's extension loads only once."""

UNDIVIDED = "torch._C"
"""The one module whose import nothing can interrupt: a fifth of a second in C++."""


class Libraries:
    """The libraries that the engine and the renderer are built on."""

    def __init__(self) -> None:
        self._thread = threading.Thread(target=self._load, name="perchead libraries")

    def start(self) -> None:
        """Begin, after what the window imports too; later calls change nothing."""
        if self._thread.ident is None:
            for name in SHARED:
                importlib.import_module(name)
            self._thread.start()

    def wait_for_undivided(self, seconds: float) -> None:
        """Wait until the import that would stop the window is over, or no longer than this."""
        end = time.monotonic() + seconds
        while self._thread.is_alive() and UNDIVIDED not in sys.modules and time.monotonic() < end:
            time.sleep(0.01)

    def before(self, make: Callable[[], Result]) -> Callable[[], Result]:
        """The same factory, after the libraries are there."""

        def made() -> Result:
            self.join()
            return make()

        return made

    def join(self) -> None:
        """Wait until all are imported."""
        if self._thread.ident is not None:
            self._thread.join()

    def _load(self) -> None:
        gc.disable()
        for name in MODULES:
            try:
                preload(name)
                importlib.import_module(name)
            except (ImportError, OSError):
                continue  # whoever needs it says so
        gc.freeze()  # what is loaded now stays: no collection looks at it again
        gc.enable()
