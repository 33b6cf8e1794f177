"""The inputs in the sentences of the builder; each holds a text, as the rules do."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit

from desktop.alerts.sentences import choice_words
from desktop.safetext import one_line
from desktop.widgets.picker import Picker
from engine.core.money import parse_amount
from engine.service import AlertField

Changed = Callable[[], object]

_SHORT, _LONG = 62, 118
_BESIDE = 48
_NARROW, _WIDE = 92, 240
_MOST_VISIBLE = 14
_LONG_NUMBERS = frozenset({"level", "lower", "upper"})


class Figure(QLineEdit):
    """A number, shown with its thousands grouped."""

    def __init__(self, name: str, long: bool, changed: Changed) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFixedWidth(_LONG if long else _SHORT)
        self.setMaxLength(40)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.textEdited.connect(lambda _: changed())
        self.editingFinished.connect(lambda: self.show_value(self.value()))

    def value(self) -> str:
        """What is entered."""
        return self.text().strip()

    def show_value(self, text: str) -> None:
        """Show a number, or what stands for none."""
        self.setText(_grouped(text))


class Choice(Picker):
    """One of a few words."""

    def __init__(self, name: str, choices: Sequence[tuple[str, str]], changed: Changed) -> None:
        super().__init__(name, choices)
        self.picked.connect(lambda _: changed())

    def value(self) -> str:
        """The key of what is chosen."""
        return self.key()

    def show_value(self, text: str) -> None:
        """Choose without counting as a change."""
        self.choose(text)


class Named(QComboBox):
    """A name of the user's own data, or any other that is typed; capital: a symbol."""

    def __init__(self, name: str, names: Sequence[str], capital: bool, changed: Changed) -> None:
        super().__init__()
        self._capital = capital
        self._changed = changed
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setAccessibleName(name)
        self.setMaxVisibleItems(_MOST_VISIBLE)
        self.view().setAccessibleName(name)
        self._line = QLineEdit()
        self._line.setAccessibleName(name)
        self._line.setMaxLength(80)
        self.setLineEdit(self._line)
        self.offer(names)
        # A chosen name, and a typed one, come by different signals.
        self.activated.connect(lambda _: changed())
        self._line.textEdited.connect(lambda _: changed())

    def offer(self, names: Sequence[str]) -> None:
        """Replace the names; the first is shown."""
        self.clear()
        self.addItems([one_line(one, 80) for one in names])
        letters = max((len(one) for one in names), default=8)
        width = _BESIDE + self.fontMetrics().averageCharWidth() * (letters + 1)
        self.setFixedWidth(min(max(width, _NARROW), _WIDE))
        self._line.setCursorPosition(0)

    def value(self) -> str:
        """What is chosen or typed."""
        text = self.currentText().strip()
        return text.upper() if self._capital else text

    def show_value(self, text: str) -> None:
        """Show a name without counting as a change."""
        self.setCurrentText(text)
        self._line.setCursorPosition(0)


Gap = Figure | Choice | Named


def gap(kind: str, field: AlertField, names: Sequence[str], changed: Changed) -> Gap:
    """The input for a field of a kind; names: what the data offer."""
    if field.kind == "choice":
        choices = [(one, choice_words(kind, one)) for one in field.choices]
        return Choice(field.label, choices, changed)
    if field.kind in ("number", "days"):
        money = kind != "health" and field.name in _LONG_NUMBERS
        return Figure(field.label, money, changed)
    return Named(field.label, names, field.kind == "symbol", changed)


def _grouped(text: str) -> str:
    try:
        number: Decimal = parse_amount(text)
    except ValueError:
        return text
    return f"{number:,}" if "E" not in str(number) else text
