"""Adapters of models: kept, applied after each load, and switched off where they do not fit."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.core.errors import KnownError
from engine.model.client import GenerateRequest, ModelClient
from engine.service import Service
from engine.service.adapters import MOST
from tests.engine.model.odd_models import write_adapter
from tests.engine.service.tiny import make_gguf

Open = Callable[..., Service]


@pytest.fixture
def lora(tmp_path: Path) -> Path:
    path = tmp_path / "lora.gguf"
    write_adapter(make_gguf(), path)
    return path


def loaded(service: Service) -> ModelClient:
    client = service.models.client(threading.Event())
    assert client is not None
    return client


def says(client: ModelClient) -> str:
    return "".join(client.generate(GenerateRequest("one two", max_tokens=12, ignore_end=True)))


def test_an_adapter_changes_answers_and_outlives_a_restart(
    open_service: Open, tiny_model: Path, lora: Path
) -> None:
    service = open_service()
    service.models.use(tiny_model)
    service.models.start()
    client = loaded(service)
    plain = says(client)
    service.models.adapters.add(lora)
    assert says(client) != plain
    service.models.adapters.change(lora, scale=0.0)
    assert says(client) == plain
    service.models.adapters.change(lora, scale=5.0)
    service.close()
    again = open_service()
    again.models.start()
    client = loaded(again)
    assert list(client.adapters) == [(lora, 2.0)]
    assert says(client) != plain
    again.models.adapters.remove(lora)
    assert says(client) == plain
    assert again.models.adapters.list() == []


def test_adapters_belong_to_one_model(open_service: Open, tiny_model: Path, lora: Path) -> None:
    service = open_service()
    service.models.use(tiny_model)
    service.models.adapters.add(lora)
    service.models.use(0)
    assert service.models.adapters.list() == []
    service.models.use(tiny_model)
    assert [one.name for one in service.models.adapters.list()] == ["lora"]


def test_one_that_is_gone_is_switched_off_and_the_model_answers(
    open_service: Open, tiny_model: Path, lora: Path
) -> None:
    service = open_service()
    service.models.use(tiny_model)
    service.models.adapters.add(lora)
    lora.unlink()
    service.models.start()
    client = loaded(service)
    assert client.adapters == ()
    (one,) = service.models.adapters.list()
    assert not one.on
    assert one.trouble
    status = service.models.current()
    assert (status.state, status.notice.startswith("The adapter lora was switched off")) == (
        "ready",
        True,
    )


def test_one_is_changed_while_an_answer_is_written(
    open_service: Open, tiny_model: Path, lora: Path
) -> None:
    service = open_service()
    service.models.use(tiny_model)
    service.models.start()
    client = loaded(service)
    request = GenerateRequest("one two", max_tokens=200, ignore_end=True)
    whole = "".join(client.generate(request))
    answer = client.generate(request)
    begun = next(answer)
    service.models.adapters.add(lora)
    assert begun + "".join(answer) == whole
    assert list(client.adapters) == [(lora, 1.0)]


def test_what_is_no_adapter_of_the_model_is_refused(
    service: Service, tiny_model: Path, tmp_path: Path
) -> None:
    area = service.models.adapters
    with pytest.raises(KnownError, match="not an adapter"):
        area.add(tiny_model)
    other = tmp_path / "other.gguf"
    write_adapter(make_gguf(), other, "llama")
    with pytest.raises(KnownError, match="for llama models"):
        area.add(other)
    with pytest.raises(KnownError, match="not in the list"):
        area.change(other, on=False)
    assert area.list() == []


def test_there_is_a_most(service: Service, lora: Path) -> None:
    for number in range(MOST):
        copy = lora.with_name(f"{number}.gguf")
        copy.hardlink_to(lora)
        service.models.adapters.add(copy)
    with pytest.raises(KnownError, match="at most 16"):
        service.models.adapters.add(lora)


def test_a_removed_model_takes_its_list_along(
    service: Service, tiny_model: Path, lora: Path
) -> None:
    added = service.models.add_file(tiny_model).future.result()
    service.models.use(added.id)
    service.models.adapters.add(lora)
    service.models.remove(added.id)
    again = service.models.add_file(tiny_model).future.result()
    service.models.use(again.id)
    assert again.path == added.path
    assert service.models.adapters.list() == []
