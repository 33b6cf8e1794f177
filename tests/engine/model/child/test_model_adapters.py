"""LoRA adapters, switched while the model runs; embeddings of texts."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import odd_models
import pytest

from engine.core.errors import Cancelled, KnownError
from engine.model.client import ContextFull, GenerateRequest, LoadOptions, ModelClient

NewClient = Callable[[], ModelClient]
PROMPT = "A-B/C! and so on"
KEY = bytes(32)


@pytest.fixture(scope="module")
def folder(make_gguf: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter, and models with its changes at scale 1 and 0.5 in their own weights."""
    path = tmp_path_factory.mktemp("adapters")
    deltas = odd_models.write_adapter(make_gguf, path / "adapter.gguf")
    for scale in (1.0, 0.5):
        odd_models.write_merged(make_gguf, path / f"merged-{scale}.gguf", deltas, scale)
    return path


@pytest.fixture(scope="module")
def adapted(tiny_model: Path) -> Iterator[ModelClient]:
    client = ModelClient(lambda state, notice: None)
    client.load(tiny_model)
    yield client
    client.close()


def logits(client: ModelClient, session: str = "a") -> np.ndarray:
    """Log-probabilities of all 400 words after the prompt, by word."""
    generation = client.generate(
        GenerateRequest(PROMPT, max_tokens=1, logprobs=400, session=session, ignore_end=True)
    )
    list(generation)
    (one,) = generation.logprobs
    return np.array([value for _, _, value in sorted(one.top)])


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_as_if_the_weights_were_changed(
    adapted: ModelClient, new_client: NewClient, folder: Path, scale: float
) -> None:
    adapted.set_adapters([])
    plain = logits(adapted)
    merged = new_client()
    merged.load(folder / f"merged-{scale}.gguf")
    expected = logits(merged)
    assert np.abs(expected - plain).max() > 0.3
    adapted.set_adapters([(folder / "adapter.gguf", scale)])
    assert np.allclose(logits(adapted), expected, atol=0.03)  # nothing old is reused
    adapted.set_adapters([(folder / "adapter.gguf", 0.0)])
    assert np.allclose(logits(adapted), plain, atol=1e-3)
    adapted.set_adapters([])
    assert np.allclose(logits(adapted), plain, atol=1e-3)


def test_switched_in_the_middle_of_an_answer(adapted: ModelClient, folder: Path) -> None:
    """What was read is read again under the new one; the answer goes on."""
    adapted.set_adapters([])
    generation = adapted.generate(
        GenerateRequest(PROMPT, "root ::= [0-9] root", max_tokens=400, session="mid")
    )
    text = next(generation)
    adapted.set_adapters([(folder / "adapter.gguf", 1.0)])
    text += "".join(generation)
    assert len(text) == 400
    adapted.set_adapters([])


def test_kept_after_a_crash(new_client: NewClient, folder: Path, tiny_model: Path) -> None:
    client = new_client()
    client.load(tiny_model, LoadOptions(adapters=((folder / "adapter.gguf", 1.0),)))
    changed = logits(client)
    assert client._link is not None
    os.kill(client._link.pid, signal.SIGKILL)
    assert np.allclose(logits(client), changed, atol=1e-3)
    client.set_adapters([])
    assert client._link is not None
    plain = logits(client)
    os.kill(client._link.pid, signal.SIGKILL)
    assert np.allclose(logits(client), plain, atol=1e-3)
    assert np.abs(plain - changed).max() > 0.3


def test_one_that_is_gone_does_not_take_the_model_with_it(
    folder: Path, tiny_model: Path, tmp_path: Path
) -> None:
    states: list[tuple[str, str]] = []
    client = ModelClient(lambda state, notice: states.append((state, notice)))
    try:
        first, second = (
            Path(shutil.copy(folder / "adapter.gguf", tmp_path / f"{name}.gguf")) for name in "ab"
        )
        client.load(tiny_model)
        client.set_adapters([(first, 1.0), (second, 0.5)])
        client.set_adapters([(second, 0.5)])
        expected = logits(client)
        client.set_adapters([(first, 1.0), (second, 0.5)])
        first.unlink()
        assert client._link is not None
        os.kill(client._link.pid, signal.SIGKILL)
        assert np.allclose(logits(client), expected, atol=1e-3)
        assert client.adapters == ((second, 0.5),)
        assert states[-1][0] == "ready"
        assert states[-1][1].startswith("The adapter a.gguf is not used any more: ")
    finally:
        client.close()


def test_they_are_for_one_model(
    new_client: NewClient,
    folder: Path,
    tiny_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A load that comes between leaves the next model without them."""
    other = Path(shutil.copy(tiny_model, tmp_path / "other.gguf"))
    client = new_client()
    client.load(other)
    with pytest.raises(Cancelled):
        client.set_adapters([(folder / "adapter.gguf", 1.0)], tiny_model)
    ask = client._ask

    def load_before(*args: Any, **more: Any) -> object:
        monkeypatch.undo()
        client.load(tiny_model)
        return ask(*args, **more)

    def load_after(*args: Any, **more: Any) -> object:
        found = ask(*args, **more)
        monkeypatch.undo()
        client.load(other)
        return found

    monkeypatch.setattr(client, "_ask", load_before)
    with pytest.raises(Cancelled):
        client.set_adapters([(folder / "adapter.gguf", 1.0)], other)
    assert client.adapters == ()
    monkeypatch.setattr(client, "_ask", load_after)
    client.set_adapters([(folder / "adapter.gguf", 1.0)], tiny_model)
    assert client.adapters == ()


def test_broken_ones_change_nothing(
    adapted: ModelClient, make_gguf: ModuleType, folder: Path, tmp_path: Path, tiny_model: Path
) -> None:
    adapted.set_adapters([(folder / "adapter.gguf", 1.0)])
    before = logits(adapted)
    content = (folder / "adapter.gguf").read_bytes()
    bad = tmp_path / "bad.gguf"
    odd_models.write_adapter(make_gguf, tmp_path / "llama.gguf", "llama")
    for data in (
        b"",
        b"not a model at all",
        content[:40],
        content[:300],
        content[:-200],
        content.replace(b"lora_b", b"lora_c"),
        content.replace(b"blk.1.", b"blk.7."),
        content.replace(b"adapter.type", b"adapter.tyqe"),
        tiny_model.read_bytes(),
        (tmp_path / "llama.gguf").read_bytes(),
    ):
        bad.write_bytes(data)
        with pytest.raises(KnownError, match="adapter"):
            adapted.set_adapters([(folder / "adapter.gguf", 0.3), (bad, 1.0)])
    with pytest.raises(KnownError, match="adapter"):
        adapted.set_adapters([(tmp_path / "missing.gguf", 1.0)])
    assert np.allclose(logits(adapted, "b"), before, atol=1e-3)
    adapted.set_adapters([])


def test_vectors_have_length_one_and_depend_on_the_text_alone(adapted: ModelClient) -> None:
    texts = ["hello", "hello world", "", "grün €5 🙂", "hello", "a b " * 300]
    vectors = adapted.embed(texts)
    assert vectors.shape == (6, 64)
    assert vectors.dtype == np.float32
    lengths = np.linalg.norm(vectors, axis=1)
    assert lengths[[0, 1, 3, 4, 5]] == pytest.approx(1, abs=1e-5)
    assert lengths[2] == 0
    assert np.array_equal(vectors[0], vectors[4])
    assert vectors[0] @ vectors[1] < 0.999
    assert np.allclose(adapted.embed(["hello"])[0], vectors[0], atol=1e-6)
    assert adapted.embed([]).shape[0] == 0
    many = adapted.embed([f"text {number}" for number in range(60)])
    assert many.shape == (60, 64)
    assert np.allclose(adapted.embed(["text 41"])[0], many[41], atol=1e-6)


def test_a_vector_is_the_mean_of_its_tokens(adapted: ModelClient) -> None:
    """A single token's last state is what the likeliest next words are read from: the words that
    lie in its direction."""
    (vector,) = adapted.embed(["Q"])
    generation = adapted.generate(GenerateRequest("Q", max_tokens=1, logprobs=400, ignore_end=True))
    list(generation)
    random = np.random.default_rng(1)  # as make_gguf.write_model: the embeddings come first
    words = random.standard_normal(400 * 64, np.float32).reshape(400, 64) * 0.2
    scores = words @ vector
    told = np.array([value for _, _, value in sorted(generation.logprobs[0].top)])
    assert np.corrcoef(scores, told)[0, 1] > 0.999


def test_a_text_that_is_too_long_has_no_vector(adapted: ModelClient) -> None:
    with pytest.raises(ContextFull):
        adapted.embed(["short", "x y " * 3000])
    assert adapted.embed(["short"]).shape == (1, 64)


def test_an_embedding_model(new_client: NewClient, make_gguf: ModuleType, tmp_path: Path) -> None:
    client = new_client()
    client.load(odd_models.write(make_gguf, tmp_path / "bert.gguf", "bert"))
    vectors = client.embed(["one text", "another text", "one text"])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(vectors[0], vectors[2])
    assert vectors[0] @ vectors[1] < 0.9999
