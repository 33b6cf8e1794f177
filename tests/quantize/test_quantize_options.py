"""Options that would be ignored are refused instead, and sizes that are none."""

from pathlib import Path

import pytest

from quantize import cli

QUANTIZE = ("quantize", "in.gguf", "out.gguf")
W4A16 = ("export", "w4a16", "folder", "out")
SEARCH = ("search", "in.gguf", "out.gguf", "--imatrix", "x")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((*QUANTIZE, "--recipe", "r", "--tensor-type", "ffn=Q6_K"), "Drop --tensor-type"),
        ((*QUANTIZE, "--type", "Q4_0", "--text", "x"), "Without --feedback no text is read"),
        ((*W4A16, "--imatrix", "i", "--text", "x"), "With --imatrix no text is read"),
        ((*SEARCH, "--bpw", "4.5", "--refine", "2"), "go together"),
    ],
)
def test_options_that_do_not_go_together(
    arguments: tuple[str, ...],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert cli.main(list(arguments)) == 1
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        *[((*SEARCH, f"--bpw={one}"), "more than 0 bits") for one in ("nan", "inf", "-1", "0")],
        ((*SEARCH, "--bpw=100"), "--bpw: a weight has more than 0 bits and at most 32"),
        ((*SEARCH, "--bpw=few"), "--bpw: 'few' is no number"),
        ((*SEARCH, "--size=banana"), "--size: 'banana' is no size, such as 2.4GiB"),
        ((*SEARCH, "--size", "9" * 400 + "GiB"), "is no size"),
        ((*SEARCH, "--size=0"), "--size: a file cannot have no bytes"),
        ((*SEARCH, "--bpw=4", "--refine=-3"), "--refine: '-3' is no whole number from 1 on"),
        (("convert", "in", "out", "--split=0"), "--split: a file cannot have no bytes"),
        (("convert", "in", "out", "--split=1B"), "--split: '1B' is too small: 100kB is the least"),
        ((*QUANTIZE, "--tensor-type=nonsense"), "--tensor-type: 'nonsense' is not like ffn_down"),
        ((*QUANTIZE, "--tensor-type==Q6_K"), "--tensor-type: '=Q6_K' is not like ffn_down"),
        (("quantize", "in.gguf", "", "--type=Q4_0"), "target: no file or folder is named"),
        (("compare", "a", "b", "--least-speed=nan"), "--least-speed: 'nan' is no speed"),
        (("compare", "a", "b", "--context=0"), "--context: '0' is no whole number from 1 on"),
    ],
)
def test_values_that_are_none(
    arguments: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence names the argument and nothing out of the code."""
    with pytest.raises(SystemExit):
        cli.main(list(arguments))
    error = capsys.readouterr().err.splitlines()[-1]
    assert sentence in error
    assert "invalid" not in error


@pytest.mark.parametrize("target", [".", "/"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("quantize", "{gguf}", "{target}", "--type", "Q8_0"),
        ("search", "{gguf}", "{target}", "--bpw", "4.5", "--imatrix", "{gguf}"),
        ("imatrix", "{gguf}", "{target}"),
        ("convert", "{folder}", "{target}", "--split", "1MB"),
    ],
)
def test_a_folder_in_the_place_of_the_new_file(
    arguments: tuple[str, ...],
    target: str,
    gguf: Path,
    shared_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert _main(arguments, gguf=gguf, folder=shared_folder, target=target) == 1
    assert f"{target} is a folder. Give the name of the file" in capsys.readouterr().err


def test_a_new_folder_that_is_where_we_are(
    gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert _main(("export", "ollama", "{gguf}", "."), gguf=gguf) == 0
    assert {path.name for path in place.iterdir()} == {"Modelfile", "model.gguf"}


def _main(arguments: tuple[str, ...], **names: object) -> int:
    return cli.main([one.format(**names) for one in arguments])
