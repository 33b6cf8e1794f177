"""The settings page: one line per setting, where the data live, and the backup."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLayout, QWidget

from desktop.alerts.keys import KEYS as ALERT_KEYS
from desktop.safetext import label
from desktop.settings.fields import field, show_value
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.layout import column, row, rule
from desktop.widgets.scroll import ScrollColumn
from desktop.widgets.titles import page_head
from engine.core.settings import SETTINGS, Setting, SettingValue
from engine.core.words import capitalised

_WIDTH = 820

_ONLINE = frozenset(one.key for one in SETTINGS if one.key.startswith("online_"))
_MODELS = frozenset({"model", "answers_from", "server", "server_port"})
ELSEWHERE = _MODELS | _ONLINE | frozenset(ALERT_KEYS)
"""Settings that have a page of their own."""


class SettingsPage(QWidget):
    """Shows what the presenter hands it; a change is a signal with key and value."""

    changed = Signal(str, object)
    backup_wanted = Signal()
    folder_wanted = Signal()
    models_wanted = Signal()
    alerts_wanted = Signal()
    online_wanted = Signal()

    def __init__(self, folder: str, key_place: str) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._fields: dict[str, QWidget] = {}
        general = CardFrame(self.tr("General"))
        shown = [setting for setting in SETTINGS if setting.key not in ELSEWHERE]
        for number, setting in enumerate(shown):
            if number:
                general.body.addWidget(rule())
            general.body.addLayout(self._line(setting))
        general.body.addWidget(rule())
        general.body.addLayout(
            _line(
                self.tr("Model"),
                self.tr("Which model answers, models to get, and the server for other programs."),
                button(self.tr("Open Models"), self.models_wanted.emit),
            )
        )
        general.body.addWidget(rule())
        general.body.addLayout(
            _line(
                self.tr("Alerts"),
                self.tr("Quiet hours, sound, notifications and the icon in the tray."),
                button(self.tr("Open Alerts"), self.alerts_wanted.emit),
            )
        )
        general.body.addWidget(rule())
        general.body.addLayout(
            _line(
                self.tr("Online sources"),
                self.tr("Nothing leaves this computer unless you switch a source on."),
                button(self.tr("Open Online sources"), self.online_wanted.emit),
            )
        )
        data = CardFrame(self.tr("Your data"))
        data.body.addLayout(
            _line(
                self.tr("Folder"), folder, button(self.tr("Open folder"), self.folder_wanted.emit)
            )
        )
        data.body.addWidget(rule())
        data.body.addLayout(_line(self.tr("Encryption key"), f"{capitalised(key_place)}."))
        data.body.addWidget(rule())
        data.body.addLayout(
            _line(
                self.tr("Backup"),
                self.tr("A copy of everything, encrypted like the original."),
                button(self.tr("Back up now…"), self.backup_wanted.emit),
            )
        )
        head = page_head(
            self.tr("Settings"), self.tr("Changes are kept at once. All of it stays here.")
        )
        scroll = ScrollColumn(self.tr("Settings"), _WIDTH, gap=16, margin=24)
        scroll.column.addLayout(head)
        scroll.column.addWidget(general)
        scroll.column.addWidget(data)
        scroll.column.addStretch(1)
        self.setLayout(column(scroll))

    def show_values(self, values: Mapping[str, SettingValue]) -> None:
        """Show the stored values."""
        for key, control in self._fields.items():
            show_value(control, values[key])

    def control(self, key: str) -> QWidget:
        """The control of a setting."""
        return self._fields[key]

    def _line(self, setting: Setting) -> QLayout:
        control = field(
            setting, setting.default, lambda value: self.changed.emit(setting.key, value)
        )
        self._fields[setting.key] = control
        return _line(self.tr(setting.label), self.tr(setting.help), control)


def _line(name: str, text: str, *controls: QWidget) -> QLayout:
    words = column(label(name, "strong"), gap=2)
    words.addWidget(label(text, "small", wrap=True, selectable=True))
    line = row(gap=16, margins=(0, 2, 0, 2))
    line.addLayout(words, 1)
    for control in controls:
        line.addWidget(control)
    return line
