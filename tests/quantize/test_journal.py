"""What a journal remembers, and what of a damaged one."""

from pathlib import Path

import pytest

from engine.core.errors import KnownError
from quantize.journal import Journal

FIGURES = {"a": 0.1, "b Q4_K": 1e-17, "c": 3.0}


def written(path: Path) -> None:
    journal = Journal(path, "key")
    for name, value in FIGURES.items():
        journal.add(name, value)


def test_figures_come_back_exactly(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    written(path)
    assert Journal(path, "key").known == FIGURES
    assert Journal(path, "another key").known == {}
    assert Journal(path, "key").known == {}  # the other began it anew


def test_a_line_cut_off_anywhere_loses_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    written(path)
    data = path.read_bytes()
    for end in range(len(data)):
        path.write_bytes(data[:end])
        journal = Journal(path, "key")
        assert journal.known == dict(list(FIGURES.items())[: max(0, data[:end].count(b"\n") - 1)])
        journal.add("d", 7.0)
        assert Journal(path, "key").known == {**journal.known, "d": 7.0}


@pytest.mark.parametrize("content", [b"\0\xff\n", b"{}\n", b'"key"\n[1]\n{"a": 2}\n["x", "y"]\n'])
def test_nonsense_is_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal"
    path.write_bytes(content)
    assert Journal(path, "key").known == {}


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(KnownError, match=r"journal"):
        Journal(tmp_path / "nowhere" / "journal", "key")
