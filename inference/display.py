"""Is there a screen? Qt aborts the process when there is none, so this asks first."""

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

_TIMEOUT_SECONDS = 2.0


def has_display(environment: Mapping[str, str] | None = None) -> bool:
    """Whether a window can be shown.

    Args:
        environment: the variables to read; the process's own by default.
    """
    environment = os.environ if environment is None else environment
    if environment.get("QT_QPA_PLATFORM", "").split(":")[0] in ("offscreen", "minimal", "vnc"):
        return True
    if sys.platform in ("win32", "darwin"):
        return True
    return _has_wayland(environment) or _has_x11(environment.get("DISPLAY", ""))


def _has_wayland(environment: Mapping[str, str]) -> bool:
    name = environment.get("WAYLAND_DISPLAY")
    folder = environment.get("XDG_RUNTIME_DIR")
    return bool(name and folder) and (Path(folder or "") / (name or "")).is_socket()


def _has_x11(display: str) -> bool:
    """Connect to the X server that DISPLAY ("host:number.screen") names."""
    host, _, rest = display.rpartition(":")
    number = rest.split(".")[0]
    if not number.isdigit():
        return False
    try:
        if host in ("", "unix"):
            sockets = ("\0/tmp/.X11-unix/X", "/tmp/.X11-unix/X")  # abstract, then in the folder
            return any(_connects(name + number) for name in sockets)
        with socket.create_connection((host, 6000 + int(number)), _TIMEOUT_SECONDS):
            return True
    except OSError:
        return False


def _connects(address: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_TIMEOUT_SECONDS)
        return client.connect_ex(address) == 0
