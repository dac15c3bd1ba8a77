"""Loads big native libraries without stopping the window.

CPython 3.11 keeps its lock while it loads an extension module; libtorch alone takes half a
second, in which no thread runs, the window's neither. A call through ctypes gives the lock
back, so the libraries are loaded that way first; the import then finds them in memory.
"""

import ctypes
import importlib.util
import sys
from pathlib import Path

LIBRARIES = {
    "torch": ("torch/lib/libc10", "torch/lib/libtorch_cpu", "torch/lib/libtorch_python"),
    "numba": ("llvmlite/binding/libllvmlite",),
}
"""The large ones, by the package that needs them, in the order in which they need each other."""

RTLD_LAZY = 1  # the same on Linux and macOS


def preload(package: str) -> None:
    """Load a package's libraries; whatever cannot be loaded is left to the import."""
    suffix = {"linux": ".so", "darwin": ".dylib"}.get(sys.platform)
    spec = importlib.util.find_spec(package)
    if suffix is None or spec is None or spec.origin is None or package in sys.modules:
        return
    site_packages = Path(spec.origin).parents[1]
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.argtypes = [ctypes.c_char_p, ctypes.c_int]
    dlopen.restype = ctypes.c_void_p
    for name in LIBRARIES.get(package, ()):
        path = site_packages / f"{name}{suffix}"
        if path.exists():
            dlopen(str(path).encode(), RTLD_LAZY)
