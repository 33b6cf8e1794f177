"""Builds of models on the Hub, with a real server in its place: fetched, stopped, gone on with."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.core.builds import BuildOrder, BuildStatus
from engine.core.errors import KnownError
from engine.model.download import download as module
from engine.service import Service
from tests.engine.builds.building import (
    Fake,
    checkpoint,
    fake_program,
    safetensors,
    until,
)
from tests.engine.builds.hub_repo import REPO, HubRepo, hub_repo
from tests.engine.hub_server import COMMIT

SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
OTHER = "f" * 40


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fake:
    return fake_program(monkeypatch, tmp_path / "fake")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A model in two files of 400 kB, and one of another kind beside them."""
    folder = checkpoint(tmp_path / "repository")
    (folder / "model.safetensors").unlink()
    for seed, name in enumerate(SHARDS, 1):
        (folder / name).write_bytes(safetensors(400_000, seed))
    index = {"metadata": {"total_size": 800_000}, "weight_map": {"a": SHARDS[0], "b": SHARDS[1]}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04pickle")
    return folder


@pytest.fixture
def repo(files: Path) -> Iterator[HubRepo]:
    with hub_repo(files) as running:
        yield running


@pytest.fixture
def hub_service(service: Service, repo: HubRepo) -> Service:
    service.settings.set("model_hub", repo.hub.url)
    return service


def started(service: Service, source: str = REPO) -> str:
    return service.builds.start(BuildOrder("Fetched", source, "Q8_0"))


def half(service: Service, repo: HubRepo, monkeypatch: pytest.MonkeyPatch) -> BuildStatus:
    """A build that was stopped in the middle of the second file."""
    monkeypatch.setattr(module, "PIECE", 50_000)
    repo.files[SHARDS[1]].pause = 0.02
    key = started(service)
    until(lambda: (service.builds.list()[0].stages[0].fraction or 0) > 0.7)
    service.builds.stop(key)
    repo.files[SHARDS[1]].pause = 0.0
    return service.builds.wait(key)


def test_a_model_is_looked_at_and_built(hub_service: Service, repo: HubRepo, fake: Fake) -> None:
    look = hub_service.builds.look(REPO).future.result()
    source = look.source
    assert (source.kind, source.place, source.name) == ("hub", REPO, "Tiny-Model")
    assert (source.licence, source.version, source.bytes) == ("apache-2.0", COMMIT, 800_000)
    assert (source.architecture, source.parameters) == ("qwen3", 400_000)
    (best,) = [choice for choice in look.choices if choice.recommended]
    assert best.fits == "fits"
    assert not any(name.endswith(".bin") for name in repo.asked)
    assert not repo.cdn.asked

    status = hub_service.builds.wait(started(hub_service))
    assert [one.name for one in status.stages] == ["fetch", "convert", "quantize", "compare"]
    assert status.state == "built"
    assert fake.commands == ["convert", "quantize", "compare"]
    number = hub_service.builds.register(status.key, use=False)
    origin = hub_service.builds.origin(number)
    assert (origin["source"], origin["version"], origin["licence"]) == (REPO, COMMIT, "apache-2.0")
    folder = hub_service.paths.builds / status.key
    assert not (folder / "source").exists()
    assert not (folder / "parts").exists()
    assert not any(name.endswith(".bin") for name in repo.asked)
    assert {one.source for one in hub_service.online.requests()} == {"models"}


def test_an_index_without_a_sum_is_added_up(hub_service: Service, repo: HubRepo) -> None:
    index = {"weight_map": {"a": SHARDS[0], "b": SHARDS[1]}}
    repo.put({"model.safetensors.index.json": json.dumps(index).encode()})
    source = hub_service.builds.look(REPO).future.result().source
    total = sum(len(safetensors(400_000, seed)) for seed in (1, 2))
    assert (source.bytes, source.parameters) == (total, total // 2)


def test_stopped_it_goes_on_at_the_byte(
    hub_service: Service, repo: HubRepo, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = half(hub_service, repo, monkeypatch)
    assert status.state == "stopped"
    assert fake.calls == []
    (begun,) = hub_service.builds.sources()
    assert (begun.kind, begun.place, begun.version) == ("hub", REPO, COMMIT)
    asked = len(repo.hub.asked)
    # Meanwhile main has moved; what was begun is the commit that was looked at.
    hub_service.builds.resume(status.key)
    again = hub_service.builds.wait(status.key)
    assert again.state == "built"
    assert set(repo.asked[asked:]) == {SHARDS[1]}
    ranges = [one.headers.get("Range", "") for one in repo.cdn.asked]
    assert int(ranges[-1].removeprefix("bytes=").rstrip("-")) >= 50_000
    (convert,) = [line for line in fake.calls if line.startswith("convert")]
    assert convert.split()[1].endswith("/source")


def test_main_that_moves_on_is_not_followed(
    hub_service: Service, repo: HubRepo, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = half(hub_service, repo, monkeypatch)
    repo.put({SHARDS[1]: safetensors(400_000, 9)}, OTHER)
    hub_service.builds.resume(status.key)
    failed = hub_service.builds.wait(status.key)
    assert failed.state == "failed"  # this server has forgotten the commit
    assert "revision" in failed.notice
    assert fake.calls == []
    look = hub_service.builds.look(f"{REPO}@{COMMIT}").future.result()
    assert look.source.version == COMMIT


def test_a_wrong_checksum_is_refused(hub_service: Service, repo: HubRepo, fake: Fake) -> None:
    repo.files[SHARDS[1]].said_tag = "c" * 64
    key = started(hub_service)
    status = hub_service.builds.wait(key)
    assert status.state == "failed"
    assert "its checksum is another one" in status.notice
    assert fake.calls == []
    source = hub_service.paths.builds / key / "source"
    assert SHARDS[0] in {path.name for path in source.iterdir()}
    assert SHARDS[1] not in {path.name for path in source.iterdir()}
    repo.files[SHARDS[1]].said_tag = None
    asked = len(repo.hub.asked)
    hub_service.builds.resume(key)
    assert hub_service.builds.wait(key).state == "built"
    assert set(repo.asked[asked:]) == {SHARDS[1]}


def test_a_file_that_was_damaged_meanwhile_is_fetched_again(
    hub_service: Service, repo: HubRepo, fake: Fake
) -> None:
    fake.set("fail-convert")
    key = started(hub_service)
    assert hub_service.builds.wait(key).state == "failed"
    first = hub_service.paths.builds / key / "source" / SHARDS[0]
    first.write_bytes(first.read_bytes()[:-1] + b"x")
    asked = len(repo.hub.asked)
    fake.set()
    hub_service.builds.resume(key)
    assert hub_service.builds.wait(key).state == "built"
    assert set(repo.asked[asked:]) == {SHARDS[0]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model.safetensors.index.json": b"[]"}, "is damaged"),
        (
            {"model.safetensors.index.json": b'{"weight_map": {"a": "../../x.safetensors"}}'},
            "names a file",
        ),
        ({"model.safetensors.index.json": b'{"weight_map": {"a": "model.bin"}}'}, "names a file"),
        ({"config.json": b'{"architectures": ["BertModel"]}'}, "cannot convert"),
        ({"config.json": b"\xff"}, "is damaged"),
        ({"config.json": b"[" * 100_000}, "is damaged"),
    ],
)
def test_what_cannot_be_built_is_said_before_it_is_fetched(
    hub_service: Service, repo: HubRepo, fake: Fake, change: dict[str, bytes], said: str
) -> None:
    repo.put(change)
    with pytest.raises(KnownError, match=said):
        hub_service.builds.look(REPO).future.result()
    with pytest.raises(KnownError, match=said):
        started(hub_service)
    assert hub_service.builds.list() == []
    assert not repo.cdn.asked


def test_only_safetensors_are_taken(hub_service: Service, repo: HubRepo, fake: Fake) -> None:
    for name in (*SHARDS, "model.safetensors.index.json"):
        del repo.files[name]
    with pytest.raises(KnownError, match="Others can run code"):
        hub_service.builds.look(REPO).future.result()
    repo.put({"model.safetensors": b"\x80\x04pickle"})
    status = hub_service.builds.wait(started(hub_service))
    assert "is no safetensors file" in status.notice
    with pytest.raises(KnownError, match="no public repository"):
        hub_service.builds.look("nobody/nothing").future.result()


def test_deleted_the_parts_are_gone(
    hub_service: Service, repo: HubRepo, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = half(hub_service, repo, monkeypatch)
    assert hub_service.builds.delete(status.key) > 500_000
    assert hub_service.builds.sources() == []
    shutil.rmtree(hub_service.paths.builds)
    assert hub_service.builds.list() == []
