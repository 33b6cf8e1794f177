"""One control for each kind of parameter of an analysis."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
    QWidget,
)

from desktop.safetext import label
from desktop.widgets.layout import column, row
from engine.core.words import capitalised
from engine.service import Param

_translate = QCoreApplication.translate

Value = str | Decimal | None
Changed = Callable[[], object]

PERIODS = ("30d", "90d", "6m", "1y", "3y", "ytd", "all")
_STEPS = 200
_TEXT_HEIGHT = 96
_WIDE_HELP = 40
_DECIMALS = {"number": 0, "percent": 2, "years": 2}
_COIN_DECIMALS = 8


class Control(QWidget):
    """A label over an input; value() is None where nothing is given."""

    def __init__(self, param: Param, field: QWidget, wide: bool = False) -> None:
        super().__init__()
        name = param.label or param.name.replace("_", " ").capitalize()
        self.name = param.name
        self.title = name
        self.help = param.help
        self.required = param.required
        self._when = param.when
        self.wide = wide
        field.setAccessibleName(name)
        field.setAccessibleDescription(param.help)
        self.setLayout(column(label(name, "small"), field, gap=4))

    def value(self) -> Value:
        """What is entered."""
        raise NotImplementedError

    def fill(self, value: Value) -> None:
        """Put another value in the place of the one shown; None for nothing."""
        raise NotImplementedError

    def matters(self, values: Mapping[str, str | Decimal]) -> bool:
        """Whether it makes a difference with the values entered elsewhere."""
        return not self._when or values.get(self._when[0]) in self._when[1:]


class ChoiceControl(Control):
    """A list to choose from; editable: other values may be typed."""

    def __init__(
        self, param: Param, choices: Sequence[str], changed: Changed, editable: bool
    ) -> None:
        self._box = QComboBox()
        self._editable = editable
        self._box.setEditable(editable)
        self._box.setMinimumWidth(150)
        self._box.setMaxVisibleItems(14)
        if not param.required and param.default is None:
            self._box.addItem(_translate("controls", param.omitted), "")
        for choice in choices:
            shown = choice if choice.isupper() or editable else choice.replace("_", " ")
            self._box.addItem(shown, choice)
        if param.default is not None:
            index = self._box.findData(str(param.default))
            if index >= 0:
                self._box.setCurrentIndex(index)
        super().__init__(param, self._box)
        self._box.view().setAccessibleName(self.title)
        self._box.activated.connect(lambda _: changed())
        line = self._box.lineEdit()
        if line is not None:
            line.setAccessibleName(self.title)
            line.editingFinished.connect(changed)

    def value(self) -> Value:
        typed = self._box.currentText().strip()
        index = self._box.findText(typed, Qt.MatchFlag.MatchFixedString)
        if self._editable and index < 0:
            return typed.upper() or None
        return str(self._box.itemData(index)) or None

    def fill(self, value: Value) -> None:
        index = self._box.findData(str(value or ""))
        if index >= 0:
            self._box.setCurrentIndex(index)
        elif self._editable:
            self._box.setEditText(str(value or ""))


class _Spin(QDoubleSpinBox):
    """Shows no decimals that are not needed."""

    def textFromValue(self, value: float) -> str:
        text = super().textFromValue(value)
        point = self.locale().decimalPoint()
        return text.rstrip("0").removesuffix(point) if point in text else text


class NumberControl(Control):
    """A number; between two limits it has a slider as well."""

    def __init__(self, param: Param, changed: Changed) -> None:
        self._least = float(param.least if param.least is not None else 0)
        self._most = float(param.most if param.most is not None else 10**12)
        # Money spans many sizes: the slider gives the small ones more room.
        self._bend = 3.0 if param.kind == "amount" else 1.0
        self._spin = _Spin()
        self._spin.setRange(self._least, self._most)
        whole = 2 if param.most is not None else _COIN_DECIMALS
        self._spin.setDecimals(_DECIMALS.get(param.kind, whole))
        self._spin.setGroupSeparatorShown(True)
        self._spin.setKeyboardTracking(False)
        self._spin.setFixedWidth(104)
        # The style sheet does not reach inside.
        self._spin.lineEdit().setTextMargins(8, 0, 0, 0)
        self._spin.setValue(float(param.default if isinstance(param.default, Decimal) else 0))
        field = QWidget()
        line = row(gap=10)
        self._slider: QSlider | None = None
        if param.least is not None and param.most is not None:
            self._slider = QSlider(Qt.Orientation.Horizontal)
            self._slider.setRange(0, _STEPS)
            self._slider.setMinimumWidth(110)
            self._slider.setValue(self._place(self._spin.value()))
            self._slider.setAccessibleName(param.label)
            line.addWidget(self._slider, 1)
            self._slider.sliderMoved.connect(self._slid)
            self._slider.actionTriggered.connect(
                lambda _: self._slid(self._slider.sliderPosition() if self._slider else 0)
            )
        line.addWidget(self._spin)
        if self._slider is None:
            line.addStretch(1)
        field.setLayout(line)
        self._given = param.default is not None
        super().__init__(param, field)
        self._spin.setAccessibleName(param.label)
        self._spin.valueChanged.connect(self._typed)
        self._changed = changed

    def value(self) -> Value:
        number = self._spin.value()
        return Decimal(str(number)) if number or self._given else None

    def fill(self, value: Value) -> None:
        self._given = value is not None
        self._spin.blockSignals(True)
        self._spin.setValue(float(value or 0))
        self._spin.blockSignals(False)
        if self._slider is not None:
            self._slider.setValue(self._place(self._spin.value()))

    def _place(self, value: float) -> int:
        share = (value - self._least) / (self._most - self._least)
        return round(float(_STEPS * share ** (1 / self._bend)))

    def _slid(self, place: int) -> None:
        extent = self._most - self._least
        value = self._least + extent * (place / _STEPS) ** self._bend
        self._spin.setValue(round(value) if extent >= _STEPS / 2 else round(value, 2))

    def _typed(self, value: float) -> None:
        if self._slider is not None and not self._slider.isSliderDown():
            self._slider.setValue(self._place(value))
        self._changed()


class LineControl(Control):
    """A line of text."""

    def __init__(self, param: Param, changed: Changed) -> None:
        self._field = QLineEdit(str(param.default or ""))
        self._field.setMinimumWidth(150)
        self._field.setPlaceholderText(capitalised(param.help))
        super().__init__(param, self._field, wide=len(param.help) > _WIDE_HELP)
        self._field.editingFinished.connect(changed)

    def value(self) -> Value:
        return self._field.text().strip() or None

    def fill(self, value: Value) -> None:
        self._field.setText(str(value or ""))


class TextControl(Control):
    """Several lines of text."""

    def __init__(self, param: Param, changed: Changed) -> None:
        self._field = QPlainTextEdit()
        self._field.setObjectName("boxed")
        self._field.setPlaceholderText(capitalised(param.help))
        self._field.setFixedHeight(_TEXT_HEIGHT)
        self._field.setTabChangesFocus(True)
        super().__init__(param, self._field, wide=True)
        self._field.textChanged.connect(changed)

    def value(self) -> Value:
        return self._field.toPlainText().strip() or None

    def fill(self, value: Value) -> None:
        self._field.setPlainText(str(value or ""))


def control(param: Param, offers: Sequence[str], changed: Changed) -> Control:
    """The control for a parameter. offers: values that the user's data make possible."""
    if param.choices:
        return ChoiceControl(param, param.choices, changed, editable=False)
    if param.kind == "period":
        return ChoiceControl(param, PERIODS, changed, editable=True)
    if param.kind in ("percent", "amount", "years", "number"):
        return NumberControl(param, changed)
    if offers and param.kind != "assets":
        return ChoiceControl(param, offers, changed, editable=param.kind == "asset")
    if param.long:
        return TextControl(param, changed)
    return LineControl(param, changed)
