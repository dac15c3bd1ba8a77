"""FLAME comes under two licences: whoever brings a file reads of both before it is imported."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from desktop.models.licence_sheet import LicenceSheet
from tests.desktop.conftest import WAIT

LEFT = Qt.MouseButton.LeftButton


def test_the_sheet_of_flame_names_both_licences_and_what_they_allow(
    make_window, qtbot, monkeypatch, tmp_path
):
    monkeypatch.setenv("PERCHEAD_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    window = make_window()
    window.models.show()
    qtbot.waitUntil(lambda: window.models.window is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: "flame" in window.models.window.rows, timeout=WAIT)
    row = window.models.window.rows["flame"]
    qtbot.waitUntil(row.import_.isVisible, timeout=WAIT)
    qtbot.mouseClick(row.import_, LEFT)
    sheet = next(s for s in window.models.window.findChildren(LicenceSheet) if s.isVisible())
    words = "\n".join(part.text() for part in sheet.findChildren(QLabel))
    for part in (
        "FLAME model licence",
        "https://flame.is.tue.mpg.de/modellicense.html",
        "non-commercial research",
        "FLAME 2023 Open is CC-BY-4.0",
        "https://creativecommons.org/licenses/by/4.0",
        "allows commercial use with credit",
    ):
        assert part in words
    assert not sheet.accept_button.isEnabled()
    sheet.reject()
