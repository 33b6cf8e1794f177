"""Connects the switch of model and preset with the service."""

from collections import Counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.bridge import Bridge
from desktop.chat.manner import MannerSwitch
from desktop.models.endpoint_words import ENDPOINT_PREFIX, name_of, place_of
from engine.core.events import DataChanged, Event, ModelStateChanged
from engine.core.presets import PRECISE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from engine.service import Chat, Endpoint, ListedModel, Service

_KINDS = frozenset({"models", "documents", "settings"})


class Manners(QObject):
    """Remembers what is chosen for a chat; of a new one until it is stored with its first question.

    Another model is loaded with the next question, not when a chat is merely looked at.
    """

    elsewhere = Signal(str, str)
    """A model server answers in the chat that is shown: what it is called, where it is; "" if none.
    """

    def __init__(self, service: "Service", bridge: Bridge, switch: MannerSwitch) -> None:
        super().__init__(switch)
        self._service = service
        self._bridge = bridge
        self._switch = switch
        self._chat_id: int | None = None
        self._chosen = ("", PRECISE.id)
        # The keys of the models that is loaded, and that is chosen for the app.
        self._answering = self._own = ""
        self._places: dict[str, str] = {}
        self._names: dict[str, str] = {}
        bridge.received.connect(self._on_event)
        switch.model_chosen.connect(self._choose_model)
        switch.preset_chosen.connect(self._choose_preset)
        self._read_models()

    def open(self, chat_id: int | None) -> None:
        """Another chat is shown; None: a new one, in the manner the app has."""
        self._chat_id = chat_id
        if chat_id is None:
            self._show("", PRECISE.id)
        else:
            self._read_chat(chat_id)

    def of_new(self) -> tuple[str, str] | None:
        """Model and preset of a chat that is not stored yet; None if it has none of its own."""
        own = self._chat_id is None and self._chosen != ("", PRECISE.id)
        return self._chosen if own else None

    def _read_chat(self, chat_id: int) -> None:
        def show(chat: "Chat") -> None:
            if chat.id == self._chat_id:
                self._show(chat.model, chat.preset)

        self._bridge.run(lambda: self._service.chat.get(chat_id), show, lambda _: None, owner=self)

    def _read_models(self) -> None:
        def show(found: "tuple[Sequence[ListedModel], Path, Sequence[Endpoint], str]") -> None:
            models, choice, endpoints, remote = found
            times = Counter(model.name for model in models)
            names = {_key(m): m.name if times[m.name] == 1 else _whole_name(m) for m in models}
            self._answering = next((_key(model) for model in models if model.in_use), "")
            self._own = next((_key(model) for model in models if model.path == choice), "")
            there = {f"{ENDPOINT_PREFIX}{one.name}": one for one in endpoints}
            self._places = {key: place_of(one) for key, one in there.items()}
            names |= {key: name_of(one) for key, one in there.items() if one.on}
            if remote:
                self._own = f"{ENDPOINT_PREFIX}{remote}"
            self._names = names
            self._switch.know_models(names.get(self._own, remote), list(names.items()))
            self._tell_state()

        service = self._service
        self._bridge.run(
            lambda: (
                service.models.list(),
                service.models.choice(),
                service.endpoints.list(),
                service.settings.text("answers_from"),
            ),
            show,
            owner=self,
        )

    def _show(self, model: str, preset: str) -> None:
        self._chosen = (model, preset)
        self._switch.show_manner(model, preset)
        self._tell_state()

    def _tell_state(self) -> None:
        wanted = self._chosen[0] or self._own
        elsewhere = wanted.startswith(ENDPOINT_PREFIX)
        place = self._places.get(wanted, "") if elsewhere else ""
        self._switch.show_place(place)
        self.elsewhere.emit(self._called(wanted) if place else "", place)
        other = bool(wanted) and bool(self._answering) and wanted != self._answering
        other = other and not elsewhere
        self._switch.say(self.tr("This model is loaded with the next question.") if other else "")

    def _called(self, server: str) -> str:
        return self._names.get(server) or server.removeprefix(ENDPOINT_PREFIX)

    def _choose_model(self, key: str) -> None:
        self._show(key, self._chosen[1])
        chat_id = self._chat_id
        if chat_id is not None:
            self._bridge.run(lambda: self._service.chat.set_model(chat_id, key))

    def _choose_preset(self, key: str) -> None:
        self._show(self._chosen[0], key)
        chat_id = self._chat_id
        if chat_id is not None:
            self._bridge.run(lambda: self._service.chat.set_preset(chat_id, key))

    def _on_event(self, event: Event) -> None:
        if isinstance(event, DataChanged) and event.kinds & _KINDS:
            self._read_models()
        elif isinstance(event, ModelStateChanged):
            if event.state == "loading":
                self._switch.say(self.tr("The model is being loaded…"))
            elif event.state in {"ready", "failed", "none"}:
                self._read_models()


def _key(model: "ListedModel") -> str:
    """How a chat remembers a model."""
    return str(model.id) if model.id >= 0 else str(model.path)


def _whole_name(model: "ListedModel") -> str:
    return f"{model.name} {model.quantization} {model.file_name}".strip()
