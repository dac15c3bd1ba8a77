"""The pictures of the window in the README: the sample's head, three-quarter, dark theme.

    python -m benchmarks.window_picture --out resources/pictures/window.png
    python -m benchmarks.window_picture --describe "grey curly hair" --paint \
        --out resources/pictures/editing.png

The window is drawn by the offscreen platform, so no display is needed.
"""

import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PIL import Image
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from desktop.engine_holder import EngineHolder
from desktop.main_window.window import MainWindow
from desktop.preferences import Preferences
from desktop.theme import apply_theme, palette_named
from desktop.viewport.pose import preset
from desktop.viewport.shared_renderer import SharedRenderer

SIZE = (1440, 900)
COLOURS = 256  # of the PNG's palette, so that the file is small


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pose", default="Three-quarter")
    parser.add_argument("--describe", action="append", default=[], help="prompts, one by one")
    parser.add_argument("--paint", action="store_true", help="show the face map")
    arguments = parser.parse_args()
    app = QApplication(["PercHead"])
    apply_theme(app, palette_named("dark"))
    with TemporaryDirectory() as folder:
        preferences = Preferences(Path(folder) / "preferences.json", theme="dark")
        window = MainWindow(EngineHolder(), SharedRenderer(), preferences)
        window.resize(*SIZE)
        window.show()
        window.opening.sample()

        def look() -> None:
            viewport = window.viewport
            if window.session.head is None or not viewport.frames.sharp or viewport.flying:
                return
            wanted = preset(arguments.pose, window.session.edits.pose)
            if window.session.edits.pose != wanted and not turned:
                turned.append(True)
                window.session.change("Camera", pose=wanted)
                return
            if arguments.paint and window.session.face_map is None:
                window.actions_["paint"].setChecked(True)
                return
            results = window.editing.results.items
            made = not prompts or len(results) > len(prompts)  # the original is one of them
            if made and len(prompts) < len(arguments.describe):
                prompts.append(arguments.describe[len(prompts)])
                window.editing.style.give_words(prompts[-1])
                return
            drawn = all(result.picture is not None for result in results)
            if not (made and drawn) or window.runner.running:
                return
            timer.stop()
            taken = Path(folder) / "window.png"
            window.grab().save(str(taken))
            arguments.out.parent.mkdir(parents=True, exist_ok=True)
            with Image.open(taken) as picture:
                small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.FLOYDSTEINBERG)
                small.save(arguments.out, optimize=True)
            window.close()

        turned: list[bool] = []
        prompts: list[str] = []
        timer = QTimer()
        timer.timeout.connect(look)
        timer.start(100)
        status = app.exec()
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1000:.0f} kB")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
