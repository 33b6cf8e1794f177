"""Exit statuses and what is said on the way out."""

import argparse
import os
import re
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from engine import cli
from engine.cli.session import opened
from engine.core.errors import KnownError
from tests.engine.cli.conftest import ASSAY, Run


def raising(error: BaseException) -> object:
    def run(args: object) -> int:
        raise error

    return run


def test_a_known_error_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli.batches, "run", raising(KnownError("It is so.", "Do this.")))

    assert cli.main(["batches"]) == 2
    assert capsys.readouterr() == ("", "It is so. Do this.\n")


def test_a_bug_is_one_sentence_and_a_report_without_private_data(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    monkeypatch.setattr(cli.batches, "run", raising(ValueError("1,234.56 BTC")))

    assert cli.main(["batches"]) == 70

    report = next((home / "logs").glob("crash-*.txt"))
    assert str(report) in capsys.readouterr().err
    assert "builtins.ValueError" in report.read_text()
    assert "BTC" not in report.read_text()


def test_ctrl_c_is_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cli.batches, "run", raising(KeyboardInterrupt()))

    assert cli.main(["batches"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_ctrl_c_is_130_though_what_it_hit_cannot_be_closed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    def half_open(args: argparse.Namespace) -> int:
        with opened(args) as service:
            service._closing.callback(threading.Thread().join)  # a RuntimeError: it never began
            raise KeyboardInterrupt

    monkeypatch.setattr(cli.batches, "run", half_open)

    assert cli.main(["batches"]) == 130
    assert not list((home / "logs").glob("crash-*.txt"))
    assert "error" not in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error(assay: Run) -> None:
    assay("demo")
    with subprocess.Popen(
        [*ASSAY, "report"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_is_one_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*ASSAY, "batches"], stdout=full, stderr=subprocess.PIPE, check=False, timeout=60
        )

    assert done.returncode == 2
    assert done.stderr == (
        b"Could not write the output: the disk is full. Free some space and try again.\n"
    )


def test_watching_ends_with_ctrl_c(home: Path) -> None:
    with subprocess.Popen(
        [*ASSAY, "watch"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("Watching 0 alerts, prices as they are stored.")
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(30) == 130
        assert "Traceback" not in process.stderr.read()


def test_a_second_assay_on_the_same_folder_is_told_so(assay: Run) -> None:
    with subprocess.Popen([*ASSAY, "watch"], stdout=subprocess.PIPE, text=True) as first:
        try:
            assert first.stdout is not None
            first.stdout.readline()

            refused = assay("demo", status=2)

            assert refused.stderr.startswith("Assay is already open with this data folder (process")
            assert refused.stderr.count("\n") == 1
            assert assay("batches").stdout == "Nothing has been imported.\n"  # it only reads
        finally:
            first.kill()
    assay("demo")


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        cli.main(["--help"])

    assert leaving.value.code == 0
    text = capsys.readouterr().out
    assert all(re.search(rf"\n    {command.NAME}\s", text) for command in cli.COMMANDS)


def test_the_documentation_names_every_command() -> None:
    text = (Path(__file__).parents[3] / "docs" / "cli.md").read_text()

    assert all(f"| `assay {command.NAME}" in text for command in cli.COMMANDS)


@pytest.mark.parametrize(
    "arguments",
    [["alerts", "delete"], ["models", "use"], ["models", "add"], ["alerts", "list", "3"]],
)
def test_a_missing_or_needless_argument_is_said(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["undo", "9" * 30],
        ["alerts", "delete", "9" * 30],
        ["models", "use", "²"],
        ["models", "use", "9" * 30],
        ["settings", "alert_interval_seconds", "9" * 5000],
        ["restore", "/dev/null", "--yes"],
        ["import", "."],
        ["models", "add", "."],
        ["--home", "/dev/null", "report"],
    ],
)
def test_nonsense_is_answered_in_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err[0].isspace()) == ("", 1, False)
