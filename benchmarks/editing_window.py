"""How quickly the window answers: from a stroke, a prompt, an undo to the new head on the screen.

    python -m benchmarks.editing_window [--portrait FILE] [--strokes 6] [--look 0] [--out FILE]

The window is drawn by the offscreen platform, so no display is needed. Each measure begins with
the mouse or key event and ends when a picture of the new head has been painted: small at first,
"sharp" when it has its full size. The heartbeat is the longest pause between two turns of the event
loop while all this goes on. The first stroke comes at once when the map appears, or, as people's
do, after they looked at it for --look seconds.
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.app import SWITCH_INTERVAL
from desktop.engine_holder import EngineHolder
from desktop.main_window.window import MainWindow
from desktop.preferences import Preferences
from desktop.theme import apply_theme, palette_named
from desktop.viewport.shared_renderer import SharedRenderer
from inference.face_map.labels import Label
from inference.files import resource_path

PROMPTS = ("grey curly hair", "red wavy hair", "an old man with a full beard", "very dark skin")
LONGEST = 300.0  # seconds that anything is waited for
LOOK = 5  # milliseconds between two looks whether it is there


class Heart:
    """The longest pause between turns of the event loop, milliseconds."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._last = perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(5)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def take(self) -> int:
        """The longest so far; it begins anew."""
        longest, self.longest = self.longest, 0.0
        return round(longest)

    def _beat(self) -> None:
        now = perf_counter()
        self.longest = max(self.longest, 1000 * (now - self._last))
        self._last = now


def wait(done: Callable[[], bool]) -> None:
    """Run the event loop until it is so, as the application runs it.

    A loop of processEvents would keep the interpreter from the workers and measure itself.

    Raises:
        TimeoutError: it never was.
    """
    loop, timer = QEventLoop(), QTimer()
    end = perf_counter() + LONGEST
    timer.timeout.connect(lambda: loop.quit() if done() or perf_counter() > end else None)
    timer.start(LOOK)
    loop.exec()
    timer.stop()
    if not done():
        raise TimeoutError("the window did not answer")


def answer(window: MainWindow, begin: Callable[[], object]) -> tuple[float, float]:
    """Seconds from an event to the first painted picture of another head, and to a sharp one."""
    before = window.session.shown

    def painted() -> bool:
        shown, last = window.session.shown, window.viewport.frames.last
        there = shown is not None and shown is not before and last is not None
        return there and last.request.gaussians is shown.gaussians

    started = perf_counter()
    begin()
    wait(painted)
    first = perf_counter() - started
    wait(lambda: painted() and window.viewport.frames.sharp)
    return first, perf_counter() - started


def can_paint(window: MainWindow) -> bool:
    """Whether the canvas is there."""
    panel = window.editing.left.painting
    return panel is not None and panel.canvas.isVisible()


def stroke(window: MainWindow, label: Label, x: float, y: float) -> None:
    """A short stroke of the brush, by the mouse."""
    panel = window.editing.left.painting
    assert panel is not None
    panel.state.set(label=label, radius=16.0)
    left = Qt.MouseButton.LeftButton
    start, end = panel.canvas.to_widget(x, y), panel.canvas.to_widget(x + 60, y)
    QTest.mousePress(panel.canvas, left, pos=start.toPoint())
    for step in range(1, 6):
        QTest.mouseMove(panel.canvas, (start + (end - start) * step / 5).toPoint())
    QTest.mouseRelease(panel.canvas, left, pos=end.toPoint())


def describe(window: MainWindow, text: str) -> None:
    """Write a prompt and press Enter."""
    line = window.editing.style.first.line
    line.setText(text)
    QTest.keyClick(line, Qt.Key.Key_Return)


def pass_by(seconds: float) -> None:
    """Let the window be for a while."""
    end = perf_counter() + seconds
    wait(lambda: perf_counter() >= end)


def measure(portrait: Path, strokes: int, look: float, folder: Path) -> dict[str, Any]:
    window = MainWindow(
        EngineHolder(), SharedRenderer(), Preferences(folder / "preferences.json", theme="dark")
    )
    window.resize(1440, 900)
    window.show()
    window.opening.open(portrait)
    wait(lambda: window.session.head is not None and window.viewport.frames.sharp)
    heart = Heart()
    started = perf_counter()
    window.actions_["paint"].trigger()
    wait(lambda: window.session.face_map is not None and can_paint(window))
    seconds = {"reading the face": [perf_counter() - started]}
    pauses = {"reading the face": heart.take()}
    pass_by(look)
    pauses["looking"] = heart.take()

    def answers(name: str, begin: Sequence[Callable[[], object]]) -> None:
        both = [answer(window, event) for event in begin]
        seconds[name], seconds[f"{name}, sharp"] = ([pair[n] for pair in both] for n in (0, 1))
        pauses[name] = heart.take()

    answers("first stroke", [partial(stroke, window, Label.HAIR, 220, 70)])
    places = [(130.0 + 20 * n, 110.0 - 8 * n) for n in range(strokes)]
    answers("stroke", [partial(stroke, window, Label.HAIR, x, y) for x, y in places])
    answers("prompt", [partial(describe, window, text) for text in PROMPTS])
    answers("undo", [window.actions_["undo"].trigger] * 3)
    result = {
        "portrait": portrait.name,
        "looked": look,
        "seconds": {
            name: {
                "median": round(statistics.median(values), 2),
                "max": round(max(values), 2),
            }
            for name, values in seconds.items()
        },
        "longest_pause_ms": pauses,
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }
    window.close()
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--portrait", type=Path, help="by default the sample")
    parser.add_argument("--strokes", type=int, default=6)
    parser.add_argument("--look", type=float, default=0.0, help="seconds before the first stroke")
    parser.add_argument("--out", type=Path, help="also write the figures to this JSON file")
    arguments = parser.parse_args()
    sys.setswitchinterval(SWITCH_INTERVAL)
    app = QApplication(["PercHead"])
    apply_theme(app, palette_named("dark"))
    portrait = arguments.portrait or resource_path("samples/astronaut.png")
    with TemporaryDirectory() as folder:
        text = json.dumps(
            measure(portrait, arguments.strokes, arguments.look, Path(folder)), indent=2
        )
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
