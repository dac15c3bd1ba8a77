"""The Models window with real clicks against a publisher's server that misbehaves on request."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMenu, QMessageBox, QPushButton

from desktop.models.entrance import Models
from desktop.models.licence_sheet import LicenceSheet
from desktop.models.window import ModelsWindow
from desktop.models.wording import memory_words
from desktop.models.work import download_words
from desktop.workers import JobRunner
from inference.catalogue.download import DownloadState
from inference.catalogue.table import MODELS
from tests.desktop.conftest import WAIT, perchead_threads
from tests.desktop.heartbeat import Heartbeat
from tests.unit.catalogue_helpers import CONFIG, WEIGHTS, entry_at, make_store, weights_path
from tests.unit.catalogue_server import serve

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def publisher():
    with serve() as publisher:
        yield publisher


@pytest.fixture
def open_models(make_window, publisher, tmp_path, qtbot):
    """Opens the window on two small models: (main window, its row for the first)."""
    first = entry_at(publisher.url)
    second = replace(first, id="other", group="Style", files=first.files[1:])

    def show(*accepted):
        window = make_window()
        store = make_store(tmp_path, *accepted)
        window.models = Models(
            window, window.runner, window.status.say, models=(first, second), store=store
        )
        window.actions_["models"].trigger()
        qtbot.waitUntil(lambda: window.models.window is not None, timeout=WAIT)
        shelf = window.models.shelf
        qtbot.waitUntil(lambda: set(shelf.places) == {"tiny", "other"}, timeout=WAIT)
        qtbot.waitUntil(lambda: len(window.models.window.rows) == 2, timeout=WAIT)
        qtbot.waitUntil(window.models.window.rows["other"].isVisible, timeout=WAIT)
        return window, window.models.window.rows["tiny"]

    return show


def click(qtbot, button):
    assert button.isVisible(), button.text()
    qtbot.mouseClick(button, LEFT)


def settled(qtbot, window):
    qtbot.waitUntil(lambda: not window.models.shelf.jobs, timeout=WAIT)


def sheet_of(window):
    sheets = [s for s in window.models.window.findChildren(LicenceSheet) if s.isVisible()]
    return sheets[0] if sheets else None


def shown(row):
    return [button.text() for button in row.buttons if button.isVisible()]


def test_the_shortcut_opens_it_and_it_says_what_it_must(make_window, qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("PERCHEAD_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    window = make_window()
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window, Qt.Key.Key_M, keys)
    qtbot.waitUntil(lambda: window.models.window is not None, timeout=WAIT)
    models = window.models.window
    assert isinstance(models, ModelsWindow)
    assert models.isVisible()
    assert models.privacy.text() == "Your portraits never leave this computer."
    qtbot.waitUntil(lambda: len(window.models.shelf.places) == len(MODELS), timeout=WAIT)
    qtbot.waitUntil(lambda: len(models.rows) == len(MODELS), timeout=WAIT)
    qtbot.waitUntil(models.rows["flame"].isVisible, timeout=WAIT)  # the last one
    for entry in MODELS:
        row = models.rows[entry.id]
        words = "\n".join(part.text() for part in row.findChildren(QLabel))
        for part in (entry.id, entry.publisher, entry.licence.name, entry.purpose[1:]):
            assert part in words
        assert f"Commercial use: {entry.licence.commercial}" in words
        wanted = ["Get", "Import…"] if entry.can_be_fetched else ["Website…", "Import…"]
        assert shown(row) == (["Verify"] if entry.built_in else wanted)
        place = "Part of PercHead" if entry.built_in else "Not on this computer"
        assert row.place.text() == place
    assert list(tmp_path.glob("models")) == []  # looking makes nothing


def test_nothing_is_fetched_before_the_licence_is_accepted(open_models, publisher, qtbot):
    window, row = open_models()
    click(qtbot, row.get)
    sheet = sheet_of(window)
    words = "\n".join(part.text() for part in sheet.findChildren(QLabel))
    assert "Apache-2.0" in words
    assert "Commercial use: yes" in words
    assert "https://www.apache.org/licenses/LICENSE-2.0" in words
    assert not sheet.accept_button.isEnabled()
    qtbot.mouseClick(sheet.accept_button, LEFT)
    sheet.reject()
    qtbot.wait(50)
    assert publisher.requests == []
    assert not window.models.shelf.jobs
    click(qtbot, row.get)
    sheet = sheet_of(window)
    qtbot.keyClick(sheet.box, Qt.Key.Key_Space)
    click(qtbot, sheet.accept_button)
    settled(qtbot, window)
    assert weights_path(window.models.shelf.store).read_bytes() == WEIGHTS
    assert row.place.text() == "On this computer"
    assert shown(row) == ["Verify", "Remove"]
    assert not row.note.isVisible()


def test_progress_cancel_and_resume(open_models, publisher, qtbot):
    entry = entry_at(publisher.url)
    window, row = open_models(entry)
    publisher.faults = ["stall"]
    click(qtbot, row.get)
    qtbot.waitUntil(lambda: "MB of 3.0 MB" in row.progress.says.text(), timeout=WAIT)
    assert "model.safetensors" in row.progress.says.text()
    assert 400 < row.progress.bar.value() < 600
    assert row.place.text() == "On its way"
    assert shown(row) == []
    click(qtbot, row.progress.cancel)
    assert row.progress.says.text() == "Stopping…"
    settled(qtbot, window)
    assert row.place.text() == "Partly here: 1.5 MB of 3.0 MB"
    assert shown(row) == ["Resume", "Import…", "Remove"]
    publisher.requests.clear()
    click(qtbot, row.get)
    settled(qtbot, window)
    assert row.place.text() == "On this computer"
    assert publisher.requests[0][1].startswith("bytes=")


def test_a_line_that_says_nothing_is_called_waiting(open_models, publisher, qtbot, monkeypatch):
    monkeypatch.setattr("desktop.models.progress_line.SILENCE", 0.05)
    window, row = open_models(entry_at(publisher.url))
    publisher.faults = ["stall"]
    click(qtbot, row.get)
    qtbot.waitUntil(lambda: row.progress.says.text().endswith("waiting"), timeout=WAIT)
    publisher.release.set()
    settled(qtbot, window)


@pytest.mark.parametrize(
    ("fault", "words"),
    [(403, "403"), (404, "404"), ("circle", "circle"), ("wrong bytes", "not the published")],
)
def test_an_error_is_one_sentence_in_its_row(open_models, publisher, qtbot, fault, words):
    window, row = open_models(entry_at(publisher.url))
    publisher.faults = [fault]
    click(qtbot, row.get)
    settled(qtbot, window)
    assert row.note.isVisible()
    assert words in row.note.text()
    assert "\n" not in row.note.text()
    assert row.note.property("role") == "danger"
    assert not window.models.window.rows["other"].note.isVisible()
    publisher.faults = []
    click(qtbot, row.get)
    settled(qtbot, window)
    assert not row.note.isVisible()
    assert row.place.text() == "On this computer"


def test_import_of_a_folder_or_a_file(open_models, qtbot, tmp_path, monkeypatch):
    window, row = open_models()
    delivery = tmp_path / "delivery"
    delivery.mkdir()
    (delivery / "model.safetensors").write_bytes(WEIGHTS)
    click(qtbot, row.import_)
    sheet = sheet_of(window)
    assert sheet.accept_button.text() == "Accept and Import"
    click(qtbot, sheet.box)
    click(qtbot, sheet.accept_button)
    menu = row.import_.findChild(QMenu)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *words: str(delivery))
    menu.actions()[0].trigger()
    menu.close()
    settled(qtbot, window)
    assert row.note.text() == "Copied; still missing: config.json."
    assert row.place.text().startswith("Partly here")
    (delivery / "config.json").write_bytes(CONFIG)
    click(qtbot, row.import_)
    menus = [menu for menu in row.import_.findChildren(QMenu) if menu.isVisible()]
    chosen = (str(delivery / "config.json"), "")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *words: chosen)
    menus[0].actions()[1].trigger()
    menus[0].close()
    settled(qtbot, window)
    assert row.place.text() == "On this computer"
    other = window.models.window.rows["other"]  # one file, of any name, and no menu
    wrong = tmp_path / "wrong.bin"
    wrong.write_bytes(b"wrong")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *words: (str(wrong), ""))
    click(qtbot, other.import_)
    click(qtbot, sheet_of(window).box)
    click(qtbot, sheet_of(window).accept_button)
    settled(qtbot, window)
    assert "is not the published model.safetensors" in other.note.text()


def test_verify_and_remove(open_models, publisher, qtbot):
    window, row = open_models(entry_at(publisher.url))
    click(qtbot, row.get)
    settled(qtbot, window)
    click(qtbot, row.verify)
    settled(qtbot, window)
    assert row.note.text() == "Every file is as it was published."
    weights = weights_path(window.models.shelf.store)
    weights.write_bytes(bytes(len(WEIGHTS)))
    click(qtbot, row.verify)
    settled(qtbot, window)
    assert row.note.text() == "Damaged: model.safetensors; remove the model and get it again."
    for word, left in (("Keep", True), ("Remove", False)):
        click(qtbot, row.remove)
        boxes = [b for b in window.models.window.findChildren(QMessageBox) if b.isVisible()]
        assert "3.0 MB" in boxes[0].informativeText()
        click(qtbot, next(b for b in boxes[0].buttons() if b.text() == word))
        settled(qtbot, window)
        assert weights.exists() is left
    assert row.note.text() == "Removed; 3.0 MB are free again."
    assert shown(row) == ["Get", "Import…"]


def test_closing_the_window_lets_the_download_go_on(open_models, publisher, qtbot):
    window, row = open_models(entry_at(publisher.url))
    publisher.faults = ["stall"]
    click(qtbot, row.get)
    qtbot.waitUntil(lambda: "of 3.0 MB" in row.progress.says.text(), timeout=WAIT)
    qtbot.keyClick(window.models.window, Qt.Key.Key_Escape)
    assert not window.models.window.isVisible()
    assert window.status.text.text() == "tiny is still on the way: see File, Models."
    publisher.release.set()
    settled(qtbot, window)
    assert weights_path(window.models.shelf.store).exists()
    qtbot.waitUntil(
        lambda: window.status.text.text() == "tiny is on this computer now.", timeout=WAIT
    )
    window.actions_["models"].trigger()
    assert window.models.window.isVisible()
    assert row.place.text() == "On this computer"


@pytest.mark.parametrize(("word", "closed"), [("Stay", False), ("Close Anyway", True)])
def test_closing_the_application_asks_first(open_models, publisher, qtbot, word, closed):
    window, row = open_models(entry_at(publisher.url))
    publisher.faults = ["stall"]
    click(qtbot, row.get)
    qtbot.waitUntil(lambda: "of 3.0 MB" in row.progress.says.text(), timeout=WAIT)

    def answer():
        boxes = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox)]
        box = next(b for b in boxes if b.isVisible())
        assert "tiny is on the way" in box.text()
        qtbot.mouseClick(next(b for b in box.buttons() if b.text() == word), LEFT)

    QTimer.singleShot(50, answer)
    window.close()
    assert window.isVisible() is not closed
    if closed:
        assert perchead_threads() == []
    else:
        publisher.release.set()
        settled(qtbot, window)
        assert weights_path(window.models.shelf.store).exists()
        window.close()
        assert not window.isVisible()
    part = weights_path(make_store(window.models.shelf.store.root.parent))
    assert part.exists() is not closed


def test_what_another_program_did_is_seen_when_the_window_comes_back(open_models, qtbot):
    window, row = open_models()
    window.models.window.close()
    folder = weights_path(window.models.shelf.store).parent
    folder.mkdir(parents=True)
    (folder / "config.json").write_bytes(CONFIG)
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    window.actions_["models"].trigger()
    qtbot.waitUntil(lambda: row.place.text() == "On this computer", timeout=WAIT)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT)
    (folder / "config.json").unlink()
    window.models.window.activateWindow()
    qtbot.waitUntil(lambda: row.place.text().startswith("Partly here"), timeout=WAIT)


def test_what_is_damaged_in_the_shared_cache_is_named_there(open_models, publisher, qtbot):
    window, _ = open_models()
    shelf = window.models.shelf
    entry = replace(shelf.models[0], repository="nobody/tiny", revision="c" * 40)
    snapshot = shelf.store.shared / "models--nobody--tiny" / "snapshots" / ("c" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_bytes(CONFIG)
    (snapshot / "model.safetensors").write_bytes(bytes(len(WEIGHTS)))
    shelf.verify(entry)
    settled(qtbot, window)
    assert shelf.places["tiny"].state == "shared"
    row = window.models.window.rows["tiny"]
    assert shown(row) == ["Verify"]
    assert f"in {snapshot}; delete it there" in row.note.text()


def test_the_window_is_never_blocked(open_models, publisher, qtbot):
    window, row = open_models(entry_at(publisher.url))
    pauses = []
    for _ in range(4):  # a busy machine may keep the process waiting
        publisher.faults = ["slow"]
        again = Models(window, window.runner, window.status.say)
        with Heartbeat() as heart:
            again.show()
            qtbot.waitUntil(lambda again=again: again.window is not None, timeout=WAIT)
            rows = again.window.rows
            qtbot.waitUntil(lambda rows=rows: len(rows) == len(MODELS), timeout=WAIT)
            again.window.close()
            click(qtbot, row.get)
            settled(qtbot, window)
            click(qtbot, row.verify)
            settled(qtbot, window)
            window.models.shelf.remove(row.entry)
            settled(qtbot, window)
        pauses.append(heart.longest)
        if heart.longest < 0.1:
            break
    assert min(pauses) < 0.1, pauses


def test_the_publisher_of_flame_is_found(make_window, qtbot, monkeypatch, tmp_path):
    monkeypatch.setenv("PERCHEAD_MODELS", str(tmp_path))
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    window = make_window()
    window.models.show()
    qtbot.waitUntil(lambda: window.models.window is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: "flame" in window.models.window.rows, timeout=WAIT)
    row = window.models.window.rows["flame"]
    qtbot.waitUntil(row.page.isVisible, timeout=WAIT)
    qtbot.mouseClick(row.page, LEFT)
    assert opened == ["https://flame.is.tue.mpg.de"]


def test_the_folder_is_opened_even_before_it_is_made(open_models, qtbot, monkeypatch):
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    window, _ = open_models()
    root = window.models.shelf.store.root
    for _ in range(2):
        buttons = window.models.window.findChildren(QPushButton)
        click(qtbot, next(b for b in buttons if b.text() == "Open the Folder"))
        root.mkdir(exist_ok=True)
    assert opened == [root.parent.as_posix(), root.as_posix()]


def test_too_little_memory_is_said():
    entry = entry_at("http://127.0.0.1:9")
    assert memory_words(entry, 8 * 10**9) == "1.0 MB of memory"
    assert memory_words(entry, 10**5) == "1.0 MB of memory, here 100.0 kB"


def test_figures_for_people():
    state = DownloadState("a.bin", 1_200_000_000, 4_500_000_000, 12.3e6, 268.0)
    words, fraction = download_words(state)
    assert words == "a.bin  ·  1.2 GB of 4.5 GB  ·  12.3 MB/s  ·  4 min 28 s left"
    assert fraction == pytest.approx(0.267, abs=0.001)
    assert download_words(DownloadState("a.bin", 500, None, 0.0, None)) == (
        "a.bin  ·  500 bytes",
        -1.0,
    )


@pytest.mark.parametrize(
    ("module", "libraries"),
    [
        ("desktop.models.window", ("http.client", "ssl", "torch")),
        ("desktop.main_window.window", ("filelock", "inference.catalogue.table")),
    ],
)
def test_neither_the_list_nor_the_start_waits_for_what_it_does_not_need(module, libraries):
    code = f"import sys, {module}; print([name for name in {libraries} if name in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
        check=True,
    )
    assert run.stdout.strip() == "[]"


def test_a_runner_that_was_shut_down_is_left_alone(qapp, publisher, tmp_path, qtbot):
    runner = JobRunner()
    entry = entry_at(publisher.url)
    models = Models(None, runner, print, models=(entry,), store=make_store(tmp_path, entry))
    models.show()
    qtbot.waitUntil(lambda: models.window is not None, timeout=WAIT)
    qtbot.addWidget(models.window)
    publisher.faults = ["stall"]
    models.shelf.get(entry)
    qtbot.waitUntil(lambda: len(publisher.requests) == 2, timeout=WAIT)
    runner.shutdown()
    qtbot.wait(50)  # what the job still tells arrives now
    assert perchead_threads() == []
