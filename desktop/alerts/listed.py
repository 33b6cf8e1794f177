"""The list of alerts: those that watch, those that are paused, those that have ended."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop.alerts.moments import moment_text
from desktop.safetext import label
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.layout import clear, column, row
from desktop.widgets.listing import Line, Listing
from engine.core.words import capitalised

if TYPE_CHECKING:
    from engine.service import Alert, AlertPhase

_ROOM = 80  # letters of a title that are surely seen
_PAGE = 50
"""Alerts shown at once; more come with a click."""


class AlertsCard(CardFrame):
    """Emits what is to be done with an alert."""

    edit_wanted = Signal(object)
    pause_wanted = Signal(object)
    delete_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__(self.tr("Your alerts"))
        self._all: Sequence[tuple[Alert, AlertPhase]] = ()
        self._without: frozenset[int] = frozenset()
        self._shown = _PAGE
        self._groups = column(gap=14)
        self.body.addLayout(self._groups)

    def show_alerts(
        self,
        alerts: "Sequence[tuple[Alert, AlertPhase]]",
        without: frozenset[int] = frozenset(),
    ) -> None:
        """Show these alerts with what each does now; without: those there is no data of yet."""
        if (alerts, without) != (self._all, self._without):
            self._all, self._without = alerts, without
            self._fill()

    def _fill(self) -> None:
        clear(self._groups)
        titles = {
            "watching": self.tr("Watching"),
            "paused": self.tr("Paused"),
            "ended": self.tr("Ended"),
        }
        room = self._shown
        for state, title in titles.items():
            found = [one for one in self._all if one[0].state == state]
            shown, room = found[:room], max(0, room - len(found))
            if shown:
                self._groups.addWidget(self._group(f"{title} · {len(found)}", shown))
        left = len(self._all) - self._shown
        if left > 0:
            more = button(self.tr("Show more ({})").format(left), self._more, kind="quiet")
            self._groups.addLayout(row(more, None))

    def _more(self) -> None:
        self._shown += _PAGE
        self._fill()

    def _group(self, title: str, alerts: "Sequence[tuple[Alert, AlertPhase]]") -> QWidget:
        listing = Listing(title, "")
        listing.show_lines([self._line(*one) for one in alerts])
        group = QWidget()
        group.setLayout(column(label(title, "overline"), listing, gap=8))
        return group

    def _line(self, alert: "Alert", phase: "AlertPhase") -> Line:
        words = {
            "armed": self.tr("Armed"),
            "fired": self.tr("Fired"),
            "waiting": self.tr("Waiting"),
            "paused": self.tr("Paused"),
            "ended": self.tr("Ended"),
        }
        if alert.last_fired is None:
            fired = self.tr("Has not fired yet.")
        else:
            fired = self.tr("Last fired {}.").format(moment_text(alert.last_fired))
        paused = alert.state == "paused"
        pause = (
            "play" if paused else "pause",
            self.tr("Resume") if paused else self.tr("Pause"),
            lambda: self.pause_wanted.emit(alert),
        )
        edit = ("pencil", self.tr("Edit"), lambda: self.edit_wanted.emit(alert))
        delete = ("trash", self.tr("Delete"), lambda: self.delete_wanted.emit(alert))
        actions = (edit, delete) if alert.state == "ended" else (pause, edit, delete)
        tag = "" if phase in {"paused", "ended"} else words[phase]
        if phase == "armed" and alert.id in self._without:
            tag = self.tr("No data yet")
        role = {"fired": "badge", "waiting": "badge"}.get(phase, "tag")
        # Without a name the title says already what it watches, if there is room for it.
        said = alert.rule.describe() if alert.rule.name or len(alert.title) > _ROOM else ""
        said = said or f"{capitalised(alert.rule.manner())}."
        return Line("bell", capitalised(alert.title), f"{said} {fired}", tag, role, actions)
