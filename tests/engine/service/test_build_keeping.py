"""Builds through the service: what is kept at an odd end, and what is not taken for another."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.builds import files as made_files
from engine.builds.run import BuildRun
from engine.builds.tool import Tool
from engine.core.builds import BuildOrder
from engine.core.errors import KnownError
from engine.service import Service
from tests.engine.builds.building import (
    STAGES,
    Fake,
    checkpoint,
    fake_program,
    files,
    folder,
    held,
    only,
)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fake:
    return fake_program(monkeypatch, tmp_path / "fake")


@pytest.fixture
def order(tmp_path: Path) -> BuildOrder:
    return BuildOrder("My model", str(checkpoint(tmp_path / "source")), "Q4_K_M")


def test_stopped_when_a_stage_has_just_ended_its_work_is_kept(
    service: Service, fake: Fake, order: BuildOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = made_files.file_hash

    def stopping(path: Path, tell: Callable[[int], None]) -> str:
        if path.name == "imatrix.gguf":
            service.builds.stop(path.parent.name)
        return real(path, tell)

    with monkeypatch.context() as patch:
        patch.setattr(made_files, "file_hash", stopping)
        status = service.builds.wait(service.builds.start(order))
    assert status.state == "stopped"
    assert [one.state for one in status.stages] == ["done", "done", "waiting", "waiting"]
    service.builds.resume(status.key)
    assert service.builds.wait(status.key).state == "built"
    assert fake.commands == list(STAGES)


def test_a_file_of_a_source_that_has_changed_is_not_registered_as_of_the_new_one(
    service: Service, fake: Fake, order: BuildOrder
) -> None:
    key = service.builds.start(order)
    service.builds.wait(key)
    checkpoint(Path(order.source), seed=2)
    fake.set("wait-convert")
    service.builds.resume(key)
    fake.pid()
    service.builds.stop(key)
    assert service.builds.wait(key).state == "stopped"
    assert (folder(service, key) / "model.gguf").exists()
    for attempt in (lambda: service.builds.register(key, use=False),
                    lambda: service.builds.try_out(key, "Hello?")):  # fmt: skip
        with pytest.raises(KnownError, match="not built yet"):
            attempt()
    fake.set()
    service.builds.resume(key)
    assert service.builds.wait(key).state == "built"
    assert service.builds.register(key, use=False) == 1


def test_other_texts_are_another_build(
    service: Service, fake: Fake, order: BuildOrder, tmp_path: Path
) -> None:
    one, same, other = (tmp_path / name for name in ("one.txt", "same.txt", "other.txt"))
    for path, words in ((one, "Words."), (same, "Words."), (other, "Others")):
        path.write_text(words)
    key = held(service, fake, replace(order, texts=(one,)), "convert")
    assert service.builds.start(replace(order, texts=(same,))) == key
    for texts in ((other,), (), (one, other)):
        with pytest.raises(KnownError, match="or other texts"):
            service.builds.start(replace(order, texts=texts))
    one.unlink()  # it was copied
    assert service.builds.start(replace(order, texts=(one,))) == key


def test_what_a_kill_has_kept_of_making_it_goes_when_it_is_registered(
    service: Service, fake: Fake, order: BuildOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Killed after the last stage was written down, before its input was deleted.
    monkeypatch.setattr(BuildRun, "_remove_spare", lambda self: None)
    key = service.builds.start(order)
    service.builds.wait(key)
    left, source = folder(service, key), Path(order.source)
    before = {path.name: path.read_bytes() for path in source.iterdir()}
    assert (left / "full.gguf").exists()
    for name in (".full.gguf.part", ".full.gguf.state", ".model.gguf.0123abcd.part"):
        (left / name).write_bytes(b"half")
    for name in ("source", "parts"):
        (left / name).mkdir()
        (left / name / "model.safetensors").write_bytes(b"weights")
    number = service.builds.register(key, use=False)
    assert files(service, key) == {"build.json", "log.txt", "imatrix.gguf", "report.html"}
    assert {path.name: path.read_bytes() for path in source.iterdir()} == before
    # What is left is enough to show it, to ask it and to say where it is from.
    assert only(service).state == "registered"
    assert only(service).report is not None
    assert only(service).figures["agreement"] == 0.96
    assert isinstance(service.builds.try_out(key, "Hello?").future.result(), str)
    assert len(str(service.builds.origin(number)["full"])) == 64
    service.builds.resume(key)
    assert service.builds.start(order) == key
    assert fake.commands == list(STAGES)


def test_half_a_conversion_is_gone_on_with(service: Service, fake: Fake, order: BuildOrder) -> None:
    key = held(service, fake, order, "convert")
    halves = [folder(service, key) / f".full.gguf.{ending}" for ending in ("part", "state")]
    for half in halves:  # as the converter calls them
        half.write_bytes(b"half")
    service.builds.stop(key)
    service.builds.wait(key)
    fake.set("wait-convert")
    service.builds.resume(key)
    fake.pid()
    assert all(half.read_bytes() == b"half" for half in halves)
    left = {path.name for path in folder(service, key).glob(".*.part")}
    assert len(left) == 2  # what a program that was killed had written goes
    service.builds.stop(key)


def test_a_name_may_hold_what_a_file_name_may_not(
    service: Service, fake: Fake, order: BuildOrder
) -> None:
    name = "Qwen/Qwen3 ..\\small"
    key = service.builds.start(replace(order, name=name))
    service.builds.wait(key)
    number = service.builds.register(key, use=False)
    (added,) = [one for one in service.models.list() if one.id]
    assert (added.id, added.name) == (number, name)
    assert added.path.parent == service.paths.models


def test_a_file_that_goes_while_it_is_compared_is_made_again(
    service: Service, fake: Fake, order: BuildOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Tool.run

    def failing(
        self: Tool, words: list[str], tell: Callable[[float, str], None]
    ) -> Mapping[str, Any]:
        if words[0] == "compare":
            Path(words[2]).unlink()
            raise KnownError("Its file is damaged.", "Download it again.")
        return real(self, words, tell)

    with monkeypatch.context() as patch:
        patch.setattr(Tool, "run", failing)
        status = service.builds.wait(service.builds.start(replace(order, target="Q8_0")))
    assert status.state == "failed"
    assert status.notice == (
        "model.gguf, which was made before, is gone or damaged. "
        "Go on with the build to make it again."
    )
    service.builds.resume(status.key)
    assert service.builds.wait(status.key).state == "built"
    assert fake.commands == ["convert", "quantize", "quantize", "compare"]
