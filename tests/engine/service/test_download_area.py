"""Downloading models through the service, from a real server in the place of the Hub."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest

from engine.core.errors import Cancelled, KnownError
from engine.core.events import DataChanged, Event, JobProgress
from engine.core.paths import Paths
from engine.service import Service
from engine.service import downloads as module
from engine.service.download_run import DownloadStatus, progress_text, time_left
from tests.engine.hub_server import FILE, REPO, HubServer, hub_server
from tests.engine.memory_keyring import MemoryKeyring
from tests.engine.model.fetching import model_bytes

WHICH = f"{REPO}/{FILE}"
Open = Callable[..., Service]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HubServer]:
    with hub_server(model_bytes(tmp_path)) as running:
        yield running


@pytest.fixture
def service(open_service: Open, server: HubServer) -> Service:
    service = open_service()
    service.settings.set("model_hub", server.url)
    return service


def until(what: Callable[[], bool]) -> None:
    """Wait for something that happens on another thread."""
    end = time.monotonic() + 10
    while not what():
        assert time.monotonic() < end
        time.sleep(0.005)


def began(service: Service, server: HubServer) -> str:
    """A slow download of which half a megabyte is there."""
    server.pause = 0.01
    key = service.downloads.start(WHICH)
    until(lambda: any(one.done > 500_000 for one in service.downloads.list()))
    return key


def only(service: Service) -> DownloadStatus:
    (one,) = service.downloads.list()
    return one


def test_nothing_is_asked_by_itself(
    service: Service, server: HubServer, open_service: Open
) -> None:
    key = began(service, server)
    service.close()
    asked = len(server.hub.asked)
    again = open_service()
    assert (only(again).state, only(again).key) == ("paused", key)
    assert len(server.hub.asked) == asked
    assert again.online.is_on("kraken") is False


def test_a_model_is_looked_at_fetched_and_listed(
    service: Service, server: HubServer, events: list[Event]
) -> None:
    offer = service.downloads.look(WHICH).future.result()
    assert (offer.size, offer.sha256, offer.pinned) == (
        len(server.content),
        server.sha256,
        False,
    )
    assert (offer.architecture, offer.added, offer.notice) == ("qwen3", None, "")
    assert 0 < offer.memory < 1 << 30
    assert offer.free > 0
    assert len(server.content) not in [one.received_bytes for one in service.online.requests()]

    key = service.downloads.start(WHICH)
    added = service.downloads.wait(key)
    assert added.path == service.paths.models / f"{server.sha256}.gguf"
    assert [model.id for model in service.models.list() if model.id] == [added.id]
    assert service.downloads.list() == []
    assert list(service.paths.downloads.iterdir()) == []
    assert DataChanged(frozenset({"models"})) in events
    told = [one for one in events if isinstance(one, JobProgress) and key in one.job_id]
    assert (told[-1].done, told[-1].fraction) == (True, 1.0)
    assert {one.title for one in told} == {"Downloading Tiny-Q8_0"}
    assert service.downloads.look(WHICH).future.result().added == added.id
    assert {one.source for one in service.online.requests()} == {"models"}
    assert "secret" not in str(service.online.requests())


def test_an_entry_of_the_users_own(service: Service, server: HubServer) -> None:
    (service.paths.root / "catalogue.json").write_text(
        f'[{{"id": "mine", "name": "Mine", "repo": "{REPO}", "file": "{FILE}", "licence": "MIT", '
        f'"sha256": "{server.sha256}", "size": {len(server.content)}}}, {{"id": "bad"}}]'
    )
    entries, refused = service.downloads.catalogue()
    assert service.models.catalogue() == entries
    assert len(refused) == 1
    offer = service.downloads.look("mine").future.result()
    assert (offer.name, offer.licence, offer.pinned) == ("Mine", "MIT", True)
    added = service.downloads.wait(service.downloads.start("mine"))
    asked = len(server.hub.asked)
    # The checksum is known, so it is found without asking.
    key = service.downloads.start("mine")
    until(lambda: not service.downloads.list())
    again = service.downloads.wait(key)  # although it has ended already
    assert again == next(one for one in service.models._registry.list() if one.id == added.id)
    assert len(server.hub.asked) == asked


def test_paused_and_gone_on_with(service: Service, server: HubServer) -> None:
    key = began(service, server)
    status = only(service)
    assert (status.running, status.size) == (True, len(server.content))
    service.downloads.pause(key)
    service.downloads.pause(key)
    status = only(service)
    assert (status.state, status.running, status.name) == ("paused", False, "Tiny-Q8_0")
    assert 500_000 < status.done < len(server.content)
    assert service.downloads.disk_use().parts >= status.done
    server.pause = 0.0
    service.downloads.resume(key)
    assert service.downloads.wait(key).size == len(server.content)
    assert server.fetched()[-1] == f"bytes={status.done}-"


def test_cancelled_its_bytes_are_freed(service: Service, server: HubServer) -> None:
    key = began(service, server)
    assert service.downloads.cancel(key) > 500_000
    assert service.downloads.list() == []
    assert list(service.paths.downloads.iterdir()) == []
    with pytest.raises(KnownError):
        service.downloads.resume(key)
    with pytest.raises(KnownError, match="does not run"):
        service.downloads.wait(key)


def test_whoever_waits_is_told_that_it_was_paused(service: Service, server: HubServer) -> None:
    key = began(service, server)
    run = service.downloads._running[key]
    service.downloads.pause(key)
    assert isinstance(run.future.exception(), Cancelled)


def test_the_same_file_twice_is_one_download(service: Service, server: HubServer) -> None:
    key = began(service, server)
    assert service.downloads.start(WHICH) == key
    assert len(service.downloads.list()) == 1
    server.pause = 0.0
    service.downloads.wait(key)
    assert len(server.fetched()) <= 6


def test_more_than_two_wait_for_their_turn(service: Service, server: HubServer) -> None:
    server.pause, server.tags = 0.02, ("v2", "v3")
    first, second, third = (
        service.downloads.start(f"{WHICH}@{revision}") for revision in ("main", "v2", "v3")
    )

    def states() -> dict[str, str]:
        return {one.key: one.state for one in service.downloads.list()}

    until(lambda: states()[first] == states()[second] == "fetching")
    assert states()[third] == "queued"
    service.downloads.cancel(third)
    assert third not in states()


def test_what_failed_says_why_and_can_be_gone_on_with(
    service: Service, server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.statuses = [404]
    key = service.downloads.start(WHICH)
    with pytest.raises(KnownError):
        service.downloads.wait(key)
    status = only(service)
    assert (status.state, status.running) == ("failed", False)
    assert "has no file" in status.notice
    service.downloads.resume(key)
    assert service.downloads.wait(key).size == len(server.content)
    assert service.downloads.list() == []


def test_what_is_no_model_is_refused_by_its_first_bytes(
    service: Service, server: HubServer
) -> None:
    server.content = b"<html>" + bytes(3_000_000)
    with pytest.raises(KnownError, match="not a GGUF model"):
        service.downloads.look(WHICH).future.result()
    key = service.downloads.start(WHICH)
    with pytest.raises(KnownError, match="not a GGUF model"):
        service.downloads.wait(key)
    assert "" not in server.fetched()  # all of it was never asked for
    service.downloads.cancel(key)
    assert service.downloads.list() == []


def test_a_host_without_ranges_is_told_about_and_still_fetched_from(
    service: Service, server: HubServer
) -> None:
    server.ranges = False
    offer = service.downloads.look(WHICH).future.result()
    assert offer.notice.startswith("What it needs could not be found out")
    assert service.downloads.wait(service.downloads.start(WHICH)).size == len(server.content)


def test_ended_just_before_the_end_nothing_is_fetched_again(
    service: Service,
    server: HubServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(service.downloads._registry, "adopt", lambda *args: 1 / 0)
        key = service.downloads.start(WHICH)
        with pytest.raises(ZeroDivisionError):
            service.downloads.wait(key)
    assert "a download failed: ZeroDivisionError" in caplog.text
    caplog.clear()
    status = only(service)
    assert (status.state, status.done) == ("failed", len(server.content))
    assert status.notice == "This did not work because of an error in Assay."
    service.downloads.resume(key)
    assert service.downloads.wait(key).sha256 == server.sha256
    assert server.fetched().count("") == 1
    assert service.downloads.list() == []


def test_parts_of_which_nothing_is_known_can_be_deleted(service: Service) -> None:
    folder = service.paths.downloads
    folder.mkdir()
    key = "0" * 32
    (folder / f"{key}.part").write_bytes(bytes(5000))
    (folder / f"{key}.json").write_text('{"repo": "../../etc"}')
    (folder / "notes.txt").write_text("mine")
    status = only(service)
    assert (status.key, status.done, status.state) == (key, 5000, "paused")
    with pytest.raises(KnownError):
        service.downloads.resume(key)
    assert service.downloads.cancel(key) == 5000
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
    for wrong in ("../../assay", "x", ""):
        with pytest.raises(KnownError):
            service.downloads.cancel(wrong)


def test_the_token_is_kept_for_one_host_in_the_keyring(
    service: Service, server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = MemoryKeyring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", memory)
    server.gated, server.token = True, "hf_right"
    with pytest.raises(KnownError, match="accepted its terms"):
        service.downloads.look(WHICH).future.result()
    assert not service.downloads.has_token()
    service.downloads.set_token("hf_right")
    assert service.downloads.has_token()
    assert service.downloads.look(WHICH).future.result().size == len(server.content)
    assert "hf_right" not in str(service.online.requests())
    service.settings.set("model_hub", "https://mirror.example")
    assert not service.downloads.has_token()
    service.settings.set("model_hub", server.url)
    service.downloads.forget_token()
    assert memory.kept == {}


def test_nothing_is_downloaded_where_nothing_can_be_stored(
    service: Service, monkeypatch: pytest.MonkeyPatch, server: HubServer
) -> None:
    monkeypatch.setattr(type(service.downloads._requests), "read_only", True)
    with pytest.raises(KnownError, match="cannot be changed"):
        service.downloads.start(WHICH)
    with pytest.raises(KnownError):
        service.downloads.look(WHICH).future.result()
    assert server.hub.asked == []


@pytest.mark.parametrize("which", ["nothing", "dmind-2-4b", "starter", "a/b/c.txt", "a/../c.gguf"])
def test_what_cannot_be_fetched(which: str, service: Service) -> None:
    with pytest.raises(KnownError):
        service.downloads.start(which)


def test_figures_in_words() -> None:
    status = DownloadStatus("k", "n", "", "r", "f", "fetching", 1_200_000_000, 2_500_000_000)
    assert progress_text(status) == "1.20 of 2.50 GB"
    assert time_left(30) == "less than a minute"
    assert time_left(61) == "1 minute"
    assert time_left(600) == "10 minutes"
    assert time_left(9000) == "2.5 hours"
    assert module.AT_ONCE == 2
    assert Paths(Path("/x")).downloads == Path("/x/models/downloads")
