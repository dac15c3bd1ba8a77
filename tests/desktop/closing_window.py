"""Opens the application, closes it at a stage, and says which threads are left.

Run by test_closing.py: python closing_window.py PORTRAIT STAGE OUT_FOLDER
"""

import os
import sys
import threading
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from desktop.app import run_app
from desktop.export.settings import VideoExport
from desktop.main_window.window import MainWindow
from inference.export.video import OrbitVideo
from tests.dummy_engine import DummyEngine


def close_at(stage: str, out: Path) -> None:
    """Close the window once the stage is going on; begin a video first where it is the stage."""
    window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow))
    if stage == "Writing the video":
        head = window.session.head
        if head is None:
            return
        if not window.export_panel.rows:
            orbit = OrbitVideo(seconds=60, size=256)
            export = VideoExport(out / "orbit.mp4", orbit, (1.0, 1.0, 1.0))
            window.exports.start(export, head.gaussians, window.viewport.view_camera(64, 64))
        elif window.export_panel.rows[0].job.fraction > 0:
            window.close()
    elif stage == window.status.text.text().removesuffix("…"):
        window.close()


if __name__ == "__main__":
    portrait, stage, folder = sys.argv[1:]
    app = QApplication([])
    timer = QTimer()
    timer.setInterval(5)
    timer.timeout.connect(lambda: close_at(stage, Path(folder)))
    timer.start()
    status = run_app([portrait], engine_factory=lambda: DummyEngine(0.4))
    timer.stop()
    print("threads:", [thread.name for thread in threading.enumerate()])
    sys.exit(status)
