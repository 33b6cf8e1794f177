"""A tiny random model in a real child process."""

from collections.abc import Iterator

import pytest

from benchmarks import make_gguf
from engine.model.client import ModelClient


@pytest.fixture(scope="session")
def tiny_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelClient]:
    """A client with a model of 400 words and senseless weights loaded."""
    path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    make_gguf.write_model(path, make_gguf.TINY, "Tiny")
    client = ModelClient(lambda state, notice: None)
    client.load(path)
    yield client
    client.close()
