"""One condition of an alert: a sentence made of words and inputs."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QWidget

from desktop.alerts.controls import Choice, Figure, Gap, Named, gap
from desktop.alerts.sentences import NOTHING, STARTS, TITLES, pieces
from desktop.safetext import label
from desktop.widgets.buttons import icon_button
from desktop.widgets.flow import Flow
from desktop.widgets.layout import boxed, clear, column, row
from engine.core.money import to_text
from engine.service import AlertKind, AlertOffers

_translate = QCoreApplication.translate
_GAP = 5
_KEPT = frozenset({"asset", "currency"})
"""What stays when another kind is chosen."""


class ConditionLine(QWidget):
    """The sentence, its kind at the right, and under it when the condition is over again."""

    def __init__(
        self,
        kinds: Mapping[str, AlertKind],
        offers: AlertOffers,
        changed: Callable[[], object],
        remove: Callable[["ConditionLine"], object],
    ) -> None:
        super().__init__()
        self._kinds = kinds
        self._offers = offers
        self._changed = changed
        self._suggested = ""
        self.gaps: dict[str, Gap] = {}
        self._when = label(self.tr("When"))
        self._word = label("")
        joints = [("all", self.tr("and")), ("any", self.tr("or"))]
        self.joint = Choice(self.tr("How the conditions are joined"), joints, changed)
        names = [(one, _translate("alerts", TITLES[one])) for one in kinds]
        self.kind = Choice(self.tr("Kind of condition"), names, self._other_kind)
        self.remove = icon_button(
            "close", self.tr("Remove this condition"), lambda: remove(self), size=16
        )
        self._sentence = Flow(_GAP)
        self._hysteresis = Figure(self.tr("Hysteresis in per cent"), False, changed)
        self._back = Flow(_GAP)
        self._back.addWidget(
            label(self.tr("It is over, and can come true again, once back by"), "muted")
        )
        self._back.addWidget(self._hysteresis)
        self._back.addWidget(label(self.tr("% of the level."), "muted"))
        self._more = boxed(self._back)
        self._more.hide()
        line = row(gap=16)
        line.addWidget(boxed(self._sentence), 1, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.kind, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.remove, 0, Qt.AlignmentFlag.AlignTop)
        self.setLayout(column(line, self._more, gap=8))
        self._build({})

    def show_more(self, shown: bool) -> None:
        """Show the hysteresis too, or not."""
        self._more.setVisible(shown)

    def set_place(self, place: int, joint: str) -> None:
        """Begin with "When" on the first line, and as the conditions are joined on the others;
        the second is where that is chosen."""
        self.joint.show_value(joint)
        self._word.setText(self.joint.currentText())
        for number, lead in enumerate((self._when, self.joint, self._word)):
            lead.setVisible(number == min(place, 2))

    def values(self) -> dict[str, str]:
        """The condition as the rules have it."""
        found = {name: one.value() for name, one in self.gaps.items()}
        return {"kind": self.kind.value(), **found, "hysteresis": self._hysteresis.value()}

    def missing(self) -> str:
        """A sentence about the first gap that is empty, or ""."""
        for field in self._kind().fields:
            if not self.gaps[field.name].value():
                nothing = "" if self._names(field.name) else NOTHING.get(field.name, "")
                if nothing:
                    return _translate("alerts", nothing)
                return self.tr("Still to be filled in: {}.").format(field.label)
        return ""

    def show_values(self, values: Mapping[str, str]) -> None:
        """Show a condition; what it does not say is as it begins."""
        self.kind.show_value(values["kind"])
        self._build(values)

    def _kind(self) -> AlertKind:
        return self._kinds[self.kind.value()]

    def _other_kind(self) -> None:
        before = self.values()
        self._build({name: before[name] for name in _KEPT & before.keys()})
        self._changed()

    def _build(self, values: Mapping[str, str]) -> None:
        """Lay the sentence out anew, with these values in its gaps."""
        kind = self._kind()
        fields = {one.name: one for one in kind.fields}
        leads = (self._when, self.joint, self._word)
        for lead in leads:
            self._sentence.removeWidget(lead)
        clear(self._sentence)
        for lead in leads:
            self._sentence.addWidget(lead)
        self.gaps = {}
        for word, name in pieces(kind.name):
            if not name:
                self._sentence.addWidget(label(word))
                continue
            one = gap(kind.name, fields[name], self._names(name), self._gap_changed)
            self.gaps[name] = one
            # A word and the gap that it leads to stay in one line.
            self._sentence.addWidget(boxed(row(label(word), one, gap=_GAP)) if word else one)
            start = fields[name].default
            start = STARTS.get((kind.name, name), "") if start is None else start
            if start != "":
                one.show_value(to_text(start) if isinstance(start, Decimal) else start)
        self._offer_series()
        # The fields are in the order of the sentence: the kind of data comes before its name.
        for name, one in self.gaps.items():
            if name in values:
                one.show_value(values[name])
                self._offer_series()
        self._suggested = ""
        self._hysteresis.show_value(values.get("hysteresis", "") or to_text(kind.hysteresis))
        self._suggest()

    def _names(self, field: str) -> tuple[str, ...]:
        if field == "asset" and self._kind().name == "depeg":
            field = "stablecoin"
        return tuple(self._offers.names.get(field, ()))

    def _gap_changed(self) -> None:
        self._offer_series()
        self._suggest()
        self._changed()

    def _offer_series(self) -> None:
        """What can go stale depends on the kind of data."""
        topic, name = self.gaps.get("topic"), self.gaps.get("name")
        if isinstance(topic, Choice) and isinstance(name, Named):
            offered = tuple(self._offers.series.get(topic.value(), ()))
            if name.property("topic") != topic.value():
                name.setProperty("topic", topic.value())
                name.offer(offered)

    def _suggest(self) -> None:
        """A level near the price of the coin, unless the user has entered one."""
        kind, asset = self._kind().name, self.gaps.get("asset")
        target, known = {
            "price": ("level", self._offers.levels),
            "weight": ("target", self._offers.weights),
        }.get(kind, ("", {}))
        one = self.gaps.get(target)
        if one is None or asset is None or one.value().replace(",", "") != self._suggested:
            return
        found = known.get(asset.value())
        self._suggested = "" if found is None else to_text(found)
        one.show_value(self._suggested)
