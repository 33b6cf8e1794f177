"""Adding, listing and removing model files, with a real database."""

import errno
import hashlib
import os
import shutil
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
    monkeypatch.setattr(registry_module, "DISK_RESERVE", 1 << 60)
    with pytest.raises(KnownError, match="not enough disk space"):
        registry.add_file(tiny_model, Recorder())


def other_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the file were on another file system than the models folder."""

    def refuse(*args: object) -> None:
        raise OSError(errno.EXDEV, "another file system")

    monkeypatch.setattr(registry_module.os, "link", refuse)


class Checking(Recorder):
    """A progress line of a link."""

    def report(self, fraction: float | None, text: str) -> None:
        assert text == "Checking Tiny"
        super().report(fraction, "Adding Tiny")


@pytest.fixture
def mine(tiny_model: Path, tmp_path: Path) -> Path:
    """A model file of the user's."""
    return Path(shutil.copy(tiny_model, tmp_path / "mine.gguf"))


def test_a_linked_file_takes_no_space_and_outlives_its_first_name(
    registry: Registry, paths: Paths, mine: Path
) -> None:
    file = registry.add_file(mine, Checking(), link=True)
    assert file.linked
    assert file.path == paths.models / f"{file.sha256}.gguf"
    assert file.path.samefile(mine)
    assert (registry.freed_by(file.id), registry.disk_use().models) == (0, 0)
    mine.unlink()
    (listed,) = (one for one in registry.list() if one.id)
    assert (listed.trouble, listed.path.is_file()) == ("", True)
    assert registry.disk_use().models == file.size
    assert registry.remove(file.id) == file.size
    assert list(paths.models.iterdir()) == []


def test_a_file_on_another_file_system_is_used_from_where_it_is(
    registry: Registry, paths: Paths, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_system(monkeypatch)
    file = registry.add_file(mine, Checking(), link=True)
    assert (file.path, file.linked, file.trouble) == (mine, True, "")
    assert list(paths.models.iterdir()) == []
    assert registry.find(file.sha256) == registry.list()[-1]
    assert registry.remove(file.id) == 0
    assert mine.exists()


def test_a_linked_file_that_is_gone_or_changed_is_said(
    registry: Registry, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_system(monkeypatch)
    file = registry.add_file(mine, Checking(), link=True)
    mine.rename(mine.with_suffix(".away"))
    assert "is not there any more" in registry.list()[-1].trouble
    assert registry.find(file.sha256) is None
    mine.with_suffix(".away").rename(mine)
    assert registry.list()[-1].trouble == ""
    with mine.open("ab") as changed:
        changed.write(bytes(32))
    assert "has changed since" in registry.list()[-1].trouble
    again = registry.add_file(mine, Checking(), link=True)
    assert again.sha256 != file.sha256


def test_what_is_there_already_is_not_linked_again(
    registry: Registry, paths: Paths, mine: Path
) -> None:
    copied = registry.add_file(mine, Recorder())
    linked = registry.add_file(mine, Checking(), link=True)
    assert (linked.id, linked.path, linked.linked) == (copied.id, copied.path, False)
    assert registry.disk_use().models == copied.size == registry.freed_by(copied.id)
    assert not copied.path.samefile(mine)


def test_a_name_with_other_bytes_behind_it_is_not_believed(
    registry: Registry, mine: Path, tiny_model: Path, tmp_path: Path
) -> None:
    """A link's first name was written to, which changes the model; a good file mends it."""
    linked = registry.add_file(mine, Checking(), link=True)
    content = mine.read_bytes()
    with mine.open("r+b") as changed:
        changed.seek(-100, os.SEEK_END)
        changed.write(bytes(100))
    assert "has changed since" in registry.list()[-1].trouble
    good = Path(shutil.copy(tiny_model, tmp_path / "good.gguf"))
    again = registry.add_file(good, Checking(), link=True)
    assert (again.id, again.sha256, again.path) == (linked.id, linked.sha256, linked.path)
    assert again.path.read_bytes() == content
    assert again.path.samefile(good)
    assert mine.read_bytes() != content
    (listed,) = (one for one in registry.list() if one.id)
    assert (listed.trouble, listed.linked) == ("", True)


def test_the_same_bytes_with_a_new_date_are_linked_still(registry: Registry, mine: Path) -> None:
    linked = registry.add_file(mine, Checking(), link=True)
    os.utime(mine, (1, 1))
    assert "has changed since" in registry.list()[-1].trouble
    again = registry.add_file(mine, Checking(), link=True)
    assert (again.id, again.linked, registry.list()[-1].trouble) == (linked.id, True, "")


def test_a_copy_takes_the_place_of_a_link(
    registry: Registry, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_system(monkeypatch)
    linked = registry.add_file(mine, Checking(), link=True)
    copied = registry.add_file(mine, Recorder())
    assert (copied.id, copied.linked) == (linked.id, False)
    mine.unlink()
    assert registry.list()[-1].trouble == ""


def test_a_link_is_stopped_as_a_copy_is(
    registry: Registry, paths: Paths, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_module, "CHUNK", 10_000)
    with pytest.raises(Cancelled):
        registry.add_file(mine, Checking(stop_at=0.5), link=True)
    assert (list(paths.models.iterdir()), added(registry)) == ([], [])


def test_parts_of_downloads_are_counted(registry: Registry, paths: Paths) -> None:
    paths.downloads.mkdir()
    (paths.downloads / f"{'a' * 32}.part").write_bytes(bytes(1000))
    (paths.downloads / f"{'a' * 32}.json").write_bytes(bytes(10))
    use = registry.disk_use()
    assert (use.models, use.parts) == (0, 1000)
    assert use.free > 0


def test_the_starter_is_in_the_catalogue(registry: Registry) -> None:
    assert starter_path().name == "starter.gguf"
    assert starter_path().parent.name == "models"
    assert registry.catalogue() == (catalogue(), ())


def test_a_model_keeps_the_name_it_was_added_under(
    registry: Registry, tmp_path: Path, tiny_model: Path
) -> None:
    """Two files with the same bytes that have no name of their own."""
    data = tiny_model.read_bytes().replace(b"general.name", b"general.mane")
    for name in ("First.gguf", "Second.gguf"):
        (tmp_path / name).write_bytes(data)
        registry.add_file(tmp_path / name, Quiet())
    (file,) = (one for one in registry.list() if one.id)
    assert (file.name, file.file_name) == ("First", "First.gguf")


class Quiet:
    """A progress line that nobody looks at."""

    def report(self, fraction: float | None, text: str) -> None:
        pass

    def check(self) -> None:
        pass
