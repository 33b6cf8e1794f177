"""What a page shows while it has nothing to show: an icon, a sentence, what to do."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from desktop.safetext import label
from desktop.theme.icons import set_label_icon
from desktop.widgets.layout import column, row


class EmptyState(QWidget):
    """A centred icon, title and explanation over a row of buttons."""

    def __init__(self, icon: str, title: str, text: str, *buttons: QWidget) -> None:
        super().__init__()
        mark = QLabel()
        set_label_icon(mark, icon, "faint", 40)
        heading = label(title, "title")
        explanation = label(text, "muted", wrap=True)
        explanation.setMaximumWidth(460)
        explanation.setMinimumWidth(260)
        explanation.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        text_line = row(None, explanation, None)
        # The text takes all the room there is, up to its greatest width.
        text_line.setStretchFactor(explanation, 1000)
        actions = row(None, *buttons, None, gap=10)
        self.setLayout(
            column(
                None,
                row(None, mark, None),
                4,
                row(None, heading, None),
                text_line,
                8,
                actions,
                None,
                gap=8,
                margins=(24, 40, 24, 40),
            )
        )
