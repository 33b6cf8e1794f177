"""A tiny random model, and clients that run it in real child processes."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from engine.model.client import ModelClient

# The helper modules beside the tests (gguf_craft, numpy_qwen3).
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def make_gguf() -> ModuleType:
    """benchmarks/make_gguf.py"""
    path = Path(__file__).parents[3] / "benchmarks" / "make_gguf.py"
    spec = importlib.util.spec_from_file_location("make_gguf", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def tiny_model(make_gguf: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Qwen3 model of 400 words and random weights."""
    path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    make_gguf.write_model(path, make_gguf.TINY, "Tiny")
    return path


@pytest.fixture
def states() -> list[tuple[str, str]]:
    """What the client told about itself."""
    return []


@pytest.fixture
def new_client(
    states: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], ModelClient]]:
    """Makes clients that are closed after the test; they keep states in the tests' folders."""
    clients: list[ModelClient] = []
    kept = tmp_path_factory.getbasetemp()

    def make() -> ModelClient:
        clients.append(ModelClient(lambda state, notice: states.append((state, notice)), kept))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture(scope="module")
def client(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelClient]:
    """A client with the tiny model loaded, shared by a module's tests; keeps states in their
    folders."""
    client = ModelClient(lambda state, notice: None, tmp_path_factory.getbasetemp())
    client.load(tiny_model)
    yield client
    client.close()
