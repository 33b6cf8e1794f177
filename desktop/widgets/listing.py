"""Short lists with a button at the end of every line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from desktop.safetext import label, one_line
from desktop.theme.icons import set_label_icon
from desktop.widgets.buttons import button, icon_button
from desktop.widgets.layout import clear, column, row, rule
from desktop.widgets.titles import ElidedLabel


@dataclass(frozen=True, slots=True)
class Line:
    """One line: an icon, a title, a smaller text below it, a tag, and what can be done.

    actions: (icon or "", name, function); without an icon the name is written on the button.
    """

    icon: str
    title: str
    text: str = ""
    tag: str = ""
    tag_role: str = "tag"
    actions: tuple[tuple[str, str, Callable[[], object]], ...] = ()


class Listing(QWidget):
    """Lines one under the other, or a sentence if there are none."""

    def __init__(self, name: str, nothing: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._nothing = nothing
        self._lines = column(gap=8)
        self.setLayout(self._lines)
        self.show_lines(())

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Replace all lines."""
        clear(self._lines)
        if not lines:
            self._lines.addWidget(label(self._nothing, "muted", wrap=True))
        for number, line in enumerate(lines):
            if number:
                self._lines.addWidget(rule())
            self._lines.addWidget(_widget(line))


def _widget(line: Line) -> QWidget:
    widget = QWidget()
    mark = QLabel()
    set_label_icon(mark, line.icon, "muted", 18)
    words = column(ElidedLabel(line.title, "strong"), gap=2)
    if line.text:
        words.addWidget(label(line.text, "small", wrap=True))
    layout = row(mark, gap=12, margins=(0, 2, 0, 2))
    layout.addLayout(words, 1)
    if line.tag:
        layout.addWidget(label(line.tag, line.tag_role), 0, Qt.AlignmentFlag.AlignVCenter)
    for icon, name, act in line.actions:
        one = icon_button(icon, name, act, size=16) if icon else button(name, act)
        one.setAccessibleName(f"{name}: {one_line(line.title)}")
        one.setAccessibleDescription(one_line(line.text))
        layout.addWidget(one, 0, Qt.AlignmentFlag.AlignVCenter)
    widget.setLayout(layout)
    return widget
