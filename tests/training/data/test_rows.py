import json
import lzma
from pathlib import Path

import pytest

from training.data import rows

ROW = json.dumps({"text": "café"}, ensure_ascii=False)


def message(path: Path) -> str:
    with pytest.raises(ValueError, match=path.name) as raised:
        list(rows.read(path))
    return str(raised.value)


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.jsonl.xz"])
def test_a_line_that_is_not_utf8_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    content = ROW.encode() + b"\n\n" + ROW.encode("latin-1") + b"\n"
    path.write_bytes(lzma.compress(content) if name.endswith(".xz") else content)
    assert message(path) == f"{name}, line 3: not UTF-8"


def test_a_mark_at_the_beginning_of_a_file_is_no_text(tmp_path: Path) -> None:
    for name in ("a.jsonl", "a.json"):
        (tmp_path / name).write_text(ROW, encoding="utf-8-sig")
        assert [row for _, row in rows.read(tmp_path / name)] == [{"text": "café"}]


def test_a_damaged_xz_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.xz"
    path.write_bytes(b"no xz at all")
    assert message(path).startswith(f"{path}: the .xz file is damaged (")
    path.write_bytes(lzma.compress(ROW.encode() * 100)[:-8])
    assert message(path).startswith(f"{path}: the .xz file is damaged (")


def test_a_damaged_parquet_file_is_named(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.table({"text": ["one", "two"]}), path)
    assert [row for _, row in rows.read(path)] == [{"text": "one"}, {"text": "two"}]
    whole = path.read_bytes()
    for broken in (whole[:-10], b"", whole[:4] + b"\xff" * 30 + whole[34:]):
        path.write_bytes(broken)
        assert message(path).startswith(f"{path}: the Parquet file is damaged (")
