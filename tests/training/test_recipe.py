from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytest.importorskip("torch")

from training import recipe
from training.cli import METHODS, _module, main


@dataclass(frozen=True)
class Inner:
    rate: float = 1.0
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Config:
    out: str = ""
    count: int = 0
    on: bool = False
    inner: Inner = field(default_factory=Inner)


@pytest.mark.parametrize("word", ["2024-01-01", "1e3", "true", "007", "[a]", "a b", ""])
def test_a_text_of_the_command_line_stays_as_it_is(word: str) -> None:
    assert recipe.read(Config, "x", None, {"out": word}).out == word
    assert recipe.read(Config, "x", None, {"inner.names": [word, "b"]}).inner.names == (word, "b")


def test_values_take_the_type_of_their_field(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text("count = 1\n[inner]\nrate = 2\nnames = ['a']\n")
    given = {"count": "3", "on": "true", "inner.names": '["x", "y"]'}
    assert recipe.read(Config, "x", path, given) == Config("", 3, True, Inner(2.0, ("x", "y")))
    one = recipe.read(Config, "x", None, {"inner.names": "wandb", "inner.rate": "3"})
    assert one.inner == Inner(3.0, ("wandb",))


@pytest.mark.parametrize(
    ("text", "said"),
    [("counts = 1", "counts"), ("count = 1.5", "count"), ("inner = 3", "inner must be a table"),
     ("on = 1", "on"), ("[inner]\nrate = 'x'", "inner.rate")],
)  # fmt: skip
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        recipe.read(Config, "x", path, {})


def test_every_method_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for name in METHODS:
        assert _module(name).run.__doc__
        with pytest.raises(SystemExit, match="0"):
            main([name, "--help"])
        assert f"assay-train {name}" in capsys.readouterr().out
