"""Which OpenGL this computer has, asked without a window."""

import ctypes
import ctypes.util
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

SOFTWARE_NAMES = ("llvmpipe", "softpipe", "swiftshader", "gdi generic", "apple software")
"""What software implementations call themselves, in lower case; they are slower than ours."""

_TIMEOUT_SECONDS = 20.0

# From EGL/egl.h and GL/gl.h.
_EGL_OPENGL_API = 0x30A2
_EGL_ATTRIBUTES = (ctypes.c_int * 3)(0x3040, 0x0008, 0x3038)  # renderable type: OpenGL, end
_EGL_SURFACELESS = 0x31DD
_GL_RENDERER = 0x1F01
_POINTER_FUNCTIONS = (
    "eglGetDisplay",
    "eglGetPlatformDisplay",
    "eglCreateContext",
    "eglGetProcAddress",
)


def is_software(name: str) -> bool:
    """Whether a GL_RENDERER string names an implementation on the CPU."""
    return any(word in name.lower() for word in SOFTWARE_NAMES)


def opengl_name() -> str | None:
    """GL_RENDERER of the default device, or None where EGL gives none.

    Asked in a process of its own, because a broken driver may end it.
    """
    if sys.platform in ("win32", "darwin"):
        return None  # no EGL; the application asks its window instead
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            return pool.submit(_ask_egl).result(_TIMEOUT_SECONDS)
        except (BrokenProcessPool, TimeoutError):
            return None


def _ask_egl() -> str | None:
    """Make a context without a surface and read its name."""
    try:
        egl = ctypes.CDLL(ctypes.util.find_library("EGL") or "libEGL.so.1")
        for function in _POINTER_FUNCTIONS:
            getattr(egl, function).restype = ctypes.c_void_p
    except (OSError, AttributeError):  # none, or one older than EGL 1.5
        return None
    display = ctypes.c_void_p(egl.eglGetDisplay(None))
    if not egl.eglInitialize(display, None, None):  # no screen: Mesa draws without one
        display = ctypes.c_void_p(egl.eglGetPlatformDisplay(_EGL_SURFACELESS, None, None))
        if not egl.eglInitialize(display, None, None):
            return None
    if not egl.eglBindAPI(_EGL_OPENGL_API):
        return None
    config, count = ctypes.c_void_p(), ctypes.c_int()
    egl.eglChooseConfig(display, _EGL_ATTRIBUTES, ctypes.byref(config), 1, ctypes.byref(count))
    context = ctypes.c_void_p(egl.eglCreateContext(display, config, None, None))
    if not context or not egl.eglMakeCurrent(display, None, None, context):
        return None
    address = egl.eglGetProcAddress(b"glGetString")
    if not address:
        return None
    get_string = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_uint)(address)
    name = get_string(_GL_RENDERER)
    return name.decode(errors="replace") if name else None
