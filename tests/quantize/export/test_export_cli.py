"""The command as programs use it: a full disk, signals, places that cannot be written to."""

import json
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_models import make_model, make_tokenizer

Events = list[dict[str, object]]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "quantize.cli", "export", *map(str, arguments), "--json"]


@pytest.mark.parametrize(("limit", "kind"), [(20_000, "nf4"), (900_000, "nf4"), (20_000, "w4a16")])
def test_a_full_disk_leaves_nothing(
    shared_folder: Path, tmp_path: Path, limit: int, kind: str
) -> None:
    done = subprocess.run(
        command(kind, shared_folder, tmp_path / "out"),
        stdout=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert json.loads(done.stdout.splitlines()[-1])["event"] == "error"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["nf4", "w4a16"])
def test_a_signal_stops_it_cleanly(tmp_path: Path, kind: str) -> None:
    make_model(tmp_path / "model", intermediate_size=8192, num_hidden_layers=4)
    make_tokenizer(tmp_path / "model")
    (tmp_path / "place").mkdir()
    process = subprocess.Popen(
        command(kind, tmp_path / "model", tmp_path / "place" / "out"), stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "progress"
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read().splitlines()
    assert process.returncode == 130
    assert json.loads(rest[-1]) == {"event": "stopped", "resumable": False}
    assert not list((tmp_path / "place").iterdir())


@pytest.mark.parametrize("kind", ["nf4", "w4a16"])
def test_no_such_place(shared_folder: Path, tmp_path: Path, kind: str) -> None:
    done = subprocess.run(
        command(kind, shared_folder, tmp_path / "missing" / "out"),
        stdout=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    (event,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, event["event"]) == (1, "error")
    assert event["sentence"] == (f"Could not write out: there is no folder {tmp_path / 'missing'}.")
