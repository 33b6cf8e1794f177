"""The form of one analysis: its controls in as many columns as there is room for."""

from collections.abc import Mapping
from decimal import Decimal

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from desktop.analysis.controls import Control, NumberControl, Value, control
from engine.service import Form

_SETTLE = 250  # milliseconds after the last change
_COLUMN = 250
_LEAST_COLUMN = 224
_MOST_COLUMNS = 8


class FormView(QWidget):
    """Emits what is entered a moment after the last change, once nothing needed is missing.

    Not shown: a parameter that may be left out and for which the data offer nothing, and one that
    does not matter with what is chosen elsewhere.
    """

    changed = Signal(dict)
    incomplete = Signal(str, str)
    """The name of what is missing, and what it means."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLE)
        self._timer.timeout.connect(self.emit_values)
        self.controls = [
            control(param, form.offers.get(param.name, ()), self._touched)
            for param in form.parameters
            if param.required or form.offers.get(param.name, ("any",))
        ]
        for one in self.controls:
            one.setParent(self)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(20)
        self._grid.setVerticalSpacing(12)
        self.setLayout(self._grid)
        self._follows = form.follows
        self._begun = {one.name: one.value() for one in self.controls}
        # Of each: the choice it is filled for, and with what; anything else the user has typed.
        now = self.values()
        self._filled = {
            name: (now.get(other), now.get(name)) for name, (other, _) in form.follows.items()
        }
        self._placed: tuple[int, list[Control]] = (0, [])
        self._arrange(3)

    def values(self) -> dict[str, str | Decimal]:
        """What is entered, by parameter."""
        found = {one.name: one.value() for one in self.controls}
        return {name: value for name, value in found.items() if value is not None}

    def entered(self) -> dict[str, Value]:
        """What the user has put in the place of the values to begin with, by parameter."""
        begun = self._begun | {name: filled for name, (_, filled) in self._filled.items()}
        found = {one.name: one.value() for one in self.controls}
        return {name: value for name, value in found.items() if value != begun[name]}

    def enter(self, values: Mapping[str, Value]) -> None:
        """Put in what was entered before, as far as it can be chosen."""
        for one in self.controls:
            if one.name in values:
                one.fill(values[one.name])
        self._follow()
        self._arrange(self._placed[0])

    def missing(self) -> Control | None:
        """The first control that needs a value and has none."""
        return next((one for one in self.controls if one.required and one.value() is None), None)

    def emit_values(self) -> None:
        """Emit what is entered now."""
        missing = self.missing()
        if missing is None:
            self.changed.emit(self.values())
        else:
            self.incomplete.emit(missing.title, missing.help)

    def minimumSizeHint(self) -> QSize:
        # One column fits where the controls in a row of now do not.
        return QSize(_LEAST_COLUMN, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(min(_MOST_COLUMNS, max(1, self.width() // _COLUMN)))

    def _touched(self) -> None:
        self._follow()
        self._arrange(self._placed[0])
        self._timer.start()

    def _follow(self) -> None:
        """Fill what goes with a choice that has changed, unless the user has typed a value."""
        values = self.values()
        for one in self.controls:
            if not isinstance(one, NumberControl) or one.name not in self._follows:
                continue
            other, known = self._follows[one.name]
            chosen, (before, filled) = values.get(other), self._filled[one.name]
            if chosen != before and one.value() == filled:
                one.fill(known.get(str(chosen)))
                filled = one.value()
            self._filled[one.name] = chosen, filled

    def _arrange(self, columns: int) -> None:
        values = self.values()
        shown = [one for one in self.controls if one.matters(values)]
        if self._placed == (columns, shown):
            return
        self._placed = (columns, shown)
        for one in self.controls:
            self._grid.removeWidget(one)
            one.setVisible(one in shown)
        place = 0
        for one in shown:
            span = columns if one.wide else 1
            if place % columns + span > columns:
                place += columns - place % columns
            self._grid.addWidget(one, place // columns, place % columns, 1, span)
            place += span
        for number in range(_MOST_COLUMNS):
            self._grid.setColumnStretch(number, 1 if number < columns else 0)
