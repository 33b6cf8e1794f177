"""The last step: what the smaller file costs, a question to try it, and the library."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from desktop.builds.step import Step, primary
from desktop.builds.words import build_title, findings, size_text
from desktop.safetext import clean, label, one_line
from desktop.widgets.activity import Activity
from desktop.widgets.announce import announce
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.layout import clear, column, framed, row
from desktop.widgets.switch import Switch
from desktop.widgets.titles import ElidedLabel, set_words

if TYPE_CHECKING:
    from engine.core.builds import BuildStatus

_LONGEST = 4_000
"""Letters of an answer that are shown."""


class ResultStep(Step):
    """One press adds it and lets it answer from now on."""

    report_wanted = Signal()
    asked = Signal(str)
    """A question for the file."""
    register_wanted = Signal(bool)
    """Whether it is to answer from now on."""
    delete_wanted = Signal()

    def __init__(self) -> None:
        super().__init__(self.tr("Result"))
        self._key = ""
        found = CardFrame("")
        clear(found.header)
        self._title = ElidedLabel("", "heading")
        self.report = button(self.tr("Report…"), self.report_wanted.emit)
        found.header.addWidget(self._title, 1)
        found.header.addWidget(self.report)
        self._findings = column(gap=6)
        self._notice = label("", "muted", wrap=True)
        found.body.addLayout(self._findings)
        found.body.addWidget(self._notice)
        tried = CardFrame(self.tr("Try it"))
        self.question = QLineEdit(self.tr("What is impermanent loss?"))
        self.question.setAccessibleName(self.tr("Question for the new model"))
        self.question.setMaxLength(1_000)
        self.question.returnPressed.connect(self._ask)
        self.ask = button(self.tr("Ask"), self._ask)
        line = row(gap=8)
        line.addWidget(self.question, 1)
        line.addWidget(self.ask)
        self._activity = Activity()
        self.answer = label("", wrap=True, selectable=True)
        self.answer.setAccessibleName(self.tr("Answer"))
        self._well = framed(column(self.answer, margins=(14, 10, 14, 10)), "well")
        self._refusal = label("", "error", wrap=True)
        tried.body.addLayout(line)
        tried.body.addWidget(self._activity)
        tried.body.addWidget(self._well)
        tried.body.addWidget(self._refusal)
        self.body.addWidget(found)
        self.body.addWidget(tried)
        self.body.addStretch(1)
        self.use = Switch(self.tr("Use it from now on"))
        self.use.setChecked(True)
        words = label(self.tr("Use it from now on"))
        self._there = label(self.tr("It is in your models."), "muted")
        self._error = label("", "error", wrap=True)
        self.delete = button(self.tr("Delete…"), self.delete_wanted.emit, kind="danger")
        self.add = primary(button(self.tr("Add to my models"), self._add, kind="primary"))
        self.foot.addWidget(self.delete)
        self.foot.addWidget(self._error, 1)
        self.foot.addStretch(0)
        self._ways: tuple[QWidget, ...] = (words, self.use, self.add)
        for one in (self._there, *self._ways):
            self.foot.addWidget(one)

    def begin(self) -> None:
        if self.isVisible():
            (self.question if self.add.isHidden() else self.add).setFocus()

    def show_status(self, status: "BuildStatus") -> None:
        """Show what has been found; of another build than before, with nothing asked yet."""
        self._title.set_text(f"{build_title(status.order)} · {size_text(status.size)}")
        clear(self._findings)
        for sentence in findings(status.figures) or [self.tr("It was not compared.")]:
            self._findings.addWidget(label(sentence, wrap=True))
        set_words(self._notice, status.notice, "muted")
        self.report.setVisible(status.report is not None)
        registered = status.state == "registered"
        self._there.setVisible(registered)
        for one in self._ways:
            one.setHidden(registered)
        if status.key != self._key:
            self._key = status.key
            self.use.setChecked(True)
            self.say("")
            self.show_answer("")

    def show_answer(self, text: str) -> None:
        """Show what it answers."""
        self._end()
        self.answer.setText(clean(text, _LONGEST))
        self.answer.setAccessibleName(one_line(text, _LONGEST) or self.tr("Answer"))
        self._well.setVisible(bool(text))
        if self.isVisible():
            announce(self, text)

    def refuse(self, sentence: str) -> None:
        """Show why it does not answer."""
        self._end()
        self._well.hide()
        set_words(self._refusal, sentence, "error")

    def say(self, sentence: str) -> None:
        """Show why it cannot be added."""
        set_words(self._error, sentence, "error")
        self.add.setEnabled(True)
        self.begin()

    def _ask(self) -> None:
        if (text := self.question.text().strip()) and self.ask.isEnabled():
            self.ask.setEnabled(False)
            self._well.hide()
            set_words(self._refusal, "", "error")
            self._activity.start(self.tr("It is being loaded and answers…"))
            self.asked.emit(text)

    def _end(self) -> None:
        self._activity.stop()
        self.ask.setEnabled(True)
        set_words(self._refusal, "", "error")

    def _add(self) -> None:
        self.say("")
        self.add.setEnabled(False)
        self.register_wanted.emit(self.use.isChecked())
