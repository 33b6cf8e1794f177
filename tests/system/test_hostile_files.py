"""Files nobody should have to trust: one clear sentence, and the data as they were."""

import hashlib
import os
import struct
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.cli import main
from tests.system.conftest import HEADER, transactions

GOOD = "2025-01-01 00:00:00,buy,Kraken,BTC,1,USD,100,,,,,,\n"
TOMORROW = datetime.now(UTC) + timedelta(days=2)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 30)


def written(data: str | bytes) -> Callable[[Path], object]:
    content = data.encode() if isinstance(data, str) else data
    return lambda path: path.write_bytes(content)


def row(**changes: str) -> str:
    fields = dict(zip(HEADER.strip().split(","), GOOD.strip().split(","), strict=True)) | changes
    return ",".join(fields.values()) + "\n"


TABLES = {
    "empty": (written(""), "is empty"),
    "binary": (written(os.urandom(4096) + b"\0"), "not a text file|characters"),
    "one gigabyte": (sparse, "1,074 MB"),
    "utf-16 without a mark": (written(transactions(2).encode("utf-16-le")), "not a text file"),
    "unknown columns": (written("colour,size\nred,3\n"), "has the columns colour, size"),
    "only a header": (written(HEADER), "no rows"),
    "cut off": (written(HEADER + GOOD[:30]), "No row could be used"),
    "quote never closed": (written(HEADER + '"2025-01-01,buy\n'), "No row"),
    "negative amount": (written(HEADER + row(amount_in="-1")), "No row"),
    "future date": (written(HEADER + row(date=f"{TOMORROW:%Y-%m-%d %H:%M:%S}")), "No row"),
    "not a number": (written(HEADER + row(amount_in="NaN")), "No row"),
    "formula": (written(HEADER + row(amount_in="=1+1")), "No row"),
    "a folder": (lambda path: path.mkdir(), "is not a file"),
    "missing": (lambda path: None, "does not exist"),
    "a very long line": (written(HEADER + "x" * 5_000_000), "No row"),
}
REASONS = {
    "negative amount": "line 2: the amount in is negative",
    "future date": "is in the future",
    "cut off": "line 2: the line is cut off",
    "not a number": 'the amount in "NaN" is not a number',
}
MODELS = {
    "empty": written(""),
    "text": written("not a model"),
    "cut off": written(b"GGUF" + struct.pack("<I", 3)),
    "absurd counts": written(b"GGUF" + struct.pack("<IQQ", 3, 2**63, 2**63)),
    "one gigabyte": sparse,
}


@pytest.fixture
def stored(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """A data folder with something in it; returns the digest of all that is stored."""
    first = tmp_path / "first.csv"
    first.write_text(transactions(3, first=100))
    assert main(["import", str(first), "--yes"]) == 0
    capsys.readouterr()

    def digest() -> str:
        return hashlib.sha256((home / "assay.db").read_bytes()).hexdigest()

    return digest


def check_sentence(err: str) -> None:
    assert err.count("\n") == 1
    assert err.endswith(".\n")
    assert err[0].isupper() or err.startswith("hostile")
    assert "Error" not in err


@pytest.mark.alone
@pytest.mark.parametrize("command", ["import", "prices"])
@pytest.mark.parametrize("name", TABLES)
def test_a_bad_table_is_refused_in_one_sentence(
    name: str,
    command: str,
    stored: Callable[[], str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make, expected = TABLES[name]
    path = tmp_path / "hostile.csv"
    make(path)
    before, begun = stored(), time.monotonic()

    assert main([command, str(path), "--yes"]) == 2

    out, err = capsys.readouterr()
    check_sentence(err)
    if command == "import":
        assert any(part in err for part in expected.split("|"))
        assert REASONS.get(name, "") in out
    assert "Stored" not in out
    assert stored() == before
    assert time.monotonic() - begun < 10


def test_a_good_row_beside_bad_ones_is_taken_after_a_yes_only(
    stored: Callable[[], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mixed.csv"
    path.write_text(HEADER + GOOD + row(amount_in="-1") + row(date="yesterday") + GOOD[:30])
    before = stored()

    assert main(["import", str(path), "--json"]) == 0
    assert stored() == before
    assert main(["import", str(path), "--yes"]) == 0

    out = capsys.readouterr().out
    assert "Refused: 3" in out
    assert "Stored 1 transaction as import" in out


@pytest.mark.parametrize("action", ["add", "use"])
@pytest.mark.parametrize("name", MODELS)
def test_a_file_that_is_no_model_is_refused_in_one_sentence(
    name: str,
    action: str,
    stored: Callable[[], str],
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "hostile.gguf"
    MODELS[name](path)
    before = stored()

    assert main(["models", action, str(path)]) == 2

    check_sentence(capsys.readouterr().err)
    assert stored() == before
    assert list((home / "models").iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"ASSAYBK1", b"ASSAYBK1\xff\xff\xff\xff", os.urandom(999)])
def test_a_file_that_is_no_backup_is_refused_in_one_sentence(
    data: bytes, stored: Callable[[], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "hostile.assay-backup"
    path.write_bytes(data)
    before = stored()

    assert main(["restore", str(path), "--yes"]) == 2

    check_sentence(capsys.readouterr().err)
    assert stored() == before
