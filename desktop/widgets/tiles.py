"""A figure under its name."""

from PySide6.QtWidgets import QWidget

from desktop.safetext import label, one_line, tooltip
from desktop.widgets.layout import column

UNKNOWN = "–"


class Tile(QWidget):
    """A name and a figure; a gain or a loss is coloured by the sign that is written as well."""

    def __init__(self, name: str, hint: str = "") -> None:
        """hint: words about the figure, shown under the pointer."""
        super().__init__()
        self.setToolTip(tooltip(hint) if hint else "")
        self._value = label(UNKNOWN, "heading", selectable=True)
        self.setLayout(column(label(name, "muted"), self._value, None, gap=6))

    def text(self) -> str:
        """The figure."""
        return self._value.text()

    def show_value(self, text: str) -> None:
        """Show a figure."""
        self._value.setText(one_line(text) or UNKNOWN)
        tone = {"+": "positive", "-": "negative"}.get(text[:1], "")
        self._value.setProperty("tone", tone)
        self._value.style().polish(self._value)
