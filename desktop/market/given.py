"""Asks whose data a file holds, and in which currency, where the file itself does not say it."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from desktop.safetext import label
from desktop.widgets.buttons import button
from desktop.widgets.layout import column, row


class GivenDialog(QDialog):
    """Why a file could not be used, if it could not, and two fields to read it again with."""

    def __init__(
        self,
        parent: QWidget,
        sentence: str,
        asset: str,
        currency: str,
        on_given: Callable[[str, str], object],
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = self.tr("Nothing was imported") if sentence else self.tr("Asset and currency")
        self.setWindowTitle(title)
        self.setMinimumWidth(560)
        self.asset = _field(self.tr("Asset, pool or collection"), asset, self.tr("such as BTC"))
        self.currency = _field(self.tr("Currency"), currency, self.tr("such as EUR"))
        self.again = button(self.tr("Read again"), self.accept, kind="primary")
        self.again.setDefault(True)
        fields = row(gap=12)
        for one in (self.asset, self.currency):
            one.textChanged.connect(self._enable)
            fields.addLayout(column(label(one.accessibleName(), "small"), one, gap=4), 1)
        note = self.tr("Used only where the file itself does not say it:")
        words = (label(sentence, "muted", wrap=True, selectable=True),) if sentence else ()
        self.setLayout(
            column(
                label(title, "heading"),
                *words,
                4,
                label(note, wrap=True),
                fields,
                8,
                row(None, button(self.tr("Close"), self.reject), self.again),
                gap=8,
                margins=(24, 20, 24, 20),
            )
        )
        self._enable()
        self.asset.setFocus()
        self.accepted.connect(
            lambda: on_given(self.asset.text().strip(), self.currency.text().strip())
        )
        self.open()

    def _enable(self) -> None:
        self.again.setEnabled(bool(self.asset.text().strip() or self.currency.text().strip()))


def _field(name: str, text: str, example: str) -> QLineEdit:
    field = QLineEdit(text)
    field.setAccessibleName(name)
    field.setPlaceholderText(example)
    field.setMaxLength(100)
    return field
