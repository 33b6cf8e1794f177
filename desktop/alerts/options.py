"""How often, how long and how loudly an alert is told; folded away until wanted."""

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtWidgets import QLineEdit, QWidget

from desktop.alerts.controls import Choice, Figure
from desktop.safetext import label
from desktop.widgets.flow import Flow
from desktop.widgets.layout import boxed, column

_NAME_WIDTH = 200
_DAY_WIDTH = 118
_GAP = 16


class Options(QWidget):
    """Name, once or every time, cooldown, last day and priority of a rule."""

    def __init__(self, changed: Callable[[], object]) -> None:
        super().__init__()
        self.name = _line(self.tr("Name"), self.tr("What it watches, in words"), _NAME_WIDTH)
        self.name.setMaxLength(80)
        self.name.textEdited.connect(lambda _: changed())
        self.once = Choice(
            self.tr("How often"),
            [("", self.tr("Every time it comes true")), ("once", self.tr("Only once"))],
            changed,
        )
        self.cooldown = Figure(self.tr("Cooldown in days"), False, changed)
        self.expires = _line(self.tr("Last day"), "2027-01-31", _DAY_WIDTH)
        self.expires.textEdited.connect(lambda _: changed())
        self.priority = Choice(
            self.tr("Priority"),
            [
                ("low", self.tr("Low: without a sound")),
                ("normal", self.tr("Normal")),
                ("high", self.tr("High: in quiet hours too")),
            ],
            changed,
        )
        cells = Flow(_GAP, line_gap=12)
        for one in (self.name, self.once, self.priority, self.cooldown, self.expires):
            cells.addWidget(boxed(column(label(one.accessibleName(), "small"), one, gap=4)))
        self.setLayout(cells)
        self.show_values({})

    def values(self) -> dict[str, Any]:
        """The options as the rules have them."""
        return {
            "name": self.name.text().strip(),
            "once": self.once.value() == "once",
            "cooldown_days": self.cooldown.value() or "0",
            "expires": self.expires.text().strip() or None,
            "priority": self.priority.value(),
        }

    def show_values(self, rule: Mapping[str, Any]) -> None:
        """Show the options of a rule; what it does not say is as it begins."""
        self.name.setText(rule.get("name", ""))
        self.once.show_value("once" if rule.get("once") else "")
        days = str(rule.get("cooldown_days", 0))
        self.cooldown.show_value("" if days == "0" else days)
        self.expires.setText(rule.get("expires") or "")
        self.priority.show_value(rule.get("priority", "normal"))

    def usual(self) -> bool:
        """Whether every option is as it begins."""
        values = self.values()
        return values == {
            "name": "", "once": False, "cooldown_days": "0", "expires": None, "priority": "normal",
        }  # fmt: skip


def _line(name: str, example: str, width: int) -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setPlaceholderText(example)
    field.setFixedWidth(width)
    return field
