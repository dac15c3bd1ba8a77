"""Exports: dialogs, several at once, progress, cancel, nothing half written."""

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog

from desktop.export.dialogs import PictureDialog, PlyDialog, VideoDialog
from desktop.export.settings import PictureExport, PlyExport, VideoExport
from inference.export.ply import read_ply
from inference.export.video import OrbitVideo

WAIT = 60_000
LEFT = Qt.MouseButton.LeftButton


def dialog_of(kind) -> QDialog:
    return next(
        widget
        for widget in QApplication.topLevelWidgets()
        if isinstance(widget, kind) and widget.isVisible()
    )


def start(window, export):
    camera = window.viewport.view_camera(200, 160)
    return window.exports.start(export, window.session.head.gaussians, camera)


def long_video(path) -> VideoExport:
    return VideoExport(path, OrbitVideo(seconds=20, size=256, fps=30), (1.0, 1.0, 1.0))


def test_the_gaussians_are_exported_from_the_menu(with_head, tmp_path, qtbot):
    window = with_head
    window.preferences.export_folder = str(tmp_path)
    qtbot.keyClick(window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    dialog = dialog_of(PlyDialog)
    assert dialog.path == tmp_path / "anna_head.ply"
    qtbot.mouseClick(dialog.export_button, LEFT)
    row = window.export_panel.rows[0]
    qtbot.waitUntil(lambda: row.job.done, timeout=WAIT)
    assert len(read_ply(tmp_path / "anna_head.ply")) == 65_536
    assert row.says.text().startswith("Done")


def test_the_picture_is_that_of_the_view(with_head, tmp_path, qtbot):
    window = with_head
    window.preferences.export_folder = str(tmp_path)
    window.session.change("Background", background=None)
    qtbot.keyClick(window, Qt.Key.Key_3)
    window.actions_["export_picture"].trigger()
    dialog = dialog_of(PictureDialog)
    assert dialog.background_box.currentText() == "Transparent"
    dialog.width_box.setValue(300)
    dialog.height_box.setValue(240)
    qtbot.mouseClick(dialog.export_button, LEFT)
    qtbot.waitUntil(lambda: window.export_panel.rows[0].job.done, timeout=WAIT)
    with Image.open(tmp_path / "anna_view.png") as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (240, 300, 4)
    assert pixels[0, 0, 3] == 0
    assert pixels[120, 150, 3] > 240


def test_the_video_dialog_gives_what_was_set(qtbot, tmp_path):
    dialog = VideoDialog(tmp_path / "orbit.mp4", (1.0, 1.0, 1.0))
    qtbot.addWidget(dialog)
    dialog.degrees_box.setValue(-90)
    dialog.elevation_box.setValue(12)
    dialog.seconds_box.setValue(2.5)
    dialog.fps_box.setValue(24)
    dialog.size_box.setCurrentText("256 × 256")
    dialog.ping_pong_box.setChecked(True)
    dialog.background_box.setCurrentText("Black")
    export = dialog.export()
    assert export.orbit == OrbitVideo(
        degrees=-90, elevation=12, seconds=2.5, size=256, fps=24, ping_pong=True
    )
    assert export.background == (0, 0, 0)


def test_a_path_gets_its_suffix_and_an_empty_one_cannot_be_exported(qtbot, tmp_path):
    dialog = PlyDialog(tmp_path / "head.ply")
    qtbot.addWidget(dialog)
    dialog.path_row.edit.setText(str(tmp_path / "other"))
    assert dialog.export() == PlyExport(tmp_path / "other.ply")
    dialog.path_row.edit.setText("   ")
    assert not dialog.export_button.isEnabled()


def test_an_export_runs_beside_another(with_head, tmp_path, qtbot):
    window = with_head
    video = start(window, long_video(tmp_path / "orbit.mp4"))
    qtbot.waitUntil(lambda: 0 < video.fraction < 1, timeout=WAIT)
    ply = start(window, PlyExport(tmp_path / "head.ply"))
    picture = start(window, PictureExport(tmp_path / "view.png", 64, 64, None))
    qtbot.waitUntil(lambda: ply.done and picture.done, timeout=WAIT)
    assert not video.done
    assert {path.name for path in tmp_path.glob("*.p*")} >= {"head.ply", "view.png"}
    video.cancel()
    qtbot.waitUntil(lambda: video.done, timeout=WAIT)


def test_cancel_leaves_nothing_and_keeps_the_older_file(with_head, tmp_path, qtbot):
    window = with_head
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "orbit.mp4").write_bytes(b"older")
    job = start(window, long_video(folder / "orbit.mp4"))
    row = window.export_panel.rows[0]
    qtbot.waitUntil(lambda: job.fraction > 0, timeout=WAIT)
    # The partial file stands beside the older one.
    qtbot.waitUntil(lambda: len(list(folder.iterdir())) == 2, timeout=WAIT)
    qtbot.mouseClick(row.button, LEFT)
    qtbot.waitUntil(lambda: job.done, timeout=WAIT)
    assert row.says.text() == "Cancelled; nothing was written."
    assert [path.name for path in folder.iterdir()] == ["orbit.mp4"]
    assert (folder / "orbit.mp4").read_bytes() == b"older"
    qtbot.mouseClick(row.button, LEFT)
    assert window.export_panel.rows == []


def test_the_same_file_is_not_written_twice_at_once(with_head, tmp_path, qtbot):
    window = with_head
    job = start(window, long_video(tmp_path / "orbit.mp4"))
    assert start(window, long_video(tmp_path / "orbit.mp4")) is None
    assert "another name" in window.status.text.text()
    job.cancel()
    qtbot.waitUntil(lambda: job.done, timeout=WAIT)


def test_a_folder_that_cannot_be_written_is_told(with_head, tmp_path, qtbot):
    (tmp_path / "file").write_text("in the way")
    job = start(with_head, PlyExport(tmp_path / "file" / "head.ply"))
    qtbot.waitUntil(lambda: job.done, timeout=WAIT)
    says = with_head.export_panel.rows[0].says.text()
    assert "Cannot write" in says


def test_turning_the_head_goes_on_while_a_video_is_written(with_head, tmp_path, qtbot):
    window = with_head
    job = start(window, long_video(tmp_path / "orbit.mp4"))
    qtbot.waitUntil(lambda: job.fraction > 0, timeout=WAIT)
    qtbot.keyClick(window.viewport, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: window.viewport.frames.sharp, timeout=WAIT)
    assert not job.done
    job.cancel()
    qtbot.waitUntil(lambda: job.done, timeout=WAIT)


def test_a_transparent_video_is_no_mp4(qtbot, tmp_path):
    """MP4 has no transparency: the dialog never lets both be chosen."""
    dialog = VideoDialog(tmp_path / "orbit.mp4", (1.0, 1.0, 1.0))
    qtbot.addWidget(dialog)
    dialog.background_box.setCurrentIndex(dialog.background_box.findText("Transparent"))
    assert dialog.export().path.suffix == ".webp"
    dialog.path_row.edit.setText(str(tmp_path / "orbit.mp4"))
    export = dialog.export()
    assert (export.path.suffix, export.background) == (".mp4", (1.0, 1.0, 1.0))
