"""How alerts arrive: quiet hours, sound, notifications, the user's program, the tray."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QLabel, QLayout, QLineEdit, QWidget

from desktop.alerts.keys import KEYS
from desktop.bridge import Bridge
from desktop.safetext import label
from desktop.settings.fields import field, show_value
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.layout import column, row, rule
from desktop.widgets.titles import set_words
from engine.core.settings import SettingValue, setting

if TYPE_CHECKING:
    from engine.service import Service

_translate = QCoreApplication.translate
_TIME_WIDTH = 84


class DeliveryCard(CardFrame):
    """One line per setting; what is wrong with an entry is said under it, and the entry stays."""

    def __init__(self, service: "Service", bridge: Bridge, has_tray: bool) -> None:
        super().__init__(self.tr("How you are told"))
        self._service = service
        self._bridge = bridge
        self.controls: dict[str, QWidget] = {}
        self._notes: dict[str, QLabel] = {}
        for key in KEYS:
            self._make(key)
        self.try_it = button(self.tr("Try it"), self._try)
        self.try_it.setAccessibleName(self.tr("Try the program for alerts"))
        start, end = (self.controls[key] for key in KEYS[:2])
        for one in (start, end):
            one.setFixedWidth(_TIME_WIDTH)
        assert isinstance(start, QLineEdit)
        assert isinstance(end, QLineEdit)
        start.setPlaceholderText("22:00")
        end.setPlaceholderText("07:00")
        hours = row(label(self.tr("from"), "muted"), start, label(self.tr("to"), "muted"), end)
        note = self.tr("Alerts wait for the end of them, unless their priority is high.")
        self._add(self.tr("Quiet hours"), note, hours, *KEYS[:2])
        for key in KEYS[2:]:
            line = row(self.controls[key])
            if key == "alert_command":
                line.addWidget(self.try_it)
            self._add(_tr(setting(key).label), _tr(setting(key).help), line, key)
        if not has_tray:
            self.controls["keep_in_tray"].setEnabled(False)
            self._say("keep_in_tray", self.tr("Not available: this desktop has no tray."))
        self.refresh()

    def refresh(self) -> None:
        """Show the stored values."""
        self._bridge.run(self._service.settings.all, self._show_values, owner=self)

    def _show_values(self, values: Mapping[str, SettingValue]) -> None:
        for key, control in self.controls.items():
            if not control.hasFocus() or not isinstance(control, QLineEdit):
                show_value(control, values[key])

    def _make(self, key: str) -> None:
        one = setting(key)
        self.controls[key] = field(one, one.default, partial(self._change, key))

    def _add(self, name: str, text: str, controls: QLayout, *keys: str) -> None:
        note = label("", "small", wrap=True)
        note.hide()
        self._notes |= dict.fromkeys(keys, note)
        words = column(label(name, "strong"), label(text, "small", wrap=True), note, gap=2)
        line = row(gap=16, margins=(0, 2, 0, 2))
        line.addLayout(words, 1)
        line.addLayout(controls)
        if self.body.count():
            self.body.addWidget(rule())
        self.body.addLayout(line)

    def _say(self, key: str, sentence: str, wrong: bool = False) -> None:
        set_words(self._notes[key], sentence, "error" if wrong else "small")

    def _change(self, key: str, value: SettingValue) -> None:
        def stored(kept: SettingValue) -> None:
            self._say(key, "")
            show_value(self.controls[key], kept)
            self._check_hours()

        self._bridge.run(
            partial(self._service.settings.set, key, value),
            stored,
            partial(self._say, key, wrong=True),
            owner=self,
        )

    def _check_hours(self) -> None:
        """One time alone makes no quiet hours."""
        given = [self._entered(key) for key in KEYS[:2] if self._entered(key)]
        if len(given) == 1:
            self._say(KEYS[0], self.tr("Quiet hours need a beginning and an end."))

    def _entered(self, key: str) -> str:
        control = self.controls[key]
        return control.text().strip() if isinstance(control, QLineEdit) else ""

    def _try(self) -> None:
        service, program = self._service, self._entered("alert_command")

        def work() -> str:
            service.settings.set("alert_command", program)
            return service.alerts.telling.try_program()

        self.try_it.setEnabled(False)
        done = self.tr("{} ran to its end.")
        self._bridge.run(
            work,
            lambda name: self._tried(done.format(name)),
            partial(self._tried, wrong=True),
            owner=self,
        )

    def _tried(self, sentence: str, wrong: bool = False) -> None:
        self.try_it.setEnabled(True)
        self._say("alert_command", sentence, wrong)


def _tr(text: str) -> str:
    return _translate("settings", text)
