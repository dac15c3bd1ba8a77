"""Starts the application: the window first, everything slow in workers."""

import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import platformdirs
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from desktop.engine_holder import EngineFactory, EngineHolder, remembered_engine
from desktop.icons import application_icon
from desktop.libraries import Libraries
from desktop.main_window.window import MainWindow
from desktop.preferences import Preferences
from desktop.theme import apply_theme, palette_named
from desktop.viewport.shared_renderer import RendererFactory, SharedRenderer, default_renderer

SWITCH_INTERVAL = 0.0005  # seconds; workers give the interpreter back to the window sooner
PATIENCE = 0.8  # seconds that the window may wait for what would stop it later; our choice


def _open(window: MainWindow, portraits: Sequence[str]) -> None:
    """Open what the command line named; a window shows one portrait."""
    window.opening.open(Path(portraits[0]))
    if len(portraits) > 1:
        window.status.say(
            f"This window takes the first of the {len(portraits)} portraits; the sub-command "
            "reconstruct makes all of them."
        )


def run_app(
    argv: Sequence[str],
    engine_factory: EngineFactory | None = None,
    renderer_factory: RendererFactory | None = None,
    libraries: Libraries | None = None,
) -> int:
    """Show the window until it is closed.

    Args:
        argv: portraits to open; the first is, since a window shows one.
        engine_factory: makes the engine, in a worker; by default the real one.
        renderer_factory: makes the renderer, in a worker; by default the best there is.
        libraries: what both are built on, where their import has begun.

    Returns:
        The exit status.
    """
    logging.basicConfig(level=logging.WARNING)
    sys.setswitchinterval(SWITCH_INTERVAL)
    libraries = libraries or Libraries()
    if engine_factory is None:
        libraries.start()
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(["PercHead"])
    app.setApplicationName("PercHead")
    app.setApplicationDisplayName("")
    app.setDesktopFileName("perchead")
    app.setWindowIcon(application_icon())
    folder = Path(platformdirs.user_config_dir("PercHead", appauthor=False))
    preferences = Preferences.load(folder / "preferences.json")
    apply_theme(app, palette_named(preferences.theme))
    window = MainWindow(
        EngineHolder(
            engine_factory or libraries.before(lambda: remembered_engine(preferences.choices))
        ),
        SharedRenderer(renderer_factory or libraries.before(default_renderer)),
        preferences,
    )
    libraries.wait_for_undivided(PATIENCE)
    window.show()
    # After the first paint, so that nothing competes with it.
    QTimer.singleShot(0, window.pipeline.preload)
    if argv:
        QTimer.singleShot(0, lambda: _open(window, argv))
    # Ctrl+C in the terminal closes the window properly; Python needs a turn to notice it.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    breath = QTimer()
    breath.start(500)
    breath.timeout.connect(lambda: None)
    status = app.exec()
    breath.stop()
    if window.isVisible():
        window.close()
    libraries.join()
    return status
