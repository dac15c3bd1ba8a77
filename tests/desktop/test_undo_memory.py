"""Undo where the face map has no room for its oldest steps: session and map forget together."""

import numpy as np
from PySide6.QtCore import QPoint, Qt

from desktop.editing.look import Look
from desktop.editing.reading import FaceReading
from desktop.session import Session
from inference.editing.types import Style
from inference.face_map.document import SIZE
from inference.face_map.labels import COUNT, Label
from inference.portrait.types import CropBox
from tests.desktop.editing import LEFT, begin_painting, settle, stroke

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NEAR, FAR = CropBox(100, 100, 80), CropBox(100, 100, 160)
STYLE = Style(np.eye(1, 8, dtype=np.float32)[0], "test", "this portrait")


def session_with_maps(memory: int) -> Session:
    """Two crops of one photograph, each with a face map that remembers little; NEAR is chosen."""
    session = Session()
    session.map_memory = memory
    session.set_faces([], NEAR)
    for crop in (NEAR, FAR):
        session.set_reading(FaceReading(crop, np.zeros((SIZE, SIZE), np.uint8), None, STYLE))
    return session


class Walk:
    """What the user saw before and after each step, and the way back and forth along it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.titles: list[str] = []
        self.states = [self.state()]

    def state(self):
        """Edits, and what tells each map from another one."""
        maps = [hash(document.labels.tobytes()) for _, document in self.session._readings.values()]
        return self.session.edits, maps

    def step(self, title: str) -> None:
        """A step was just made."""
        self.titles.append(title)
        self.states.append(self.state())

    def back_and_forth(self) -> int:
        """Undo everything, then redo everything, comparing each time; how many steps it was."""
        session, at = self.session, len(self.titles)
        while session.history.undo_label is not None:
            assert session.history.undo_label == self.titles[at - 1]
            session.undo()
            at -= 1
            assert self.state() == self.states[at]
        oldest = at
        while session.history.redo_label is not None:
            assert session.history.redo_label == self.titles[at]
            session.redo()
            at += 1
            assert self.state() == self.states[at]
        assert at == len(self.titles)
        return at - oldest


def scribble(session: Session, title: str, seed: int) -> None:
    """A stroke that takes some 5,000 bytes."""
    document = session.face_map
    document.begin(title)
    labels = document.labels.copy()
    labels[:96, :96] = np.random.default_rng(seed).integers(0, COUNT, (96, 96))
    document.show(labels)
    assert document.finish()


def test_map_style_and_titles_agree_after_the_map_forgot_its_oldest_steps():
    session = session_with_maps(60_000)
    walk = Walk(session)
    for number in range(40):
        session.change(f"Style {number}", look=Look(strength=number / 100))
        walk.step(f"Style {number}")
        scribble(session, f"Stroke {number}", number)
        walk.step(f"Stroke {number}")
    steps = walk.back_and_forth()
    assert 10 < steps < 80
    assert session.face_map.history.steps == steps // 2  # no stroke is out of reach
    assert walk.back_and_forth() == steps


def test_a_new_stroke_after_undo_keeps_them_in_step():
    session = session_with_maps(60_000)
    walk = Walk(session)
    for number in range(58):
        session.change(f"Style {number}", look=Look(strength=number / 100))
        walk.step(f"Style {number}")
        scribble(session, f"Stroke {number}", number)
        walk.step(f"Stroke {number}")
        if number % 4 == 3:
            for _ in range(5):
                session.undo()
                walk.titles.pop()
                walk.states.pop()
            assert walk.state() == walk.states[-1]
    assert walk.back_and_forth() > 5


def test_each_crop_has_a_map_that_forgets_its_own_steps():
    session = session_with_maps(60_000)
    walk = Walk(session)
    for number in range(60):
        scribble(session, f"Stroke {number}", number)
        walk.step(f"Stroke {number}")
        if number % 5 == 4:
            crop = FAR if session.edits.crop == NEAR else NEAR
            session.change(f"Move {number}", crop=crop)
            walk.step(f"Move {number}")
    assert 10 < walk.back_and_forth() < 60


def test_going_to_a_result_is_forgotten_with_its_map_as_one_step():
    session = session_with_maps(60_000)
    walk = Walk(session)
    for number in range(40):
        labels = np.random.default_rng(number).integers(0, COUNT, (SIZE, SIZE), np.uint8)
        labels[:, 96:], labels[96:] = 0, 0
        crop = (NEAR, FAR)[number % 2]
        session.restore(f"Go {number}", labels, crop=crop, look=Look(strength=number / 100))
        walk.step(f"Go {number}")
    assert 5 < walk.back_and_forth() < 40


def test_small_strokes_are_all_remembered():
    session = session_with_maps(2**20)
    walk = Walk(session)
    for number in range(30):
        scribble(session, f"Stroke {number}", number)
        walk.step(f"Stroke {number}")
    assert walk.back_and_forth() == 30


def test_undo_by_keys_comes_to_an_end_where_the_map_does(make_window, portrait, qtbot):
    window = make_window()
    window.session.map_memory = 8_000
    window.opening.open(portrait)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=60_000)
    panel = begin_painting(window, qtbot)
    walk = Walk(window.session)
    keep = window.editing.style.keep.slider
    for number in range(8):
        stroke(panel, qtbot, Label(10 + number), y=60 + 50 * number)
        walk.step(f"Brush {Label(10 + number).title}")
        keep.setFocus()
        qtbot.keyClick(keep, Qt.Key.Key_Left)
        window.session.history.seal()
        walk.step("Keep the Photograph")
    settle(window, qtbot)
    at = len(walk.titles)
    while window.actions_["undo"].isEnabled():
        assert window.actions_["undo"].text() == f"Undo {walk.titles[at - 1]}"
        qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)
        at -= 1
        assert walk.state() == walk.states[at]
    assert 0 < at < len(walk.titles) - 2
    while window.actions_["redo"].isEnabled():
        assert window.actions_["redo"].text() == f"Redo {walk.titles[at]}"
        qtbot.keyClick(window, Qt.Key.Key_Z, CTRL | SHIFT)
        at += 1
        assert walk.state() == walk.states[at]
    assert at == len(walk.titles)


def test_going_to_a_result_in_the_middle_of_a_stroke_keeps_the_stroke_as_a_step(with_head, qtbot):
    window = with_head
    panel = begin_painting(window, qtbot)
    stroke(panel, qtbot, Label.HAT)
    settle(window, qtbot)
    painted = panel.document.labels.copy()
    panel.state.set(label=Label.GLASSES, radius=24.0)
    start = panel.canvas.to_widget(200, 300).toPoint()
    qtbot.mousePress(panel.canvas, LEFT, pos=start)
    qtbot.mouseMove(panel.canvas, start + QPoint(40, 0))
    half = panel.document.labels.copy()
    assert (half == Label.GLASSES).any()
    qtbot.keyClick(window, Qt.Key.Key_Comma)
    qtbot.mouseMove(panel.canvas, start + QPoint(60, 0))
    qtbot.mouseRelease(panel.canvas, LEFT, pos=start + QPoint(60, 0))
    np.testing.assert_array_equal(panel.document.labels, panel.document.parsed)
    for expected in (half, painted, panel.document.parsed):
        qtbot.keyClick(window, Qt.Key.Key_Z, CTRL)
        np.testing.assert_array_equal(panel.document.labels, expected)
    assert not window.actions_["undo"].isEnabled()
