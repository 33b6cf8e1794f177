"""Fetching a model file from a real server on this computer, whatever that does."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.errors import KnownError
from engine.core.exchange import Limits
from engine.model.download import download as module
from engine.model.download import hub as hub_module
from engine.model.download.download import Wanted
from engine.model.download.files import DownloadFiles, DownloadState, key_of
from engine.model.download.hub_file import Place
from engine.model.gguf.header import read_header
from tests.engine.hub_server import COMMIT, FILE, REPO, HubServer, hub_server
from tests.engine.model.fetching import Fetcher, Watch, model_bytes

PIECE = 200_000


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return model_bytes(tmp_path_factory.mktemp("model"))


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("states")


@pytest.fixture
def server(content: bytes) -> Iterator[HubServer]:
    with hub_server(content) as running:
        yield running


@pytest.fixture
def fetcher(server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fetcher:
    monkeypatch.setattr(module, "PIECE", PIECE)
    monkeypatch.setattr(module, "_ADVANCE", 10_000)
    return Fetcher(server.url, tmp_path / "models")


def failing(fetcher: Fetcher, watch: Watch | None = None, wanted: Wanted | None = None) -> str:
    """The sentence with which a download ends."""
    with pytest.raises(KnownError) as caught:
        fetcher.run(watch, wanted)
    assert caught.value.sentence.endswith(".")
    return str(caught.value)


def test_a_file_is_fetched_checked_and_named_by_its_checksum(
    server: HubServer, fetcher: Fetcher, content: bytes
) -> None:
    watch = Watch()
    fetched = fetcher.run(watch)
    assert fetched.path == fetcher.home / f"{server.sha256}.gguf"
    assert fetched.path.read_bytes() == content
    assert fetched.path.stat().st_mode & 0o777 == 0o600
    assert (fetched.sha256, fetched.commit, fetched.checked) == (server.sha256, COMMIT, True)
    assert read_header(fetched.path).architecture == "qwen3"
    assert fetcher.left == [".json"]  # until it is registered
    last = watch.seen[-1]
    assert (last.phase, last.done, last.size) == ("fetching", len(content), len(content))
    assert watch.notices == []
    # One look at the first byte, then all of it; the commit is asked for, not the branch.
    assert server.fetched() == ["bytes=0-0", ""]
    assert f"/resolve/{COMMIT}/" in server.hub.asked[-1].path


def test_what_is_there_is_not_fetched_again(server: HubServer, fetcher: Fetcher) -> None:
    fetcher.run()
    assert fetcher.run().checked
    assert server.fetched() == ["bytes=0-0", "", "bytes=0-0"]


def test_every_request_is_in_the_log_without_what_signs_it(
    server: HubServer, fetcher: Fetcher
) -> None:
    fetcher.run()
    shown = [one.url for one in fetcher.log.exchanges]
    assert len(shown) == 4
    assert not any("secret" in url for url in shown)
    assert {one.source for one in fetcher.log.exchanges} == {"models"}
    assert sum(one.received_bytes for one in fetcher.log.exchanges) >= len(server.content)


def test_stopped_it_goes_on_where_it_was(
    server: HubServer, fetcher: Fetcher, content: bytes
) -> None:
    with pytest.raises(KeyboardInterrupt):
        fetcher.run(Watch(lambda advance: advance.done > 1_000_000))
    done = fetcher.done
    assert 1_000_000 < done < len(content)
    assert fetcher.left == [".json", ".part"]

    watch = Watch()
    assert fetcher.run(watch).path.read_bytes() == content
    assert server.fetched()[-1] == f"bytes={done}-"
    assert server.cdn.asked[-1].headers["If-Range"].startswith('"')
    assert {one.phase for one in watch.seen} == {"asking", "checking", "fetching"}
    assert watch.notices == []


def test_bytes_behind_the_state_are_not_trusted(
    server: HubServer, fetcher: Fetcher, content: bytes
) -> None:
    with pytest.raises(KeyboardInterrupt):
        fetcher.run(Watch(lambda advance: advance.done > 1_000_000))
    part = fetcher.files.part(fetcher.wanted.key)
    with part.open("ab") as file:  # as after a power cut
        file.write(bytes(50_000))
    assert fetcher.run().path.read_bytes() == content


@pytest.mark.parametrize("cuts", [[500_000], [100_000, 900_000, 300_000]])
def test_a_connection_that_breaks_is_made_again(
    cuts: list[int], server: HubServer, fetcher: Fetcher, content: bytes
) -> None:
    server.cuts = list(cuts)
    watch = Watch()
    assert fetcher.run(watch).path.read_bytes() == content
    begun = [0]
    for cut in cuts:
        begun.append(begun[-1] + cut)
    asked = server.fetched()[1:]
    assert asked == ["" if not start else f"bytes={start}-" for start in begun]
    assert fetcher.naps == [1.0] * len(cuts)
    assert any("tried again" in notice for notice in watch.notices)


def test_a_host_that_falls_silent_is_asked_again(
    server: HubServer, fetcher: Fetcher, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "_LIMITS", Limits(1.0, 0.3, None))
    server.stalls = [900_000]
    watch = Watch()
    assert fetcher.run(watch).path.read_bytes() == content
    assert any("did not answer in time" in notice for notice in watch.notices)
    assert int(server.fetched()[-1].strip("bytes=-")) >= 800_000


def test_a_host_that_does_not_say_how_much_comes(
    server: HubServer, fetcher: Fetcher, content: bytes
) -> None:
    server.lengths = False
    server.cuts = [600_000]
    watch = Watch()
    assert fetcher.run(watch).path.read_bytes() == content
    assert any("broke off" in notice for notice in watch.notices)


def test_more_than_there_should_be_is_refused(server: HubServer, fetcher: Fetcher) -> None:
    server.lengths = server.ranges = False
    server.said_size = 1_000_000
    assert "sent more than the file has" in failing(fetcher)
    assert fetcher.done <= 0


@given(
    change=st.dictionaries(
        st.sampled_from([field.name for field in fields(DownloadState)]),
        st.none() | st.integers() | st.text() | st.lists(st.integers(), max_size=2),
    )
)
@settings(max_examples=200, deadline=None)
def test_no_state_file_breaks_anything(
    change: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("states")
    files, key = DownloadFiles(folder), key_of(REPO, FILE, "main")
    good = DownloadState(REPO, FILE, "main", "", "Tiny", COMMIT, "tag", "", 100, "", 50)
    files.part(key).write_bytes(bytes(60))
    files.write(key, good)
    assert files.read(key) == good
    path = folder / f"{key}.json"
    path.write_text(json.dumps(asdict(good) | change))
    state = files.read(key)
    assert state is None or (0 <= state.done <= 60 or state.done == state.size)
    assert [part.key for part in files.kept()] == [key]


@pytest.mark.parametrize("text", ["", "[]", "[" * 50_000, "\x00", '"x"'])
def test_state_files_that_are_none(text: str, folder: Path) -> None:
    files, key = DownloadFiles(folder), "a" * 32
    (folder / f"{key}.json").write_text(text)
    assert files.read(key) is None
    assert files.discard(key) == 0
    assert files.kept() == []


def test_errors_that_pass_are_waited_for(
    server: HubServer, fetcher: Fetcher, content: bytes
) -> None:
    server.statuses, server.cdn_statuses = [503, 429], [500]
    assert fetcher.run().path.read_bytes() == content
    assert fetcher.naps == [1.0, 2.0, 4.0]


def test_errors_that_stay_end_it_and_what_is_there_is_kept(
    server: HubServer, fetcher: Fetcher, content: bytes
) -> None:
    server.cuts, server.cdn_statuses = [900_000], []
    original = server.serve

    def serve(handler: object) -> None:
        if server.cuts or len(server.cdn.asked) < 2:
            original(handler)  # type: ignore[arg-type]
        else:
            server.cdn_statuses = [502]
            original(handler)  # type: ignore[arg-type]

    server.cdn.answer = serve
    assert "error 502" in failing(fetcher)
    assert fetcher.naps == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0]
    assert fetcher.done == 900_000
    server.cdn.answer = original
    assert fetcher.run().path.read_bytes() == content


def test_a_file_that_changed_meanwhile_begins_anew_and_says_so(
    server: HubServer, fetcher: Fetcher, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        fetcher.run(Watch(lambda advance: advance.done > 1_000_000))
    server.content = model_bytes(tmp_path, seed=2)
    watch = Watch()
    assert fetcher.run(watch).path.read_bytes() == server.content
    assert ["begins anew" in notice for notice in watch.notices] == [True]


def test_a_file_that_changes_between_two_tries_begins_anew(
    server: HubServer, fetcher: Fetcher, tmp_path: Path
) -> None:
    server.cuts = [1_000_000]
    other = model_bytes(tmp_path, seed=3)

    def change(advance: object) -> bool:
        if getattr(advance, "phase", "") == "waiting":
            server.content = other
        return False

    watch = Watch(change)
    assert fetcher.run(watch).path.read_bytes() == other
    assert any("has changed since" in notice for notice in watch.notices)


def test_a_commit_that_is_gone_is_replaced_by_what_there_is(
    server: HubServer, fetcher: Fetcher, content: bytes
) -> None:
    with pytest.raises(KeyboardInterrupt):
        fetcher.run(Watch(lambda advance: advance.done > 1_000_000))
    server.forgotten, server.commit = {COMMIT}, "f" * 40
    assert fetcher.run().path.read_bytes() == content


@pytest.mark.parametrize("stopped", [True, False])
def test_a_mirror_that_tells_nothing_of_a_file_is_not_gone_on_with(
    stopped: bool, server: HubServer, fetcher: Fetcher, tmp_path: Path
) -> None:
    """Without tag, checksum or commit another file of the same size looks the same."""
    server.etags, server.said_tag, server.commit = False, "", ""
    other = model_bytes(tmp_path, seed=4)
    if stopped:
        with pytest.raises(KeyboardInterrupt):
            fetcher.run(Watch(lambda advance: advance.done > 1_000_000))
        server.content = other
        assert fetcher.run().path.read_bytes() == other
        return
    server.cuts = [1_000_000]

    def change(advance: object) -> bool:
        if getattr(advance, "phase", "") == "waiting":
            server.content = other
        return False

    watch = Watch(change)
    assert fetcher.run(watch).path.read_bytes() == other
    assert any("does not say which file it is" in notice for notice in watch.notices)


@pytest.mark.parametrize("etags", [True, False])
def test_a_host_that_knows_no_ranges_begins_anew(
    etags: bool, server: HubServer, fetcher: Fetcher, content: bytes
) -> None:
    server.ranges, server.etags = False, etags
    server.cuts = [10, 700_000]  # the look at the first byte gets all as well
    watch = Watch()
    assert fetcher.run(watch).path.read_bytes() == content
    assert any("begins anew" in notice for notice in watch.notices)


def test_a_wrong_checksum_deletes_it(server: HubServer, fetcher: Fetcher) -> None:
    server.said_tag = "a" * 64
    assert "checksum" in failing(fetcher)
    assert fetcher.left == []
    assert list(fetcher.home.glob("*.gguf")) == []


def test_one_wrong_byte_is_found(server: HubServer, fetcher: Fetcher) -> None:
    tag = server.sha256
    server.content = server.content[:-5] + b"x" + server.content[-4:]
    server.said_tag = tag
    assert "checksum" in failing(fetcher)


def test_what_is_not_the_file_of_the_catalogue_is_not_begun(
    server: HubServer, fetcher: Fetcher, content: bytes
) -> None:
    for wanted in (
        replace(fetcher.wanted, sha256="b" * 64),
        replace(fetcher.wanted, sha256=server.sha256, size=len(content) + 1),
    ):
        assert "not the one that the catalogue names" in failing(fetcher, wanted=wanted)
    assert set(server.fetched()) == {"bytes=0-0"}
    assert fetcher.left == []


@pytest.mark.parametrize("lie", [100, 10_000_000])
def test_a_wrong_size_is_noticed(lie: int, server: HubServer, fetcher: Fetcher) -> None:
    server.said_size = lie
    assert "two different sizes" in failing(fetcher)
    assert fetcher.left == []


def test_what_is_no_model_is_deleted(fetcher: Fetcher, server: HubServer) -> None:
    server.content = b"GGUF" + bytes(100_000)
    assert failing(fetcher)
    assert fetcher.left == []


def test_the_first_look_may_refuse_it(server: HubServer, fetcher: Fetcher) -> None:
    seen: list[tuple[Place, int]] = []

    def refuse(place: Place, size: int) -> None:
        seen.append((place, size))
        raise KnownError("No model.")

    with pytest.raises(KnownError, match="No model"):
        fetcher.download().run(Watch(), refuse)
    assert seen == [(Place(REPO, FILE, COMMIT), len(server.content))]
    assert server.fetched() == ["bytes=0-0"]


def test_a_full_disk_is_noticed_before_and_in_the_middle(
    server: HubServer, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    class Disk:
        free = 0

    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: Disk)
    assert "not enough disk space" in failing(fetcher)
    assert set(server.fetched()) == {"bytes=0-0"}

    Disk.free = module.DISK_RESERVE + len(content)

    def fill(advance: object) -> bool:
        if getattr(advance, "done", 0) > 1_000_000:
            Disk.free = module.DISK_RESERVE - 1
        return False

    assert "not enough disk space" in failing(fetcher, Watch(fill))
    assert fetcher.done >= 1_000_000
    Disk.free = 1 << 40
    assert fetcher.run().path.read_bytes() == content


def test_two_downloads_of_one_file_do_not_clash(server: HubServer, fetcher: Fetcher) -> None:
    with fetcher.files.locked(fetcher.wanted.key):
        assert "being downloaded already" in failing(fetcher)
    assert fetcher.run().checked


@pytest.mark.alone
def test_a_limit_is_kept(fetcher: Fetcher) -> None:
    fetcher.limit = 6_000_000
    watch = Watch()
    began = time.monotonic()
    fetcher.run(watch)
    assert 0.4 < time.monotonic() - began < 3
    speeds = [one.speed for one in watch.seen if one.phase == "fetching" and one.speed]
    assert speeds
    assert max(speeds) < 12_000_000
    assert any(one.left is not None for one in watch.seen)
