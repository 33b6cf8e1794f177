"""Folders for Ollama and LM Studio; the Modelfile as Ollama's parser reads it."""

import dataclasses
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import KnownError
from engine.model.gguf.header import GgufHeader, read_header
from engine.model.registry import starter_path
from quantize import cli
from quantize.export.gguf_file import simple_name
from quantize.export.lmstudio import export_lmstudio
from quantize.export.ollama import export_ollama, modelfile
from quantize.export.ollama_templates import TEMPLATES
from quantize.export.source import open_source
from quantize.task import Task

Commands = list[tuple[str, str]]


def parsed(text: str) -> Commands:
    """(instruction, argument) of a Modelfile: a value ends at a line's end, but within three
    quotation marks only at the next three at the end of a line."""
    found: Commands = []
    rest = text
    while rest:
        line, _, after = rest.partition("\n")
        name, _, value = line.partition(" ")
        if name == "PARAMETER":
            name, _, value = value.partition(" ")
        while value.startswith('"""') and not (
            len(value.strip()) >= 6 and value.strip().endswith('"""')
        ):
            line, more, after = after.partition("\n")
            assert line or more, "no end"
            value += "\n" + line
        value = value.strip()
        quotes = '"""' if value.startswith('"""') else '"' if value.startswith('"') else ""
        found.append((name, value.removeprefix(quotes).removesuffix(quotes)))
        rest = after
    return found


STARTER = read_header(starter_path())


@pytest.fixture
def starter() -> GgufHeader:
    return STARTER


def with_values(header: GgufHeader, **values: object) -> GgufHeader:
    metadata = {key.replace("__", "."): value for key, value in values.items()}
    return dataclasses.replace(header, metadata={**header.metadata, **metadata})


def test_the_starter_for_ollama(tmp_path: Path) -> None:
    assert cli.main(["export", "ollama", str(starter_path()), str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "model.gguf").read_bytes() == starter_path().read_bytes()
    commands = parsed((tmp_path / "out" / "Modelfile").read_text())
    assert commands[0] == ("FROM", "./model.gguf")
    assert ("TEMPLATE", TEMPLATES["starter"]) in commands
    assert [value for name, value in commands if name == "stop"] == ["<|im_end|>", "<|im_start|>"]


def test_what_the_file_says_about_sampling(starter: GgufHeader) -> None:
    header = with_values(
        starter,
        general__sampling__temp=0.6000000238418579,
        general__sampling__top_k=20,
        general__sampling__top_p=0.95,
        general__sampling__min_p="much",
        general__sampling__penalty_repeat=-3.0,
    )
    found = dict(parsed(modelfile(header)[0]))
    assert (found["temperature"], found["top_k"], found["top_p"]) == ("0.6", "20", "0.95")
    assert "min_p" not in found
    assert "repeat_penalty" not in found


@given(st.text(st.sampled_from('"\n ab\tSYSTEM\r\x00{}'), max_size=40))
def test_no_licence_can_add_instructions(text: str) -> None:
    header = with_values(STARTER, general__license=text)
    commands = parsed(modelfile(header)[0])
    names = [name for name, _ in commands]
    assert names == ["FROM", "TEMPLATE", "stop", "stop", *(["LICENSE"] if text.strip() else [])]
    if text.strip() and '"""' not in text:
        expected = "".join(one for one in text if one.isprintable() or one in "\n\t")
        assert dict(commands)["LICENSE"] == expected


def test_a_template_nobody_knows_stays_in_the_file(starter: GgufHeader) -> None:
    header = with_values(
        starter, assay__template="", tokenizer__chat_template="{{ 'tool' }}{{ messages }}"
    )
    text, template = modelfile(header)
    assert template == ""
    assert [name for name, _ in parsed(text)][:1] == ["FROM"]
    assert "TEMPLATE" not in text
    hermes = with_values(starter, assay__template="hermes")
    assert modelfile(hermes)[1] == ""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Assay Starter 8M", "assay-starter-8m"),
        ("../../etc/passwd", "etc-passwd"),
        ("日本", "model"),
        ("a" * 70 + "\n\x1b[2J", "a" * 60),
    ],
)
def test_names(starter: GgufHeader, name: str, expected: str) -> None:
    assert simple_name(with_values(starter, general__name=name), Path("x.gguf")) == expected


def test_lm_studio(tmp_path: Path, starter: GgufHeader) -> None:
    models = tmp_path / "models"
    models.mkdir()
    assert cli.main(["export", "lmstudio", str(starter_path()), str(models)]) == 0
    (path,) = models.rglob("*.gguf")
    name = simple_name(starter, starter_path())
    assert path.relative_to(models) == Path("assay", name, f"{name}.gguf")
    assert path.read_bytes() == starter_path().read_bytes()
    readme = (path.parent / "README.md").read_text()
    assert f"llama-server -m {name}.gguf --jinja -c 2048" in readme


def test_links_save_space(tmp_path: Path, task: Task) -> None:
    model = tmp_path / "mine.gguf"
    model.write_bytes(starter_path().read_bytes())
    assert export_ollama(model, tmp_path / "out", task).linked
    assert os.path.samefile(model, tmp_path / "out" / "model.gguf")


def test_a_disk_without_links(tmp_path: Path, task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "another disk")

    monkeypatch.setattr("os.link", refuse)
    assert not export_ollama(starter_path(), tmp_path / "out", task).linked
    assert (tmp_path / "out" / "model.gguf").stat().st_size == starter_path().stat().st_size
    monkeypatch.setattr("quantize.output.HEADROOM", 1 << 60)
    with pytest.raises(KnownError, match="only"):
        export_ollama(starter_path(), tmp_path / "other", task)
    assert not (tmp_path / "other").exists()


def test_refusals(tmp_path: Path, task: Task) -> None:
    with pytest.raises(KnownError, match="There is no file"):
        export_ollama(tmp_path / "no.gguf", tmp_path / "out", task)
    with pytest.raises(KnownError, match=r"is a folder, not a file\. Give a \.gguf file"):
        export_ollama(tmp_path, tmp_path / "out", task)
    with pytest.raises(KnownError, match="is a file, not a folder"):
        export_lmstudio(starter_path(), starter_path(), task)
    with pytest.raises(KnownError, match=r"is a file, not a folder\. Give a Hugging Face folder"):
        open_source(starter_path())
    with pytest.raises(KnownError, match="There is no folder"):
        export_lmstudio(starter_path(), tmp_path / "models", task)
    (tmp_path / "models").mkdir()
    export_lmstudio(starter_path(), tmp_path / "models", task)
    with pytest.raises(KnownError, match="There is something at"):
        export_lmstudio(starter_path(), tmp_path / "models", task)
    (tmp_path / "text.gguf").write_text("no model")
    with pytest.raises(KnownError):
        export_ollama(tmp_path / "text.gguf", tmp_path / "out", task)
    assert not (tmp_path / "out").exists()
