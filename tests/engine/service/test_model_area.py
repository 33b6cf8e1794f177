"""Choosing, loading and losing the model, with real child processes."""

import os
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.core.errors import KnownError
from engine.core.events import DataChanged, TextDelta, TurnFinished
from engine.service import Service
from engine.service import models as models_module
from tests.engine.service.scripted import Listener

Open = Callable[..., Service]


@pytest.fixture
def missing_starter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(models_module, "starter_path", lambda: tmp_path / "starter.gguf")


def wait_for_load(service: Service) -> bool:
    """Wait for the load under way; whether a model is there then."""
    return service.models.client(threading.Event()) is not None


@pytest.mark.usefixtures("missing_starter")
def test_without_a_starter_one_sentence_says_so_and_answers_still_come(open_service: Open) -> None:
    service = open_service(background=True)
    listener = Listener()
    service.bus.subscribe(listener)
    assert not wait_for_load(service)
    status = service.models.current()
    assert status.state == "failed"
    assert status.notice.startswith("The starter model is missing.")

    _, message_id = service.chat.ask(None, "what is staking")

    assert listener.wait(TurnFinished, message_id).status == "complete"


def test_the_model_loads_in_the_background(open_service: Open, tiny_model: Path) -> None:
    service = open_service(tiny_model, background=True)

    assert wait_for_load(service)
    assert (service.models.current().state, service.models.current().name) == ("ready", "Tiny")


def test_a_file_that_is_no_model_is_refused_and_the_choice_stays(
    service: Service, tmp_path: Path
) -> None:
    path = tmp_path / "notes.gguf"
    path.write_text("not a model")

    with pytest.raises(KnownError):
        service.models.use(path)
    with pytest.raises(KnownError):
        service.models.add_file(path).future.result()
    with pytest.raises(KnownError, match="no model with the number 9"):
        service.models.use(9)

    assert service.settings.get("model") == ""
    assert list(service.paths.models.iterdir()) == []


def test_an_added_model_is_listed_used_and_removed(service: Service, tiny_model: Path) -> None:
    listener = Listener()
    service.bus.subscribe(listener)
    added = service.models.add_file(tiny_model).future.result()
    assert added.path.parent == service.paths.models
    assert DataChanged(frozenset({"models"})) in listener.events

    assert service.models.use(added.id) == "Tiny"
    assert [(m.name, m.in_use) for m in service.models.list() if m.id] == [("Tiny", True)]

    service.models.remove(added.id)
    assert service.settings.get("model") == ""
    assert not added.path.exists()


def renamed(model: Path, target: Path, name: str) -> Path:
    """A copy of a model that calls itself something else of the same length."""
    target.write_bytes(model.read_bytes().replace(b"Tiny", name.encode(), 1))
    return target


def test_models_of_one_name_are_told_apart(
    service: Service, tiny_model: Path, tmp_path: Path
) -> None:
    twin = tmp_path / "twin.gguf"
    twin.write_bytes(tiny_model.read_bytes() + bytes(32))
    other = renamed(tiny_model, tmp_path / "other.gguf", "Todd")
    for path in (tiny_model, twin, other):
        service.models.add_file(path).future.result()

    listed = {(m.name, m.file_name) for m in service.models.list() if m.id}

    assert listed == {("Tiny", tiny_model.name), ("Tiny", "twin.gguf"), ("Todd", "")}
    assert {m.quantization for m in service.models.list()} >= {"F32"}


def test_an_added_model_without_a_name_has_that_of_its_file(
    open_service: Open, tiny_model: Path, tmp_path: Path
) -> None:
    service = open_service(background=True)
    nameless = renamed(tiny_model, tmp_path / "my-model.gguf", "\0\0\0\0")
    added = service.models.add_file(nameless).future.result()

    assert service.models.use(added.id) == "my-model"

    assert wait_for_load(service)
    assert service.models.current().name == "my-model"
    assert "my-model" in {m.name for m in service.models.list()}


def test_a_model_used_from_where_it_is_is_listed_too(service: Service, tiny_model: Path) -> None:
    service.models.use(tiny_model)

    assert [(m.id, m.path) for m in service.models.list() if m.in_use] == [(-1, tiny_model)]


def test_another_choice_is_loaded_at_once(
    open_service: Open, tiny_model: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.gguf"
    shutil.copy(tiny_model, other)
    service = open_service(tiny_model, background=True)
    assert wait_for_load(service)

    service.models.use(other)

    client = service.models.client(threading.Event())
    assert client is not None
    assert client.loaded is not None
    assert client.loaded.path == other


def test_waiting_for_the_model_can_be_stopped(open_service: Open, tiny_model: Path) -> None:
    service = open_service(tiny_model, background=True)
    stopped = threading.Event()
    stopped.set()

    service.models.client(stopped)  # returns whether or not the load is done


def cut_short(
    service: Service, listener: Listener, cut: Callable[[], None], seconds: float = 60
) -> tuple[int, TurnFinished]:
    """The chat and the end of an answer that was cut in its middle: of several, as one of random
    words may end by itself before."""
    for _ in range(20):
        chat_id, message_id = service.chat.ask(None, "what is staking")
        listener.wait(TextDelta, message_id)
        cut()
        finished = listener.wait(TurnFinished, message_id, seconds=seconds)
        if finished.status != "complete":
            return chat_id, finished
        assert wait_for_load(service)
    raise AssertionError("every answer ended before it was cut")


@pytest.mark.alone
def test_a_child_killed_in_mid_answer_leaves_its_text_and_the_next_question_works(
    open_service: Open, slow_model: Path
) -> None:
    service = open_service(slow_model, background=True)
    assert wait_for_load(service)
    listener = Listener()
    service.bus.subscribe(listener)

    chat_id, finished = cut_short(
        service, listener, lambda: os.kill(_child(service), signal.SIGKILL)
    )

    assert finished.status == "failed"
    assert finished.notice
    answer = service.chat.messages(chat_id)[1]
    assert (answer.status, answer.notice) == ("failed", finished.notice)
    assert answer.text

    _, second = service.chat.ask(chat_id, "what is staking")
    assert listener.wait(TurnFinished, second).status == "complete"


@pytest.mark.alone
def test_stop_ends_an_answer_of_the_model_within_a_blink(
    open_service: Open, slow_model: Path
) -> None:
    service = open_service(slow_model, background=True)
    assert wait_for_load(service)
    listener = Listener()
    service.bus.subscribe(listener)

    _, finished = cut_short(service, listener, service.chat.stop, seconds=1)

    assert finished.status == "stopped"


def _child(service: Service) -> int:
    client = service.models.client(threading.Event())
    assert client is not None
    assert client._link is not None
    return client._link.pid
