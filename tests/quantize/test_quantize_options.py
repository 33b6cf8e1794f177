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


@pytest.mark.parametrize("bits", ["nan", "inf", "-1", "0"])
def test_bits_that_are_none(bits: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main([*SEARCH, f"--bpw={bits}"])
    assert "argument --bpw: invalid" in capsys.readouterr().err
