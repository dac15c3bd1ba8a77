"""How fluent the orbit is: pictures a second, delay from mouse to picture, time to sharp.

    python -m benchmarks.preview [--head HEAD.ply] [--size 512] [--seconds 4] [--out preview.json]

A viewport of --size pixels shows 65,536 Gaussians (the render benchmark's `head`, or a PLY of
your own). Mouse events arrive 125 times a second, as a mouse sends them. The delay of a picture
is from the event whose camera it shows to the end of its painting; `sharp` is from letting the
button go to the painting of the full-size picture. Without a display the offscreen platform is
used: it paints, but nothing is copied to a screen.
"""

import argparse
import json
import os
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from desktop.theme import DARK
from desktop.viewport.shared_renderer import SharedRenderer
from desktop.viewport.viewport import Viewport
from inference.head.gaussians import Gaussians
from inference.rendering.camera import HEAD_CENTRE, PORTRAIT_HALF_EXTENT

MOUSE_INTERVAL = 8  # milliseconds: 125 events a second
DRAGS = 6  # each is followed by letting go


@dataclass
class Figures:
    """What was seen."""

    delays: list[float] = field(default_factory=list)
    scales: list[float] = field(default_factory=list)
    sharps: list[float] = field(default_factory=list)
    moving_seconds: float = 0.0


def bench_head() -> Gaussians:
    """The render benchmark's head, as large as a person's."""
    from benchmarks.render_scenes import make_scene

    scene = make_scene("head")
    extent = np.abs(scene.means - scene.means.mean(axis=0)).max()
    scale = 0.81 * PORTRAIT_HALF_EXTENT / extent
    means = (scene.means - scene.means.mean(axis=0)) * scale + np.array(HEAD_CENTRE)
    return Gaussians(
        means.astype(np.float32),
        scene.quaternions,
        scene.scales * np.float32(scale),
        scene.opacities,
        scene.colours,
    )


def wait(done: Any, limit: float = 20.0) -> None:
    """Run the event loop until done() or the limit in seconds."""
    loop, start = QEventLoop(), perf_counter()
    timer = QTimer()
    timer.timeout.connect(lambda: loop.quit() if done() or perf_counter() - start > limit else None)
    timer.start(2)
    loop.exec()


def send(viewport: Viewport, kind: QEvent.Type, x: float, y: float) -> None:
    """One mouse event with the left button."""
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    position = QPointF(x, y)
    QApplication.sendEvent(
        viewport,
        QMouseEvent(
            kind,
            position,
            viewport.mapToGlobal(position),
            none if kind == QEvent.Type.MouseMove else left,
            none if kind == QEvent.Type.MouseButtonRelease else left,
            Qt.KeyboardModifier.NoModifier,
        ),
    )


def drag(viewport: Viewport, seconds: float, figures: Figures) -> None:
    """Turn to and fro for a while, let go, and wait for the sharp picture."""
    centre = viewport.width() / 2
    frames = viewport.frames
    start = perf_counter()
    dragging = True

    def on_paint() -> None:
        last = frames.last
        if last is None or not dragging or not last.request.moving:
            return
        figures.delays.append(perf_counter() - last.request.asked)
        figures.scales.append(last.request.camera.width / viewport.pixels.width())

    def on_mouse() -> None:
        angle = 2 * np.pi * (perf_counter() - start) / 1.6
        x = centre + 0.4 * viewport.width() * np.sin(angle)
        send(viewport, QEvent.Type.MouseMove, x, centre + 0.1 * viewport.height() * np.cos(angle))

    viewport.painted.connect(on_paint)
    send(viewport, QEvent.Type.MouseButtonPress, centre, centre)
    mouse = QTimer()
    mouse.setTimerType(Qt.TimerType.PreciseTimer)
    mouse.timeout.connect(on_mouse)
    mouse.start(MOUSE_INTERVAL)
    wait(lambda: perf_counter() - start > seconds)
    mouse.stop()
    figures.moving_seconds += perf_counter() - start
    dragging = False
    sharp: list[float] = []
    viewport.painted.connect(lambda: sharp.append(perf_counter()) if frames.sharp else None)
    released = perf_counter()
    send(viewport, QEvent.Type.MouseButtonRelease, centre, centre)
    wait(lambda: bool(sharp))
    viewport.painted.disconnect()
    if sharp:
        figures.sharps.append(sharp[0] - released)


def measure(gaussians: Gaussians, size: int, seconds: float) -> dict[str, Any]:
    """Show the head and drag it."""
    shared = SharedRenderer()
    viewport = Viewport(shared.preview, DARK)
    viewport.resize(size, size)
    viewport.show()
    viewport.frames.start()
    viewport.show_head(gaussians)
    wait(lambda: viewport.frames.sharp, limit=120.0)  # kernels load, or are compiled
    drag(viewport, 1.0, Figures())  # settles the size of moving pictures
    figures = Figures()
    for _ in range(DRAGS):
        drag(viewport, seconds / DRAGS, figures)
    name = shared.preview.name
    viewport.close_frames()
    shared.close()
    return {
        "platform": QApplication.platformName(),
        "renderer": name,
        "gaussians": len(gaussians),
        "size": size,
        "pictures_per_second": len(figures.delays) / figures.moving_seconds,
        "delay_ms_median": 1000 * statistics.median(figures.delays),
        "delay_ms_p95": 1000 * float(np.percentile(figures.delays, 95)),
        "sharp_ms_median": 1000 * statistics.median(figures.sharps),
        "sharp_ms_max": 1000 * max(figures.sharps),
        "moving_scale_median": statistics.median(figures.scales),
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--head", type=Path, help="a 3DGS PLY instead of the made head")
    parser.add_argument("--size", type=int, default=512, help="edge of the view in pixels")
    parser.add_argument("--seconds", type=float, default=4.0, help="of dragging in all")
    parser.add_argument("--out", type=Path, help="also write the figures to this JSON file")
    arguments = parser.parse_args()
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication([])
    if arguments.head:
        from inference.export.ply import read_ply

        gaussians = read_ply(arguments.head)
    else:
        gaussians = bench_head()
    figures = measure(gaussians, arguments.size, arguments.seconds)
    text = json.dumps(figures, indent=2)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    del app
    return 0


if __name__ == "__main__":
    sys.exit(main())
