"""A build with the real search, killed in the middle of it, on a tiny model."""

import json
import os
from contextlib import suppress
from pathlib import Path

import pytest

from tests.engine.builds.building import until
from tests.system.conftest import ASSAY, Begin, Run, killed, models, working

FROM = ("--bpw", "6", "--from")
SECONDS = 400.0
"""Of patience with a very busy machine."""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A random model of one layer as a GGUF file."""
    pytest.importorskip("tokenizers")
    from quantize.convert import convert
    from quantize.task import Task
    from tests.quantize.tiny_models import make_model, make_tokenizer

    folder, path = tmp_path / "tiny", tmp_path / "tiny.gguf"
    sizes = {"intermediate_size": 256, "num_attention_heads": 2, "num_key_value_heads": 1}
    make_model(folder, num_hidden_layers=1, max_position_embeddings=128, **sizes)
    make_tokenizer(folder)
    convert(folder, path, "F32", Task(lambda _fraction, _text: None))
    return path


def lines(journal: Path) -> list[str]:
    """The figures in a search's journal that are whole; the first line is its key."""
    with suppress(FileNotFoundError):
        return journal.read_text().split("\n")[1:-1]
    return []


def measured(journal: Path) -> int:
    """How many weights the model was run with changed; before, each type's error is noted."""
    return sum(" " not in json.loads(line)[0] for line in lines(journal))


def searched(folder: Path) -> dict[str, object]:
    """What is written down of the file that a search has made."""
    made = json.loads((folder / "build.json").read_bytes())["done"]["search"]
    return {**made["files"], "types": made["result"]["types"]}


@pytest.mark.timeout(900)
def test_a_search_that_was_killed_goes_on_and_finds_the_same(
    assay_here: Run, begun: Begin, home: Path, source: Path, tmp_path: Path
) -> None:
    assert "Whole is added" in assay_here("models", "build", "Whole", *FROM, source).stdout
    (whole,) = models(assay_here)
    data = whole.read_bytes()

    running = begun("Killed", *FROM, source, program=ASSAY)
    until(lambda: list((home / "builds").glob("killed-*/build.json")) != [], SECONDS)
    (folder,) = (home / "builds").glob("killed-*")
    journal = folder / ".model.gguf.search"
    until(lambda: measured(journal) >= 2, SECONDS)
    killed(running)
    until(lambda: working(folder) == [])
    before, kept = lines(journal), tmp_path / "kept"
    assert measured(journal) < 8
    assert not (folder / "model.gguf").exists()
    # JSON takes no notice of blanks: they tell what was there from what is found again. The second
    # name keeps what the search deletes when it is done.
    key, rest = journal.read_text().split("\n", 1)
    journal.write_text(key + "\n" + rest.replace("\n", " \n"))
    os.link(journal, kept)

    built = assay_here("models", "build", "Killed").stdout
    assert "The same file is in your models as Whole." in built
    assert lines(kept)[: len(before)] == [line + " " for line in before]
    added = lines(kept)[len(before) :]
    assert added != []
    assert not any(line.endswith(" ") for line in added)
    assert measured(kept) == 8
    names = [json.loads(line)[0] for line in lines(kept)]
    assert len(names) == len(set(names))
    assert not journal.exists()
    done = json.loads(assay_here("models", "builds", "--json").stdout)
    assert all(0 < one["figures"]["error_left"] < 1 for one in done)  # small: with feedback
    assert {one["figures"]["size_before"] for one in done} == {source.stat().st_size}
    (other,) = (home / "builds").glob("whole-*")
    assert searched(folder) == searched(other)
    assert models(assay_here) == [whole]  # named by its SHA-256
    assert whole.read_bytes() == data
