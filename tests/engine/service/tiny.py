"""A tiny random model for tests that need a real child."""

import importlib.util
from pathlib import Path


def write_tiny_model(path: Path) -> Path:
    """Write a model of 400 words and random weights that takes the starter's short prompt."""
    script = Path(__file__).parents[3] / "benchmarks" / "make_gguf.py"
    spec = importlib.util.spec_from_file_location("make_gguf", script)
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    plain = maker.metadata
    maker.metadata = lambda *args: plain(*args) | {"assay.template": "starter"}
    maker.write_model(path, maker.TINY, "Tiny")
    return path
