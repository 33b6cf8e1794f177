"""The form of an alert: its conditions as sentences, its options, and what it would have done."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Signal

from desktop.alerts.condition import ConditionLine
from desktop.alerts.nested import NestedConditions
from desktop.alerts.options import Options
from desktop.alerts.preview import PreviewView, Tried, try_out
from desktop.bridge import Bridge, Call
from desktop.safetext import label
from desktop.theme.icons import set_icon
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.layout import column, row, rule
from desktop.widgets.titles import set_words
from engine.service import alert_outline

if TYPE_CHECKING:
    from engine.service import Alert, AlertKind, AlertOffers, Service

_SETTLE = 300  # milliseconds after the last change
_MOST_LINES = 16


class Builder(CardFrame):
    """Makes a new alert, or changes one; previews it a moment after every change.

    saved: with what is to be said of data that are missing, or "".
    """

    saved = Signal(str)
    closed = Signal()

    def __init__(
        self,
        service: "Service",
        bridge: Bridge,
        kinds: "Sequence[AlertKind]",
        offers: "AlertOffers",
        text: str = "",
        alert: "Alert | None" = None,
    ) -> None:
        """text: the rule to begin with, as JSON. alert: the one to change."""
        super().__init__(self.tr("Edit alert") if alert else self.tr("New alert"))
        self._service = service
        self._bridge = bridge
        self._kinds = {one.name: one for one in kinds}
        self._offers = offers
        self._alert = alert
        self.nested: NestedConditions | None = None
        self._calls: list[Call] = []
        self.lines: list[ConditionLine] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLE)
        self._timer.timeout.connect(self._try)
        self._column = column(gap=16)
        self.add = button(self.tr("Add a condition"), self._add_another, kind="quiet", icon="plus")
        self.more = button(self.tr("More"), self._fold, kind="fold", icon="chevron-right")
        self.options = Options(self._timer.start)
        self.preview = PreviewView()
        self._error = label("", "error", wrap=True)
        self.save = button(self.tr("Save alert"), self._store, kind="primary")
        cancel = button(self.tr("Cancel"), self.closed.emit)
        self.body.setSpacing(12)
        self.body.addLayout(self._column)
        self.body.addLayout(row(self.add, self.more, None, gap=12))
        self.body.addWidget(self.options)
        self.body.addWidget(rule())
        self.body.addWidget(self.preview)
        self.body.addWidget(self._error)
        self.body.addLayout(row(None, cancel, self.save))
        self._error.hide()
        data = json.loads(alert.text if alert else text) if alert or text else {}
        self._show_rule(data)
        self._timer.start()

    def text(self) -> str:
        """The rule as JSON."""
        return json.dumps({"when": self._when(), **self.options.values()})

    def begin(self) -> None:
        """Put the cursor where one begins."""
        first = next(iter(self.lines[0].gaps.values())) if self.lines else self.options.name
        first.setFocus()

    def _conditions(self) -> list[dict[str, str]]:
        return [line.values() for line in self.lines]

    def _when(self) -> Any:
        if self.nested is not None:
            return self.nested.when()
        conditions = self._conditions()
        return conditions[0] if len(conditions) == 1 else {self._joint(): conditions}

    def _joint(self) -> str:
        return self.lines[1].joint.value() if len(self.lines) > 1 else "all"

    def _show_rule(self, data: Mapping[str, Any]) -> None:
        when = data.get("when")
        joint = next((one for one in ("all", "any") if when and one in when), "all")
        parts: list[Any] = when.get(joint, [when]) if when else [None]
        if any(part and ("all" in part or "any" in part) for part in parts):
            self._show_nested(when)
        else:
            for part in parts:
                self._add(part)
            self._arrange(joint)
        self.options.show_values(data)
        self._unfold(not self.options.usual())

    def _show_nested(self, when: Any) -> None:
        """Conditions within conditions do not fit into sentences."""
        self.nested = NestedConditions(when)
        self.nested.changed.connect(self._changed)
        self._column.addWidget(self.nested)
        self.add.hide()

    def _add(self, values: Mapping[str, str] | None) -> None:
        line = ConditionLine(self._kinds, self._offers, self._changed, self._remove)
        if values:
            line.show_values(values)
        self.lines.append(line)
        self._column.addWidget(line)

    def _add_another(self) -> None:
        joint = self._joint()
        self._add({"kind": self.lines[-1].kind.value()})
        self._arrange(joint)
        self.lines[-1].kind.setFocus()
        self._changed()

    def _remove(self, line: ConditionLine) -> None:
        joint = self._joint()
        self.lines.remove(line)
        self._column.removeWidget(line)
        line.hide()
        line.deleteLater()
        self._arrange(joint)
        self.add.setFocus()
        self._changed()

    def _arrange(self, joint: str) -> None:
        for place, line in enumerate(self.lines):
            line.set_place(place, joint)
            line.remove.setVisible(len(self.lines) > 1)
            line.show_more(not self.options.isHidden())
        self.add.setEnabled(len(self.lines) < _MOST_LINES)

    def _changed(self) -> None:
        for line in self.lines[2:]:
            line.set_place(2, self._joint())
        self._say_error("")
        self._timer.start()

    def _fold(self) -> None:
        self._unfold(self.options.isHidden())

    def _unfold(self, shown: bool) -> None:
        self.options.setVisible(shown)
        for line in self.lines:
            line.show_more(shown)
        set_icon(self.more, "chevron-down" if shown else "chevron-right", "muted", 14)

    def _try(self) -> None:
        """Ask for the preview of what is entered now; that of before is dropped."""
        for call in self._calls:
            call.cancel()
        self._calls = []
        missing = self._missing()
        if missing:
            self.preview.say(missing)
            return
        conditions = self._conditions()
        ask = partial(try_out, self._service, self.text(), conditions)
        self._calls = [self._bridge.run(ask, self._tried, self._not_tried, owner=self)]
        if self.nested is not None:
            tell = partial(_outlined, self._service, self.text())
            # What is wrong with the rule is said by its preview.
            self._calls.append(
                self._bridge.run(tell, self.nested.show_outline, lambda _: None, owner=self)
            )

    def _missing(self) -> str:
        parts = [self.nested] if self.nested is not None else self.lines
        return next((found for part in parts if (found := part.missing())), "")

    def _tried(self, tried: Tried) -> None:
        self.preview.show_tried(tried)

    def _not_tried(self, sentence: str) -> None:
        self.preview.say(sentence, wrong=True)

    def _store(self) -> None:
        if self.nested is not None and (missing := self.nested.missing()):
            self.preview.say(missing, wrong=True)
            return
        alerts, text = self._service.alerts, self.text()
        self.save.setEnabled(False)
        number = self._alert.id if self._alert else None

        def store() -> str:
            if number is None:
                alerts.add_rule(text)
            else:
                alerts.edit(number, text)
            return alerts.hint(text)

        self._bridge.run(store, self.saved.emit, self._not_stored, owner=self)

    def _not_stored(self, sentence: str) -> None:
        self.save.setEnabled(True)
        # The preview may have said so already.
        self._say_error("" if sentence == self.preview.text() else sentence)

    def _say_error(self, sentence: str) -> None:
        set_words(self._error, sentence, "error")


def _outlined(service: "Service", text: str) -> list[tuple[int, str]]:
    return list(alert_outline(service.alerts.read(text).condition))
