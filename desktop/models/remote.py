"""The section of model servers elsewhere: named, switched, asked, allowed."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from desktop.bridge import Bridge
from desktop.market.section import Section
from desktop.models.endpoint_form import EndpointDialog
from desktop.models.endpoint_row import EndpointRow
from desktop.models.endpoint_words import allowing, switching
from desktop.safetext import label
from desktop.widgets.buttons import button
from desktop.widgets.card import CardFrame
from desktop.widgets.dialogs import Question
from desktop.widgets.empty_state import EmptyState
from desktop.widgets.layout import clear, column, rule

if TYPE_CHECKING:
    from engine.service import Endpoint, Service


class RemoteSection(Section):
    """Each server is off, and may not see the portfolio, until the user says otherwise."""

    kinds = frozenset({"documents", "settings"})

    def __init__(self, service: "Service", bridge: Bridge) -> None:
        super().__init__(bridge)
        self._service = service
        self._bridge = bridge
        self.rows: dict[str, EndpointRow] = {}
        self._card = CardFrame(self.tr("Model servers"))
        self._card.header.addWidget(button(self.tr("Add a server…"), self._add))
        words = self.tr(
            "A large model may run on a computer with a strong graphics card and answer in this "
            "window. What you ask it leaves this computer; nothing is sent to a server that is off."
        )
        self._card.body.addWidget(label(words, "muted", wrap=True))
        self._lines = column(gap=8, margins=(0, 8, 0, 0))
        self._card.body.addLayout(self._lines)
        self._empty = EmptyState(
            "models",
            self.tr("No model servers"),
            self.tr("Answers come from models on this computer only."),
        )
        self._empty.hide()
        self._card.body.addWidget(self._empty)
        self.setLayout(column(self._card))

    def refresh(self) -> None:
        """Load the servers again."""
        endpoints, settings = self._service.endpoints, self._service.settings
        self._bridge.run(
            lambda: (endpoints.list(), settings.text("answers_from")),
            lambda found: self._show(*found),
            owner=self,
        )

    def _show(self, endpoints: "Sequence[Endpoint]", answering: str) -> None:
        self._empty.setVisible(not endpoints)
        if [one.name for one in endpoints] != list(self.rows):
            clear(self._lines)
            self.rows = {}
            for endpoint in endpoints:
                if self.rows:
                    self._lines.addWidget(rule())
                self._lines.addWidget(self._row(endpoint))
        for endpoint in endpoints:
            self.rows[endpoint.name].show_endpoint(endpoint)
            self.rows[endpoint.name].show_answers(endpoint.name == answering)

    def _row(self, endpoint: "Endpoint") -> EndpointRow:
        name = endpoint.name
        line = self.rows[name] = EndpointRow(endpoint)
        line.switch_wanted.connect(partial(self._switch, name))
        line.allow_wanted.connect(partial(self._allow, name))
        line.model_wanted.connect(partial(self._choose_model, name))
        line.answer_wanted.connect(partial(self._answer, name))
        line.check_wanted.connect(partial(self._check, name))
        line.change_wanted.connect(partial(self._change, name))
        line.remove_wanted.connect(partial(self._remove, name))
        return line

    def _switch(self, name: str, on: bool) -> None:
        switch = partial(self._service.endpoints.switch, name, on)
        if not on:
            self._bridge.run(partial(self._end, name, switch), owner=self)
            return
        Question(
            self.window(),
            self.tr("Switch on {}?").format(name),
            switching(self.rows[name].endpoint),
            self.tr("Switch on"),
            lambda: self._bridge.run(switch, lambda _: self._check(name), owner=self),
            kind="primary",
        )

    def _answer(self, name: str, answers: bool) -> None:
        """Let it answer the chats that have no model of their own, or no longer."""
        choose = partial(self._service.settings.set, "answers_from", name if answers else "")
        self._bridge.run(choose, owner=self)

    def _allow(self, name: str, on: bool) -> None:
        allow = partial(self._service.endpoints.allow, name, on)
        if not on:
            self._bridge.run(allow, owner=self)
            return
        Question(
            self.window(),
            self.tr("Let {} see your portfolio?").format(name),
            allowing(self.rows[name].endpoint),
            self.tr("Allow"),
            lambda: self._bridge.run(allow, owner=self),
        )

    def _choose_model(self, name: str, model: str) -> None:
        if model:
            change = partial(self._service.endpoints.change, name, model=model)
            self._bridge.run(change, lambda _: self._check(name), owner=self)

    def _check(self, name: str) -> None:
        if (line := self.rows.get(name)) is None:
            return
        line.begin(self.tr("Asking {}…").format(name))
        self._bridge.run_job(
            partial(self._service.endpoints.check, name),
            line.show_checked,
            partial(line.say, wrong=True),
            owner=line,
        )

    def _add(self) -> None:
        endpoints = self._service.endpoints
        EndpointDialog(self.window(), self._bridge, endpoints.add)

    def _change(self, name: str) -> None:
        endpoints = self._service.endpoints

        def keep(_: str, url: str, model: str, key: str) -> None:
            endpoints.change(name, url, model, key or None)

        EndpointDialog(self.window(), self._bridge, keep, self.rows[name].endpoint)

    def _remove(self, name: str) -> None:
        remove = partial(self._service.endpoints.remove, name)
        Question(
            self.window(),
            self.tr("Remove {}?").format(name),
            self.tr("Its address and its key are forgotten."),
            self.tr("Remove"),
            lambda: self._bridge.run(partial(self._end, name, remove), owner=self),
        )

    def _end(self, name: str, act: Callable[[], None]) -> None:
        """Do what ends a server's answers, on a worker thread: this computer's model answers."""
        settings = self._service.settings
        if settings.text("answers_from") == name:
            settings.set("answers_from", "")
        act()
