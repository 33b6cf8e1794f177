"""What the columns of an unknown file do not say by themselves."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from desktop.portfolio.mapping_words import meaning_choices
from desktop.safetext import label, one_line
from desktop.widgets.layout import boxed, clear, column, row
from desktop.widgets.picker import Picker
from desktop.widgets.switch import Switch

if TYPE_CHECKING:
    from engine.service import ColumnMapping

_SETTLE_MILLISECONDS = 300
_FIELD_WIDTH = 190


class Options(QWidget):
    """Texts that are the same for all rows, how dates and numbers are written, words for kinds."""

    changed = Signal()

    def __init__(self, suggested: "ColumnMapping") -> None:
        super().__init__()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLE_MILLISECONDS)
        self._timer.timeout.connect(self.changed.emit)
        self._meanings = dict(suggested.words)
        self.words: dict[str, Picker] = {}
        self.account = self._line(self.tr("Account"), self.tr("Main"))
        self.currency = self._line(self.tr("Currency"), self.tr("such as USD"))
        self.kind = Picker(self.tr("Kind of all rows"), meaning_choices()[:-1])
        self.kind.setItemText(0, self.tr("By the amounts"))
        self.kind.picked.connect(lambda _: self.changed.emit())
        self.signed = self._switch(self.tr("Amounts below zero went out"), suggested.signed)
        self.comma = self._switch(self.tr("Decimal comma: 1.234,5"), suggested.decimal_comma)
        self.order = Picker(
            self.tr("Dates such as 5/9/2025"),
            [("day", self.tr("Day first")), ("month", self.tr("Month first"))],
        )
        self.order.choose(suggested.order)
        self.order.picked.connect(lambda _: self.changed.emit())
        self._rows: dict[str, QWidget] = {}
        self._words = QGridLayout()
        self._words.setContentsMargins(0, 0, 0, 0)
        self._words.setVerticalSpacing(6)
        self._words_box = boxed(
            column(label(self.tr("Words for kinds"), "overline"), self._words, gap=6)
        )
        lines = column(gap=8)
        for key, name, field in (
            ("account", self.tr("Account"), self.account),
            ("kind", self.tr("Kind of all rows"), self.kind),
            ("currency", self.tr("Currency"), self.currency),
            ("order", self.tr("Dates such as 5/9/2025"), self.order),
            ("signed", self.tr("Amounts below zero went out"), self.signed),
            ("comma", self.tr("Decimal comma: 1.234,5"), self.comma),
        ):
            if isinstance(field, Picker):
                field.setFixedWidth(_FIELD_WIDTH)
            line = row(label(name, "muted"), None, field, gap=12)
            self._rows[key] = boxed(line)
            lines.addWidget(self._rows[key])
        lines.addSpacing(4)
        lines.addWidget(self._words_box)
        lines.addStretch(1)
        self.setLayout(lines)
        self._words_box.hide()

    def show_for(self, roles: Mapping[str, str]) -> None:
        """Ask for what these columns leave open. roles: the column that has each role."""
        self._rows["account"].setVisible("account" not in roles)
        self._rows["kind"].setVisible("kind" not in roles)
        money = {"price", "total", "fee_amount", "value"} & roles.keys()
        told = {"currency", "pair"} & roles.keys()
        self._rows["currency"].setVisible(bool(money) and not told)
        self._rows["signed"].setVisible("amount" in roles)

    def show_words(self, words: Sequence[str]) -> None:
        """Ask what these words stand for, the unknown ones first; none at all without a column."""
        clear(self._words)
        self.words = {}
        for number, word in enumerate(sorted(words, key=lambda one: one in self._meanings)):
            picker = Picker(self.tr("Meaning of {}").format(word), meaning_choices())
            picker.setFixedWidth(_FIELD_WIDTH)
            picker.choose(self._meanings.get(word, word))
            picker.picked.connect(lambda kind, word=word: self._mean(word, kind))
            self.words[word] = picker
            self._words.addWidget(label(one_line(word, 40)), number, 0)
            self._words.addWidget(picker, number, 1)
        self._words_box.setVisible(bool(words))

    def fixed(self) -> dict[str, str]:
        """What a role is where there is no column for it."""
        texts = {
            "account": self.account.text().strip(),
            "kind": self.kind.key(),
            "currency": self.currency.text().strip().upper(),
        }
        return {
            role: text for role, text in texts.items() if text and not self._rows[role].isHidden()
        }

    def meanings(self) -> dict[str, str]:
        """What the words stand for."""
        return {word: picker.key() for word, picker in self.words.items() if picker.key()}

    def _mean(self, word: str, kind: str) -> None:
        self._meanings[word] = kind
        self.changed.emit()

    def _line(self, name: str, example: str) -> QLineEdit:
        field = QLineEdit()
        field.setAccessibleName(name)
        field.setPlaceholderText(example)
        field.setMaxLength(60)
        field.setFixedWidth(_FIELD_WIDTH)
        field.textChanged.connect(lambda _: self._timer.start())
        return field

    def _switch(self, name: str, on: bool) -> Switch:
        switch = Switch(name)
        switch.setChecked(on)
        switch.toggled.connect(lambda _: self.changed.emit())
        return switch
