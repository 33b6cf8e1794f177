"""Answers of a child that uses flash attention up to 200 tokens, in which nothing of it shows."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import odd_models
import pytest
from numpy_qwen3 import log_probabilities

from engine.model.client import GenerateRequest, Generation, LoadOptions, ModelClient
from engine.model.tuning.settings import Tuning

NewClient = Callable[[], ModelClient]
TUNED = Tuning(threads=1, threads_batch=1, flash=False, batch=64, flash_until=200)
OPTIONS = LoadOptions(n_ctx=1024, tuning=TUNED)
SHORT, LONG = "few words of one user " * 4, "many words of one user " * 13
FIXED = 'root ::= "' + "the same words " * 30 + '"'
KEY = bytes(range(32))


@pytest.fixture(scope="module")
def deep(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelClient]:
    client = ModelClient(lambda state, notice: None, tmp_path_factory.getbasetemp())
    client.load(tiny_model, OPTIONS)
    assert client.count(SHORT) < 100
    assert client.count(LONG) > 250
    yield client
    client.close()


def ask(client: ModelClient, prompt: str, tokens: int, session: str = "") -> Generation:
    return client.generate(
        GenerateRequest(prompt, max_tokens=tokens, session=session, logprobs=1, ignore_end=True)
    )


def check(client: ModelClient, path: Path, prompt: str, generation: Generation) -> int:
    """The answer is the reference's; how much of the prompt was in memory."""
    for _ in generation:
        pass
    assert generation.stats is not None
    said = [one.token for one in generation.logprobs]
    assert len(said) == generation.stats.tokens > 0
    start = client.tokenize(prompt, start=True)
    table = log_probabilities(path, start + said)[len(start) - 1 : -1]
    for row, one in zip(table, generation.logprobs, strict=True):
        assert one.logprob == pytest.approx(row[one.token], abs=0.03)
        assert one.logprob > row.max() - 0.03
    return generation.stats.cached_tokens


def test_an_answer_across_the_border(deep: ModelClient, tiny_model: Path) -> None:
    size = deep.count(SHORT)
    assert check(deep, tiny_model, SHORT, ask(deep, SHORT, 230 - size, "border")) == 0
    for prompt in (SHORT, "few", LONG, SHORT):
        check(deep, tiny_model, prompt, ask(deep, prompt, 8))
    deep.forget_session("border")


def test_several_answers_across_the_border(deep: ModelClient, tiny_model: Path) -> None:
    prompts = [f"{name} says " * 4 for name in ("anna", "ben", "cleo", "dora", "emil")]
    running = [ask(deep, prompt, 60, prompt) for prompt in prompts]
    next(running[3])
    running[3].cancel()
    for prompt, generation in zip(prompts, running, strict=True):
        check(deep, tiny_model, prompt, generation)
    for prompt in prompts:
        assert check(deep, tiny_model, prompt, ask(deep, prompt, 5, prompt)) > 0
        deep.forget_session(prompt)


@pytest.mark.parametrize("small", [False, True])
def test_guesses_across_the_border(
    deep: ModelClient, new_client: NewClient, tiny_model: Path, small: bool
) -> None:
    """Looked up in the text, or a smaller model's (here: the same one's)."""
    client = deep
    if small:
        client = new_client()
        client.load(tiny_model, LoadOptions(n_ctx=1024, tuning=TUNED, draft=tiny_model))
    prompt = "the same words " * 6
    generation = client.generate(GenerateRequest(prompt, FIXED, max_tokens=500))
    assert "".join(generation) == "the same words " * 30
    assert generation.stats is not None
    assert generation.stats.prompt_tokens < 200 < generation.stats.tokens
    if not small:
        assert generation.stats.accepted > 20
    generation = client.generate(
        GenerateRequest(prompt, max_tokens=300, logprobs=1, ignore_end=True, temperature=0)
    )
    check(client, tiny_model, prompt, generation)


@pytest.mark.parametrize("prompt", [SHORT, LONG], ids=["short", "long"])
def test_what_one_child_kept_another_reads(
    deep: ModelClient, new_client: NewClient, tiny_model: Path, tmp_path: Path, prompt: str
) -> None:
    plain, flash = new_client(), new_client()
    plain.load(tiny_model, LoadOptions(n_ctx=1024))
    tuning = Tuning(threads=1, threads_batch=1, flash=True, batch=64)
    flash.load(tiny_model, LoadOptions(n_ctx=1024, tuning=tuning))
    size = deep.count(prompt)
    for source in (deep, plain, flash):
        path = tmp_path / "chat.state"
        list(source.generate(GenerateRequest(prompt, max_tokens=0, session="chat")))
        assert source.save_session("chat", path, KEY, "") == size
        for target in (deep, plain, flash):
            target.forget_session("chat")
            assert target.restore_session("chat", path, KEY, "") == size
            assert check(target, tiny_model, prompt, ask(target, prompt, 5, "chat")) == size - 1
            target.forget_session("chat")


def test_adapters_are_in_both(
    deep: ModelClient, new_client: NewClient, make_gguf: ModuleType, tmp_path: Path
) -> None:
    deltas = odd_models.write_adapter(make_gguf, tmp_path / "adapter.gguf")
    odd_models.write_merged(make_gguf, tmp_path / "merged.gguf", deltas, 1.0)
    merged = new_client()
    merged.load(tmp_path / "merged.gguf", LoadOptions(n_ctx=1024))
    letters = list("ABCDEFGH")
    plain = [deep.score(prompt, letters) for prompt in (SHORT, LONG)]
    deep.set_adapters([(tmp_path / "adapter.gguf", 1.0)])
    changed = [deep.score(prompt, letters) for prompt in (SHORT, LONG)]
    assert np.allclose(changed, [merged.score(one, letters) for one in (SHORT, LONG)], atol=0.03)
    assert (np.abs(np.subtract(changed, plain)).max(axis=1) > 0.1).all()
    deep.set_adapters([])
    again = [deep.score(prompt, letters) for prompt in (SHORT, LONG)]
    assert np.allclose(again, plain, atol=0.03)  # what was read before may have come the other way


def test_a_child_that_was_killed(new_client: NewClient, tiny_model: Path) -> None:
    client = new_client()
    client.load(tiny_model, OPTIONS)
    for prompt in (SHORT, LONG, SHORT):
        check(client, tiny_model, prompt, ask(client, prompt, 5))
        assert client._link is not None
        os.kill(client._link.pid, signal.SIGKILL)
        check(client, tiny_model, prompt, ask(client, prompt, 5))


def test_vectors_beside(deep: ModelClient, client: ModelClient) -> None:
    assert np.allclose(deep.embed([SHORT, LONG]), client.embed([SHORT, LONG]), atol=1e-3)
