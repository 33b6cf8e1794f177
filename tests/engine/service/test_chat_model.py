"""A chat answers with a model of its own, with real child processes."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.core.errors import KnownError
from engine.core.events import ModelStateChanged, StatusChanged, TurnFinished
from engine.service import Service
from tests.engine.service.scripted import Listener

Open = Callable[..., Service]


@pytest.fixture
def other_model(tiny_model: Path, tmp_path: Path) -> Path:
    """A second file of the same kind."""
    return Path(shutil.copy(tiny_model, tmp_path / "Other.gguf"))


def loaded(service: Service) -> Path:
    """The file that is loaded, once it is."""
    client = service.models.client(threading.Event())
    assert client is not None
    assert client.loaded is not None
    return client.loaded.path


def test_a_chats_own_model_is_loaded_with_its_question_and_the_choice_stays(
    open_service: Open, tiny_model: Path, other_model: Path
) -> None:
    service = open_service(tiny_model, background=True)
    listener = Listener()
    service.bus.subscribe(listener)
    assert loaded(service) == tiny_model
    own = service.chat.new(str(other_model))
    _, first = service.chat.ask(own, "hello")
    listener.wait(TurnFinished, first)
    assert loaded(service) == other_model
    assert service.models.choice() == tiny_model
    assert any(
        isinstance(e, StatusChanged) and e.text.startswith("Loading") for e in listener.events
    )
    assert any(isinstance(e, ModelStateChanged) and e.state == "loading" for e in listener.events)
    # A chat without one gets the app's again.
    _, second = service.chat.ask(None, "hello")
    listener.wait(TurnFinished, second)
    assert loaded(service) == tiny_model
    assert service.settings.get("model") == ""


def test_another_model_answers_once_beside_the_first(
    open_service: Open, tiny_model: Path, other_model: Path
) -> None:
    service = open_service(tiny_model, background=True)
    listener = Listener()
    service.bus.subscribe(listener)
    loaded(service)
    chat_id, first = service.chat.ask(None, "hello")
    listener.wait(TurnFinished, first)
    _, second = service.chat.regenerate(first, str(other_model))
    listener.wait(TurnFinished, second)
    assert loaded(service) == other_model
    assert service.chat.messages(chat_id)[-1].siblings == (first, second)
    # Only this once: chat and app keep what answers in them.
    assert service.chat.get(chat_id).model == ""
    assert service.models.choice() == tiny_model
    _, third = service.chat.ask(chat_id, "hello")
    listener.wait(TurnFinished, third)
    assert loaded(service) == tiny_model


def test_a_model_that_is_gone_is_said_and_nothing_else_answers(
    open_service: Open, tiny_model: Path
) -> None:
    service = open_service(tiny_model, background=True)
    listener = Listener()
    service.bus.subscribe(listener)
    chat_id, message_id = service.chat.ask(service.chat.new("99"), "hello")
    finished = listener.wait(TurnFinished, message_id)
    assert finished.status == "failed"
    assert "no model with the number 99" in finished.notice
    service.chat.set_model(chat_id, "")
    _, again = service.chat.regenerate(message_id)
    assert listener.wait(TurnFinished, again).status == "complete"


def test_lending_takes_numbers_and_paths_and_ends_with_another_choice(
    service: Service, tiny_model: Path, other_model: Path
) -> None:
    added = service.models.add_file(tiny_model).future.result()
    assert not service.models.lend(str(added.id))  # nothing is loaded before start()
    assert service.models.chosen() == added.path
    assert service.models.choice() != added.path
    with pytest.raises(KnownError):
        service.models.lend(str(other_model.with_name("missing.gguf")))
    assert service.models.chosen() == added.path
    service.models.use(other_model)
    assert service.models.chosen() == service.models.choice() == other_model
    service.models.lend(str(added.id))
    service.models.remove(added.id)
    assert service.models.chosen() == other_model
    assert service.settings.text("model") == str(other_model)
