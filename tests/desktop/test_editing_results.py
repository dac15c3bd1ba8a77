"""The filmstrip: going back, comparing, transition videos; closing; the window is never stopped."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import av
import numpy as np
from PIL import Image
from PySide6.QtCore import QPoint, Qt

from desktop.export.dialogs import PictureDialog
from desktop.export.settings import VideoExport
from desktop.filmstrip.transition import TransitionDialog
from inference.export.video import OrbitVideo
from inference.face_map.labels import Label
from tests.desktop.editing import (
    LEFT,
    WAIT,
    begin_painting,
    colours,
    describe,
    settle,
    stroke,
)
from tests.desktop.heartbeat import Heartbeat

CTRL = Qt.KeyboardModifier.ControlModifier
TRIES = 4


def with_results(window, qtbot):
    """Original, a hat, a hat in another style."""
    panel = begin_painting(window, qtbot)
    stroke(panel, qtbot, Label.HAT)
    settle(window, qtbot)
    describe(window, qtbot, "red hair")
    results = window.editing.results
    assert [item.title for item in results.items] == ["Original", "1", "2"]
    return results


def frame_of(window, result):
    return next(frame for frame in window.editing.strip.frames if frame.result is result)


def test_results_get_thumbnails_and_the_shown_one_is_marked(with_head, qtbot):
    window = with_head
    results = with_results(window, qtbot)
    assert window.editing.strip.isVisible()
    qtbot.waitUntil(lambda: all(item.picture for item in results.items), timeout=WAIT)
    first, second = (np.asarray(item.picture.constBits()) for item in results.items[1:])
    assert not np.array_equal(first, second)
    assert results.shown is results.items[2]
    assert "red hair" in frame_of(window, results.items[2]).toolTip()


class Late:
    """A renderer that draws nothing before it may."""

    def __init__(self, renderer):
        self._renderer, self.may = renderer, threading.Event()
        self.name = "late"

    def render(self, gaussians, camera):
        self.may.wait()
        return self._renderer.render(gaussians, camera)

    def render_rgba8(self, gaussians, camera, background=None):
        self.may.wait()
        return self._renderer.render_rgba8(gaussians, camera, background)


def pixels_of(picture):
    return np.asarray(picture.constBits()).copy()


def test_a_head_in_the_window_has_a_thumbnail_at_once_and_its_own_later(
    make_window, portrait, renderer, monkeypatch, qtbot
):
    late = Late(renderer.exports)
    monkeypatch.setattr(renderer, "exports", late)
    window = make_window()
    try:
        window.opening.open(portrait)
        qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
        qtbot.waitUntil(lambda: window.viewport.frames.sharp, timeout=WAIT)
        begin_painting(window, qtbot)
        items = window.editing.results.items
        for number, text in enumerate(("red hair", "an old man")):
            empty = []

            def look(empty=empty):
                shown, last = window.session.edited, window.viewport.frames.last
                if shown is not None and last.request.gaussians is shown.gaussians:
                    empty.append(any(item.picture is None for item in items))

            window.viewport.painted.connect(look)
            describe(window, qtbot, text)
            shown = window.session.edited.gaussians
            qtbot.waitUntil(
                lambda shown=shown: window.viewport.frames.last.request.gaussians is shown,
                timeout=WAIT,
            )
            qtbot.waitUntil(lambda empty=empty: bool(empty), timeout=WAIT)
            window.viewport.painted.disconnect(look)
            assert len(items) == number + 2
            assert not any(empty)
            assert not window.editing.results.shown.picture.isNull()
        there = [pixels_of(item.picture) for item in items]
        assert not np.array_equal(there[1], there[2])
        assert frame_of(window, items[2]).grab().toImage().pixelColor(36, 36).lightness() > 20
    finally:
        late.may.set()
    qtbot.waitUntil(
        lambda: all(
            not np.array_equal(pixels_of(item.picture), before)
            for item, before in zip(items, there, strict=True)
        ),
        timeout=WAIT,
    )


def test_a_click_puts_map_style_and_head_back_as_one_step(with_head, qtbot):
    window = with_head
    results = with_results(window, qtbot)
    newest = colours(window)
    panel = window.editing.left.painting
    stroke(panel, qtbot, Label.GLASSES, y=240)
    settle(window, qtbot)
    painted = panel.document.labels.copy()
    latest = colours(window)
    qtbot.mouseClick(frame_of(window, results.items[1]), LEFT)
    settle(window, qtbot)
    assert results.shown is results.items[1]
    assert window.session.edits.look.plain
    np.testing.assert_array_equal(panel.document.labels, results.items[1].labels)
    assert len(results.items) == 4  # going back adds nothing
    assert window.actions_["undo"].text() == "Undo Go to Result 1"
    window.actions_["undo"].trigger()
    settle(window, qtbot)
    np.testing.assert_array_equal(panel.document.labels, painted)
    np.testing.assert_array_equal(colours(window), latest)
    assert results.shown is results.items[3]
    qtbot.keyClick(window, Qt.Key.Key_Comma)
    settle(window, qtbot)
    np.testing.assert_array_equal(colours(window), newest)


def test_the_original_is_the_portraits_own_head(with_head, qtbot):
    window = with_head
    results = with_results(window, qtbot)
    qtbot.mouseClick(frame_of(window, results.items[0]), LEFT)
    settle(window, qtbot)
    assert window.session.shown is window.session.head
    assert results.shown is results.items[0]
    window.actions_["undo"].trigger()
    settle(window, qtbot)
    assert results.shown is results.items[2]


def test_a_result_whose_head_was_forgotten_is_made_again_the_same(with_head, qtbot):
    window = with_head
    results = with_results(window, qtbot)
    before = window.editing.maker.head_of(results.items[1].wanted).gaussians.colours.copy()
    window.editing.maker._heads.clear()
    results.restore(results.items[1])
    settle(window, qtbot)
    np.testing.assert_array_equal(colours(window), before)


def test_a_dragged_slider_leaves_one_result(with_head, qtbot):
    window = with_head
    results = with_results(window, qtbot)
    slider = window.editing.style.strength.slider
    slider.setSliderDown(True)
    for value in (80, 60, 40):
        slider.setSliderPosition(value)
        settle(window, qtbot)
    slider.setSliderDown(False)
    assert [item.title for item in results.items] == ["Original", "1", "2", "3"]
    assert results.items[3].wanted.key.look.strength == 0.4
    slider.setSliderDown(True)
    slider.setSliderPosition(90)
    slider.setSliderDown(False)
    settle(window, qtbot)
    assert [item.title for item in results.items] == ["Original", "1", "2", "3", "4"]


def test_two_results_are_compared_with_one_camera(with_head, qtbot):
    window = with_head
    results = with_results(window, qtbot)
    qtbot.mouseClick(frame_of(window, results.items[1]), LEFT, CTRL)
    assert window.actions_["compare_results"].isChecked()
    beside = window.editing.beside.view
    qtbot.waitUntil(lambda: beside.isVisible() and beside.frames.sharp, timeout=WAIT)
    assert results.shown is results.items[2]  # comparing goes nowhere
    assert (beside.caption, window.viewport.caption) == ("1", "2")
    assert abs(beside.width() - window.viewport.width()) <= 2
    shown = beside.frames.last.request.gaussians
    assert shown is window.editing.maker.head_of(results.items[1].wanted).gaussians
    start = beside.rect().center()
    qtbot.mousePress(beside, LEFT, pos=start)
    qtbot.mouseMove(beside, start + QPoint(60, 10))
    qtbot.mouseRelease(beside, LEFT, pos=start + QPoint(60, 10))
    assert window.session.edits.pose.yaw != 0
    qtbot.waitUntil(
        lambda: np.allclose(
            window.viewport.view_camera(64, 64).world_to_camera,
            beside.view_camera(64, 64).world_to_camera,
        ),
        timeout=WAIT,
    )
    window.actions_["compare_results"].trigger()
    assert not beside.isVisible()
    assert window.viewport.width() == window.stage.stage.width()


def exported(window, tmp_path, qtbot, heads=None):
    """Set the picture dialog, export, and give the file's name and pixels [H, W, 3]."""
    window.preferences.export_folder = str(tmp_path)
    window.actions_["export_picture"].trigger()
    dialog = next(d for d in window.findChildren(PictureDialog) if d.isVisible())
    if heads is not None:
        dialog.heads_box.setCurrentText(heads)
    dialog.width_box.setValue(200)
    dialog.height_box.setValue(160)
    path = dialog.path
    qtbot.mouseClick(dialog.export_button, LEFT)
    job = window.export_panel.rows[-1].job
    qtbot.waitUntil(lambda: job.done and path.exists(), timeout=WAIT)
    with Image.open(path) as picture:
        return path.name, np.asarray(picture.convert("RGB"))


def test_a_picture_of_a_comparison_has_both_heads_or_the_one_that_is_chosen(
    with_head, tmp_path, qtbot
):
    window = with_head
    results = with_results(window, qtbot)
    qtbot.keyClick(window, Qt.Key.Key_2)
    name, shown = exported(window, tmp_path, qtbot)
    assert (name, shown.shape) == ("anna_view.png", (160, 200, 3))
    results.restore(results.items[1])
    settle(window, qtbot)
    _, before = exported(window, tmp_path, qtbot)
    results.restore(results.items[2])
    settle(window, qtbot)
    qtbot.mouseClick(frame_of(window, results.items[1]), LEFT, CTRL)
    window.editing.maker._heads.clear()  # forgotten meanwhile, so it has to be made again
    name, both = exported(window, tmp_path, qtbot)
    assert name == "anna_comparison.png"
    assert both.shape == (160, 404, 3)  # with a gap between them
    np.testing.assert_array_equal(both[:, :200], before)
    np.testing.assert_array_equal(both[:, 204:], shown)
    assert np.abs(before.astype(int) - shown).max() > 20
    name, one = exported(window, tmp_path, qtbot, "Only the one on the right")
    assert name == "anna_view_3.png"
    np.testing.assert_array_equal(one, shown)
    window.actions_["compare_results"].trigger()
    name, one = exported(window, tmp_path, qtbot)
    assert name == "anna_view_4.png"
    np.testing.assert_array_equal(one, shown)


def test_a_transition_video_has_its_frames_and_both_heads(with_head, tmp_path, qtbot):
    window = with_head
    results = with_results(window, qtbot)
    window.preferences.export_folder = str(tmp_path)
    menu = window.editing.strip.menu_of(results.items[1])
    entry = next(a for a in menu.actions() if a.text().startswith("Transition Video from It"))
    entry.trigger()
    dialog = next(d for d in window.findChildren(TransitionDialog) if d.isVisible())
    assert (dialog.first, dialog.second) == (results.items[1], results.items[2])
    dialog.seconds_box.setValue(1.0)
    dialog.degrees_box.setValue(0)
    dialog.fps_box.setValue(12)
    dialog.size_box.setCurrentText("256 × 256")
    path = dialog.path
    qtbot.mouseClick(dialog.export_button, LEFT)
    job = window.export_panel.rows[0].job
    qtbot.waitUntil(lambda: job.done, timeout=WAIT)
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 12
    middle = [frame[100:156, 100:156].mean((0, 1)) for frame in frames]
    assert np.abs(middle[0] - middle[-1]).max() > 20  # red hair's tint is another one
    between = (middle[0] + middle[-1]) / 2
    assert np.abs(np.mean(middle[5:7], axis=0) - between).max() < 12


def test_a_transition_can_be_cancelled_and_leaves_nothing(with_head, tmp_path, qtbot):
    window = with_head
    results = with_results(window, qtbot)
    export = VideoExport(tmp_path / "t.mp4", OrbitVideo(seconds=30, size=256), (1.0, 1.0, 1.0))
    job = window.editing.transitions.start(export, results.items[0], results.items[2])
    qtbot.waitUntil(lambda: job.fraction > 0, timeout=WAIT)
    job.cancel()
    qtbot.waitUntil(lambda: job.done, timeout=WAIT)
    assert list(tmp_path.glob("t*")) == []


def test_a_result_can_leave_the_strip_but_not_the_shown_one(with_head, qtbot):
    window = with_head
    results = with_results(window, qtbot)
    results.remove(results.items[2])
    results.remove(results.items[0])
    assert len(results.items) == 3
    results.remove(results.items[1])
    assert [item.title for item in results.items] == ["Original", "2"]


def test_the_window_is_never_stopped_while_one_paints_and_styles(make_window, portrait, qtbot):
    window = make_window(seconds=0.2)
    window.opening.open(portrait)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    panel = begin_painting(window, qtbot)
    stroke(panel, qtbot, Label.NECKLACE, y=400)
    settle(window, qtbot)
    hearts = []
    for attempt in range(TRIES):
        with Heartbeat() as heart:
            for step in range(3):
                stroke(panel, qtbot, Label(14 + (attempt + step) % 5), y=100 + 40 * step)
                qtbot.wait(60)
            window.editing.style.give_words(f"red hair {attempt}")
            qtbot.waitUntil(lambda: window.session.edits.look.source is not None, timeout=WAIT)
            settle(window, qtbot)
            qtbot.wait(200)
        hearts.append(heart)
        if heart.regular:
            break
    assert hearts[-1].regular, hearts


def test_the_window_is_never_stopped_when_painting_begins(make_window, portrait, qtbot):
    hearts = []
    for _ in range(TRIES):
        window = make_window(seconds=0.2)
        window.opening.open(portrait)
        qtbot.waitUntil(lambda window=window: window.session.head is not None, timeout=WAIT)
        qtbot.waitUntil(lambda window=window: window.viewport.frames.sharp, timeout=WAIT)
        with Heartbeat() as heart:
            begin_painting(window, qtbot)
            qtbot.wait(200)
        hearts.append(heart)
        if heart.regular:
            break
    assert hearts[-1].regular, hearts


def test_closing_in_the_middle_of_an_edit(portrait, tmp_path):
    script = Path(__file__).with_name("closing_editing.py")
    home = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)}
    for stage in ("Reading the face map", "Reading the words", "Making the head", "variations"):
        run = subprocess.run(
            [sys.executable, str(script), str(portrait), stage],
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, **home},
            check=False,
        )
        assert run.returncode == 0, run.stderr
        assert f"closed while {stage}" in run.stdout
        assert "threads: ['MainThread']" in run.stdout
        assert "Traceback" not in run.stderr
