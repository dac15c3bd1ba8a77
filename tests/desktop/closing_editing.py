"""Opens the application, edits, closes it at a stage, and says which threads are left.

Run by test_editing_results.py: python closing_editing.py PORTRAIT STAGE
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
from desktop.main_window.window import MainWindow
from tests.dummy_engine import DummyEngine

done: list[str] = []


def step(stage: str) -> None:
    """Begin what the stage belongs to, then close the window in its middle."""
    window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow))
    if window.session.head is None or not window.isVisible():
        return
    if not done:
        done.append("begun")
        if stage == "variations":
            window.actions_["variations"].trigger()
        else:
            window.editing.style.give_words("grey hair")
        return
    editing = window.editing.maker.making or window.editing.maker.reading
    said = window.status.text.text().removesuffix("…")
    wanted = "Making variations" if stage == "variations" else stage
    if said == wanted and (stage != "Making the head" or editing is not None):
        print("closed while", stage)
        window.close()


if __name__ == "__main__":
    portrait, stage = sys.argv[1:]
    app = QApplication([])
    timer = QTimer()
    timer.setInterval(5)
    timer.timeout.connect(lambda: step(stage))
    timer.start()
    status = run_app([portrait], engine_factory=lambda: DummyEngine(0.4))
    timer.stop()
    print("threads:", [thread.name for thread in threading.enumerate()])
    sys.exit(status)
