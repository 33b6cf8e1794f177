"""Builds through the service, with a stand-in for `assay-quantize`: every end, and going on."""

import hashlib
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.builds import needs, tool
from engine.core.builds import BuildOrder
from engine.core.errors import Cancelled, KnownError
from engine.core.events import DataChanged, Event, JobProgress
from engine.service import Service
from engine.service.model_fit import Memory
from engine.training_runs.known import KnownRuns, Start
from tests.engine.builds.building import (
    STAGES,
    Fake,
    checkpoint,
    fake_program,
    files,
    folder,
    held,
    is_alive,
    only,
    until,
)

Open = Callable[..., Service]
NAMES = ("convert", "calibrate", "quantize", "compare")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fake:
    return fake_program(monkeypatch, tmp_path / "fake")


@pytest.fixture
def order(tmp_path: Path) -> BuildOrder:
    return BuildOrder("My model", str(checkpoint(tmp_path / "source")), "Q4_K_M")


def test_a_source_becomes_a_model_of_the_library(
    service: Service, fake: Fake, order: BuildOrder, events: list[Event]
) -> None:
    key = service.builds.start(order)
    status = service.builds.wait(key)
    assert (status.state, status.notice, status.model) == ("built", "", None)
    assert [(one.name, one.state) for one in status.stages] == [(n, "done") for n in NAMES]
    assert status.figures["agreement"] == 0.96
    assert status.size == (fake.folder / "model.gguf").stat().st_size
    assert fake.commands == list(STAGES)
    # The file in full precision is gone, the importance matrix stays with the recipe.
    left = {"build.json", "log.txt", "imatrix.gguf", "model.gguf", "report.html"}
    assert files(service, key) == left
    assert status.report == folder(service, key) / "report.html"
    told = [one for one in events if isinstance(one, JobProgress) and one.job_id == f"build-{key}"]
    assert (told[-1].done, told[-1].fraction) == (True, 1.0)
    assert {one.title for one in told} == {"Building My model"}
    assert DataChanged(frozenset({"builds"})) in events
    assert service.models.list()[-1].id == 0  # nothing is registered by itself

    number = service.builds.register(key, use=False)
    assert service.builds.register(key, use=True) == number
    (added,) = [one for one in service.models.list() if one.id]
    assert (added.name, added.in_use) == ("My model", True)
    assert added.path.read_bytes() == (fake.folder / "model.gguf").read_bytes()
    assert "model.gguf" not in files(service, key)
    assert (only(service).state, only(service).model) == ("registered", number)
    origin = service.builds.origin(number)
    assert (origin["kind"], origin["source"]) == ("folder", order.source)
    assert (origin["licence"], origin["recipe"]) == ("apache-2.0", {"type": "Q4_K_M"})
    assert len(str(origin["version"])) == len(str(origin["imatrix"])) == 64
    service.builds.resume(key)
    assert fake.commands == list(STAGES)


def test_its_version_is_what_sha256sum_says(
    service: Service, fake: Fake, order: BuildOrder
) -> None:
    service.builds.register(service.builds.wait(service.builds.start(order)).key, use=False)
    (number,) = [one.id for one in service.models.list() if one.id]
    command = (
        "cd {} && sha256sum README.md config.json model.safetensors tokenizer.json | sha256sum"
    )
    with os.popen(command.format(order.source)) as said:
        assert service.builds.origin(number)["version"] == said.read().split()[0]


@pytest.mark.parametrize("at", range(4))
def test_stopped_at_a_stage_it_goes_on_there(
    service: Service, fake: Fake, order: BuildOrder, at: int
) -> None:
    key = held(service, fake, order, STAGES[at])
    assert [one.state for one in only(service).stages][at] == "running"
    service.builds.stop(key)
    assert only(service).state in ("stopping", "stopped")
    status = service.builds.wait(key)
    assert (status.state, status.notice) == ("stopped", "")
    assert [one.state for one in status.stages] == ["done"] * at + ["waiting"] * (4 - at)
    assert not [name for name in files(service, key) if name.startswith(".")]
    with pytest.raises(KnownError, match="not built yet"):
        service.builds.register(key, use=False)
    before = {path: path.stat().st_mtime_ns for path in folder(service, key).glob("*.gguf")}
    fake.set()
    service.builds.resume(key)
    assert service.builds.wait(key).state == "built"
    assert fake.commands == [*STAGES[: at + 1], *STAGES[at:]]
    for path, changed in before.items():
        assert not path.exists() or path.stat().st_mtime_ns == changed


@pytest.mark.parametrize("at", range(4))
def test_a_program_that_was_killed_is_run_again(
    service: Service, fake: Fake, order: BuildOrder, at: int
) -> None:
    key = held(service, fake, order, STAGES[at])
    os.kill(fake.pid(), signal.SIGKILL)
    status = service.builds.wait(key)
    assert status.state == "failed"
    assert status.notice.startswith("The system ended it (signal 9)")
    assert status.stages[at].state == "failed"
    assert status.stages[at].text == status.notice
    assert not [name for name in files(service, key) if name.startswith(".")]
    fake.set()
    assert service.builds.start(order) == key  # the same order goes on, too
    assert service.builds.wait(key).state == "built"
    assert fake.commands == [*STAGES[: at + 1], *STAGES[at:]]
    assert not [name for name in files(service, key) if name.startswith(".")]
    assert len([one for one in service.models.list() if one.id]) == 0


def test_a_program_that_does_not_hear_is_ended(
    service: Service, fake: Fake, order: BuildOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool, "PATIENCE", 0.2)
    fake.set("deaf-convert")
    key = service.builds.start(order)
    pid = fake.pid()
    service.builds.stop(key)
    assert service.builds.wait(key).state == "stopped"
    assert not is_alive(pid)


def test_what_the_program_says_is_told(
    service: Service, fake: Fake, order: BuildOrder, caplog: pytest.LogCaptureFixture
) -> None:
    fake.set("fail-convert")
    key = service.builds.start(order)
    status = service.builds.wait(key)
    assert (status.state, status.notice) == ("failed", "The weights are missing. Get them.")
    fake.set("crash-imatrix")
    service.builds.resume(key)
    assert service.builds.wait(key).notice.startswith("It ended because of an error in Assay.")
    assert "no such tensor" in (folder(service, key) / "log.txt").read_text()


def test_closed_while_it_builds_it_is_found_again(
    open_service: Open, fake: Fake, order: BuildOrder
) -> None:
    service = open_service()
    key = held(service, fake, order, "imatrix")
    pid = fake.pid()
    service.close()
    assert not is_alive(pid)
    fake.set()
    again = open_service()
    assert only(again).state == "stopped"
    again.builds.resume(key)
    assert again.builds.wait(key).state == "built"
    assert fake.commands == ["convert", "imatrix", "imatrix", "quantize", "compare"]


def test_a_source_that_changes_is_built_anew(
    service: Service, fake: Fake, order: BuildOrder
) -> None:
    key = held(service, fake, order, "quantize")
    service.builds.stop(key)
    service.builds.wait(key)
    checkpoint(Path(order.source), seed=2)
    fake.set()
    service.builds.resume(key)
    status = service.builds.wait(key)
    assert status.notice == "The source has changed since, so the build began anew."
    assert fake.commands == ["convert", "imatrix", "quantize", *STAGES]


def test_a_source_that_was_only_touched_or_is_gone_changes_nothing(
    service: Service, fake: Fake, order: BuildOrder
) -> None:
    key = held(service, fake, order, "quantize")
    service.builds.stop(key)
    service.builds.wait(key)
    checkpoint(Path(order.source))
    fake.set("wait-compare")
    service.builds.resume(key)
    fake.pid()
    service.builds.stop(key)
    service.builds.wait(key)
    shutil.rmtree(order.source)
    fake.set()
    service.builds.resume(key)
    assert service.builds.wait(key).state == "built"
    assert fake.commands == ["convert", "imatrix", "quantize", "quantize", "compare", "compare"]


def test_a_source_that_changes_while_it_is_read_is_refused(
    service: Service, fake: Fake, order: BuildOrder
) -> None:
    key = held(service, fake, order, "convert")
    checkpoint(Path(order.source), seed=3)
    fake.set()
    status = service.builds.wait(key)
    assert status.notice.startswith("The source changed while it was read.")
    service.builds.resume(key)
    assert service.builds.wait(key).state == "built"


def test_a_damaged_file_is_made_again_and_never_registered(
    service: Service, fake: Fake, order: BuildOrder
) -> None:
    key = service.builds.start(order)
    service.builds.wait(key)
    model = folder(service, key) / "model.gguf"
    whole = model.read_bytes()
    model.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(KnownError, match="not what it was when it was built"):
        service.builds.register(key, use=False)
    service.builds.resume(key)
    assert service.builds.wait(key).state == "built"
    # The source was converted again for it, to the same file, so that the rest still holds.
    assert fake.commands == [*STAGES, "convert", "quantize"]
    assert model.read_bytes() == whole
    assert service.builds.register(key, use=False) == 1


def test_two_builds_run_one_after_the_other(
    service: Service, fake: Fake, order: BuildOrder
) -> None:
    first = held(service, fake, order, "convert")
    other = BuildOrder("Another", order.source, "Q8_0")
    second, third = (
        service.builds.start(one) for one in (other, BuildOrder("Third", order.source, "4.5bpw"))
    )
    states = {one.key: one for one in service.builds.list()}
    assert states[first].state == states[second].state == "running"
    assert states[second].notice == "Waits until another build is done."
    assert {one.state for one in states[second].stages} == {"waiting"}
    service.builds.stop(third)
    fake.set()
    assert service.builds.wait(first).state == service.builds.wait(second).state == "built"
    assert service.builds.wait(third).state == "stopped"
    assert fake.commands == [*STAGES, "convert", "quantize", "compare"]  # Q8_0 needs no calibration
    assert service.builds.register(first, False) == service.builds.register(second, False)


def test_a_search_keeps_its_recipe(
    service: Service, fake: Fake, order: BuildOrder, tmp_path: Path
) -> None:
    text = tmp_path / "mine.txt"
    text.write_text("Words of mine.")
    wanted = BuildOrder("Found", order.source, "24.5KiB", (text,))
    key = service.builds.start(wanted)
    text.unlink()  # it was copied
    status = service.builds.wait(key)
    assert status.state == "built"
    assert [one.name for one in status.stages][2] == "search"
    (imatrix,) = [line for line in fake.calls if line.startswith("imatrix")]
    assert imatrix.endswith("--text " + str(status.order.texts[0]))
    (search,) = [line for line in fake.calls if line.startswith("search")]
    assert f"--size {int(24.5 * 1024)}" in search
    number = service.builds.register(key, use=False)
    origin = service.builds.origin(number)
    assert origin["recipe"] == {"type": "Q4_K_M", "tensors": {}}
    assert origin["texts"] == [hashlib.sha256(b"Words of mine.").hexdigest()]
    assert origin["feedback"] is False  # the stand-in says nothing of it


def test_nothing_begins_where_something_is_missing(
    service: Service, fake: Fake, order: BuildOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(needs, "disk_free", lambda root: 1000)
        with pytest.raises(
            KnownError, match=r"not enough disk space to build My model\. Free 0\.3"
        ):
            service.builds.start(order)
    with monkeypatch.context() as patch:
        patch.setattr(Memory, "now", lambda held=0: Memory(1, 1000))
        with pytest.raises(KnownError, match=r"needs 0\.1 GB of memory"):
            service.builds.start(order)
        assert service.builds.look(order.source).future.result().notice.startswith("This computer")
    with monkeypatch.context() as patch:
        patch.setattr(needs, "_CONVERTING", "no_such_package")
        with pytest.raises(KnownError, match=r"pip install 'assay\[train\]'"):
            service.builds.start(order)
        assert "pip install" in service.builds.look(order.source).future.result().notice
    for wrong in (
        BuildOrder("", order.source, "Q4_K_M"),
        BuildOrder("x", order.source, "Q4_K_X"),
        BuildOrder("x", order.source, "0.1bpw"),
        BuildOrder("x", "/nowhere", "Q4_K_M"),
        BuildOrder("x", order.source, "Q4_K_M", (Path("/nowhere.txt"),)),
    ):
        with pytest.raises(KnownError):
            service.builds.start(wrong)
    assert service.builds.list() == []
    assert not service.paths.builds.exists() or list(service.paths.builds.iterdir()) == []


def test_one_name_is_one_build(service: Service, fake: Fake, order: BuildOrder) -> None:
    key = held(service, fake, order, "convert")
    assert service.builds.start(order) == key
    with pytest.raises(KnownError, match="with another aim"):
        service.builds.start(BuildOrder("My model", order.source, "Q8_0"))
    assert len(service.builds.list()) == 1


def test_deleted_its_space_is_free_and_the_library_as_it_was(
    service: Service, fake: Fake, order: BuildOrder
) -> None:
    key = service.builds.start(order)
    service.builds.wait(key)
    number = service.builds.register(key, use=False)
    path = next(one.path for one in service.models.list() if one.id == number)
    other = held(service, fake, BuildOrder("Another", order.source, "Q4_0"), "quantize")
    pid = fake.pid()
    assert service.builds.delete(other) > 300_000
    assert not is_alive(pid)
    service.builds.delete(key)
    assert service.builds.list() == []
    assert list(service.paths.builds.iterdir()) == []
    assert path.exists()
    for wrong in (key, "../models", ""):
        with pytest.raises(KnownError):
            service.builds.resume(wrong)
        with pytest.raises(KnownError):
            service.builds.wait(wrong)


def test_a_model_that_was_removed_from_the_library_can_be_built_again(
    service: Service, fake: Fake, order: BuildOrder
) -> None:
    key = service.builds.start(order)
    service.builds.wait(key)
    service.models.remove(service.builds.register(key, use=False))
    assert only(service).state == "stopped"
    service.builds.resume(key)
    assert service.builds.wait(key).state == "built"
    assert service.builds.register(key, use=False) > 0


def test_ended_while_it_was_registered_it_is_registered_once(
    open_service: Open, fake: Fake, order: BuildOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = open_service()
    key = service.builds.start(order)
    service.builds.wait(key)
    model = folder(service, key) / "model.gguf"
    for end in ("link", "_register", "written"):
        with monkeypatch.context() as patch:
            if end == "_register":
                patch.setattr(service.models._registry, "_register", lambda *args: 1 / 0)
            elif end == "link":
                patch.setattr(os, "replace", lambda *args: 1 / 0)
            else:
                patch.setattr(service.builds._shelf, "write", lambda *args: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                service.builds.register(key, use=False)
        if end != "written":
            assert model.exists()
            assert [one for one in service.models.list() if one.id] == []
        assert only(service).state == ("registered" if end == "written" else "built")
    service.close()
    again = open_service()
    assert only(again).state == "registered"  # and not to be built once more
    assert again.builds.register(key, use=False) == 1
    assert [one.id for one in again.models.list() if one.id] == [1]
    assert len(list(again.paths.models.iterdir())) == 1


def test_what_cannot_be_read_can_be_deleted(
    service: Service, fake: Fake, order: BuildOrder
) -> None:
    key = service.builds.start(order)
    service.builds.wait(key)
    service.close()
    (folder(service, key) / "build.json").write_text('{"format": "assay build 1"}')
    service.builds._runs.clear()
    status = only(service)
    assert (status.state, status.stages) == ("failed", ())
    assert "cannot be read" in status.notice
    with pytest.raises(KnownError, match="cannot be read"):
        service.builds.resume(key)
    assert service.builds.delete(key) > 0
    assert service.builds.list() == []


def test_the_built_file_answers_before_it_is_registered(
    service: Service, fake: Fake, order: BuildOrder
) -> None:
    key = held(service, fake, order, "convert")
    with pytest.raises(KnownError, match="not built yet"):
        service.builds.try_out(key, "Hello?")
    fake.set()
    service.builds.wait(key)
    assert isinstance(service.builds.try_out(key, "Hello?").future.result(), str)
    asked = service.builds.try_out(key, "Hello?")
    asked.cancel()
    with pytest.raises(Cancelled):
        asked.future.result()


def test_nothing_is_built_where_nothing_can_be_stored(
    service: Service, fake: Fake, order: BuildOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.builds, "_read_only", lambda: True)
    with pytest.raises(KnownError, match="cannot be changed"):
        service.builds.start(order)


def test_another_assay_sees_that_it_is_built(
    service: Service, fake: Fake, order: BuildOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    held(service, fake, order, "convert")
    beside = Service.open(service.paths, background=False, reading=True)
    # As it is in another process, whose number is another one.
    monkeypatch.setattr(os, "getpid", lambda: 1)
    assert only(beside).state == "running"
    with pytest.raises(KnownError, match="cannot be changed"):
        beside.builds.start(order)
    monkeypatch.undo()
    beside.close()


def test_the_model_of_a_training_run_is_a_source(
    service: Service, fake: Fake, tmp_path: Path
) -> None:
    assert service.builds.sources() == []
    run = tmp_path / "sft-1"
    known = KnownRuns(service.paths.training / "runs.json")
    known.put(run, Start("sft", "sft", "sft.toml", {}, ""))
    run.mkdir()
    assert service.builds.sources() == []  # it has no model yet
    model = checkpoint(run / "model")
    (found,) = service.builds.sources()
    assert (found.kind, found.place, found.name) == ("run", "sft-1", "sft-1")
    key = service.builds.start(BuildOrder("From a run", "sft-1", "Q8_0"))
    assert service.builds.wait(key).state == "built"
    assert fake.calls[0].split()[:2] == ["convert", str(model)]
    origin = service.builds.origin(service.builds.register(key, use=False))
    assert (origin["kind"], origin["source"]) == ("run", "sft-1")


def test_the_service_ends_with_a_build_at_work(
    service: Service, fake: Fake, order: BuildOrder
) -> None:
    held(service, fake, order, "compare")
    until(lambda: only(service).stages[3].fraction == 0.5)
    assert only(service).stages[3].text == "Half of it"
