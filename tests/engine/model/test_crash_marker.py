"""The file that tells which load ended everything."""

from pathlib import Path

import pytest

from engine.model.crash_marker import CrashMarker, not_again


def test_it_is_for_one_model_until_the_load_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "loading.json"
    model, other = tmp_path / "a.gguf", tmp_path / "b.gguf"
    marker = CrashMarker(path)
    assert not marker.is_for(model)
    marker.set(model)
    assert CrashMarker(path).is_for(model)
    assert not CrashMarker(path).is_for(other)
    marker.set(other)
    assert not marker.is_for(model)
    marker.clear(model)  # the load that the other one replaced ends later
    assert marker.is_for(other)
    marker.clear(other)
    marker.clear(other)
    assert not CrashMarker(path).is_for(other)
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"model": 3}', b"\xff", b"[" * 60_000])
def test_a_damaged_file_marks_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "loading.json"
    path.write_bytes(content)
    assert not CrashMarker(path).is_for(tmp_path / "a.gguf")


def test_a_disk_that_cannot_be_written_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    marker = CrashMarker(tmp_path / "missing" / "loading.json")
    marker.set(tmp_path / "a.gguf")
    assert "not marked" in caplog.text
    caplog.clear()


def test_a_mark_that_cannot_be_removed_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = CrashMarker(tmp_path / "loading.json")
    marker.set(tmp_path / "a.gguf")

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    marker.clear(tmp_path / "a.gguf")
    assert "could not be removed" in caplog.text
    caplog.clear()


def test_the_sentence() -> None:
    assert not_again("Tiny") == (
        "The model Tiny did not survive its last start; choose it again to try once more."
    )
