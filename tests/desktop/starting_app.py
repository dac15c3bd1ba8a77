"""Starts the application with the real engine on a portrait and says how long it ever paused.

Run by test_heartbeat.py: python starting_app.py PORTRAIT
Prints the longest pause of the event loop in seconds, from the window's first turn until the
head is drawn.
"""

import os
import sys
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from desktop.libraries import Libraries

if __name__ == "__main__":
    libraries = Libraries()
    libraries.start()

    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from desktop.app import run_app
    from desktop.main_window.window import MainWindow
    from tests.desktop.heartbeat import Heartbeat

    app = QApplication([])
    heart = Heartbeat()

    def look() -> None:
        window = next(w for w in app.topLevelWidgets() if isinstance(w, MainWindow))
        if window.session.head is not None and window.viewport.frames.sharp:
            heart.stop()
            window.close()

    timer = QTimer()
    timer.setInterval(50)
    timer.timeout.connect(look)
    QTimer.singleShot(0, heart.start)
    timer.start()
    status = run_app(sys.argv[1:], libraries=libraries)
    timer.stop()
    print(heart.longest)
    sys.exit(status)
