"""The look of the application: two palettes and the one style sheet."""

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from inference.files import resource_path


@dataclass(frozen=True)
class Palette:
    """Colours by their role, as #rrggbb.

    Attributes:
        name: "dark" or "light".
        window: behind everything.
        panel: side panels and bars.
        raised: buttons, fields, menus.
        hover: the same under the mouse.
        line: borders and separators.
        text: what is read.
        muted: what is read second; still at least 4.5 : 1 on a panel.
        accent: what is chosen or going on.
        on_accent: text on the accent.
        danger: what went wrong.
        stage_top, stage_bottom: behind the head, a quiet gradient.
    """

    name: str
    window: str
    panel: str
    raised: str
    hover: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    danger: str
    stage_top: str
    stage_bottom: str


DARK = Palette(
    name="dark",
    window="#141416",
    panel="#1b1b1e",
    raised="#27272b",
    hover="#323238",
    line="#2e2e33",
    text="#ececee",
    muted="#a0a0a8",
    accent="#f0a26b",
    on_accent="#2b1608",
    danger="#ff8a7a",
    stage_top="#2b2b30",
    stage_bottom="#161618",
)

LIGHT = Palette(
    name="light",
    window="#eeedeb",
    panel="#f8f7f6",
    raised="#ffffff",
    hover="#f1efec",
    line="#dddad6",
    text="#1f1e1d",
    muted="#66625d",
    accent="#b2561d",
    on_accent="#ffffff",
    danger="#b3261e",
    stage_top="#fbfaf9",
    stage_bottom="#dcd9d5",
)


def system_palette() -> Palette:
    """Dark or light as the desktop is set."""
    scheme = QGuiApplication.styleHints().colorScheme()
    return LIGHT if scheme == Qt.ColorScheme.Light else DARK


def palette_named(name: str) -> Palette:
    """The palette called "dark" or "light"; anything else follows the desktop."""
    return {"dark": DARK, "light": LIGHT}.get(name) or system_palette()


def apply_theme(app: QApplication, palette: Palette) -> None:
    """Dress the whole application."""
    colours = QPalette()
    roles = {
        QPalette.ColorRole.Window: palette.window,
        QPalette.ColorRole.WindowText: palette.text,
        QPalette.ColorRole.Base: palette.raised,
        QPalette.ColorRole.AlternateBase: palette.panel,
        QPalette.ColorRole.Text: palette.text,
        QPalette.ColorRole.Button: palette.raised,
        QPalette.ColorRole.ButtonText: palette.text,
        QPalette.ColorRole.ToolTipBase: palette.raised,
        QPalette.ColorRole.ToolTipText: palette.text,
        QPalette.ColorRole.PlaceholderText: palette.muted,
        QPalette.ColorRole.Highlight: palette.accent,
        QPalette.ColorRole.HighlightedText: palette.on_accent,
        QPalette.ColorRole.Link: palette.accent,
    }
    for role, colour in roles.items():
        colours.setColor(role, QColor(colour))
    for role in (
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.Text,
        QPalette.ColorRole.ButtonText,
    ):
        faint = QColor(palette.muted)
        faint.setAlpha(130)
        colours.setColor(QPalette.ColorGroup.Disabled, role, faint)
    app.setStyle("Fusion")
    app.setPalette(colours)
    app.setStyleSheet(style_sheet(palette))


def style_sheet(palette: Palette) -> str:
    """The style sheet of the whole application."""
    values = {f"@{name}@": value for name, value in vars(palette).items()}
    for name in ("arrow-down", "arrow-up", f"check-{palette.name}"):
        path = resource_path(f"icons/sheet/{name}.svg").as_posix()
        values[f"@{name.removesuffix('-' + palette.name)}@"] = f'"{path}"'
    sheet = _SHEET
    for placeholder, value in values.items():
        sheet = sheet.replace(placeholder, value)
    return sheet


_SHEET = """
* { font-size: 13px; }
QMainWindow, QDialog { background: @window@; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QToolTip { background: @raised@; color: @text@; border: 1px solid @line@; padding: 5px 8px; }

QMenuBar { background: @panel@; border-bottom: 1px solid @line@; padding: 2px 6px; }
QMenuBar::item { padding: 5px 10px; border-radius: 5px; background: transparent; }
QMenuBar::item:selected { background: @hover@; }
QMenu { background: @raised@; border: 1px solid @line@; padding: 5px; }
QMenu::item { padding: 6px 28px 6px 12px; border-radius: 5px; }
QMenu::item:selected { background: @hover@; }
QMenu::item:disabled { color: @muted@; }
QMenu::icon { padding-left: 8px; }
QMenu::separator { height: 1px; background: @line@; margin: 5px 8px; }

#panel { background: @panel@; border: none; }
#panel[edge="left"] { border-right: 1px solid @line@; }
#panel[edge="right"] { border-left: 1px solid @line@; }
QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget { background: transparent; }

QLabel { background: transparent; }
QLabel[role="title"] { font-size: 14px; font-weight: 600; }
QLabel[role="hero"] { font-size: 22px; font-weight: 600; }
QLabel[role="section"] { color: @muted@; font-size: 11px; font-weight: 600; }
QLabel[role="muted"] { color: @muted@; }
QLabel[role="small"] { color: @muted@; font-size: 12px; }
QLabel[role="danger"] { color: @danger@; }
QLabel[role="key"] {
  background: @raised@; border: 1px solid @line@; border-radius: 4px; padding: 2px 7px;
  font-size: 12px;
}

QPushButton {
  background: @raised@; border: 1px solid @line@; border-radius: 7px;
  padding: 6px 14px; min-height: 18px;
}
QPushButton:hover { background: @hover@; }
QPushButton:pressed { background: @line@; }
QPushButton:focus { border-color: @accent@; }
QPushButton:disabled { color: @muted@; background: @panel@; }
QPushButton[role="primary"] {
  background: @accent@; color: @on_accent@; border-color: @accent@; font-weight: 600;
}
QPushButton[role="primary"]:hover { border-color: @text@; }
QPushButton[role="primary"]:disabled { background: @hover@; color: @muted@; border-color: @line@; }
QPushButton[role="card"] { padding: 10px 12px; text-align: left; }

QToolButton {
  background: transparent; border: 1px solid transparent; border-radius: 7px; padding: 5px;
}
QToolButton:hover { background: @hover@; }
QToolButton:focus { border-color: @accent@; }
QToolButton:checked { background: @hover@; }
QToolButton::menu-indicator { image: none; }

#floating { background: @panel@; border: 1px solid @line@; border-radius: 11px; }
#readout { color: @muted@; font-size: 12px; }
#banner { background: @raised@; border: 1px solid @line@; border-radius: 9px; }
#status { background: @panel@; border-top: 1px solid @line@; }
#row { background: @raised@; border: 1px solid @line@; border-radius: 9px; }
#divider { background: @line@; border: none; }

QPushButton#segment {
  background: @raised@; border: 1px solid @line@; padding: 6px 8px; color: @muted@;
}
QPushButton#compact { padding: 6px 8px; }
QPushButton#segment[side="left"] { border-top-right-radius: 0; border-bottom-right-radius: 0; }
QPushButton#segment[side="right"] {
  border-top-left-radius: 0; border-bottom-left-radius: 0; border-left: none;
}
QPushButton#segment:hover { background: @hover@; color: @text@; }
QPushButton#segment:checked { background: @accent@; color: @on_accent@; border-color: @accent@; }
QPushButton#segment:focus { border-color: @text@; }
#style, #style_slot { border: 1px dashed transparent; border-radius: 9px; }
#style[hot="true"], #style_slot[hot="true"] { border-color: @accent@; background: @raised@; }
#filmstrip { background: @panel@; border: none; border-top: 1px solid @line@; }
QListView#suggestions {
  background: @raised@; border: 1px solid @line@; padding: 4px; outline: none;
}
QListView#suggestions::item { padding: 5px 6px; border-radius: 5px; }
QListView#suggestions::item:selected, QListView#suggestions::item:hover {
  background: @hover@; color: @text@;
}

#painting { background: @window@; border: none; }
#option_bar { background: @panel@; border: none; border-bottom: 1px solid @line@; }
#paint_hint { background: @panel@; border-top: 1px solid @line@; }
#tool { padding: 7px; }
#tool:checked { background: @hover@; border-color: @line@; }
#class_row { border: 1px solid transparent; border-radius: 7px; }
#class_row:hover { background: @raised@; }
#class_row[chosen="true"] { background: @hover@; border-color: @accent@; }
#class_row QLabel:disabled { color: @muted@; }
#class_toggle { padding: 1px; border-radius: 5px; }
#class_toggle:checked { background: transparent; }
#class_toggle:hover { background: @line@; }
QPushButton#quiet {
  background: transparent; border: none; color: @muted@; padding: 2px 6px; min-height: 14px;
  font-size: 12px;
}
QPushButton#quiet:hover { color: @text@; }

QProgressBar {
  background: @hover@; border: none; border-radius: 3px; max-height: 6px; min-height: 6px;
}
QProgressBar::chunk { background: @accent@; border-radius: 3px; }

QSlider { min-height: 22px; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: @hover@; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: @accent@; }
QSlider::sub-page:horizontal:disabled { background: @line@; }
QSlider::handle:horizontal {
  width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; background: @text@;
}
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus { background: @accent@; }
QSlider::handle:horizontal:disabled { background: @muted@; }

QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox {
  background: @raised@; border: 1px solid @line@; border-radius: 6px; padding: 5px 8px;
  min-height: 18px; selection-background-color: @accent@; selection-color: @on_accent@;
}
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus { border-color: @accent@; }
QSpinBox, QDoubleSpinBox { padding: 4px 22px 4px 2px; }
QSpinBox QLineEdit, QDoubleSpinBox QLineEdit {
  background: transparent; border: none; padding: 0 0 0 6px; min-height: 20px;
}
QSpinBox::up-button, QDoubleSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::down-button {
  width: 18px; border: none; background: transparent;
}
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow { image: url(@arrow-up@); width: 12px; height: 12px; }
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {
  image: url(@arrow-down@); width: 12px; height: 12px;
}
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: url(@arrow-down@); width: 14px; height: 14px; }
QComboBox QAbstractItemView {
  background: @raised@; border: 1px solid @line@; selection-background-color: @hover@;
  selection-color: @text@; padding: 4px; outline: none;
}
QCheckBox { spacing: 8px; }
QCheckBox::indicator {
  width: 15px; height: 15px; border: 1px solid @muted@; border-radius: 4px; background: @raised@;
}
QCheckBox::indicator:checked { background: @accent@; border-color: @accent@; image: url(@check@); }
QCheckBox::indicator:focus { border-color: @accent@; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar::handle:vertical { background: @hover@; border-radius: 5px; min-height: 30px; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {
  background: transparent; border: none; height: 0;
}
"""
