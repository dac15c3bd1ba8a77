"""How portraits come in: drop, paste, menu, sample, recent files."""

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QFileDialog

WAIT = 30_000


def drop(window, mime: QMimeData) -> None:
    """Deliver a real enter and drop to the window."""
    actions, buttons = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(window.rect().center(), actions, mime, buttons, none)
    QApplication.sendEvent(window, enter)
    if enter.isAccepted():
        where = QPointF(window.rect().center())
        QApplication.sendEvent(window, QDropEvent(where, actions, mime, buttons, none))


def urls(*paths) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def test_the_empty_window_offers_a_drop_card_and_no_panels(make_window):
    window = make_window()
    assert window.empty.isVisible()
    assert not window.portrait_panel.isVisible()
    assert not window.actions_["export_ply"].isEnabled()


def test_a_dropped_file_becomes_a_head(make_window, portrait, qtbot):
    window = make_window()
    drop(window, urls(portrait))
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    assert len(window.session.head.gaussians) == 65_536
    assert window.windowTitle() == "anna – PercHead"
    assert not window.empty.isVisible()
    assert window.actions_["export_ply"].isEnabled()
    qtbot.waitUntil(lambda: "65,536 Gaussians" in window.status.readout.text(), timeout=WAIT)
    assert "dummy" in window.status.readout.text()
    qtbot.waitUntil(lambda: "portable" in window.status.readout.text(), timeout=WAIT)


def test_a_drop_of_something_else_is_not_taken(make_window):
    window = make_window()
    mime = QMimeData()
    mime.setText("hello")
    enter = QDragEnterEvent(
        window.rect().center(),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(window, enter)
    assert not enter.isAccepted()


def test_a_second_drop_replaces_the_portrait_in_the_middle_of_the_work(
    make_window, portrait, pair, qtbot
):
    window = make_window(seconds=0.4)
    drop(window, urls(portrait))
    qtbot.waitUntil(lambda: window.session.image is not None, timeout=WAIT)
    drop(window, urls(pair))
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    assert window.session.name == "pair"
    assert window.session.head.portrait.crop == window.session.edits.crop


def test_pasting_a_picture(make_window, portrait, qtbot):
    window = make_window()
    QGuiApplication.clipboard().setImage(QImage(str(portrait)))
    qtbot.keyClick(window, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    assert window.session.name == "pasted"


def test_pasting_a_copied_file(make_window, portrait, qtbot):
    window = make_window()
    QGuiApplication.clipboard().setMimeData(urls(portrait))
    qtbot.mouseClick(window.empty.paste_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    assert window.session.source == portrait


def test_pasting_nothing_says_what_to_do(make_window, qtbot):
    window = make_window()
    QGuiApplication.clipboard().clear()
    window.actions_["paste"].trigger()
    assert "copy" in window.status.text.text()


def test_file_open_asks_and_opens(make_window, portrait, qtbot, monkeypatch):
    window = make_window()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(portrait), ""))
    qtbot.keyClick(window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)


def test_the_sample_opens_from_its_card(make_window, qtbot):
    window = make_window()
    qtbot.mouseClick(window.empty.sample_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.image is not None, timeout=WAIT)
    assert window.session.name == "astronaut"
    assert window.preferences.recent == []


def test_recent_files_come_back_in_the_next_window(make_window, portrait, pair, qtbot):
    window = make_window()
    for path in (portrait, pair):
        window.opening.open(path)
        qtbot.waitUntil(lambda path=path: window.session.name == path.stem, timeout=WAIT)
    menu = window.menuBar().addMenu("test")
    again = make_window()
    again.preferences.recent = window.preferences.load(window.preferences.path).recent
    again.opening.fill_recent(menu)
    assert [action.text() for action in menu.actions()] == ["pair.png", "anna.png"]
    menu.actions()[1].trigger()
    qtbot.waitUntil(lambda: again.session.name == "anna", timeout=WAIT)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n broken"])
def test_a_broken_file_is_told_and_the_open_portrait_stays(
    make_window, portrait, tmp_path, qtbot, content
):
    window = make_window()
    window.opening.open(portrait)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    broken = tmp_path / "broken.png"
    broken.write_bytes(content)
    drop(window, urls(broken))
    qtbot.waitUntil(lambda: "choose" in window.status.text.text(), timeout=WAIT)
    assert window.session.name == "anna"
    assert window.session.head is not None
    assert not window.pipeline.busy


def test_a_sentence_is_readable_while_work_goes_on(make_window, portrait, qtbot):
    window = make_window(seconds=0.3)
    window.opening.open(portrait)
    qtbot.waitUntil(lambda: window.status.text.text() == "Cutting out the head…", timeout=WAIT)
    QGuiApplication.clipboard().clear()
    window.actions_["paste"].trigger()
    job = window.status.job
    with qtbot.waitSignal(job.progressed, timeout=WAIT):
        pass
    assert "copy" in window.status.text.text()
    assert window.status.bar.isVisible()
    window.opening.open(portrait)  # goes on, so the sentence goes
    assert "copy" not in window.status.text.text()


def test_the_first_portrait_shows_at_once_that_it_is_coming(make_window, portrait, qtbot):
    """Also while the models are still being loaded; stopped, the empty state is back."""
    window = make_window(seconds=0.3)
    window.opening.open(portrait)
    assert window.card.isVisible()
    assert not window.empty.isVisible()
    window.pipeline.cancel()
    qtbot.waitUntil(lambda: not window.pipeline.busy, timeout=WAIT)
    assert window.session.image is None
    assert window.empty.isVisible()
