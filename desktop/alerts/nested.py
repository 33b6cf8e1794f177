"""Conditions within conditions: in words as an outline, and as the text that says them."""

import json
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from desktop.safetext import label
from desktop.widgets.layout import boxed, clear, column

_INDENT = 20
_FEWEST, _MOST = 6, 14
_BESIDE = 40


class NestedConditions(QWidget):
    """The sentences cannot hold them, so that the text itself is edited."""

    changed = Signal()

    def __init__(self, when: Any) -> None:
        """when: the condition as a rule has it."""
        super().__init__()
        self._outline = column(gap=3)
        self.edit = QPlainTextEdit(_laid_out(when))
        self.edit.setObjectName("boxed")
        self.edit.setAccessibleName(self.tr("Condition as text"))
        self.edit.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.edit.setTabChangesFocus(True)
        self.edit.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        lines = min(max(self.edit.blockCount() + 1, _FEWEST), _MOST)
        self.edit.setFixedHeight(lines * self.edit.fontMetrics().lineSpacing() + _BESIDE)
        self.edit.textChanged.connect(self.changed)
        note = self.tr(
            'Conditions within conditions are changed as text: "all" and "any" hold a list '
            "each. What the text says stands above it."
        )
        self.setLayout(
            column(boxed(self._outline), label(note, "small", wrap=True), self.edit, gap=8)
        )

    def when(self) -> Any:
        """What the text says, broken numbers as text so that they keep every digit.

        ValueError if it is not JSON.
        """
        return json.loads(self.edit.toPlainText(), parse_float=str)

    def missing(self) -> str:
        """A sentence about text that cannot be read, or ""."""
        try:
            self.when()
        except json.JSONDecodeError as error:
            return self.tr("The text cannot be read from line {line}, column {column} on.").format(
                line=error.lineno, column=error.colno
            )
        except (ValueError, RecursionError):
            return self.tr("The text cannot be read.")
        return ""

    def show_outline(self, lines: Sequence[tuple[int, str]]) -> None:
        """Show the condition in words; lines: how deep each is, and its words."""
        clear(self._outline)
        for depth, words in lines:
            line = label(words, "muted" if words.endswith(":") else "", wrap=True)
            line.setContentsMargins(depth * _INDENT, 0, 0, 0)
            self._outline.addWidget(line)


def _laid_out(when: Any, indent: str = "") -> str:
    """The condition as JSON, each check on a line of its own."""
    joint = next((one for one in ("all", "any") if one in when), "")
    if not joint:
        return indent + json.dumps(when, ensure_ascii=False)
    parts = ",\n".join(_laid_out(one, indent + "  ") for one in when[joint])
    return f'{indent}{{"{joint}": [\n{parts}\n{indent}]}}'
