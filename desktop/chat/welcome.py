"""What a conversation shows before its first question: things worth asking."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from desktop.safetext import label
from desktop.theme.icons import set_label_icon
from desktop.widgets.buttons import button
from desktop.widgets.layout import column, row

_WIDTH = 640


class Welcome(QWidget):
    """A greeting and suggested questions; a click asks."""

    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        heading = label(self.tr("What would you like to know?"), "title")
        text = self.tr("Every figure is computed on this computer from your own records.")
        self._grid = QGridLayout()
        self._grid.setSpacing(10)
        holder = QWidget()
        holder.setFixedWidth(_WIDTH)
        holder.setLayout(self._grid)
        lock = QLabel()
        set_label_icon(lock, "lock", "muted", 15)
        self.setLayout(
            column(
                None,
                row(None, heading, None),
                row(None, lock, label(text, "muted"), None, gap=6),
                16,
                row(None, holder, None),
                None,
                None,
                gap=8,
                margins=(24, 24, 24, 24),
            )
        )
        for number, question in enumerate(self._questions()):
            one = button(question, partial(self.asked.emit, question), kind="chip")
            self._grid.addWidget(one, number // 2, number % 2)
            one.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _questions(self) -> list[str]:
        return [
            self.tr("What is my portfolio worth?"),
            self.tr("What if BTC falls 30 %?"),
            self.tr("Which position did best this year?"),
            self.tr("How volatile was ETH in the last 90 days?"),
            self.tr("Do BTC and ETH move together?"),
            self.tr("What is impermanent loss?"),
        ]
