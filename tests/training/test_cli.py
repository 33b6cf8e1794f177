import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

from training import cli
from training.cli import METHODS, main
from training.models.shapes import PRESETS


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What an error says."""
    try:
        status = main(list(words))
    except SystemExit as end:
        status = int(str(end.code))
    assert status in (1, 2)
    return capsys.readouterr().err


def help_of(capsys: pytest.CaptureFixture[str], name: str) -> str:
    with pytest.raises(SystemExit, match="0"):
        main([name, "--help"])
    return " ".join(capsys.readouterr().out.split())


def test_errors_are_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.toml").write_text("a = 1\nb = \n")
    Path("file").touch()
    Path("run").mkdir()
    Path("run/model").touch()
    for words, sentence in (
        ("cache --corpus a --tokenizer b --out c", "cache: groups is missing."),
        ("sft --recipe nope.toml", "There is no recipe nope.toml."),
        ("sft --recipe bad.toml", "bad.toml: Invalid value (at line 2, column 5)"),
        ("sft --out x --loop.rows four", "sft.loop.rows: 'four' is not a whole number."),
        ("chat x --top_p y", "chat.top_p: 'y' is not a number."),
        ("sft --out x --loop.mixed 1", "sft.loop.mixed: 1 is not true or false."),
        ("sft --model x --data y --out file", f"{tmp_path}/file is a file; out must be a folder."),
        (
            "sft --model x --data y --out run",
            f"{tmp_path}/run/model is a file; the result is written to a folder there.",
        ),
        ("sft --recipe .", ".: Is a directory."),
        ("convert nosuch.pth --out y", "There is no nosuch.pth."),
    ):
        assert said(capsys, *words.split()) == f"assay-train: {sentence}\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.toml", "file", "run"]


@pytest.mark.parametrize(
    "fail",
    [
        lambda: torch.empty(10**15),  # the CPU's own error
        lambda: (_ for _ in ()).throw(torch.OutOfMemoryError("CUDA out of memory.")),
        lambda: [0] * 10**15,
    ],
)
def test_no_memory_is_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, fail: Callable[[], object]
) -> None:
    monkeypatch.setattr(cli, "_run", lambda words: list(fail()))
    assert said(capsys, "sft").startswith("assay-train: This does not fit in memory. Fewer rows")


def test_other_errors_are_bugs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_run", lambda words: torch.ones(2) @ torch.ones(3))
    with pytest.raises(RuntimeError):
        main(["sft"])


@pytest.mark.parametrize("name", METHODS)
def test_no_setting_is_without_words(capsys: pytest.CaptureFixture[str], name: str) -> None:
    shown = help_of(capsys, name)
    for setting in re.findall(r"--[\w.]+ X", shown):
        words = shown.split(f" {setting} ")[-1]
        assert not words.startswith(("default ", "required")), setting


def test_a_wrong_command_names_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    for words, first, named in (
        (["nope"], "assay-train: there is no nope.", "assay-train"),
        (["sft", "--rows=4"], "unrecognized arguments: --rows=4", "assay-train sft"),
        (["sft", "--until", "20"], "write it as 90m, 8h or 45s", "assay-train sft"),
        (["chat", "--plan"], "unrecognized arguments: --plan", "assay-train chat"),
    ):
        line, last = said(capsys, *words).splitlines()
        assert line.startswith(named)
        assert line.endswith(first)
        assert last == f"See {named} --help."


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--loop.threads -1", "threads must be at least 1, or 0 for one per core."),
        ("--loop.learning_rate nan", "learning_rate and clip must be above 0"),
        ("--loop.learning_rate inf", "learning_rate and clip must be above 0"),
        ("--loop.clip nan", "learning_rate and clip must be above 0"),
        ("--loop.steps -3", "steps and minutes must be at least 0, and epochs above 0."),
        ("--loop.epochs nan", "steps and minutes must be at least 0, and epochs above 0."),
        ("--loop.minutes nan", "steps and minutes must be at least 0, and epochs above 0."),
        ("--context 0", "context must be at least 2 tokens."),
        ("--until 0s", "write it as 90m, 8h or 45s"),
    ],
)
def test_settings_that_mean_nothing_are_refused(
    capsys: pytest.CaptureFixture[str], words: str, sentence: str
) -> None:
    assert sentence in said(capsys, "sft", "--out", "x", "--check", *words.split())


def test_flags_may_have_dashes(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("sft", "--out", "x", "--held-out=a-b", "--loop.learning-rate=-1")
    assert "learning_rate and clip must be above 0" in said(capsys, *words)


def test_a_check_reads_nothing_but_the_settings(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ("sft", "--model", "x", "--data", "y", "--out", str(tmp_path / "out"), "--check")
    assert main(list(words)) == 0
    assert "rows: 'x' is not a whole number" in said(capsys, *words, "--loop.rows=x")
    assert list(tmp_path.iterdir()) == []


def test_help_says_what_each_setting_is(capsys: pytest.CaptureFixture[str]) -> None:
    text = help_of(capsys, "dpo")
    assert "--loop.rows X sequences per forward pass (default 8)" in text
    assert "--gap X least difference SimPO asks for" in text
    assert "--plan" in text
    text = help_of(capsys, "chat")
    assert "--top_p X chosen among the likeliest tokens that hold this share (default 1.0)" in text
    assert "--tokenizer X its tokenizer, if elsewhere (default '')" in text
    assert "--until" not in text


def test_help_names_what_may_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    text = help_of(capsys, "pretrain")
    shape = text.partition(" --shape X ")[2].partition(" --")[0]
    assert set(PRESETS) <= set(re.findall(r"[\w-]+", shape))
    assert "a depth in layers such as 12" in shape
    assert '--groups X shares of the cache\'s parts, as {name = "a", weight = 2.0}' in text
    assert "--long_context X the same for the last long_share of the run" in text
    text = help_of(capsys, "ppo")
    assert "--data X prompts as JSON lines (default '')" in text
    assert "--held_out X others, to evaluate on (default '')" in text


def test_only_what_trains_takes_a_time_limit(capsys: pytest.CaptureFixture[str]) -> None:
    limited = {name for name in METHODS if "--until" in help_of(capsys, name)}
    assert {"sft", "pretrain", "ppo", "distil"} <= limited
    assert not limited & {"prepare", "tokenizer", "cache", "convert", "chat", "report", "evaluate"}


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no such place")
def test_a_place_that_takes_no_files_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    sentence = "Nothing can be written to /proc; choose another out."
    assert sentence in said(capsys, "sft", "--out", "/proc/x", "--check")


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is no signal there")
@pytest.mark.parametrize("seconds", [0.5, 2.0])
def test_ctrl_c_while_it_loads_ends_quietly(seconds: float, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    os.mkfifo(recipe)  # nobody writes to it: it cannot be done before the signal comes
    process = subprocess.Popen(
        [sys.executable, "-m", "training.cli", "sft", "--recipe", recipe],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    printed, told = process.communicate(timeout=100)
    assert (printed, told, process.returncode) == ("", "Stopped.\n", 3)


@pytest.mark.parametrize("linked", ["cause", "context"])
def test_an_import_that_ctrl_c_broke_is_no_error(
    linked: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load(_name: str) -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            cause = error if linked == "cause" else None
            broken = ModuleNotFoundError("Could not import module 'AutoConfig'.")
            broken.__context__, broken.__cause__ = error, cause
        raise broken

    monkeypatch.setattr(cli, "_module", load)
    assert main(["sft"]) == 3
    assert capsys.readouterr().err == "Stopped.\n"


@pytest.mark.parametrize("name", ["sft", "dpo", "heft", "grpo"])
def test_a_model_without_a_tokenizer_is_named(
    name: str, model_folder: Path, dialogues: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    bare = Path(shutil.copytree(model_folder, tmp_path / "bare"))
    (bare / "tokenizer.json").unlink()
    told = said(capsys, name, str(bare), "--data", str(dialogues), "--out", str(tmp_path / "out"))
    assert told.startswith(f"assay-train: {bare} has no tokenizer. ")


def test_a_folder_without_a_model_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("sft", "heft", "dpo"):
        told = said(capsys, name, str(tmp_path), "--data", "x", "--out", str(tmp_path / "out"))
        assert told == f"assay-train: {tmp_path} holds no model (there is no config.json).\n"
