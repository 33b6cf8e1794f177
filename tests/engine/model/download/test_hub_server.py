"""That the tests' Hub speaks as the real one does: the Hub's own client downloads from it."""

from pathlib import Path

import pytest

from tests.engine.hub_server import COMMIT, FILE, REPO, hub_server

CONTENT = bytes(range(256)) * 400


def test_the_hubs_own_client_downloads_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url

    with hub_server(CONTENT) as server:
        url = hf_hub_url(REPO, FILE, endpoint=server.url)
        facts = get_hf_file_metadata(url, token=False, endpoint=server.url)
        assert (facts.commit_hash, facts.etag, facts.size) == (
            COMMIT,
            server.sha256,
            len(CONTENT),
        )
        path = hf_hub_download(
            REPO, FILE, endpoint=server.url, cache_dir=tmp_path, token=False, etag_timeout=5
        )
        assert Path(path).read_bytes() == CONTENT
        assert COMMIT in path
        assert Path(path).resolve().name == server.sha256  # it takes the checksum from it


@pytest.mark.parametrize(
    ("repo", "file", "error"),
    [(REPO, "none.gguf", "EntryNotFoundError"), ("a/b", FILE, "RepositoryNotFoundError")],
)
def test_the_hubs_own_client_understands_its_errors(
    repo: str, file: str, error: str, tmp_path: Path
) -> None:
    from huggingface_hub import errors, hf_hub_download

    with hub_server(CONTENT) as server, pytest.raises(getattr(errors, error)):
        hf_hub_download(repo, file, endpoint=server.url, cache_dir=tmp_path, token=False)


def test_the_hubs_own_client_goes_on_after_a_cut(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from huggingface_hub import hf_hub_download

    with hub_server(CONTENT) as server:
        server.cuts = [50_000]
        path = hf_hub_download(
            REPO, FILE, endpoint=server.url, cache_dir=tmp_path, token=False, etag_timeout=5
        )
        assert Path(path).read_bytes() == CONTENT
        assert len(server.fetched()) == 2
    caplog.clear()
