"""The program knows whether there is a screen before Qt could abort."""

import socket
import sys
import uuid

import pytest

from desktop.__main__ import main
from inference.display import has_display

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="Windows and macOS have a screen")


@linux_only
@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"DISPLAY": ""},
        {"DISPLAY": ":93174"},
        {"DISPLAY": "garbage"},
        {"WAYLAND_DISPLAY": "wayland-9", "XDG_RUNTIME_DIR": "/nowhere"},
        {"WAYLAND_DISPLAY": "wayland-0"},
    ],
)
def test_no_display(environment):
    assert not has_display(environment)


def test_offscreen_platform_counts_as_a_display():
    assert has_display({"QT_QPA_PLATFORM": "offscreen:size=800x600"})


@linux_only
def test_wayland_socket_is_a_display(tmp_path):
    name = f"wayland-{uuid.uuid4().hex[:6]}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / name))
        assert has_display({"WAYLAND_DISPLAY": name, "XDG_RUNTIME_DIR": str(tmp_path)})


@linux_only
def test_x_server_on_a_socket_is_a_display():
    number = 59000 + uuid.uuid4().int % 900
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0/tmp/.X11-unix/X{number}")
        server.listen(1)
        assert has_display({"DISPLAY": f":{number}.0"})
    assert not has_display({"DISPLAY": f":{number}.0"})


@linux_only
def test_without_display_and_portrait_one_sentence_says_what_to_do(monkeypatch, capsys):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main([]) == 2
    message = capsys.readouterr().err.strip()
    assert "no display" in message
    assert "\n" not in message
