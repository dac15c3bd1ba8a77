"""An OpenGL context without a window."""

import sys
from typing import Any

import moderngl

MIN_VERSION = 330


class OpenGLError(RuntimeError):
    """OpenGL cannot draw here; the message is a phrase that says why."""


def open_context() -> moderngl.Context:
    """Make a context, current in the calling thread and usable in no other.

    Raises:
        OpenGLError: there is none, or one older than OpenGL 3.3.
    """
    # Elsewhere moderngl's own choice is right: a hidden window on Windows, CGL on macOS.
    settings: dict[str, Any] = {}
    if sys.platform not in ("win32", "darwin"):
        settings = {"backend": "egl", "libegl": "libEGL.so.1", "libgl": "libGL.so.1"}
    try:
        return moderngl.create_context(require=MIN_VERSION, standalone=True, **settings)
    except Exception as error:
        raise OpenGLError(f"no OpenGL 3.3 ({error})".splitlines()[0]) from error


def check(context: moderngl.Context) -> None:
    """Raise OpenGLError if the driver reports an error, for example no memory."""
    error = context.error
    if error != "GL_NO_ERROR":
        raise OpenGLError(f"the driver reports {error}")


def device_name(context: moderngl.Context) -> str:
    """GL_RENDERER: what draws."""
    return str(context.info["GL_RENDERER"])
