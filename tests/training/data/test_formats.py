import json
import lzma
from pathlib import Path

import pytest

from training.data.formats import Document, Selection, read_documents, select

ROWS = [
    {"text": "one", "source": "a/x", "kind": "docs", "licence": "MIT"},
    {"text": "two", "source": "a/y", "kind": "book"},
    {"text": "three", "source": "b/z", "kind": "docs"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    text = "\n".join(json.dumps(row) for row in ROWS) + "\n\n"
    (tmp_path / "plain.jsonl").write_text(text)
    with lzma.open(tmp_path / "packed.jsonl.xz", "wt") as file:
        file.write(text)
    return tmp_path


@pytest.mark.parametrize("name", ["plain.jsonl", "packed.jsonl.xz"])
def test_reads_plain_and_packed_files(folder: Path, name: str) -> None:
    documents = list(read_documents(folder / name))
    assert documents[0] == Document("one", "a/x", "docs")
    assert len(documents) == 3


@pytest.mark.parametrize(
    ("selection", "texts"),
    [
        (Selection("plain"), ["one", "two", "three"]),
        (Selection("packed", sources=("a/*",)), ["one", "two"]),
        (Selection("plain", kinds=("docs",)), ["one", "three"]),
        (Selection("plain", excluded=("a/*",)), ["three"]),
    ],
)
def test_selects_by_source_and_kind(folder: Path, selection: Selection, texts) -> None:
    assert [document.text for document in select(folder, selection)] == texts


def test_tool_turns_become_tool_responses(tmp_path: Path) -> None:
    row = {"text": '<|im_start|>tool\n{"a": 1}<|im_end|>\n<|im_start|>user\nok<|im_end|>'}
    (tmp_path / "t.jsonl").write_text(json.dumps(row))
    (document,) = read_documents(tmp_path / "t.jsonl")
    assert document.text == (
        '<|im_start|>user\n<tool_response>\n{"a": 1}\n</tool_response><|im_end|>\n'
        "<|im_start|>user\nok<|im_end|>"
    )


@pytest.mark.parametrize("line", ["{", "[]", '{"source": "a"}', '{"text": 5}'])
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "bad.jsonl").write_text(json.dumps(ROWS[0]) + "\n" + line)
    with pytest.raises(ValueError, match=r"bad\.jsonl, line 2"):
        list(read_documents(tmp_path / "bad.jsonl"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="gone"):
        select(tmp_path, Selection("gone"))


def test_about_one_percent_is_held_out_for_ever() -> None:
    held_out = [Document(f"text {n}", "", "").held_out for n in range(20_000)]
    assert sum(held_out) / len(held_out) == pytest.approx(0.01, rel=0.2)
    assert [Document(f"text {n}", "other", "kind").held_out for n in range(20_000)] == held_out
