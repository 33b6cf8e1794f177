"""Builds whose files are the same, and files that no model is."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.core.builds import BuildOrder
from engine.core.errors import KnownError
from engine.service import Service
from engine.store.models import ModelRepo
from tests.engine.builds.building import checkpoint, fake_program, folder, only

ODD = 'a/b ü "π" ' + "n" * 70


@pytest.fixture
def order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BuildOrder:
    fake_program(monkeypatch, tmp_path / "fake")
    return BuildOrder("d1", str(checkpoint(tmp_path / "source")), "Q8_0")


def built(service: Service, order: BuildOrder) -> str:
    key = service.builds.start(order)
    assert service.builds.wait(key).state == "built"
    return key


def model_files(service: Service) -> list[Path]:
    return [path for path in service.paths.models.iterdir() if path.is_file()]


def test_the_same_file_keeps_its_name_and_both_builds_say_what_is_there(
    service: Service, order: BuildOrder
) -> None:
    number = service.builds.register(built(service, order), use=False)
    second = built(service, replace(order, name="d2"))
    assert [one.state for one in service.builds.list()] == ["registered", "built"]
    assert service.builds.register(second, use=False) == number
    assert [one.name for one in service.models.list() if one.id] == ["d1"]
    d1, d2 = service.builds.list()
    assert (d1.state, d1.model, d1.notice) == ("registered", number, "")
    assert (d2.state, d2.model) == ("registered", number)
    assert d2.notice == "The same file is in your models as d1."
    assert not (folder(service, second) / "model.gguf").exists()
    service.models.remove(number)
    assert [(one.state, one.model) for one in service.builds.list()] == [("stopped", None)] * 2
    service.builds.resume(second)
    assert service.builds.wait(second).state == "built"
    service.builds.register(second, use=False)
    d1, d2 = service.builds.list()
    assert (d1.notice, d2.notice) == ("The same file is in your models as d2.", "")


@pytest.mark.parametrize("name", [ODD, "..", ".", "-", "a\\b", "con", "'; --"])
def test_any_name_is_built_added_and_deleted(
    service: Service, order: BuildOrder, name: str
) -> None:
    key = built(service, replace(order, name=name))
    number = service.builds.register(key, use=False)
    assert [one.name for one in service.models.list() if one.id] == [name]
    service.builds.delete(key)
    assert len(model_files(service)) == 1
    service.models.remove(number)
    assert model_files(service) == []
    assert service.builds.list() == []


def test_what_cannot_be_added_leaves_no_file_among_the_models(
    service: Service, order: BuildOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> int:
        raise KnownError("The disk is full.")

    key = built(service, order)
    with monkeypatch.context() as patch:
        patch.setattr(ModelRepo, "add", full)
        with pytest.raises(KnownError, match="full"):
            service.builds.register(key, use=False)
    assert model_files(service) == []
    assert only(service).state == "built"
    assert service.builds.register(key, use=False)


def test_what_a_kill_has_left_among_the_models_goes_with_its_build(
    service: Service, order: BuildOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """As a kill does, it leaves everything as it is."""

    def killed(*arguments: object) -> int:
        raise Killed

    key = built(service, order)
    with monkeypatch.context() as patch:
        patch.setattr(ModelRepo, "add", killed)
        patch.setattr(Path, "unlink", lambda self, missing_ok=False: None)
        with pytest.raises(Killed):
            service.builds.register(key, use=False)
    (left,) = model_files(service)
    size = left.stat().st_size
    assert service.builds.delete(key) > size
    assert model_files(service) == []


def test_a_model_stays_when_its_build_goes(service: Service, order: BuildOrder) -> None:
    key = built(service, order)
    service.builds.register(key, use=False)
    service.builds.delete(key)
    assert [one.name for one in service.models.list() if one.id] == ["d1"]
