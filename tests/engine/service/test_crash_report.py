"""Crash reports and the log: where it went wrong, and nothing of the user's."""

import logging
import stat
from pathlib import Path

import pytest

from engine.core.paths import Paths
from engine.service import describe, report_crash
from engine.service.logfile import LogFile

SECRET = "1,234.56 BTC at /home/erika"


def fail() -> None:
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        raise RuntimeError(f"again {SECRET}") from error


def raised() -> RuntimeError:
    try:
        fail()
    except RuntimeError as error:
        return error
    raise AssertionError


def test_a_description_names_places_and_types_only() -> None:
    text = describe(raised())

    assert "in fail" in text
    assert "builtins.RuntimeError" in text
    assert "caused by" in text
    assert "builtins.ValueError" in text
    assert "tests/engine/service/test_crash_report.py:" in text
    assert "BTC" not in text
    assert "erika" not in text


def test_a_report_is_for_the_user_only_and_holds_nothing_of_theirs(paths: Paths) -> None:
    sentence = report_crash(paths, raised())

    report = next(paths.logs.glob("crash-*.txt"))
    assert str(report) in sentence
    assert "BTC" not in report.read_text()
    assert str(Path.home()) not in report.read_text()
    assert stat.S_IMODE(report.stat().st_mode) == 0o600


def test_a_report_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file in the way")

    assert "No report could be written." in report_crash(Paths(tmp_path / "home"), raised())


@pytest.mark.logs("it failed", "not any more")
def test_errors_are_logged_without_their_messages(paths: Paths) -> None:
    paths.ensure()
    log = LogFile(paths)
    logging.getLogger("engine.test").error("it failed", exc_info=raised())
    log.close()
    logging.getLogger("engine.test").error("not any more")

    text = (paths.logs / "assay.log").read_text()

    assert "it failed" in text
    assert "in fail" in text
    assert "BTC" not in text
    assert "not any more" not in text
    assert stat.S_IMODE((paths.logs / "assay.log").stat().st_mode) == 0o600


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
@pytest.mark.logs("there is no room")
def test_a_log_for_which_there_is_no_room_can_be_closed(paths: Paths) -> None:
    paths.ensure()
    (paths.logs / "assay.log").symlink_to("/dev/full")
    log = LogFile(paths)
    logging.getLogger("test").warning("there is no room")
    log.close()
    LogFile(paths).close()
