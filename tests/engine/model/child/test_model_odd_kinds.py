"""Recurrent, hybrid and sliding-window models, which cannot forget single tokens again."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import odd_models
import pytest

from engine.model.client import GenerateRequest, LoadOptions, ModelClient

KINDS = ("mamba", "lfm2", "gemma3")
DIGITS = "root ::= [0-9] root"
TURN = "a question of some length, asked once more. " * 6
KEY = bytes(32)


@pytest.fixture(scope="module", params=KINDS)
def odd(
    request: pytest.FixtureRequest, make_gguf: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ModelClient]:
    path = tmp_path_factory.mktemp("odd") / "odd.gguf"
    client = ModelClient(lambda state, notice: None, tmp_path_factory.getbasetemp())
    client.load(odd_models.write(make_gguf, path, request.param))
    yield client
    client.close()


def ask(client: ModelClient, prompt: str, session: str, keep: str = "") -> tuple[int, str]:
    """How much was in memory, and the answer."""
    generation = client.generate(
        GenerateRequest(prompt, DIGITS, max_tokens=25, session=session, keep=keep)
    )
    text = "".join(generation)
    assert generation.stats is not None
    return generation.stats.cached_tokens, text


def fresh(client: ModelClient, prompt: str) -> str:
    client.forget_session("fresh")
    cached, text = ask(client, prompt, "fresh")
    assert cached == 0
    client.forget_session("fresh")
    return text


def test_the_second_turn_reads_only_what_is_new(odd: ModelClient) -> None:
    _, said = ask(odd, TURN, "turns")
    second = TURN + said + " and now? " * 5
    cached, text = ask(odd, second, "turns")
    assert cached >= odd.count(TURN) - 1
    assert text == fresh(odd, second)
    cached, text = ask(odd, second, "turns")  # the same once more: from the checkpoint before it
    assert cached == odd.count(second) - 1
    assert text == fresh(odd, second)
    odd.forget_session("turns")


def test_a_thought_that_is_dropped_from_the_prompt(odd: ModelClient) -> None:
    """The answer's beginning changes, what comes before it is kept."""
    ask(odd, TURN + "<think>\n", "thoughts", keep=TURN)
    second = TURN + "the answer alone" + TURN
    cached, text = ask(odd, second, "thoughts")
    assert cached == odd.count(TURN)
    assert text == fresh(odd, second)
    odd.forget_session("thoughts")


def test_another_beginning_starts_anew(odd: ModelClient) -> None:
    ask(odd, TURN, "one")
    other = "X" + TURN
    assert ask(odd, other, "one") == (0, fresh(odd, other))
    odd.forget_session("one")


def test_cancelled_in_mid_answer_it_goes_on(odd: ModelClient) -> None:
    expected = fresh(odd, TURN)
    for _ in range(4):
        generation = odd.generate(
            GenerateRequest(TURN, DIGITS, max_tokens=3000, session="cancelled")
        )
        next(generation)
        time.sleep(0.01)
        generation.cancel()
        list(generation)
        cached, text = ask(odd, TURN, "cancelled")
        assert text == expected
        assert cached == odd.count(TURN) - 1
    odd.forget_session("cancelled")


def test_cancelled_while_it_reads(odd: ModelClient) -> None:
    long = TURN * 7
    generation = odd.generate(GenerateRequest(long, DIGITS, max_tokens=5, session="reading"))
    time.sleep(0.02)
    generation.cancel()
    list(generation)
    assert ask(odd, long, "reading")[1] == fresh(odd, long)
    odd.forget_session("reading")


def test_several_at_once(odd: ModelClient) -> None:
    requests = [
        GenerateRequest(f"{name}: {TURN}" * size, DIGITS, max_tokens=30, session=name)
        for size, name in enumerate("vwxyz", 1)
    ]
    expected = []
    for one in requests:
        expected.append("".join(odd.generate(one)))
        odd.forget_session(one.session)
    running = [odd.generate(one) for one in requests]
    spoilt = odd.generate(replace(requests[0], session="spoilt", max_tokens=2000))
    next(spoilt)
    spoilt.cancel()
    assert ["".join(generation) for generation in running] == expected
    for one in requests:
        odd.forget_session(one.session)


def test_they_take_turns_in_memory(odd: ModelClient) -> None:
    """Set aside with their checkpoints and brought back."""
    prompts = {name: f"{name} " * 5 + TURN * 3 for name in "abcdef"}
    first = {name: ask(odd, prompt, name) for name, prompt in prompts.items()}
    for name, prompt in prompts.items():
        assert ask(odd, prompt, name) == (odd.count(prompt) - 1, first[name][1])
    for name in prompts:
        odd.forget_session(name)


def test_scores(odd: ModelClient) -> None:
    """Branches go back to the prompt's end; what was counted is not counted again."""
    words = ["<AX", "<AY", "<BX", "<BXY", "Q", "<AX"]
    together = odd.score(TURN, words, session="score")
    alone = [odd.score(TURN, [word], session="alone")[0] for word in words]
    assert np.allclose(together, alone, rtol=0.01, atol=0.02)
    odd.forget_session("score")


def test_saved_and_restored(odd: ModelClient, tmp_path: Path) -> None:
    _, said = ask(odd, TURN, "disk")
    size = odd.save_session("disk", tmp_path / "x", KEY, "bound")
    assert size >= odd.count(TURN)
    odd.forget_session("disk")
    assert odd.restore_session("disk", tmp_path / "x", KEY, "bound") == size
    more = TURN + said + " on"
    assert ask(odd, more, "disk")[1] == fresh(odd, more)
    odd.forget_session("disk")


@pytest.mark.parametrize("kind", KINDS)
def test_a_small_one_guesses_for_another(
    new_client: Callable[[], ModelClient], make_gguf: ModuleType, tmp_path: Path, kind: str
) -> None:
    """A draft model that cannot go back reads again: no gain, but the same answer."""
    odd_models.write(make_gguf, tmp_path / "small.gguf", kind)
    make_gguf.write_model(tmp_path / "big.gguf", make_gguf.TINY, "Big")
    client = new_client()
    client.load(tmp_path / "big.gguf", LoadOptions(draft=tmp_path / "small.gguf"))
    plain = GenerateRequest(TURN, DIGITS, max_tokens=60, speculate=False)
    expected = "".join(client.generate(plain))
    assert "".join(client.generate(replace(plain, speculate=True))) == expected
