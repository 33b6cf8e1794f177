"""A full disk: one sentence, nothing half stored, everything readable afterwards."""

import contextlib
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.small_disk import small_disk_at
from tests.system.conftest import Run, transactions

LIMIT = 700_000  # bytes


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of LIMIT bytes; needs root."""
    with small_disk_at(tmp_path / "disk", LIMIT) as place:
        yield place


def no_big_files() -> None:
    """What a process may write to one file from now on."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))


def check_full(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 2, done.stdout
    assert done.stderr.count("\n") == 1
    assert "full" in done.stderr or "error" in done.stderr
    assert "Stored" not in done.stdout


def test_an_import_that_does_not_fit_changes_nothing(
    assay_here: Run, small_disk: Path, tmp_path: Path
) -> None:
    home = small_disk / "home"
    few, many = tmp_path / "few.csv", tmp_path / "many.csv"
    few.write_text(transactions(10))
    many.write_text(transactions(3_000, first=10))
    assert assay_here("--home", home, "import", few, "--yes").returncode == 0

    check_full(assay_here("--home", home, "import", many, "--yes"))

    listed = assay_here("--home", home, "batches").stdout
    assert "few.csv" in listed
    assert "many.csv" not in listed
    answer = assay_here("--home", home, "ask", "list my transactions")
    assert answer.returncode == 0
    assert "BTC" in answer.stdout


def test_a_completely_full_disk_is_said_in_one_sentence(
    assay_here: Run, small_disk: Path, tmp_path: Path
) -> None:
    home = small_disk / "home"
    few, more = tmp_path / "few.csv", tmp_path / "more.csv"
    few.write_text(transactions(10))
    more.write_text(transactions(100, first=10))
    assert assay_here("--home", home, "import", few, "--yes").returncode == 0
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)

    check_full(assay_here("--home", home, "import", more, "--yes"))
    check_full(assay_here("--home", home, "backup", small_disk / "copy"))
    for reading in (("report",), ("transactions",), ("export", tmp_path / "out.csv")):
        done = assay_here("--home", home, *reading)
        assert (done.returncode, done.stderr) == (0, ""), reading
    assert (tmp_path / "out.csv").read_text().count("\n") == 11
    filler.unlink()

    listed = assay_here("--home", home, "batches").stdout
    assert "few.csv" in listed
    assert "more.csv" not in listed
    assert sorted(path.name for path in small_disk.iterdir()) == ["home"]


def test_a_first_start_on_a_full_disk_is_said_in_one_sentence(
    assay_here: Run, small_disk: Path
) -> None:
    with (small_disk / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)

    check_full(assay_here("--home", small_disk / "home", "report"))


def test_a_limit_on_file_sizes_is_handled_the_same(assay: Run, home: Path, tmp_path: Path) -> None:
    few, many = tmp_path / "few.csv", tmp_path / "many.csv"
    few.write_text(transactions(10))
    many.write_text(transactions(3_000, first=10))
    assert assay("import", few, "--yes", before=no_big_files).returncode == 0

    check_full(assay("import", many, "--yes", before=no_big_files))

    listed = assay("batches").stdout
    assert "few.csv" in listed
    assert "many.csv" not in listed
