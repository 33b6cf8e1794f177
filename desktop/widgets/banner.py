"""A strip over every page that says what holds for all of them."""

from PySide6.QtWidgets import QFrame, QLabel, QWidget

from desktop.safetext import clean, label
from desktop.theme.icons import set_label_icon
from desktop.widgets.layout import row


class Banner(QFrame):
    """An icon, a sentence and what can be done about it."""

    def __init__(self, icon: str, text: str, *actions: QWidget) -> None:
        super().__init__()
        self.setObjectName("banner")
        mark = QLabel()
        set_label_icon(mark, icon, "warning", 16)
        self._words = label(text, wrap=True)
        line = row(mark, gap=8, margins=(24, 5, 16, 5))
        line.addWidget(self._words, 1)
        for action in actions:
            line.addWidget(action)
        self.setLayout(line)
        self.hide()

    def say(self, text: str) -> None:
        """Show this sentence, or nothing if it is empty."""
        self._words.setText(clean(text))
        self.setVisible(bool(text))

    def text(self) -> str:
        """The sentence shown."""
        return self._words.text()
