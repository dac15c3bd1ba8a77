"""A clip that is opened becomes a head video, beside everything else."""

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from desktop.video.dialog import HeadVideoDialog
from desktop.video.starts import is_clip
from inference.video.settings import CameraMove, HeadVideo, Smoothing
from tests.video_helpers import empty_frame, moving_face, read_pictures, write_clip

WAIT = 60_000
LEFT = Qt.MouseButton.LeftButton
SMALL = HeadVideo(size=48)


def drop(window, path) -> None:
    """Deliver a real enter and drop to the window."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    actions, buttons = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    where = window.rect().center()
    QApplication.sendEvent(window, QDragEnterEvent(where, actions, mime, buttons, none))
    QApplication.sendEvent(window, QDropEvent(QPointF(where), actions, mime, buttons, none))


def dialog_shown() -> HeadVideoDialog:
    return next(
        widget
        for widget in QApplication.topLevelWidgets()
        if isinstance(widget, HeadVideoDialog) and widget.isVisible()
    )


@pytest.fixture
def clip(tmp_path):
    return write_clip(tmp_path / "anna.mp4", moving_face(6))


def test_a_dropped_clip_asks_and_becomes_a_video(make_window, clip, tmp_path, qtbot):
    window = make_window()
    window.preferences.export_folder = str(tmp_path)
    drop(window, clip)
    dialog = dialog_shown()
    assert "anna.mp4" in dialog.says
    assert dialog.path == tmp_path / "anna_head.mp4"
    assert window.session.image is None  # it is no portrait
    dialog.size_box.setCurrentText("256 × 256")
    qtbot.mouseClick(dialog.export_button, LEFT)
    assert window.export_panel.isVisible()  # the work is seen without a portrait, too
    row = window.export_panel.rows[0]
    qtbot.waitUntil(lambda: row.job.done, timeout=WAIT)
    assert row.says.text().startswith("Done")
    assert len(read_pictures(tmp_path / "anna_head.mp4")) == 6


def test_the_dialog_gives_what_was_set(clip, tmp_path, qtbot):
    dialog = HeadVideoDialog(clip, tmp_path / "head.mp4", sharpen=False)
    qtbot.addWidget(dialog)
    assert dialog.settings() == HeadVideo(sharpen=False)
    dialog.move_box.setCurrentText("Orbits around the head")
    dialog.smoothing_box.setCurrentText("Strong")
    dialog.size_box.setCurrentText("1024 × 1024")
    dialog.splats_box.setChecked(True)
    dialog.fit_box.setChecked(True)
    assert dialog.settings() == HeadVideo(
        move=CameraMove.ORBIT,
        smoothing=Smoothing.STRONG,
        size=1024,
        splats=True,
        fit=True,
        sharpen=False,
    )


def test_cancel_leaves_nothing(make_window, tmp_path, qtbot):
    clip = write_clip(tmp_path / "long.mp4", moving_face(40))
    window = make_window(seconds=0.05)
    out = tmp_path / "out"
    job = window.head_videos.start(clip, out / "head.mp4", SMALL)
    qtbot.waitUntil(lambda: job.stage.startswith("Following") and job.fraction > 0, timeout=WAIT)
    qtbot.mouseClick(window.export_panel.rows[0].button, LEFT)
    qtbot.waitUntil(lambda: job.done, timeout=WAIT)
    assert window.export_panel.rows[0].says.text() == "Cancelled; nothing was written."
    assert list(out.iterdir()) == []


def test_closing_the_window_stops_it_and_leaves_nothing(make_window, tmp_path, qtbot):
    clip = write_clip(tmp_path / "long.mp4", moving_face(40))
    window = make_window(seconds=0.05)
    job = window.head_videos.start(clip, tmp_path / "out" / "head.mp4", SMALL)
    qtbot.waitUntil(lambda: job.fraction > 0, timeout=WAIT)
    window.close()
    assert not job.thread_.is_alive()
    assert not list((tmp_path / "out").glob("*"))


def test_a_clip_without_a_face_is_told_in_its_row(make_window, tmp_path, qtbot):
    clip = write_clip(tmp_path / "wall.mp4", [empty_frame()] * 4)
    window = make_window()
    job = window.head_videos.start(clip, tmp_path / "head.mp4", SMALL)
    qtbot.waitUntil(lambda: job.done, timeout=WAIT)
    says = window.export_panel.rows[0].says.text()
    assert says == "No face was found in wall.mp4: choose a video that shows a face."


def test_what_was_left_out_is_said(make_window, tmp_path, qtbot):
    frames = moving_face(5) + [empty_frame()] * 20 + moving_face(5)
    clip = write_clip(tmp_path / "gap.mp4", frames)
    window = make_window(seconds=0.0)
    job = window.head_videos.start(clip, tmp_path / "head.mp4", SMALL)
    qtbot.waitUntil(lambda: job.done, timeout=WAIT)
    assert window.status.text.text() == ("head.mp4 leaves out 0.2–1.0 s, where no face was found.")


@pytest.mark.parametrize(
    ("name", "clip"), [("a.MP4", True), ("b.webm", True), ("c.gif", False), ("d.jpg", False)]
)
def test_what_counts_as_a_clip(tmp_path, name, clip):
    assert is_clip(tmp_path / name) == clip
