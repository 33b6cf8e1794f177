"""Which types a search tries, and that every size a file can have is reached."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_models import TEXT, make_model, make_tokenizer

from engine.core.errors import KnownError
from engine.model.gguf.header import read_header
from quantize.candidates import candidates
from quantize.convert import convert
from quantize.imatrix import collect
from quantize.quantize import Mix, planned_kinds
from quantize.search import Aim, search
from quantize.sizes import file_size, kinds_of, tensor_size
from quantize.task import Task

ODD = "blk.0.ffn_down.weight"


@pytest.fixture(scope="module")
def own_text(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A short text in the place of our dialogues, and few tokens to measure on."""
    path = tmp_path_factory.mktemp("text") / "own.txt"
    path.write_text(TEXT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("quantize.calibration.OWN", path)
        patch.setattr("quantize.probes.TOKENS", 64)
        yield


@pytest.fixture(scope="module")
def files(own_text: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A BF16 model with rows of 408 weights, which no type fits, and its importance matrix."""
    folder = tmp_path_factory.mktemp("odd")
    task = Task(lambda _fraction, _text: None)
    make_model(folder, intermediate_size=408, num_hidden_layers=1)
    make_tokenizer(folder)
    convert(folder, folder / "odd.gguf", "BF16", task)
    collect(folder / "odd.gguf", folder / "imatrix.gguf", [], task)
    return folder / "odd.gguf", folder / "imatrix.gguf"


def test_every_size_between_the_smallest_and_the_source_can_be_made(
    files: tuple[Path, Path], task: Task
) -> None:
    model, importance = files
    header = read_header(model)
    planned = planned_kinds(model, header, Mix("Q8_0", (), importance), task)
    most = candidates(model, header, planned, importance, 0)  # then every type is tried
    least = _least(model, most)
    assert most[ODD] == ["BF16"]
    assert len(most["blk.0.ffn_up.weight"]) > 15
    for budget in range(least + 1000, header.size, 20_000):
        found = candidates(model, header, planned, importance, budget)
        assert _least(model, found) <= budget
        assert {kind for kinds in found.values() for kind in kinds} > {"BF16"}


def test_a_model_with_rows_that_no_type_fits(
    files: tuple[Path, Path], tmp_path: Path, task: Task
) -> None:
    model, importance = files
    size = read_header(model).size * 7 // 10
    target = tmp_path / "out.gguf"
    found = search(model, target, Aim(size), importance, [], task)
    kinds = kinds_of(read_header(target))
    assert kinds[ODD] == "BF16"
    assert 0.97 * size < found.size <= size
    with pytest.raises(KnownError, match="is no larger than that"):
        search(model, target, Aim(read_header(model).size), importance, [], task)


def _least(model: Path, options: dict[str, list[str]]) -> int:
    """Bytes of the smallest file the options allow."""
    header = read_header(model)
    shapes = {tensor.name: tensor.shape for tensor in header.tensors}
    smallest = {
        name: min(kinds, key=lambda kind, name=name: tensor_size(shapes[name], kind))
        for name, kinds in options.items()
    }
    return file_size(model, header, kinds_of(header) | smallest)
