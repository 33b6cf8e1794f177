"""One Assay per data folder."""

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
