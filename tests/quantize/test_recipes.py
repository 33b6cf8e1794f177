"""Types of single weights, importances, exact sizes and recipes, as llama.cpp carries them out."""

import json
import re
import shutil
from pathlib import Path

import pytest
from tiny_models import TEXT, make_model, make_tokenizer

from engine.core.errors import KnownError
from engine.model.gguf.header import read_header
from quantize.compare import Comparison, compare
from quantize.convert import convert
from quantize.imatrix import collect
from quantize.output import parse_size
from quantize.quantize import Mix, planned_kinds, quantize
from quantize.recipe import file_hash, read_recipe, replay
from quantize.search import Aim, Refinement, search
from quantize.sizes import file_size, kinds_of, tensor_size
from quantize.task import Interrupted, Task


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Narrower than the shared model: a search writes each weight in each type."""
    folder = tmp_path_factory.mktemp("narrow")
    make_model(folder, num_attention_heads=2, num_key_value_heads=1, intermediate_size=256)
    make_tokenizer(folder)
    convert(folder, folder / "narrow.gguf", "F32", Task(lambda _fraction, _text: None))
    return folder / "narrow.gguf"


@pytest.fixture(scope="module")
def text_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text(TEXT)
    return path


@pytest.fixture(autouse=True)
def own_text(text_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short text in the place of our dialogues, and few tokens to measure on."""
    monkeypatch.setattr("quantize.calibration.OWN", text_file)
    monkeypatch.setattr("quantize.probes.TOKENS", 256)


@pytest.fixture(scope="module")
def importance(gguf: Path, text_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("importance") / "imatrix.gguf"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("quantize.calibration.OWN", text_file)
        collect(gguf, path, [], Task(lambda _fraction, _text: None))
    return path


def test_importance_changes_the_weights_and_lowers_the_cost(
    gguf: Path, importance: Path, tmp_path: Path, task: Task, text_file: Path
) -> None:
    costs = []
    for name, file in (("plain", None), ("weighted", importance)):
        quantize(gguf, tmp_path / name, Mix("Q3_K_S", (), file), task)
        costs.append(compare(gguf, tmp_path / name, text_file, task).mean_divergence)
    assert (tmp_path / "plain").stat().st_size == (tmp_path / "weighted").stat().st_size
    assert costs[1] < 0.95 * costs[0]


def test_types_of_single_weights(gguf: Path, importance: Path, tmp_path: Path, task: Task) -> None:
    overrides = (("blk.1.ffn_down", "Q6_K"), ("ffn_down|attn_v", "IQ3_S"), ("token_embd", "Q5_0"))
    target = tmp_path / "mix.gguf"
    mix = Mix("IQ4_XS", overrides, importance)
    before = read_header(gguf)
    planned = planned_kinds(gguf, before, mix, task)
    done = quantize(gguf, target, mix, task)
    kinds = kinds_of(read_header(target))
    assert kinds == planned
    assert kinds["blk.1.ffn_down.weight"] == "Q6_K"
    assert kinds["blk.0.ffn_down.weight"] == kinds["blk.2.attn_v.weight"] == "IQ3_S"
    assert kinds["token_embd.weight"] == "Q5_0"
    assert kinds["blk.0.ffn_up.weight"] == "IQ4_XS"
    assert done.size == target.stat().st_size == file_size(gguf, before, planned)


@pytest.mark.parametrize(
    ("mix", "sentence"),
    [
        (Mix("IQ2_XXS"), "needs an importance matrix"),
        (Mix("Q8_0", (("ffn", "Q9_K"),)), "no type Q9_K"),
        (Mix("Q8_0", (("(", "Q4_K"),)), "not a regular expression"),
        (Mix("Q8_0", (("ffn", "Q6_K"), ("zzz", "Q6_K"))), "No weight's name has zzz"),
    ],
)
def test_refused_mixes(gguf: Path, tmp_path: Path, task: Task, mix: Mix, sentence: str) -> None:
    with pytest.raises(KnownError, match=sentence):
        quantize(gguf, tmp_path / "out.gguf", mix, task)
    assert not list(tmp_path.iterdir())


def test_an_importance_matrix_is_not_replaced(importance: Path, gguf: Path, task: Task) -> None:
    before = importance.read_bytes()
    with pytest.raises(KnownError, match="would replace one it is made from"):
        quantize(gguf, importance, Mix("Q4_K_S", (), importance), task)
    assert importance.read_bytes() == before


def test_search_beats_the_uniform_type_and_is_repeatable(
    gguf: Path,
    importance: Path,
    tmp_path: Path,
    task: Task,
    text_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At the size of the plain type; the budget is kept to the byte, the recipe gives the file.

    What is tried lies where everybody sees that it is not finished.
    """
    places: set[str] = set()

    def watched(reference: Path, trial: Path, text: Path, task: Task) -> Comparison:
        places.add(trial.parent.name)
        return compare(reference, trial, text, task)

    monkeypatch.setattr("quantize.search.compare", watched)
    plain = tmp_path / "plain.gguf"
    size = quantize(gguf, plain, Mix("Q4_K_S", (), importance), task).size
    target = tmp_path / "searched.gguf"
    found = search(gguf, target, Aim(size), importance, [], task, Refinement(2, text_file))
    recipe = read_recipe(tmp_path / "searched.recipe.json")
    assert found.size == target.stat().st_size == recipe.size <= size
    assert found.size > 0.98 * size
    assert recipe.source == file_hash(gguf)
    again = tmp_path / "again.gguf"
    quantize(gguf, again, replay(tmp_path / "searched.recipe.json", gguf, importance), task)
    assert again.read_bytes() == target.read_bytes()
    costs = [compare(gguf, one, text_file, task).mean_divergence for one in (plain, target)]
    assert costs[1] < costs[0]
    assert len(places) == 1
    assert re.fullmatch(r"\.searched\.gguf\.\w+\.part", places.pop())
    with pytest.raises(KnownError, match="not the file this recipe was made for"):
        replay(tmp_path / "searched.recipe.json", plain, importance)
    with pytest.raises(KnownError, match="cannot be that small"):
        search(gguf, target, Aim(size // 4), importance, [], task)


def test_damaged_recipes(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    for content in ("[]", "{}", json.dumps({"format": "assay-quantize recipe 1", "tensors": {}})):
        path.write_text(content)
        with pytest.raises(KnownError, match=re.compile("recipe")):
            read_recipe(path)
    path.write_text("any text")
    with pytest.raises(KnownError, match=r"is damaged\. Recipes are written by"):
        read_recipe(path)
    with pytest.raises(KnownError, match=r"There is no file .*no\.json"):
        read_recipe(tmp_path / "no.json")


def test_sizes() -> None:
    assert parse_size("2.4GiB") == int(2.4 * 2**30)
    assert parse_size("900 MB") == 900_000_000
    assert parse_size("12345") == 12345
    assert tensor_size((256, 10), "Q4_K") == 1440
    for text in ("", "big", "-1", "4 TiB"):
        with pytest.raises(ValueError):  # noqa: PT011 (the text is its own message)
            parse_size(text)


def test_an_interrupted_search_goes_on(
    gguf: Path, importance: Path, tmp_path: Path, task: Task
) -> None:
    """Stopped in each of both measurements: nothing is measured twice, the file is the same."""
    whole = tmp_path / "whole.gguf"
    search(gguf, whole, Aim(bits=4.5), importance, [], task)
    target, journal = tmp_path / "again.gguf", tmp_path / ".again.gguf.search"
    begun = []
    for stop in (0.1, 0.5):
        one = _StoppedAt(stop)
        with pytest.raises(Interrupted):
            search(gguf, target, Aim(bits=4.5), importance, [], one.task)
        assert journal.exists()
        begun.append(one.begun)
    last = _StoppedAt(2.0)
    search(gguf, target, Aim(bits=4.5), importance, [], last.task)
    assert begun[0] < 0.1 < begun[1] < 0.5 < last.begun
    assert target.read_bytes() == whole.read_bytes()
    assert not journal.exists()


def test_a_search_that_could_not_be_written_does_not_begin(
    gguf: Path, importance: Path, tmp_path: Path, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out.recipe.json").mkdir()
    with pytest.raises(KnownError, match=r"out\.recipe\.json is a folder"):
        search(gguf, tmp_path / "out.gguf", Aim(bits=4.5), importance, [], task)
    with pytest.raises(KnownError, match="would replace one it is made from"):
        search(gguf, importance, Aim(bits=4.5), importance, [], task)
    usage = shutil.disk_usage(tmp_path)._replace(free=0)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(KnownError, match="only 0 bytes are free"):
        search(gguf, tmp_path / "full.gguf", Aim(bits=4.5), importance, [], task)
    assert [path.name for path in tmp_path.iterdir()] == ["out.recipe.json"]


class _StoppedAt:
    """A task that stops itself; begun: the first share of the work reported after the planning."""

    def __init__(self, stop: float) -> None:
        self.task = Task(self._listen)
        self._stop = stop
        self.begun = 1.0

    def _listen(self, fraction: float, _text: str) -> None:
        if fraction > 0.02:
            self.begun = min(self.begun, fraction)
        if fraction >= self._stop:
            self.task.stop()
