"""A build that searches the best types for a size, with the real program, of a small model."""

import json
from pathlib import Path

import pytest

from quantize.recipe import file_hash
from tests.quantize.tiny_models import make_model, make_tokenizer
from tests.system.conftest import Run


@pytest.mark.timeout(600)
def test_the_best_types_of_a_size_are_searched(assay_here: Run, home: Path, tmp_path: Path) -> None:
    source = tmp_path / "random"
    make_model(source)
    make_tokenizer(source)
    done = assay_here("models", "build", "Small", "--from", source, "--size", "450kB", "--json")
    assert done.returncode == 0, done.stderr
    built = json.loads(done.stdout)
    assert [one["name"] for one in built["stages"]] == ["convert", "calibrate", "search", "compare"]
    assert 380_000 < built["size"] <= 450_000
    (folder,) = (home / "builds").iterdir()
    recipe = json.loads((folder / "model.recipe.json").read_text())
    assert recipe["size"] == built["size"]
    assert recipe["importance"] == file_hash(folder / "imatrix.gguf")
    assert built["report"] == str(folder / "report.html")
    assert "<html" in (folder / "report.html").read_text()[:200]
