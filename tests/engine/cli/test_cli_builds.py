"""`assay models build` and `builds`, from the terminal."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.builds.building import Fake, checkpoint, fake_program
from tests.engine.cli.conftest import Run

BUILDING = (sys.executable, "-m", "tests.engine.builds.building")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fake:
    return fake_program(monkeypatch, tmp_path / "fake")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return checkpoint(tmp_path / "source")


def test_a_model_is_built_and_used(assay: Run, fake: Fake, source: Path) -> None:
    said = assay("models", "build", "Mine", "--from", source, "--type", "q8_0", "--use").stdout
    assert said.splitlines() == [
        "Convert: 0.2 MB",
        "Quantize: 0.5 MB, 5.25 bits per weight",
        "Compare: the same likeliest token at 96.0%",
        "Mine answers from now on.",
    ]
    (used,) = [one for one in json.loads(assay("models", "--json").stdout) if one["in_use"]]
    assert used["name"] == "Mine"
    listed = assay("models", "builds").stdout
    assert "Mine" in listed
    assert "registered" in listed
    again = json.loads(assay("models", "build", "Mine", "--json").stdout)
    assert (again["state"], again["model"]) == ("registered", used["id"])
    assert len(fake.calls) == 3
    assert "was added before" in assay("models", "build", "Mine").stdout
    other = assay("models", "build", "Mine", "--type", "Q4_0", status=2).stderr
    assert "with another aim" in other
    assert "was added before" in assay("models", "build", "Mine", "--type", "Q8_0").stdout
    assert "are free again" in assay("models", "build", "Mine", "--delete").stdout
    assert "Nothing has been built" in assay("models", "builds").stdout


def test_sizes_and_texts_are_passed_on(
    assay: Run, fake: Fake, source: Path, tmp_path: Path
) -> None:
    text = tmp_path / "mine.txt"
    text.write_text("x")
    assay("models", "build", "A", "--from", source, "--bpw", "4.5", "--text", text)
    assay("models", "build", "B", "--from", source, "--size", "40 KiB")
    search = [line for line in fake.calls if line.startswith("search")]
    assert "--bpw 4.5" in search[0]
    assert "text-1-mine.txt" in search[0]
    assert "--size 40960" in search[1]


def test_what_fails_is_said_and_gone_on_with(assay: Run, fake: Fake, source: Path) -> None:
    fake.set("fail-convert")
    words = ("models", "build", "Mine", "--from", source, "--type", "Q8_0")
    assert assay(*words, status=2).stderr == "The weights are missing. Get them.\n"
    assert "failed" in assay("models", "builds").stdout
    assert "The weights are missing." in assay("models", "builds").stdout
    fake.set()
    assert "Mine is added" in assay("models", "build", "Mine").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["build"], "assay models build NAME"),
        (["build", "", "--from", "x"], "assay models build NAME"),
        (["build", "m1", "--from", "x" * 300], "There is no model 'xxx"),
        (["build", "0" * 64, "--from", "x"], "A checksum tells nobody"),
        (["build", "m1", "--from", "~nobody-here/x.gguf"], "There is no model"),
        (["build", "None"], "no build None"),
        (["build", "None", "--delete"], "no build None"),
        (["build", "None", "--from", "/nowhere"], "There is no model"),
        (["builds", "x"], "assay models builds"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: list[str], said: str, assay: Run) -> None:
    assert said in assay("models", *arguments, status=2).stderr


def test_ctrl_c_keeps_what_is_done(assay: Run, fake: Fake, source: Path) -> None:
    fake.set("wait-quantize")
    running = subprocess.Popen(
        [*BUILDING, "models", "build", "Mine", "--from", source, "--type", "Q8_0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    fake.pid()
    # Another one may look on meanwhile.
    assert "running" in assay("models", "builds").stdout
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=120)
    assert running.returncode == 130
    assert "`assay models build 'Mine'` goes on with it." in err
    fake.set()
    assert "Mine is added" in assay("models", "build", "Mine").stdout
    assert fake.commands == ["convert", "quantize", "quantize", "compare"]


def test_what_cannot_be_meant_is_said_before_anything_is_begun(
    assay: Run, fake: Fake, source: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\xff\xfe")
    words = ("models", "build", "Mine", "--from", source)
    assert "is not UTF-8 text" in assay(*words, "--text", picture, status=2).stderr
    assert "There is no file" in assay(*words, "--text", tmp_path / "none", status=2).stderr
    large = assay(*words, "--size", "99GiB", status=2).stderr
    assert "99GiB is more than the model itself takes" in large
    assert "Choose a smaller size." in large
    assert fake.calls == []
    assert "Nothing has been built" in assay("models", "builds").stdout


def test_a_damaged_record_is_deleted_by_the_name_of_its_build(
    assay: Run, fake: Fake, source: Path, home: Path
) -> None:
    assay("models", "build", "c1", "--from", source, "--type", "Q8_0")
    (folder,) = home.glob("**/builds/c1-*")
    (folder / "build.json").write_text("{")
    assert f"`assay models build {folder.name} --delete`" in assay("models", "builds").stdout
    assert " kB are free again." in assay("models", "build", "c1", "--delete").stdout
    assert not folder.exists()


def test_the_same_file_again_is_said_to_be_there(assay: Run, fake: Fake, source: Path) -> None:
    assay("models", "build", "d1", "--from", source, "--type", "Q8_0")
    said = assay("models", "build", "d2", "--from", source, "--type", "Q8_0", "--use").stdout
    assert said.splitlines()[-2:] == [
        "The same file is in your models as d1.",
        "d1 answers from now on.",
    ]
