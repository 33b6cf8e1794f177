"""What the damaged folders of benchmarks/quantize/hostile.py taught, one sentence each."""

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_models import edit_json, make_adapter

from engine.core.errors import KnownError
from quantize.convert import convert
from quantize.screen import TextScreen, printable
from quantize.task import Task

MODEL = "model.safetensors"


def refused(folder: Path, sentence: str, adapter: Path | None = None) -> None:
    """It is refused with that sentence, and nothing is left behind."""
    before = sorted(folder.parent.rglob("*"))
    task = Task(lambda _fraction, _text: None)
    with pytest.raises(KnownError, match=sentence):
        convert(folder, folder.parent / "out.gguf", None, task, adapter)
    assert sorted(folder.parent.rglob("*")) == before


@pytest.mark.parametrize("name", ["config.json", MODEL, "chat_template.jinja"])
def test_links_out_of_the_folder(folder: Path, name: str) -> None:
    """What lies elsewhere on this machine must not get into a file somebody may pass on."""
    (folder / name).unlink(missing_ok=True)
    (folder.parent / "secret").write_text("{}")
    (folder / name).symlink_to(folder.parent / "secret")
    refused(folder, f"{name} is a link to a place outside")


def test_links_of_an_adapter(folder: Path) -> None:
    adapter = folder.parent / "adapter"
    make_adapter(folder, adapter)
    (adapter / "adapter_config.json").unlink()
    (adapter / "adapter_config.json").symlink_to("/etc/passwd")
    refused(folder, "adapter_config.json is a link", adapter)


def test_the_cache_of_hugging_face(folder: Path, task: Task) -> None:
    """There, all files are links from snapshots/REVISION to blobs."""
    root = folder.parent / "models--a--b"
    (root / "blobs").mkdir(parents=True)
    snapshot = root / "snapshots" / "0123"
    snapshot.mkdir(parents=True)
    for number, path in enumerate(sorted(folder.iterdir())):
        path.rename(root / "blobs" / str(number))
        (snapshot / path.name).symlink_to(f"../../blobs/{number}")
    assert convert(snapshot, folder.parent / "out.gguf", None, task).tensors == 35


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", MODEL])
def test_pipes_are_not_waited_for(folder: Path, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    refused(folder, f"{name} is not a file")


def _header(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    data = (folder / MODEL).read_bytes()
    length = int.from_bytes(data[:8], "little")
    entries = json.loads(data[8 : 8 + length])
    change(entries)
    header = json.dumps(entries).encode()
    (folder / MODEL).write_bytes(struct.pack("<Q", len(header)) + header + data[8 + length :])


@pytest.mark.parametrize("dtype", [[], {}, None, 7])
def test_types_that_are_no_names(folder: Path, dtype: object) -> None:
    _header(folder, lambda it: it["model.norm.weight"].update(dtype=dtype))
    refused(folder, "is of type")


def test_very_many_dimensions(folder: Path) -> None:
    """Their product would have millions of digits."""
    shape = [(1 << 48) - 1] * 400_000
    _header(folder, lambda it: it["model.norm.weight"].update(shape=shape))
    refused(folder, "its description is not readable")


def test_very_many_tensors(folder: Path) -> None:
    entry = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    _header(folder, lambda it: it.update({str(number): entry for number in range(200_001)}))
    refused(folder, "more tensors than any model")


def test_very_many_values(folder: Path) -> None:
    """Each would take twenty times its place in the file."""
    (folder / "tokenizer.json").write_bytes(b'{"a": [' + b"[]," * 3_000_001 + b"[]]}")
    refused(folder, "holds more than any such file")


def _vocabulary(words: dict[str, Any], number: object) -> None:
    words[min(words)] = number


@pytest.mark.parametrize("number", [[], {}, "1", 1.0, None, True])
def test_token_numbers_that_are_none(folder: Path, number: object) -> None:
    edit_json(folder / "tokenizer.json", lambda it: _vocabulary(it["model"]["vocab"], number))
    refused(folder, "tokenizer.json is damaged")


def test_very_long_tokens(folder: Path) -> None:
    edit_json(
        folder / "tokenizer.json",
        lambda it: it["added_tokens"][0].update(content="a" * 5000),
    )
    refused(folder, "tokens that are too long")


@pytest.mark.parametrize(
    "decoder",
    [
        {"type": "Replace", "pattern": {"Regex": "(a+)+$"}, "content": ""},
        {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"Regex": "x"}}]},
        {"type": "Sequence", "decoders": {}},
        {"type": "CTC"},
        7,
    ],
    ids=str,
)
def test_decoders_with_expressions(folder: Path, decoder: object) -> None:
    """One that goes through all ways to match would take forever."""
    edit_json(folder / "tokenizer.json", lambda it: it.update(decoder=decoder))
    refused(folder, "a decoder of an unknown kind")


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json", "assay.json"])
def test_halves_of_characters(folder: Path, name: str) -> None:
    (folder / name).write_text(r'{"name": "\ud800"}')
    refused(folder, f"{name} is damaged")


def test_templates_without_a_name(folder: Path, task: Task) -> None:
    """Of a list of templates only the one called "default" matters."""
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    edit_json(
        folder / "tokenizer_config.json",
        lambda it: it.update(chat_template=[{"name": []}, {"name": {}}, 7]),
    )
    convert(folder, folder.parent / "out.gguf", None, task)
    assert b"tokenizer.chat_template" not in (folder.parent / "out.gguf").read_bytes()


def test_a_template_is_not_read_to_its_end(folder: Path) -> None:
    with open(folder / "chat_template.jinja", "wb") as file:
        file.truncate(1 << 40)
    refused(folder, "chat template is too long")


def test_a_folder_whose_name_is_no_text(folder: Path, task: Task) -> None:
    odd = Path(os.fsdecode(os.fsencode(folder.parent) + b"/m\xff"))
    folder.rename(odd)
    convert(odd, odd.parent / "out.gguf", None, task)
    assert b"general.name\x08\0\0\0\x01\0\0\0\0\0\0\0m" in (odd.parent / "out.gguf").read_bytes()


def test_what_a_terminal_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing but letters, also of the name of a tensor that is being worked on."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    TextScreen().progress(0.5, "Quantizing a\x1b[2J")
    assert capsys.readouterr().err == "\r\x1b[K 50%  Quantizing a�[2J"
    assert printable("a\x1b[2J\nb\u202e\ud800 ü") == "a�[2J�b�� ü"
