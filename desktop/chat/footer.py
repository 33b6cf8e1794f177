"""What stands under a finished answer: what can be done with it, its versions, its figures."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop.chat.answer import Answer
from desktop.chat.meter import (
    ContextMeter,
    context_line,
    dropped_line,
    figures_hint,
    figures_line,
)
from desktop.chat.walker import Walker
from desktop.safetext import label, one_line, tooltip
from desktop.widgets.buttons import icon_button
from desktop.widgets.layout import column, row
from desktop.widgets.titles import ElidedLabel

_ICON = 15


class Footer(QWidget):
    """One quiet line, and a second one if the model was not told of everything."""

    copy_wanted = Signal()
    again_wanted = Signal()
    other_wanted = Signal()
    branch_wanted = Signal()
    version_wanted = Signal(int)

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.copy = icon_button(
            "copy", self.tr("Copy answer"), self.copy_wanted.emit, kind="tiny", size=_ICON
        )
        self.again = icon_button(
            "again", self.tr("Answer again"), self.again_wanted.emit, kind="tiny", size=_ICON
        )
        self.other = icon_button(
            "models",
            self.tr("Ask another model…"),
            self.other_wanted.emit,
            kind="tiny",
            size=_ICON,
        )
        self.branch = icon_button(
            "branch",
            self.tr("Continue from here in a new chat"),
            self.branch_wanted.emit,
            kind="tiny",
            size=_ICON,
        )
        self.walker = Walker(
            self.tr("Previous answer"), self.tr("Next answer"), self.version_wanted.emit
        )
        line = row(self.copy, self.again, self.other, self.branch, self.walker, gap=2)
        line.addSpacing(8)
        self.figures = ElidedLabel("", "small")
        line.addWidget(self.figures, 1)
        figures = answer.figures
        # Versions may be of several models: each says which wrote it.
        several = len(answer.siblings) > 1
        if several and figures is None and answer.status == "complete":
            self.figures.set_text(self.tr("worked out without a model"))
        if figures is not None:
            words = figures_line(figures)
            if several and figures.model:
                words = f"{one_line(figures.model, 60)} · {words}"
            self.figures.set_text(words)
            self.figures.setToolTip(tooltip(figures_hint(figures).replace("\n", "; ")))
            if figures.context_tokens > 0:
                part = round(100 * figures.context_used / figures.context_tokens)
                hint = tooltip(self.tr("Context: {}").format(context_line(figures)))
                share = label(self.tr("context {} %").format(part), "small")
                share.setToolTip(hint)
                line.addSpacing(10)
                line.addWidget(share)
                line.addSpacing(4)
                line.addWidget(ContextMeter(figures))
                described = f"{self.figures.text()}; {context_line(figures)}"
                self.figures.setAccessibleName(described)
        # On a line of its own: nothing may be left out silently, in the narrowest window either.
        dropped = dropped_line(figures) if figures is not None else ""
        words = self.tr("The model did not read everything: {}.").format(dropped)
        self.dropped = label(words if dropped else "", "small", wrap=True)
        self.dropped.setContentsMargins(7, 0, 0, 0)
        self.setLayout(column(line, self.dropped, gap=2))
        # Not before they are in here: what has no parent would be shown as a window.
        self.copy.setVisible(bool(answer.text))
        self.walker.show_place(answer.message_id, answer.siblings)
        self.dropped.setVisible(bool(dropped))
