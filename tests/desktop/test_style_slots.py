"""Pictures for either of two styles: dropped, chosen from a file, cropped to the face; keys."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from desktop.style.reader import thumbnail_of
from inference.editing.types import Style
from inference.portrait.types import PreparedPortrait
from inference.progress import CancelToken, Progress, no_progress
from tests.desktop.conftest import face_picture
from tests.desktop.editing import LEFT, WAIT, describe, settle
from tests.dummy_engine import DummyEngine

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier
COPY = Qt.DropAction.CopyAction


@pytest.fixture
def blending(with_head, qtbot):
    """A window whose style is described, and blended with another that is not chosen yet."""
    describe(with_head, qtbot, "red hair")
    with_head.editing.style.blend.click()
    QApplication.processEvents()
    return with_head


def drag_over(style, path, target: QWidget) -> tuple[QPoint, QMimeData]:
    """Drag a file into the panel and on to the middle of a part of it."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    middle = target.mapTo(style, target.rect().center())
    QApplication.sendEvent(style, QDragEnterEvent(QPoint(5, 5), COPY, mime, LEFT, NONE))
    QApplication.sendEvent(style, QDragMoveEvent(middle, COPY, mime, LEFT, NONE))
    return middle, mime


def drop(style, path, target: QWidget) -> None:
    middle, mime = drag_over(style, path, target)
    QApplication.sendEvent(style, QDropEvent(QPointF(middle), COPY, mime, LEFT, NONE))


def names(window) -> tuple[str, str]:
    """What the two styles are called."""
    look = window.session.edits.look
    first, second = (s.style.description if s else "" for s in (look.source, look.second))
    return first, second


def test_a_picture_dropped_on_the_second_style_leaves_the_first(blending, tmp_path, qtbot):
    style = blending.editing.style
    drop(style, face_picture(tmp_path / "bert.png", [(100, 100)]), style.second.picture)
    qtbot.waitUntil(lambda: names(blending) == ("red hair", "bert"), timeout=WAIT)
    assert style.second.chip.isVisible()
    assert not style.first.chip.isVisible()
    drop(style, face_picture(tmp_path / "carl.png", [(100, 100)]), style.second.chip)
    qtbot.waitUntil(lambda: names(blending) == ("red hair", "carl"), timeout=WAIT)
    settle(blending, qtbot)


def test_a_picture_dropped_on_the_first_style_leaves_the_second(blending, tmp_path, qtbot):
    style = blending.editing.style
    drop(style, face_picture(tmp_path / "bert.png", [(100, 100)]), style.second.line)
    qtbot.waitUntil(lambda: names(blending)[1] == "bert", timeout=WAIT)
    drop(style, face_picture(tmp_path / "carl.png", [(100, 100)]), style.first.line)
    qtbot.waitUntil(lambda: names(blending) == ("carl", "bert"), timeout=WAIT)
    settle(blending, qtbot)


def test_where_no_second_style_shows_a_dropped_picture_is_the_first(with_head, tmp_path, qtbot):
    style = with_head.editing.style
    reference = face_picture(tmp_path / "bert.png", [(100, 100)])
    drop(style, reference, style.variations)  # where the second style would be
    qtbot.waitUntil(lambda: names(with_head) == ("bert", ""), timeout=WAIT)
    settle(with_head, qtbot)


def test_while_a_picture_is_dragged_its_target_is_outlined(blending, portrait):
    style = blending.editing.style
    blending.viewport.setFocus()  # no cursor blinks in a line
    targets = [style.first, style.second.parentWidget()]

    def pictures():
        return [target.grab().toImage() for target in targets]

    quiet = pictures()
    drag_over(style, portrait, style.second.picture)
    first, second = pictures()
    assert first == quiet[0]
    assert second != quiet[1]
    drag_over(style, portrait, style.first.line)
    first, second = pictures()
    assert first != quiet[0]
    assert second == quiet[1]
    QApplication.sendEvent(style, QDragLeaveEvent())
    assert pictures() == quiet


@pytest.mark.parametrize("slot", ["first", "second"])
def test_the_file_dialog_of_each_style_gives_that_style(
    blending, tmp_path, qtbot, monkeypatch, slot
):
    style = blending.editing.style
    reference = face_picture(tmp_path / "bert.png", [(100, 100)])
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(reference), ""))
    qtbot.mouseClick(getattr(style, slot).picture, LEFT)
    expected = ("bert", "") if slot == "first" else ("red hair", "bert")
    qtbot.waitUntil(lambda: names(blending) == expected, timeout=WAIT)
    settle(blending, qtbot)
    before = names(blending)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))  # cancelled
    qtbot.mouseClick(getattr(style, slot).picture, LEFT)
    assert names(blending) == before
    assert not blending.editing.reader.busy(slot)


@dataclass
class Listening(DummyEngine):
    """Remembers the portraits whose style was read."""

    read: list[PreparedPortrait] = field(default_factory=list)

    def style_of_portrait(
        self, portrait: PreparedPortrait, progress: Progress, cancel: CancelToken
    ) -> Style:
        self.read.append(portrait)
        return super().style_of_portrait(portrait, progress, cancel)


def test_a_references_face_is_cropped_as_a_portraits_is(make_window, portrait, tmp_path, qtbot):
    engine = Listening()
    window = make_window(engine=engine)
    window.opening.open(portrait)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    reference = face_picture(tmp_path / "bert.png", [(470, 150)], size=(640, 420))
    drop(window.editing.style, reference, window.editing.style.first.line)
    qtbot.waitUntil(lambda: names(window)[0] == "bert", timeout=WAIT)
    settle(window, qtbot)
    token = CancelToken()
    image = engine.open_image(reference)
    face = engine.detect(image, no_progress, token)[0]
    crop = engine.suggest_crop(image, face)
    assert crop.side < 0.5 * min(image.size)  # the picture shows much more than the face
    given = next(portrait for portrait in engine.read if portrait.crop == crop)
    expected = engine.prepare(image, crop, no_progress, token)
    np.testing.assert_array_equal(given.image, expected.image)
    source = window.session.edits.look.source
    np.testing.assert_array_equal(source.picture, thumbnail_of(expected))
    assert all(portrait.crop.side != min(image.size) for portrait in engine.read)


def test_blending_is_switched_by_a_key_and_by_its_menu_entry(with_head, qtbot):
    window = with_head
    describe(window, qtbot, "red hair")
    style, action = window.editing.style, window.actions_["blend"]
    qtbot.keyClick(window, Qt.Key.Key_B, CTRL | SHIFT)
    assert style.blend.isChecked()
    assert action.isChecked()
    assert window.focusWidget() is style.second.line
    qtbot.keyClicks(style.second.line, "an old man")
    qtbot.keyClick(style.second.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: names(window) == ("red hair", "an old man"), timeout=WAIT)
    settle(window, qtbot)
    qtbot.keyClick(window, Qt.Key.Key_B, CTRL | SHIFT)
    assert not style.second.line.isVisible()
    assert names(window) == ("red hair", "")
    assert window.actions_["undo"].text() == "Undo Blend Off"
    window.actions_["undo"].trigger()
    assert action.isChecked()
    style.blend.click()
    assert not action.isChecked()
    settle(window, qtbot)


def test_a_key_takes_both_styles_away(blending, tmp_path, qtbot):
    style = blending.editing.style
    drop(style, face_picture(tmp_path / "bert.png", [(100, 100)]), style.second.line)
    qtbot.waitUntil(lambda: names(blending) == ("red hair", "bert"), timeout=WAIT)
    qtbot.keyClick(blending, Qt.Key.Key_P, CTRL | SHIFT)
    assert blending.session.edits.look.plain
    assert style.first.line.text() == ""
    assert not style.second.chip.isVisible()
    settle(blending, qtbot)
