"""Vectors of texts: against the reference, for embedding models, and what memory they take."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import odd_models
import pytest
from numpy_qwen3 import Array, states

from engine.model.child.embed import STEP
from engine.model.client import ModelClient

NewClient = Callable[[], ModelClient]
LONG = "".join(f"{number} beta, " for number in range(40))  # several steps
SHORT = "a word"
NEAR = 2e-3  # keys and values are kept in half precision


def unit(vector: Array) -> Array:
    return vector / np.linalg.norm(vector)


def pooled_by(number: int, make_gguf: ModuleType, path: Path) -> Path:
    """The tiny model with a pooling type in its header."""
    pairs = make_gguf.metadata(make_gguf.TINY, "Tiny embedder") | {"qwen3.pooling_type": number}
    random = np.random.default_rng(1)  # as write_model's
    make_gguf.write_file(
        path,
        pairs,
        [(name, size, "F32") for name, size in make_gguf.tensor_shapes(make_gguf.TINY)],
        lambda tensor: make_gguf.tensor_bytes(tensor[2], tensor[1], random),
    )
    return path


@pytest.mark.parametrize("text", [LONG, SHORT])
def test_the_chat_model_s_vector_is_the_mean(
    client: ModelClient, tiny_model: Path, text: str
) -> None:
    tokens = client.tokenize(text, start=True)
    assert (len(tokens) > 3 * STEP) == (text == LONG)
    expected = unit(states(tiny_model, tokens).mean(0))
    assert client.embed([text])[0] == pytest.approx(expected, abs=NEAR)


@pytest.mark.parametrize(
    ("number", "which"),
    [
        (3, lambda rows: rows[-1]),  # the last token's, as Qwen3-Embedding wants it
        (2, lambda rows: rows[0]),
        (1, lambda rows: rows.mean(0)),
        (4, lambda rows: rows.mean(0)),  # a rank is no vector
    ],
)
def test_the_header_says_how_a_vector_is_made(
    number: int,
    which: Callable[[Array], Array],
    new_client: NewClient,
    make_gguf: ModuleType,
    tmp_path: Path,
) -> None:
    path = pooled_by(number, make_gguf, tmp_path / "embedder.gguf")
    client = new_client()
    client.load(path)
    for text in (LONG, SHORT):
        expected = unit(which(states(path, client.tokenize(text, start=True))))
        assert client.embed([text])[0] == pytest.approx(expected, abs=NEAR)


@pytest.mark.parametrize("pooling", [1, 2])
def test_a_model_that_reads_both_ways_gets_a_text_at_once(
    pooling: int, new_client: NewClient, make_gguf: ModuleType, tmp_path: Path
) -> None:
    """The library ends the process if such a model is given part of a text."""
    path = odd_models.write(make_gguf, tmp_path / "bert.gguf", "bert", pooling_type=pooling)
    client = new_client()
    client.load(path)
    assert STEP < client.count(LONG) <= 512
    first, second = client.embed([LONG, LONG + "gamma"])
    assert np.linalg.norm(first) == pytest.approx(1, abs=1e-5)
    assert not np.allclose(first, second, atol=1e-4)  # the end tells on the first token, too


def test_a_large_vocabulary_costs_little(
    new_client: NewClient, make_gguf: ModuleType, tmp_path: Path
) -> None:
    """A row of it for each token of a long text would be more than the child may allocate."""
    path = tmp_path / "wordy.gguf"
    make_gguf.write_model(path, dataclasses.replace(make_gguf.TINY, vocab=150_000), "Wordy")
    client = new_client()
    client.load(path)
    assert client.embed([LONG]).shape == (1, 64)
    assert client._link is not None
    status = Path(f"/proc/{client._link.pid}/status")
    if status.exists():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        assert int(peak.split()[1]) < 400_000
