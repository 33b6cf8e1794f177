"""Adding, listing and removing model files, with a real database."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.core.clock import SystemClock
from engine.core.errors import Cancelled, KnownError
from engine.core.paths import Paths
from engine.model import registry as registry_module
from engine.model.catalogue import catalogue
from engine.model.registry import Registry, starter_path
from engine.store.database import Database
from engine.store.models import ModelRepo


class Recorder:
    """A progress line that can be cut."""

    def __init__(self, stop_at: float = 2.0) -> None:
        self.seen: list[float] = []
        self.stop_at = stop_at

    def report(self, fraction: float | None, text: str) -> None:
        assert fraction is not None
        assert text == "Adding Tiny"
        self.seen.append(fraction)

    def check(self) -> None:
        if self.seen and self.seen[-1] >= self.stop_at:
            raise Cancelled


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path / "data")
    paths.ensure()
    return paths


@pytest.fixture
def registry(paths: Paths) -> Iterator[Registry]:
    database = Database.open(paths.database, b"k" * 32, SystemClock())
    yield Registry(paths, ModelRepo(database))
    database.close()


def added(registry: Registry) -> list[str]:
    return [file.name for file in registry.list() if file.id]


def test_add_list_remove(registry: Registry, paths: Paths, tiny_model: Path) -> None:
    progress = Recorder()
    file = registry.add_file(tiny_model, progress)
    digest = hashlib.sha256(tiny_model.read_bytes()).hexdigest()
    assert (file.name, file.sha256, file.architecture) == ("Tiny", digest, "qwen3")
    assert file.path == paths.models / f"{digest}.gguf"
    assert file.path.read_bytes() == tiny_model.read_bytes()
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert progress.seen[-1] == 1.0
    assert added(registry) == ["Tiny"]
    assert registry.add_file(tiny_model, Recorder()).id == file.id  # the same file again
    assert added(registry) == ["Tiny"]
    registry.remove(file.id)
    assert added(registry) == []
    assert list(paths.models.iterdir()) == []
    with pytest.raises(KnownError, match="not in the list"):
        registry.remove(file.id)


def test_a_file_that_was_deleted_by_hand_is_not_listed(
    registry: Registry, tiny_model: Path
) -> None:
    file = registry.add_file(tiny_model, Recorder())
    file.path.unlink()
    assert added(registry) == []
    registry.remove(file.id)


def test_a_damaged_starter_does_not_hide_the_others(
    registry: Registry, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = registry.add_file(tiny_model, Recorder())
    for starter in (tmp_path / "none.gguf", tmp_path / "cut.gguf"):
        monkeypatch.setattr(registry_module, "starter_path", lambda starter=starter: starter)
        assert registry.list() == [file]
        (tmp_path / "cut.gguf").write_bytes(tiny_model.read_bytes()[:1000])


def test_what_is_no_model_is_not_copied(registry: Registry, paths: Paths, tmp_path: Path) -> None:
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"GGUF" + b"\0" * 100)
    with pytest.raises(KnownError):
        registry.add_file(bad, Recorder())
    assert list(paths.models.iterdir()) == []


def test_cancelled_in_the_middle_nothing_is_left(
    registry: Registry, paths: Paths, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_module, "CHUNK", 10_000)
    with pytest.raises(Cancelled):
        registry.add_file(tiny_model, Recorder(stop_at=0.5))
    assert list(paths.models.iterdir()) == []
    assert added(registry) == []


def test_a_full_disk_is_noticed_before(
    registry: Registry, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_module, "RESERVE", 1 << 60)
    with pytest.raises(KnownError, match="not enough disk space"):
        registry.add_file(tiny_model, Recorder())


def test_catalogue() -> None:
    entries = catalogue()
    assert [entry.id for entry in entries] == [
        "starter",
        "qwen3-0.6b",
        "qwen3-1.7b",
        "qwen3-4b",
        "dmind-2-4b",
    ]
    for entry in entries:
        assert entry.licence == "Apache-2.0"
        assert entry.memory > 0
        assert entry.pinned == (entry.sha256 is not None)
        assert entry.file == Path(entry.file).name
    assert starter_path().name == "starter.gguf"
    assert starter_path().parent.name == "models"
