"""A smaller model that guesses ahead: offered, chosen, used, left out where it is gone."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from engine.core.errors import KnownError
from engine.core.jobs import Job
from engine.model import loading
from engine.model.fit.memory import RESERVE
from engine.model.gguf.header import read_header
from engine.model.registry import ModelFile
from engine.service import Service
from tests.engine.service.tiny import make_gguf

Open = Callable[..., Service]


@pytest.fixture
def service(open_service: Open) -> Service:
    return open_service()


@pytest.fixture
def add(service: Service, tmp_path: Path) -> Callable[..., ModelFile]:
    """Write and add a model of so many layers."""
    made: ModuleType = make_gguf()

    def add_one(name: str, layers: int, vocab: int = 400) -> ModelFile:
        path = tmp_path / f"{name}.gguf"
        made.write_model(
            path, replace(made.TINY, layers=layers, vocab=vocab, context=1 << 14), name, layers
        )
        job: Job[ModelFile] = service.models.add_file(path)
        return job.future.result(20)

    return add_one


def loaded_with(service: Service) -> tuple[Path | None, str]:
    client = service.models.client(threading.Event())
    assert client is not None
    assert client._spec is not None
    return client._spec.options.draft, service.models.current().notice


def test_a_smaller_one_of_the_same_words_is_offered_and_used(
    service: Service, add: Callable[..., ModelFile]
) -> None:
    big, small = add("Big", 3), add("Small", 1)
    other, larger = add("Other", 1, vocab=401), add("Larger", 4)
    area = service.models.drafts
    service.models.use(big.id)
    assert [one.id for one in area.choices()] == [small.id]
    assert area.chosen() is None
    for wrong in (other.id, larger.id, big.id, 99):
        with pytest.raises(KnownError, match="cannot guess ahead"):
            area.choose(wrong)
    assert area.choose(small.id) == "Small"
    assert area.chosen() == small.path
    service.models.start()
    assert loaded_with(service) == (small.path, "")
    area.choose(None)  # it is loaded again without
    assert loaded_with(service) == (None, "")
    service.models.use(larger.id)
    assert area.chosen() is None


def test_one_that_is_gone_or_does_not_fit_is_told(
    service: Service, add: Callable[..., ModelFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    big, small = add("Big", 3), add("Small", 1)
    service.models.use(big.id)
    service.models.drafts.choose(small.id)
    header = read_header(big.path)
    spec = loading.plan_load(
        big.path, service.models._choices.options(big.path, header, lambda: None)
    )
    needed = loading._needed(spec.header, spec.wanted, spec.tuning, spec.options)
    monkeypatch.setattr(loading, "available_memory", lambda: RESERVE + needed)
    service.models.start()
    assert loaded_with(service) == (None, "Memory is short: no other model guesses ahead.")
    monkeypatch.undo()
    service.models.remove(small.id)
    service.models.start()
    draft, notice = loaded_with(service)
    assert (draft, notice) == (
        None,
        "The model that guessed ahead is gone or was changed, so none does.",
    )
    assert service.models.drafts.chosen() is None
