"""`assay models draft`: who guesses ahead for the model that answers."""

import json
from dataclasses import replace
from pathlib import Path

from tests.engine.cli.conftest import Run
from tests.engine.service.tiny import make_gguf


def test_another_model_is_told_to_guess_ahead_and_not_to(assay: Run, tmp_path: Path) -> None:
    made = make_gguf()
    for name, layers in (("Big", 3), ("Small", 1)):
        path = tmp_path / f"{name}.gguf"
        made.write_model(path, replace(made.TINY, layers=layers), name)
        assay("models", "add", path)
    numbers = {one["name"]: one["id"] for one in json.loads(assay("models", "--json").stdout)}
    assay("models", "use", numbers["Big"])
    assert "Small guesses ahead" in assay("models", "draft", numbers["Small"]).stdout
    assert "No other model guesses ahead" in assay("models", "draft", "none").stdout
    assert "cannot guess ahead" in assay("models", "draft", numbers["Big"], status=2).stderr
    assert "Name the number" in assay("models", "draft", "Small", status=2).stderr
