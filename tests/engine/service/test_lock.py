"""One Assay per data folder."""

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from engine.core.errors import KnownError
from engine.core.paths import Paths
from engine.service import Service
from engine.service.lock import ProfileLock

HOLD = """
import sys
from pathlib import Path
from engine.core.paths import Paths
from engine.service.lock import ProfileLock
lock = ProfileLock(Paths(Path(sys.argv[1])))
print("held", flush=True)
sys.stdin.read()
"""
COMMANDS = """
import contextlib, io, json, sys
from engine.cli import main
for line in sys.stdin:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(["--home", sys.argv[1], *json.loads(line)])
    print(json.dumps([status, err.getvalue()]), flush=True)
"""


def test_a_second_service_is_refused_with_one_sentence(
    open_service: Callable[..., Service],
) -> None:
    first = open_service()

    with pytest.raises(KnownError, match=r"^Assay is already open .*\(process \d+\)\. Close it"):
        open_service()

    first.close()
    open_service()


def test_another_process_is_refused_and_a_killed_one_is_not_in_the_way(paths: Paths) -> None:
    paths.ensure()
    command = [sys.executable, "-c", HOLD, str(paths.root)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(KnownError, match=rf"\(process {holder.pid}\)"):
            ProfileLock(paths)
        holder.kill()
        holder.wait()

    ProfileLock(paths).release()


def test_a_failed_opening_leaves_no_lock(
    open_service: Callable[..., Service], paths: Paths
) -> None:
    paths.ensure()
    paths.database.write_bytes(b"not a database" * 1000)
    paths.key_file.write_text('{"version": 1, "place": "file", "key": "' + "ab" * 32 + '"}')

    with pytest.raises(KnownError, match="key of this device"):
        open_service()

    ProfileLock(paths).release()


def test_reading_works_beside_another_process_and_changes_nothing(
    open_service: Callable[..., Service], paths: Paths
) -> None:
    """The writer is this process, the readers are the commands, in one of their own."""
    first = open_service()
    first.settings.set("currency", "EUR")
    pipe = subprocess.PIPE
    line = [sys.executable, "-c", COMMANDS, str(paths.root)]
    with subprocess.Popen(line, stdin=pipe, stdout=pipe, text=True) as other:

        def command(*arguments: str) -> tuple[int, str]:
            assert other.stdin is not None
            assert other.stdout is not None
            print(json.dumps(arguments), file=other.stdin, flush=True)
            status, err = json.loads(other.stdout.readline())
            return status, err

        for reading in ("alerts", "alerts history", "transactions", "series", "tax"):
            assert command(*reading.split()) == (0, ""), reading
        assert "no portfolio" in command("report")[1]
        assert "open with this data folder" in command("undo", "1")[1]
    assert other.returncode == 0
    wal = paths.database.with_name("assay.db-wal")
    assert wal.exists()  # a reader that ends takes nothing away from the writer
    first.settings.set("currency", "CHF")
    first.close()
    assert open_service().settings.text("currency") == "CHF"


def test_a_service_for_reading_says_why_it_changes_nothing(
    open_service: Callable[..., Service], paths: Paths
) -> None:
    open_service()
    beside = Service.open(paths, background=False, reading=True)
    try:
        with pytest.raises(KnownError, match="can be read but not changed here"):
            beside.settings.set("currency", "CHF")
    finally:
        beside.close()
