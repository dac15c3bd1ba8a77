"""How quick the brush is: milliseconds from a mouse move to its painted picture.

    python -m benchmarks.painting [--size 900] [--moves 120] [--out painting.json]

A painting panel of --size pixels shows a photograph and a map; the largest brush goes in circles
over it, once with each tool and setting. Each move is sent, and the event loop is run until the
canvas has painted itself. Without a display the offscreen platform is used: it paints, but
nothing is copied to a screen.
"""

import argparse
import json
import os
import statistics
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtWidgets import QApplication

from desktop.painting.panel import PaintingPanel
from desktop.painting.state import LARGEST, MapView, Tool
from desktop.theme import apply_theme, palette_named
from inference.face_map.document import SIZE, FaceMapDocument
from inference.face_map.labels import ByteArray, Label
from inference.head.template import HeadTemplate
from inference.portrait.types import FaceLandmarks

LONGEST = 1.0  # seconds that a picture is waited for
SCALE = 1500  # pixels of the map a metre of the head


def bench_map() -> tuple[ByteArray, FaceLandmarks]:
    """The template's labels from the front, and where its landmarks are."""
    template = HeadTemplate.load()
    points = template.anchors[np.argsort(template.anchors[:, 2])]
    labels_of = template.labels[np.argsort(template.anchors[:, 2])]
    pixels = np.stack([256 + SCALE * points[:, 0], 250 - SCALE * points[:, 1]], 1)
    labels = np.zeros((SIZE, SIZE), np.uint8)
    for (x, y), label in zip(pixels.astype(int), labels_of, strict=True):
        if 2 <= x < SIZE - 2 and 2 <= y < SIZE - 2:
            labels[y - 2 : y + 3, x - 2 : x + 3] = label
    marks = template.anchors[template.landmark_anchors].astype(float)
    seen = np.stack([256 + SCALE * marks[:, 0], 250 - SCALE * marks[:, 1]], 1)
    return labels, FaceLandmarks(seen, 1.0)


def send(panel: PaintingPanel, kind: QEvent.Type, x: float, y: float) -> None:
    """One mouse event with the left button at a point of the map."""
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    position = panel.canvas.to_widget(x, y)
    QApplication.sendEvent(
        panel.canvas,
        QMouseEvent(
            kind,
            position,
            panel.canvas.mapToGlobal(QPointF(position)),
            none if kind == QEvent.Type.MouseMove else left,
            none if kind == QEvent.Type.MouseButtonRelease else left,
            Qt.KeyboardModifier.NoModifier,
        ),
    )


class PaintCounter(QObject):
    """Counts how often a widget was told to paint itself."""

    count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        self.count += event.type() == QEvent.Type.Paint
        return False


def stroke(panel: PaintingPanel, moves: int) -> dict[str, float]:
    """Milliseconds of the moves of one long stroke, and of its press and release."""

    def timed(kind: QEvent.Type, x: float, y: float) -> float:
        QApplication.processEvents()
        seen, start = counter.count, perf_counter()
        send(panel, kind, x, y)
        # Letting go of a stroke that changed nothing paints nothing.
        waits = kind != QEvent.Type.MouseButtonRelease
        QApplication.processEvents()
        while waits and counter.count == seen and perf_counter() - start < LONGEST:
            QApplication.processEvents()  # Qt may let a few milliseconds pass before it paints
        return 1000 * (perf_counter() - start)

    counter = PaintCounter()
    panel.canvas.installEventFilter(counter)
    angles = np.linspace(0, 4 * np.pi, moves)
    way = [(256 + 130 * np.cos(a), 250 + 110 * np.sin(a)) for a in angles]
    press = timed(QEvent.Type.MouseButtonPress, *way[0])
    taken = [timed(QEvent.Type.MouseMove, x, y) for x, y in way]
    release = timed(QEvent.Type.MouseButtonRelease, *way[-1])
    panel.canvas.removeEventFilter(counter)
    panel.undo()
    QApplication.processEvents()
    return {
        "median_ms": round(statistics.median(taken), 2),
        "p95_ms": round(float(np.percentile(taken, 95)), 2),
        "max_ms": round(max(taken), 2),
        "press_ms": round(press, 2),
        "release_ms": round(release, 2),
    }


def measure(size: int, moves: int) -> dict[str, Any]:
    palette = palette_named("dark")
    panel = PaintingPanel(palette)
    panel.resize(size + 300, size + 80)
    labels, landmarks = bench_map()
    panel.set_document(FaceMapDocument(labels, landmarks))
    noise = np.random.default_rng(0).integers(0, 255, (SIZE, SIZE, 4), np.uint8)
    photograph = QImage(noise.data, SIZE, SIZE, QImage.Format.Format_RGB32).copy()
    panel.set_photograph(photograph)
    panel.show()
    panel.state.set(radius=LARGEST, label=Label.HAT)
    stroke(panel, 10)  # settles what is made once
    strokes = {}
    for name, settings in (
        ("brush", {"tool": Tool.BRUSH}),
        ("brush, mirrored", {"tool": Tool.BRUSH, "mirror": True}),
        ("eraser", {"tool": Tool.ERASER}),
        ("restore", {"tool": Tool.RESTORE}),
        ("smooth", {"tool": Tool.SMOOTH}),
        ("brush, outlines", {"tool": Tool.BRUSH, "view": MapView.OUTLINE}),
        ("brush, side by side", {"tool": Tool.BRUSH, "view": MapView.SIDE_BY_SIDE}),
    ):
        panel.state.set(**{"mirror": False, "view": MapView.OVERLAY, **settings})
        QApplication.processEvents()
        strokes[name] = stroke(panel, moves)
    canvas = panel.canvas.size()
    return {
        "platform": QApplication.platformName(),
        "canvas": [canvas.width(), canvas.height()],
        "brush_diameter": 2 * LARGEST,
        "moves": moves,
        "strokes": strokes,
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", type=int, default=900, help="edge of the canvas in pixels")
    parser.add_argument("--moves", type=int, default=120, help="mouse moves a stroke")
    parser.add_argument("--out", type=Path, help="also write the figures to this JSON file")
    arguments = parser.parse_args()
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication([])
    apply_theme(app, palette_named("dark"))
    text = json.dumps(measure(arguments.size, arguments.moves), indent=2)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
