"""How the kernels are compiled, and where the machine code is kept."""

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numba.extending
import platformdirs
from numba.core import config

Function = Callable[..., Any]

_FASTMATH = {"contract", "nsz"}
"""Fused multiply-add only. Reassociation would break the rounding trick of simd.exp2."""


@cache
def cache_folder() -> Path:
    """Where the compiled kernels are kept: beside the sources, or in the user's cache.

    The folder's name is a hash over all kernel sources, because numba notices only a
    change of the very file that a kernel is in, not of the helpers compiled into it.
    """
    here = Path(__file__).resolve().parent
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(here.glob("*.py")):
        digest.update(source.read_bytes())
    name = f"kernels-{digest.hexdigest()[:12]}"
    beside = here / "__pycache__"
    try:
        beside.mkdir(exist_ok=True)
        writable = os.access(beside, os.W_OK)
    except OSError:
        writable = False
    root = beside if writable else Path(platformdirs.user_cache_dir("perchead"))
    return root / name


def kernel(function: Function) -> Function:
    """Compile a function that Python calls: without the GIL, cached on disk."""
    folder: str = config.CACHE_DIR  # type: ignore[attr-defined]
    # Read by the decorator, then put back.
    config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]
    try:
        compiled: Function = numba.njit(
            nogil=True, cache=True, error_model="numpy", fastmath=_FASTMATH
        )(function)
    finally:
        config.CACHE_DIR = folder  # type: ignore[attr-defined]
    return compiled


def inlined(function: Function) -> Function:
    """Compile a function that only kernels call; LLVM always inlines it."""
    compiled: Function = numba.njit(
        error_model="numpy", fastmath=_FASTMATH, forceinline=True, nogil=True
    )(function)
    return compiled


def intrinsic(emitter: Function) -> Any:
    """An operation that emits its own LLVM instructions (numba.extending.intrinsic, untyped)."""
    return numba.extending.intrinsic(emitter)
