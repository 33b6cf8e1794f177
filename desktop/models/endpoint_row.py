"""One model server: what it is, its two switches, and what it said when it was asked."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

from desktop.models.endpoint_words import place_of
from desktop.safetext import label, one_line
from desktop.theme.icons import set_label_icon
from desktop.widgets.activity import Activity
from desktop.widgets.buttons import button, icon_button
from desktop.widgets.layout import boxed, column, row
from desktop.widgets.picker import Picker
from desktop.widgets.switch import Switch
from desktop.widgets.titles import ElidedLabel, set_words

if TYPE_CHECKING:
    from engine.service import Endpoint, EndpointChecked


class EndpointRow(QWidget):
    """The switches show what is stored: what leaves this computer is asked about first."""

    switch_wanted = Signal(bool)
    allow_wanted = Signal(bool)
    model_wanted = Signal(str)
    answer_wanted = Signal(bool)
    check_wanted = Signal()
    change_wanted = Signal()
    remove_wanted = Signal()

    def __init__(self, endpoint: "Endpoint") -> None:
        super().__init__()
        self.endpoint = endpoint
        self._answers = False
        name = one_line(endpoint.name)
        mark = QLabel()
        set_label_icon(mark, "models", "muted", 18)
        self._badge = label("", "badge")
        title = row(gap=8)
        title.addWidget(ElidedLabel(endpoint.name, "strong"), 1)
        self._now = label(self.tr("Answers now"), "tag")
        self._now.hide()
        title.addWidget(self._now)
        title.addWidget(self._badge)
        self._facts = label("", "small", wrap=True)
        self._note = label("", "small", wrap=True)
        self._note.hide()
        self.switch = Switch(self.tr("Switch on {}").format(name))
        self.switch.clicked.connect(self._switched)
        self.allow = Switch(self.tr("Let {} see your portfolio").format(name))
        self.allow.clicked.connect(self._allowed)
        allowing = label(
            self.tr("May be told what you own: amounts, values, transactions"), "small", wrap=True
        )
        portfolio = row(self.allow, gap=10)
        portfolio.addWidget(allowing, 1)
        self.models = Picker(self.tr("Model of {}").format(name))
        self.models.picked.connect(self.model_wanted)
        choosing = row(label(self.tr("It has"), "small"), self.models, None, gap=8)
        self._choosing = boxed(choosing)
        self._choosing.hide()
        self._activity = Activity()
        self.check = button(self.tr("Ask for its models"), self.check_wanted.emit)
        self.check.setAccessibleName(self.tr("Ask for its models: {}").format(name))
        change = button(self.tr("Change…"), self.change_wanted.emit)
        change.setAccessibleName(self.tr("Change: {}").format(name))
        remove = icon_button(
            "trash", self.tr("Remove server: {}").format(name), self.remove_wanted.emit, size=16
        )
        self.answer = button("", lambda: self.answer_wanted.emit(not self._answers))
        actions = row(self.answer, self.check, change, remove, None, gap=8)
        words = column(title, self._facts, portfolio, self._choosing, self._activity, gap=6)
        words.addWidget(self._note)
        words.addLayout(actions)
        line = row(mark, gap=12, margins=(0, 4, 0, 4))
        line.setAlignment(mark, Qt.AlignmentFlag.AlignTop)
        line.addLayout(words, 1)
        line.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignTop)
        self.setLayout(line)
        self.show_endpoint(endpoint)

    def show_answers(self, answers: bool) -> None:
        """Show whether it answers all chats that have no model of their own."""
        self._answers = answers
        self._now.setVisible(answers)
        words = self.tr("Stop answering with it") if answers else self.tr("Answer with it")
        self.answer.setText(words)
        self.answer.setAccessibleName(f"{words}: {one_line(self.endpoint.name)}")
        self.answer.setEnabled(answers or (self.endpoint.on and bool(self.endpoint.model)))

    def show_endpoint(self, endpoint: "Endpoint") -> None:
        """Show what is stored."""
        self.endpoint = endpoint
        self.show_answers(self._answers)
        self._badge.setText(place_of(endpoint))
        facts = [endpoint.url, endpoint.model or self.tr("no model chosen yet")]
        if endpoint.n_ctx:
            facts.append(self.tr("{} tokens of context").format(f"{endpoint.n_ctx:,}"))
        if endpoint.has_key:
            facts.append(self.tr("key in the keyring"))
        self._facts.setText(" · ".join(one_line(fact, 300) for fact in facts))
        self.switch.setChecked(endpoint.on)
        self.allow.setChecked(endpoint.may_send_portfolio)
        self.check.setEnabled(endpoint.on and not self._activity.isVisibleTo(self))
        self.models.choose(endpoint.model)

    def begin(self, text: str) -> None:
        """Something is being asked."""
        self.say("")
        self._activity.start(text)
        self.check.setEnabled(False)

    def show_checked(self, checked: "EndpointChecked") -> None:
        """Show the models that it has."""
        self._activity.stop()
        count = len(checked.models)
        chosen = checked.endpoint.model
        offered = [(one.id, one.id) for one in checked.models]
        if not chosen:
            offered.insert(0, ("", self.tr("Choose a model")))
        self.models.offer(offered)
        self.models.choose(chosen)
        self._choosing.setVisible(count > 1)
        self.say(
            self.tr("It answers and has one model.")
            if count == 1
            else self.tr("It answers and has {} models.").format(f"{count:,}")
        )
        self.show_endpoint(checked.endpoint)

    def say(self, text: str, wrong: bool = False) -> None:
        """Show what came of it."""
        self._activity.stop()
        self.check.setEnabled(self.endpoint.on)
        set_words(self._note, text, "error" if wrong else "small")

    def _switched(self, on: bool) -> None:
        self.switch.setChecked(self.endpoint.on)
        self.switch_wanted.emit(on)

    def _allowed(self, on: bool) -> None:
        self.allow.setChecked(self.endpoint.may_send_portfolio)
        self.allow_wanted.emit(on)
