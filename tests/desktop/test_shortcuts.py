"""The table of shortcuts, and what is made from it."""

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QLabel, QToolButton

from desktop.main_window.help_sheet import HelpSheet
from desktop.shortcuts import ACTIONS, GESTURES
from desktop.theme import DARK, LIGHT
from inference.files import resource_path


def test_no_key_means_two_things():
    keys = [QKeySequence(key).toString() for spec in ACTIONS for key in spec.keys]
    assert "" not in keys
    assert len(keys) == len(set(keys))


def test_the_help_sheet_names_every_key_and_gesture(qtbot):
    sheet = HelpSheet()
    qtbot.addWidget(sheet)
    words = "\n".join(label.text() for label in sheet.findChildren(QLabel))
    for spec in ACTIONS:
        if spec.keys:
            assert spec.text.removesuffix("…") in words
        for key in spec.keys:
            assert key in words
    for _, gesture, effect in GESTURES:
        assert gesture in words
        assert effect in words


def test_f1_shows_the_sheet(make_window, qtbot, monkeypatch):
    shown = []
    monkeypatch.setattr(HelpSheet, "exec", lambda self: shown.append(self))
    window = make_window()
    qtbot.keyClick(window, Qt.Key.Key_F1)
    assert len(shown) == 1


def test_menus_hold_every_action_of_the_table(make_window):
    window = make_window()
    texts = set()
    for menu in window.menuBar().actions():
        texts |= {action.text() for action in menu.menu().actions()}
    assert {spec.text for spec in ACTIONS} <= texts


def test_every_button_says_what_it_does(with_head):
    for button in with_head.findChildren(QToolButton):
        if button.isVisible():
            assert button.toolTip() or button.accessibleName(), button


def test_every_icon_is_there():
    for spec in ACTIONS:
        if spec.icon:
            resource_path(f"icons/{spec.icon}.svg")


def luminance(colour: str) -> float:
    parts = [int(part, 16) / 255 for part in re.findall("..", colour[1:])]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_texts_can_be_read_in_both_themes():
    # WCAG 2.2, 1.4.3: 4.5 to 1 for text, 3 to 1 for what is not text.
    for palette in (DARK, LIGHT):
        for ground in (palette.window, palette.panel, palette.raised):
            assert contrast(palette.text, ground) >= 7
            assert contrast(palette.muted, ground) >= 4.5
            assert contrast(palette.danger, ground) >= 4.5
            assert contrast(palette.accent, ground) >= 3
        assert contrast(palette.on_accent, palette.accent) >= 4.5


def test_the_theme_changes_while_the_window_is_open(with_head):
    window = with_head
    dark = window.grab().toImage().pixelColor(5, 100).lightness()
    window.set_theme("light")
    assert window.grab().toImage().pixelColor(5, 100).lightness() > dark + 100
    assert window.preferences.load(window.preferences.path).theme == "light"
    window.set_theme("dark")
