"""The client with a real child and a real, if senseless, model."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from engine.core.errors import Cancelled, KnownError
from engine.model.client import ContextFull, GenerateRequest, LoadOptions, ModelClient
from engine.model.parsing import CallPart, StreamParser

QUESTION = "<|im_start|>user\nhello world 123<|im_end|>\n<|im_start|>assistant\n"
# Random weights may end an answer at any token; this does not let them.
ENDLESS = "root ::= [^@] root"
CALL_GRAMMAR = (
    r'root ::= "<tool_call>\n{\"name\": \"" name "\", \"arguments\": {\"note\": \"" note "\"}}'
    r'\n</tool_call>"' + '\nname ::= "price" | "what_if"\n'
    'note ::= "grün €5 🙂" | "                                                                "\n'
)


def answer(client: ModelClient, request: GenerateRequest) -> str:
    return "".join(client.generate(request))


def test_info(client: ModelClient, tiny_model: Path) -> None:
    info = client.loaded
    assert info is not None
    assert (info.name, info.architecture, info.template_id) == ("Tiny", "qwen3", "qwen3")
    assert (info.path, info.n_ctx, info.sha256) == (tiny_model, 4096, "")
    assert info.size == tiny_model.stat().st_size


def test_greedy_answers_are_the_same_each_time(client: ModelClient) -> None:
    request = GenerateRequest(QUESTION, max_tokens=40)
    first = answer(client, request)
    assert first
    assert answer(client, request) == first
    assert answer(client, replace(request, temperature=1e-6, seed=9)) == first


def test_the_seed_decides_a_draw(client: ModelClient) -> None:
    request = GenerateRequest(QUESTION, max_tokens=40, temperature=1.5, top_k=0, top_p=1.0, seed=1)
    first = answer(client, request)
    assert answer(client, request) == first
    assert answer(client, replace(request, seed=2)) != first
    # One candidate left is no draw.
    greedy = answer(client, GenerateRequest(QUESTION, max_tokens=40))
    assert answer(client, replace(request, top_k=1)) == greedy
    assert answer(client, replace(request, top_p=1e-6)) == greedy
    assert answer(client, replace(request, min_p=1.0)) == greedy


def test_stats(client: ModelClient) -> None:
    generation = client.generate(GenerateRequest(QUESTION + "stats", max_tokens=7))
    assert generation.stats is None
    list(generation)
    stats = generation.stats
    assert stats is not None
    assert stats.prompt_tokens == client.count(QUESTION + "stats")
    assert (stats.tokens, stats.finish) == (7, "length")
    assert 0 < stats.prompt_seconds < 5
    assert 0 < stats.seconds < 5
    assert list(generation) == []


def test_only_what_is_new_is_read_again(client: ModelClient) -> None:
    """KV reuse across generate and score; 0 tokens means: read the prompt."""
    base = "a b c " * 40
    size = client.count(base)

    def cached(prompt: str, tokens: int = 0) -> int:
        generation = client.generate(GenerateRequest(prompt, max_tokens=tokens))
        list(generation)
        assert generation.stats is not None
        return generation.stats.cached_tokens

    cached("something else")
    assert cached(base) == 0
    assert cached(base, 5) == size - 1
    assert cached(base + "x y z") >= size - 1
    client.score(base, ["x", "y"])
    assert cached(base, 5) == size - 1
    assert cached("other") == 0


def test_reuse_does_not_change_the_answer(client: ModelClient) -> None:
    base = QUESTION * 8
    answer(client, GenerateRequest("zzz", max_tokens=1))
    fresh = answer(client, GenerateRequest(base, max_tokens=30))
    answer(client, GenerateRequest(QUESTION * 4 + "elsewhere", max_tokens=30))
    assert answer(client, GenerateRequest(base, max_tokens=30)) == fresh


@pytest.mark.parametrize("temperature", [0.0, 0.9])
def test_a_grammar_is_kept_whatever_the_model_wants(
    client: ModelClient, temperature: float
) -> None:
    """Characters of several tokens and tokens of many characters among it."""
    found = set()
    for seed in range(1 if temperature == 0 else 6):
        request = GenerateRequest(
            QUESTION,
            grammar=CALL_GRAMMAR,
            max_tokens=200,
            temperature=temperature,
            top_k=20,
            seed=seed,
        )
        generation = client.generate(request)
        parser = StreamParser()
        parts = [part for chunk in generation for part in parser.feed(chunk)] + parser.finish()
        assert generation.stats is not None
        assert generation.stats.finish == "stop"
        (call,) = parts
        assert isinstance(call, CallPart)
        assert call.name in {"price", "what_if"}
        assert call.arguments["note"] in {"grün €5 🙂", " " * 64}
        found.add(call.raw)
    assert len(found) > (temperature > 0)


def test_the_likeliest_allowed_token_is_taken(client: ModelClient) -> None:
    """Greedy under a grammar of single letters agrees with the scores of those letters."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    scores = client.score(QUESTION, list(letters))
    best = letters[scores.index(max(scores))]
    request = GenerateRequest(QUESTION, grammar="root ::= [a-z]", max_tokens=5)
    assert answer(client, request) == best


def test_a_malformed_grammar_is_refused_and_the_model_lives(client: ModelClient) -> None:
    for grammar in ("root ::= (", 'root ::= "\ud83d"'):
        with pytest.raises(ValueError, match="malformed grammar"):
            answer(client, GenerateRequest(QUESTION, grammar=grammar))
    assert answer(client, GenerateRequest(QUESTION, max_tokens=3))


def test_stop_strings(client: ModelClient) -> None:
    request = GenerateRequest(QUESTION, grammar='root ::= "one STOP two"', max_tokens=40)
    assert answer(client, request) == "one STOP two"
    generation = client.generate(replace(request, stop=("STOP",)))
    assert "".join(generation) == "one "
    assert generation.stats is not None
    assert generation.stats.finish == "stop"


def test_progress_of_a_long_prompt(client: ModelClient) -> None:
    seen: list[tuple[int, int]] = []
    prompt = "alpha beta " * 200
    request = GenerateRequest(prompt, max_tokens=1)
    list(client.generate(request, lambda done, total: seen.append((done, total))))
    total = client.count(prompt)
    assert len(seen) > 2
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (total, total)


def test_what_does_not_fit_is_refused_before_any_work(client: ModelClient) -> None:
    with pytest.raises(ContextFull, match=r"needs 10,... tokens.*room for 4,096") as refused:
        list(client.generate(GenerateRequest("x " * 5000)))
    assert (refused.value.prompt_tokens, refused.value.n_ctx) == (client.count("x " * 5000), 4096)
    with pytest.raises(ContextFull, match="room for 4,096"):
        client.score("x " * 5000, ["a"])
    with pytest.raises(KnownError, match="nothing to answer"):
        list(client.generate(GenerateRequest("")))
    size = client.count(QUESTION)
    generation = client.generate(GenerateRequest(QUESTION, max_tokens=4096 - size, stop=("0",)))
    list(generation)


def test_text_of_any_kind_is_counted(client: ModelClient) -> None:
    assert client.count("") == 0
    assert client.count("<|im_end|>") == 1
    assert client.count("\0") == 1
    assert client.count("\ud800") == 1  # not encodable: becomes "?"
    assert client.count("é") == 2
    assert client.count(" " * 96) == 1


@pytest.mark.alone
@pytest.mark.parametrize("moment", ["reading", "writing"])
def test_cancel_ends_within_100_ms(client: ModelClient, moment: str) -> None:
    """The best of three tries, since other programs may hold the processor for longer."""
    assert min(cancel_seconds(client, moment, number) for number in range(3)) < 0.1
    assert answer(client, GenerateRequest(QUESTION, max_tokens=3))


def cancel_seconds(client: ModelClient, moment: str, number: int) -> float:
    """From the call of cancel() in another thread to the end of the iteration."""
    prompt = f"{number} " + ("q w e r t y " * 160 if moment == "reading" else "")
    begun = threading.Event()
    generation = client.generate(
        GenerateRequest(prompt, ENDLESS, max_tokens=2000, temperature=1.0, top_k=0),
        lambda done, total: begun.set(),
    )
    cancelled_at = 0.0

    def cancel() -> None:
        nonlocal cancelled_at
        begun.wait(5)
        cancelled_at = time.perf_counter()
        generation.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    list(generation)
    seconds = time.perf_counter() - cancelled_at
    thread.join()
    assert generation.stats is not None
    assert generation.stats.finish == "cancelled"
    assert generation.stats.tokens < 2000
    return seconds


@pytest.mark.alone
def test_an_abandoned_answer_frees_the_model(client: ModelClient) -> None:
    generation = client.generate(GenerateRequest(QUESTION, ENDLESS, max_tokens=3000))
    next(generation)
    start = time.perf_counter()
    del generation
    client.count("next")
    assert time.perf_counter() - start < 1.5


def test_requests_of_many_threads_take_turns(client: ModelClient) -> None:
    expected = {text: answer(client, GenerateRequest(text, max_tokens=15)) for text in "abcdef"}
    got: dict[str, str] = {}

    def ask(text: str) -> None:
        got[text] = answer(client, GenerateRequest(text, max_tokens=15))

    threads = [threading.Thread(target=ask, args=(text,)) for text in expected]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == expected


def test_states_of_a_life(
    new_client: Callable[[], ModelClient], tiny_model: Path, states: list[tuple[str, str]]
) -> None:
    client = new_client()
    assert client.loaded is None
    with pytest.raises(KnownError, match="No model is loaded"):
        client.count("a")
    client.load(tiny_model, LoadOptions(n_ctx=512, threads=1))
    assert client.loaded is not None
    assert client.loaded.n_ctx == 512
    client.count("a")
    client.close()
    assert client.loaded is None
    names = [state for state, _ in states if state != "loading"]
    assert states[0] == ("loading", "Loading Tiny …")
    assert any(notice.endswith(" %") for _, notice in states)
    assert names == ["ready", "busy", "ready", "none"]
    client.load(tiny_model)
    assert client.count("a") == 1


def test_another_model_takes_the_place_of_a_talking_one(
    new_client: Callable[[], ModelClient], make_gguf: ModuleType, tiny_model: Path, tmp_path: Path
) -> None:
    other = tmp_path / f"{'ab' * 32}.gguf"
    make_gguf.write_model(other, make_gguf.TINY, "Other", seed=2)
    client = new_client()
    client.load(tiny_model)
    generation = client.generate(GenerateRequest(QUESTION, ENDLESS, max_tokens=3000))
    next(generation)
    info = client.load(other)
    assert (info.name, info.sha256) == ("Other", "ab" * 32)
    list(generation)
    assert generation.stats is not None
    assert generation.stats.finish == "cancelled"
    assert client.count("a") == 1


def test_the_context_is_not_larger_than_the_models(
    new_client: Callable[[], ModelClient], tiny_model: Path
) -> None:
    assert new_client().load(tiny_model, LoadOptions(n_ctx=100_000)).n_ctx == 4096


@pytest.mark.alone
def test_scoring_can_be_stopped(client: ModelClient) -> None:
    """The best of three tries ends within 100 ms, and the next request is answered."""

    def seconds(number: int) -> float:
        stopped_at = 0.0

        @contextmanager
        def stoppable(stop: Callable[[], None]) -> Iterator[None]:
            def press() -> None:
                nonlocal stopped_at
                stopped_at = time.perf_counter()
                stop()

            timer = threading.Timer(0.02, press)
            timer.start()
            yield
            timer.join()

        prompt = f"{number} " + "q w e r t y " * 300
        continuations = [f"{n} and so on and on and on" for n in range(60)]
        with pytest.raises(Cancelled):
            client.score(prompt, continuations, stoppable)
        return time.perf_counter() - stopped_at

    assert min(map(seconds, range(3))) < 0.1
    assert len(client.score("hello", ["a", "b"])) == 2
