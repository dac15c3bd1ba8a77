"""On the right: what can be exported, and the exports that run or are done."""

from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from desktop.export.export_row import ExportRow
from desktop.export.exports import Exports
from desktop.icons import icon
from desktop.theme import Palette
from desktop.widgets.labels import label, section
from desktop.workers import Job


class ExportPanel(QFrame):
    """Three buttons and a list."""

    def __init__(
        self,
        exports: Exports,
        actions: dict[str, QAction],
        palette: Palette,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._palette = palette
        self._buttons: list[tuple[QPushButton, str]] = []
        cards = []
        for icon_name, text, action in (
            ("splat-file", "3D Gaussians", actions["export_ply"]),
            ("picture", "Picture", actions["export_picture"]),
            ("video", "Orbit video", actions["export_video"]),
        ):
            button = QPushButton(f"  {text}")
            button.setProperty("role", "card")
            button.setIconSize(QSize(20, 20))
            button.setToolTip(action.toolTip())
            button.setEnabled(action.isEnabled())
            button.clicked.connect(action.trigger)
            action.enabledChanged.connect(button.setEnabled)
            cards.append(button)
            self._buttons.append((button, icon_name))
        self.rows: list[ExportRow] = []
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        self._running = label("FILES", "section")
        self._running.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(section("Export", *cards))
        layout.addSpacing(16)
        layout.addWidget(self._running)
        layout.addLayout(self._list)
        exports.started.connect(self._on_started)
        self.set_palette(palette)

    def set_palette(self, palette: Palette) -> None:
        """Follow the theme."""
        self._palette = palette
        for button, icon_name in self._buttons:
            button.setIcon(icon(icon_name, palette.accent))
        for row in self.rows:
            row.set_palette(palette)

    def _on_started(self, job: Job, path: Path) -> None:
        row = ExportRow(job, path, self._palette)
        row.dismissed.connect(lambda: self._remove(row))
        self.rows.append(row)
        self._list.insertWidget(0, row)
        self._running.show()

    def _remove(self, row: ExportRow) -> None:
        self.rows.remove(row)
        row.setParent(None)
        row.deleteLater()
        self._running.setVisible(bool(self.rows))
