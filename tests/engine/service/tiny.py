"""A tiny random model for tests that need a real child."""

import importlib.util
from pathlib import Path
from types import ModuleType


def make_gguf() -> ModuleType:
    """A fresh copy of the script that makes models."""
    script = Path(__file__).parents[3] / "benchmarks" / "make_gguf.py"
    spec = importlib.util.spec_from_file_location("make_gguf", script)
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    return maker


def write_tiny_model(path: Path) -> Path:
    """Write a model of 400 words and random weights that takes the starter's short prompt."""
    maker = make_gguf()
    plain = maker.metadata
    maker.metadata = lambda *args: plain(*args) | {"assay.template": "starter"}  # type: ignore[attr-defined]
    maker.write_model(path, maker.TINY, "Tiny")
    return path
