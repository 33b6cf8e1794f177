"""Several requests at once: the answers of one after the other, the urgent first, all of them."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import odd_models
import pytest

from engine.model.client import GenerateRequest, Generation, LoadOptions, ModelClient, Stats

NewClient = Callable[[], ModelClient]

# The model may write digits only: its likeliest differ enough that rounding, which is another for
# tokens that are decoded together, changes nothing.
DIGITS = "root ::= [0-9] root"
FIXED = 'root ::= "' + "the same words " * 20 + '"'


def request(text: str, tokens: int = 20, **fields: object) -> GenerateRequest:
    made = GenerateRequest(text, grammar=DIGITS, max_tokens=tokens, session=text)
    return replace(made, **fields)  # type: ignore[arg-type]


def finish(generation: Generation) -> tuple[str, Stats]:
    text = "".join(generation)
    assert generation.stats is not None
    return text, generation.stats


def one_by_one(client: ModelClient, requests: Sequence[GenerateRequest]) -> list[str]:
    found = []
    for one in requests:
        client.forget_session(one.session)
        found.append(finish(client.generate(one))[0])
        client.forget_session(one.session)
    return found


def together(client: ModelClient, requests: Sequence[GenerateRequest]) -> list[str]:
    running = [client.generate(one) for one in requests]
    return [finish(generation)[0] for generation in running]


@pytest.mark.parametrize("count", [2, 4, 9])
def test_side_by_side_as_one_after_the_other(client: ModelClient, count: int) -> None:
    """Also more than there are places for."""
    requests = [request(f"{number} question " * (1 + 7 * number)) for number in range(count)]
    assert together(client, requests) == one_by_one(client, requests)


def test_two_questions_of_one_session(client: ModelClient) -> None:
    requests = [request("one and " * 9), request("one and " * 9 + "two"), request("three")]
    expected = one_by_one(client, requests)
    same = [replace(one, session="chat:1") for one in requests]
    assert together(client, same) == expected
    assert together(client, same) == expected


class Watch:
    """Reads answers on threads of their own and notes in which order they end."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.texts: dict[str, str] = {}
        self._threads: list[threading.Thread] = []

    def read(self, name: str, generation: Generation) -> None:
        def read() -> None:
            self.texts[name] = "".join(generation)
            self.order.append(name)

        self._threads.append(threading.Thread(target=read))
        self._threads[-1].start()

    def wait(self) -> None:
        for thread in self._threads:
            thread.join()


def test_the_urgent_first_and_the_others_go_on(client: ModelClient) -> None:
    slow = [request(name, 300, priority=level) for name, level in (("back", 2), ("serve", 1))]
    urgent = request("now", 30)
    expected = one_by_one(client, [*slow, urgent])
    watch = Watch()
    for one in slow:
        generation = client.generate(one)
        watch.read(one.session, generation)
    time.sleep(0.03)
    watch.read("now", client.generate(urgent))
    watch.wait()
    assert watch.order == ["now", "serve", "back"]
    assert [watch.texts[name] for name in ("back", "serve", "now")] == expected


@pytest.mark.alone
def test_equals_share(client: ModelClient) -> None:
    """Both write at the same pace: when one has ended, so has the other, nearly."""
    first, second = client.generate(request("a", 200)), client.generate(request("b", 200))
    assert next(first)
    assert next(second)
    finish(first)
    started = time.perf_counter()
    finish(second)
    assert time.perf_counter() - started < 0.15


def test_a_short_question_does_not_wait_for_a_long_answer(client: ModelClient) -> None:
    long = client.generate(request("long", 1500))
    next(long)
    text, stats = finish(client.generate(request("short", 5)))
    assert (len(text), stats.finish) == (5, "length")
    assert long.stats is None
    long.cancel()
    list(long)


def test_one_of_several_is_cancelled(client: ModelClient) -> None:
    requests = [request(name, 60) for name in ("left", "middle", "right")]
    expected = one_by_one(client, requests)
    for _ in range(5):
        running = [client.generate(one) for one in requests]
        next(running[1])
        running[1].cancel()
        _, stats = finish(running[1])
        assert stats.finish == "cancelled"
        assert [finish(running[0])[0], finish(running[2])[0]] == [expected[0], expected[2]]


def test_scores_beside_answers(client: ModelClient) -> None:
    letters = ["a", "b", "cc", "cd"]
    alone = client.score("letters", letters, session="s")
    generation = client.generate(request("beside", 300))
    next(generation)
    assert client.score("letters", letters, session="t") == pytest.approx(alone, abs=0.01)
    finish(generation)


@pytest.mark.parametrize("architecture", ["qwen3", "mamba", "lfm2", "gemma3"])
def test_memory_for_one_only(
    new_client: NewClient,
    make_gguf: ModuleType,
    tiny_model: Path,
    tmp_path: Path,
    architecture: str,
) -> None:
    """Prompts that do not fit side by side wait for each other."""
    path = tiny_model
    if architecture != "qwen3":
        path = odd_models.write(make_gguf, tmp_path / "odd.gguf", architecture)
    client = new_client()
    client.load(path, LoadOptions(n_ctx=512))
    assert client.loaded is not None
    requests = [request(f"{name} " * 180, 30) for name in "abcd"]
    for one in requests:
        assert client.loaded.n_ctx / 2 < client.count(one.prompt) < client.loaded.n_ctx
    expected = one_by_one(client, requests)
    assert together(client, requests) == expected
    # The same while memory is being given to somebody more urgent.
    mixed = [
        replace(one, priority=level) for one, level in zip(requests, (2, 0, 1, 0), strict=True)
    ]
    assert together(client, mixed) == expected


def test_an_answer_ends_where_the_context_does(new_client: NewClient, tiny_model: Path) -> None:
    client = new_client()
    client.load(tiny_model, LoadOptions(n_ctx=512))
    prompt = "w " * 200
    size = client.count(prompt)
    running = [client.generate(request(prompt, 5000, session=name)) for name in "ab"]
    for generation in running:
        text, stats = finish(generation)
        assert stats.finish == "length"
        assert stats.n_ctx == 512
        assert stats.tokens == len(text) == 512 - size + 1


def test_more_places_than_rows(new_client: NewClient, tiny_model: Path) -> None:
    """The library wants a row of logits for each sequence there may be."""
    client = new_client()
    client.load(tiny_model, LoadOptions(sequences=32))
    requests = [request(f"number {number}", 30) for number in range(32)]
    expected = one_by_one(client, requests)
    assert together(client, requests) == expected


def test_guessers_side_by_side_do_not_take_each_others_rows(client: ModelClient) -> None:
    """Both may guess far ahead; together that is more rows than a step has."""
    guessing = [
        GenerateRequest("the same words " * 40 + name, grammar=FIXED, session=name, max_tokens=400)
        for name in "abc"
    ]
    words = "the same words " * 20
    assert together(client, guessing) == [words] * 3
    assert one_by_one(client, guessing) == [words] * 3
