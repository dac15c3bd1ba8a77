"""The stamp for dark glasses in the window: the map has the glasses, the style the dark lenses."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from desktop.editing.look import Look, StyleSource
from desktop.editing.stamping import with_dark_lenses
from inference.editing.types import Style
from inference.face_map.labels import Label
from inference.face_map.stamps.stamp import Stamp
from tests.desktop.editing import LEFT, WAIT, begin_painting, describe, settle

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
OWN = Style(np.eye(1, 4, dtype=np.float32)[0], "test", "this portrait")


def stamp(panel, qtbot, wanted: Stamp) -> None:
    """Press A and click the stamp."""
    panel.window().activateWindow()  # no window manager does, when the line's list has closed
    panel.canvas.setFocus()
    qtbot.waitUntil(panel.canvas.hasFocus, timeout=WAIT)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_A)
    menu = panel.strip.stamps.menu()
    action = next(action for action in menu.actions() if action.text() == wanted.value)
    qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
    qtbot.waitUntil(lambda: not menu.isVisible(), timeout=WAIT)


def glasses(panel) -> bool:
    return bool((panel.document.labels == Label.GLASSES).any())


def prompt(window) -> str:
    return window.editing.style.first.line.text()


def asked(window, qtbot) -> bool | None:
    """What the engine was asked for: whether lenses are dark."""
    settle(window, qtbot)
    return window.session.edited.request.style.dark_lenses


def test_dark_glasses_are_one_step_of_map_and_words(with_head, qtbot):
    window = with_head
    panel = begin_painting(window, qtbot)
    own = window.session.reading.style
    depth = window.session.history.depth
    stamp(panel, qtbot, Stamp.DARK_GLASSES)
    assert glasses(panel)
    assert prompt(window) == "sunglasses"
    assert window.session.history.depth == depth + 1
    assert window.actions_["undo"].text() == "Undo Dark glasses"
    assert "press V" in panel.hint.text()
    assert asked(window, qtbot) is True
    request = window.session.edited.request
    np.testing.assert_array_equal(request.style.vector, own.vector)  # nothing else changes
    assert (request.labels == Label.GLASSES).any()

    qtbot.keyClick(panel.canvas, Qt.Key.Key_Z, CTRL)
    assert not glasses(panel)
    assert prompt(window) == ""
    assert window.session.untouched
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Z, CTRL | SHIFT)
    assert glasses(panel)
    assert prompt(window) == "sunglasses"
    assert asked(window, qtbot) is True


def test_dark_glasses_are_added_to_the_words_that_are_there(with_head, qtbot):
    window = with_head
    panel = begin_painting(window, qtbot)
    describe(window, qtbot, "red hair")
    vector = window.session.edited.request.style.vector
    stamp(panel, qtbot, Stamp.DARK_GLASSES)
    assert prompt(window) == "red hair, sunglasses"
    assert asked(window, qtbot) is True
    np.testing.assert_array_equal(window.session.edited.request.style.vector, vector)
    window.actions_["undo"].trigger()
    assert prompt(window) == "red hair"
    assert not glasses(panel)


def test_dark_glasses_say_nothing_again_where_words_say_it(with_head, qtbot):
    window = with_head
    panel = begin_painting(window, qtbot)
    describe(window, qtbot, "a man with dark glasses")
    stamp(panel, qtbot, Stamp.DARK_GLASSES)
    assert glasses(panel)
    assert prompt(window) == "a man with dark glasses"
    assert asked(window, qtbot) is True
    window.actions_["undo"].trigger()
    assert not glasses(panel)
    assert prompt(window) == "a man with dark glasses"


def test_other_glasses_leave_the_words_alone(with_head, qtbot):
    window = with_head
    panel = begin_painting(window, qtbot)
    stamp(panel, qtbot, Stamp.ROUND_GLASSES)
    assert glasses(panel)
    assert prompt(window) == ""
    assert asked(window, qtbot) is None
    stamp(panel, qtbot, Stamp.DARK_GLASSES)
    stamp(panel, qtbot, Stamp.SQUARE_GLASSES)
    assert prompt(window) == "sunglasses"


def test_dark_glasses_that_locks_keep_away_write_no_words(with_head, qtbot):
    window = with_head
    panel = begin_painting(window, qtbot)
    for label in (Label.FACE, Label.HAIR, Label.BACKGROUND):
        panel.state.set(label=label)
        qtbot.keyClick(panel.canvas, Qt.Key.Key_K)
    depth = window.session.history.depth
    stamp(panel, qtbot, Stamp.DARK_GLASSES)
    assert not glasses(panel)
    assert prompt(window) == ""
    assert window.session.history.depth == depth
    assert "locked" in panel.hint.text()


def words(text: str, dark: bool | None) -> StyleSource:
    return StyleSource(replace(OWN, description=text, dark_lenses=dark))


def test_a_picture_stays_the_style_and_is_told_to_have_dark_lenses():
    picture = np.zeros((4, 4, 3), np.uint8)
    look = Look(StyleSource(replace(OWN, description="beach.png"), picture))
    dark = with_dark_lenses(look, OWN)
    assert dark.source.picture is picture
    assert dark.title == "beach.png, sunglasses"
    assert dark.style(OWN).dark_lenses is True


@pytest.mark.parametrize(
    "look",
    [
        Look(),
        Look(strength=0.2),
        Look(seed=3),
        Look(words("clear glasses", False)),
        Look(words("red hair", None), strength=0.0),
        Look(words("sunglasses", True), strength=0.0),
        Look(words("red hair", None), words("round glasses", False), share=0.8),
        Look(words("sunglasses", True), words("round glasses", False), share=0.8),
        Look(words("red hair", None), words("an old man", None), share=1.0),
        Look(second=words("round glasses", False), share=1.0),
    ],
)
def test_whatever_the_look_is_it_has_dark_lenses_then_and_is_not_told_twice(look):
    dark = with_dark_lenses(look, OWN)
    assert dark.style(OWN).dark_lenses is True
    assert "sunglasses, sunglasses" not in dark.title
    assert with_dark_lenses(dark, OWN) is dark
