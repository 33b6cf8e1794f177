"""What the Hub is asked, and its answers, kind and hostile."""

from pathlib import Path

import pytest

from engine.core.errors import KnownError
from engine.core.steps import unwatched
from engine.model.download.hub import Hub
from engine.model.download.hub_file import Passing, Place
from tests.engine.hub_server import COMMIT, FILE, REPO, hub_server
from tests.engine.loopback import Log
from tests.engine.model.fetching import CLOCK, Fetcher, model_bytes

CONTENT = bytes(range(256)) * 100
HERE = Place(REPO, FILE)


def hub(url: str, token: str = "") -> Hub:
    return Hub(lambda: True, Log(), CLOCK, url, token)


def test_it_says_what_the_file_is() -> None:
    with hub_server(CONTENT) as server:
        file = hub(server.url).look(HERE, unwatched)
        assert (file.commit, file.size) == (COMMIT, len(CONTENT))
        assert file.sha256 == file.tag == server.sha256


def test_ranges_are_read() -> None:
    with hub_server(CONTENT) as server:
        one = hub(server.url)
        assert one.read_range(HERE, 0, 4, unwatched) == CONTENT[:4]
        assert one.read_range(HERE, 1000, 5000, unwatched) == CONTENT[1000:6000]
        assert one.read_range(HERE, len(CONTENT) - 3, 100, unwatched) == CONTENT[-3:]
        server.ranges = False
        with pytest.raises(Passing):
            one.read_range(HERE, 1000, 50, unwatched)


def test_a_host_without_a_second_one_will_do() -> None:
    with hub_server(CONTENT) as server:
        server.direct = True
        assert hub(server.url).look(HERE, unwatched).sha256 == server.sha256


def test_the_second_host_has_no_say_in_what_the_file_is() -> None:
    with hub_server(CONTENT) as server:
        server.cdn_extra = {"X-Linked-ETag": '"' + "e" * 64 + '"', "X-Repo-Commit": "e" * 40}
        file = hub(server.url).look(HERE, unwatched)
        assert (file.sha256, file.commit) == (server.sha256, COMMIT)


def test_nor_has_one_that_sends_on_further() -> None:
    with hub_server(CONTENT) as server, hub_server(CONTENT) as further:
        further.extra = {"X-Linked-ETag": '"' + "e" * 64 + '"', "X-Repo-Commit": "e" * 40}
        server.location = f"{further.url}/{REPO}/resolve/main/{FILE}"
        file = hub(server.url).look(HERE, unwatched)
        assert (file.sha256, file.commit) == (server.sha256, COMMIT)


def test_a_repository_that_was_renamed_is_found() -> None:
    with hub_server(CONTENT) as server:
        server.renamed = "old/Name-GGUF"
        file = hub(server.url).look(Place("old/Name-GGUF", FILE), unwatched)
        assert (file.sha256, file.commit) == (server.sha256, COMMIT)


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        (Place(REPO, "other.gguf"), "has no file other.gguf"),
        (Place("no/body", FILE), "no public repository no/body"),
        (Place(REPO, FILE, "v9"), "no revision v9"),
    ],
)
def test_what_is_not_there(place: Place, sentence: str) -> None:
    with hub_server(CONTENT) as server, pytest.raises(KnownError, match=sentence):
        hub(server.url).look(place, unwatched)


def test_files_behind_terms_need_a_token_that_only_the_hub_gets() -> None:
    with hub_server(CONTENT) as server:
        server.gated, server.token = True, "hf_right"
        for token in ("", "hf_wrong"):
            with pytest.raises(KnownError, match="accepted its terms") as caught:
                hub(server.url, token).look(HERE, unwatched)
            assert "access token" in caught.value.hint
        assert hub(server.url, "hf_right").look(HERE, unwatched).size == len(CONTENT)
        assert server.hub.asked[-1].headers["Authorization"] == "Bearer hf_right"
        assert all("Authorization" not in one.headers for one in server.cdn.asked)


def test_no_token_over_a_plain_connection_to_others() -> None:
    one = Hub(lambda: True, Log(), CLOCK, "http://mirror.example", "hf_right")
    assert one._headers == ()


@pytest.mark.parametrize(
    "location",
    [
        "http://192.0.2.1/blob",
        "ftp://127.0.0.1/blob",
        "file:///etc/passwd",
        "https://user@127.0.0.1/",
        "//",
        "http://127.0.0.1:1/../../etc/passwd",
    ],
)
def test_hostile_redirects(location: str) -> None:
    with hub_server(CONTENT) as server:
        server.location = location
        with pytest.raises(KnownError):
            hub(server.url).look(HERE, unwatched)
        assert server.cdn.asked == []


@pytest.mark.parametrize(
    "extra",
    [
        {"X-Repo-Commit": "../../../../etc"},
        {"X-Linked-ETag": '"../../evil"'},
        {"X-Linked-ETag": "W/" + '"' + "A" * 500 + '"'},
        {"Content-Disposition": 'attachment; filename="../../../evil.gguf"'},
    ],
)
def test_names_in_headers_name_nothing_here(extra: dict[str, str], tmp_path: Path) -> None:
    content = model_bytes(tmp_path)
    with hub_server(content) as server:
        server.extra = server.cdn_extra = extra
        fetcher = Fetcher(server.url, tmp_path / "models")
        fetched = fetcher.run()
    assert fetched.path == tmp_path / "models" / f"{fetched.sha256}.gguf"
    names = {path.name for path in (tmp_path / "models").rglob("*") if path.is_file()}
    assert names == {fetched.path.name, f"{fetcher.wanted.key}.json"}


@pytest.mark.parametrize("size", ["-5", "1e9", "0", "9" * 30])
def test_sizes_that_are_none(size: str) -> None:
    with hub_server(CONTENT) as server:
        server.extra = {"X-Linked-Size": size}
        server.direct = False
        if size in {"-5", "1e9", "9" * 30}:  # not numbers at all: that of the bytes counts
            assert hub(server.url).look(HERE, unwatched).size == len(CONTENT)
        else:
            with pytest.raises(KnownError):
                hub(server.url).look(HERE, unwatched)


@pytest.mark.parametrize(
    ("repo", "file", "revision"),
    [
        ("../etc", "a.gguf", "main"),
        ("a/b/c", "a.gguf", "main"),
        ("a/b", "../a.gguf", "main"),
        ("a/b", "x/../../a.gguf", "main"),
        ("a/b", "/a.gguf", "main"),
        ("a/b", "a\\b.gguf", "main"),
        ("a/b", "a.gguf?x=1", "main"),
        ("a/b", "a.gguf", "../main"),
        ("a/b", "a.gguf", ""),
    ],
)
def test_only_plain_names_are_asked_for(repo: str, file: str, revision: str) -> None:
    with pytest.raises(KnownError, match="no file on the Hub"):
        Place(repo, file, revision)


def test_nothing_is_asked_where_that_is_not_allowed() -> None:
    with hub_server(CONTENT) as server:
        one = Hub(lambda: False, Log(), CLOCK, server.url)
        with pytest.raises(KnownError):
            one.look(HERE, unwatched)
        assert server.hub.asked == []


@pytest.mark.parametrize("endpoint", ["huggingface.co", "ftp://x", "https://a@b", ""])
def test_addresses_that_cannot_be_asked(endpoint: str) -> None:
    with pytest.raises(KnownError):
        hub(endpoint)
