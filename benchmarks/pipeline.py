"""From start to the first picture of a head: seconds and memory.

    python -m benchmarks.pipeline PORTRAIT [--runs 3] [--out pipeline.json]

Each figure comes from a process of its own, so that memory and start-up are a user's:
`window` is from the start of the process to the first paint of the window (offscreen platform
unless QT_QPA_PLATFORM says otherwise), and from there until the application has its models in
memory; `longest_pause` is the longest time meanwhile in which the window could not react.
`fit` and `no-fit` are from the opened file to the first 512-pixel picture with the models in
memory, `map` is from the prepared portrait to its face map with the parser in memory.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from inference.memory import peak_memory_bytes

KINDS = ("window", "fit", "no-fit", "map")
"""Rows of the result, each a process."""


def _measure_head(portrait: Path, fit: bool) -> dict[str, Any]:
    """In this process: load the models, then make one head and its first picture."""
    from inference.engine import Engine
    from inference.engine_protocol import ReconstructionOptions
    from inference.rendering.camera import orbit_camera
    from inference.rendering.selection import choose_renderer

    engine = Engine()
    start = time.perf_counter()
    engine.load_models()
    models = time.perf_counter() - start
    renderer = choose_renderer()

    start = time.perf_counter()
    image = engine.open_image(portrait)
    faces = engine.detect(image)
    prepared = engine.prepare(image, engine.suggest_crop(image, faces[0]))
    head = engine.reconstruct(prepared, ReconstructionOptions(fit=fit))
    renderer.render_rgba8(head.gaussians, orbit_camera())
    total = time.perf_counter() - start
    return {
        "models_seconds": models,
        "first_picture_seconds": total,
        "stages": head.seconds,
        "peak_memory_bytes": peak_memory_bytes(),
    }


def _measure_map(portrait: Path) -> dict[str, Any]:
    """In this process: load the parser, then read one portrait's face map."""
    from inference.engine import Engine

    engine = Engine()
    image = engine.open_image(portrait)
    prepared = engine.prepare(image, engine.suggest_crop(image, engine.detect(image)[0]))
    start = time.perf_counter()
    parser = engine.parser
    models = time.perf_counter() - start

    start = time.perf_counter()
    parser.parse(prepared)
    return {
        "models_seconds": models,
        "face_map_seconds": time.perf_counter() - start,
        "peak_memory_bytes": peak_memory_bytes(),
    }


def _measure_window() -> dict[str, Any]:
    """In this process: start the application, wait for its models, close it."""
    import psutil

    from desktop.libraries import Libraries

    born = psutil.Process().create_time()
    libraries = Libraries()  # as desktop/__main__.py does
    libraries.start()

    from PySide6.QtCore import QEvent, QObject, Qt, QTimer
    from PySide6.QtWidgets import QApplication

    from desktop.app import run_app
    from desktop.main_window.window import MainWindow

    result: dict[str, Any] = {}

    class Watcher(QObject):
        """Notes the first paint, the models, and the longest pause of the event loop."""

        last = 0.0
        longest = 0.0

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
            painted = isinstance(watched, MainWindow) and event.type() == QEvent.Type.Paint
            if painted and "window_seconds" not in result:
                result["window_seconds"] = time.time() - born
                self.last = time.perf_counter()
                beat.start(5)
            return False

        def on_beat(self) -> None:
            now = time.perf_counter()
            self.longest, self.last = max(self.longest, now - self.last), now
            window = next(w for w in app.topLevelWidgets() if isinstance(w, MainWindow))
            if window.pipeline.layers is not None and not window.runner.running:
                beat.stop()
                seconds = time.time() - born - result["window_seconds"]
                result["models_after_window_seconds"] = seconds
                result["longest_pause_seconds"] = self.longest
                window.close()

    app = QApplication(["PercHead"])
    watcher = Watcher()
    beat = QTimer()
    beat.setTimerType(Qt.TimerType.PreciseTimer)
    beat.timeout.connect(watcher.on_beat)
    app.installEventFilter(watcher)
    result["exit_status"] = run_app([], libraries=libraries)
    return result


def _child(words: list[str]) -> dict[str, Any]:
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    command = [sys.executable, "-m", "benchmarks.pipeline", *words]
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return dict(json.loads(output.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("portrait", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--child", choices=KINDS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child == "window":
        print(json.dumps(_measure_window()))
        return
    if arguments.child == "map":
        print(json.dumps(_measure_map(arguments.portrait)))
        return
    if arguments.child:
        print(json.dumps(_measure_head(arguments.portrait, arguments.child == "fit")))
        return
    results = {
        kind: [_child([str(arguments.portrait), "--child", kind]) for _ in range(arguments.runs)]
        for kind in KINDS
    }
    text = json.dumps({"portrait": arguments.portrait.name, **results}, indent=2)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
