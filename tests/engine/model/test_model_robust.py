"""Deaths, loads and ends while several requests are under way; texts of any size."""

import gc
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from engine.core.errors import Cancelled, KnownError
from engine.model import protocol
from engine.model.client import GenerateRequest, Generation, LoadOptions, ModelClient, ModelDied

NewClient = Callable[[], ModelClient]
DIGITS = "root ::= [0-9] root"


def request(name: str, tokens: int) -> GenerateRequest:
    return GenerateRequest(f"{name} " * 50, DIGITS, max_tokens=tokens, session=name, logprobs=1)


def pid_of(client: ModelClient) -> int:
    assert client._link is not None
    return client._link.pid


@pytest.mark.alone
def test_killed_at_random_moments_with_several_under_way(
    new_client: NewClient, tiny_model: Path
) -> None:
    """Each ends with what it had said, or is asked again and complete; none hangs."""
    client = new_client()
    client.load(tiny_model)
    choice = random.Random(4)
    for _ in range(8):
        generations = [client.generate(request(name, 250)) for name in "abcdef"]
        texts: dict[Generation, str] = {}
        died: list[Generation] = []

        def read(generation: Generation, texts: dict[Generation, str] = texts,
                 died: list[Generation] = died) -> None:  # fmt: skip
            texts[generation] = ""
            try:
                for piece in generation:
                    texts[generation] += piece
            except ModelDied:
                died.append(generation)

        threads = [threading.Thread(target=read, args=(one,)) for one in generations]
        for thread in threads:
            thread.start()
        time.sleep(choice.random() * 0.15)
        os.kill(pid_of(client), signal.SIGKILL)
        for thread in threads:
            thread.join(10)
            assert not thread.is_alive()
        for one in generations:
            if one not in died:
                assert one.stats is not None
                assert (len(texts[one]), one.stats.tokens) == (250, 250)
                assert len(one.logprobs) == 250  # also where it was asked twice
            else:
                assert 0 < len(texts[one]) < 250
        start = time.perf_counter()
        assert client.count("alive")
        assert time.perf_counter() - start < 2


def test_another_model_while_several_answer(
    new_client: NewClient, make_gguf: ModuleType, tiny_model: Path, tmp_path: Path
) -> None:
    make_gguf.write_model(tmp_path / "other.gguf", make_gguf.TINY, "Other", seed=2)
    client = new_client()
    client.load(tiny_model)
    running = [client.generate(request(name, 3000)) for name in "abcdefg"]
    next(running[0])
    assert client.load(tmp_path / "other.gguf").name == "Other"
    for generation in running:
        list(generation)
        assert generation.stats is not None
        assert generation.stats.finish == "cancelled"
    assert client.count("a") == 1


@pytest.mark.alone
def test_the_end_while_several_answer(new_client: NewClient, tiny_model: Path) -> None:
    client = new_client()
    client.load(tiny_model)
    running = [client.generate(request(name, 3000)) for name in "abcdefg"]
    next(running[3])
    start = time.perf_counter()
    client.close()
    assert time.perf_counter() - start < 2
    for generation in running:
        list(generation)
        assert generation.stats is not None
        assert generation.stats.finish == "cancelled"
    with pytest.raises(KnownError, match="No model is loaded"):
        client.count("a")


def test_many_threads_of_all_kinds(new_client: NewClient, tiny_model: Path) -> None:
    client = new_client()
    client.load(tiny_model, LoadOptions(n_ctx=1024))
    expected = "".join(client.generate(request("same", 15)))
    scores = client.score("one", ["two", "three"], session="s")
    failures: list[BaseException] = []

    def work(number: int) -> None:
        choice = random.Random(number)
        try:
            for _ in range(10):
                match choice.randrange(6):
                    case 0:
                        text = "".join(client.generate(request("same", 15)))
                        assert text == expected
                    case 1:
                        generation = client.generate(request(str(number), 500))
                        next(generation)
                        generation.cancel()
                        list(generation)
                    case 2:
                        got = client.score("one", ["two", "three"], session=f"s{number}")
                        assert got == pytest.approx(scores, abs=0.02)
                    case 3:
                        assert client.embed(["x", "y"]).shape == (2, 64)
                    case 4:
                        client.forget_session(choice.choice(["same", "s1", str(number)]))
                    case 5:
                        assert client.detokenize(client.tokenize("x y z")) == "x y z"
        except BaseException as error:  # noqa: BLE001  (told by the test's own thread)
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert failures == []


def test_texts_that_no_message_can_hold(new_client: NewClient, tiny_model: Path) -> None:
    """Refused by a sentence, and the model is still the same child."""
    client = new_client()
    client.load(tiny_model)
    pid = pid_of(client)
    large = "x" * (protocol.MAX_FRAME + 1)
    for ask, said in (
        (lambda: client.count(large), "too long"),
        (lambda: client.generate(GenerateRequest(large)), "at least 131,073 tokens"),
        (lambda: client.tokenize("€!" * 900_000), "at least 14,063 tokens"),
    ):
        with pytest.raises(KnownError, match=said):
            ask()
    assert client.count("a") == 1
    assert pid_of(client) == pid
    client.close()  # nothing waits for those that were refused


@pytest.mark.alone
def test_abandoned_answers_are_collected_anywhere(new_client: NewClient, tiny_model: Path) -> None:
    """Also by the garbage collector, while the client's own locks may be held."""
    client = new_client()
    client.load(tiny_model)
    link = client._link
    assert link is not None
    generation = client.generate(request("left", 3000))
    next(generation)
    circle: list[object] = [generation]
    circle.append(circle)
    del generation
    with link._lock:
        del circle
        gc.collect()
    start = time.perf_counter()
    assert len("".join(client.generate(request("next", 20)))) == 20
    while client._gate.inside and time.perf_counter() - start < 2:
        time.sleep(0.01)
    assert client._gate.inside == 0


def test_scoring_that_is_stopped_leaves_the_answers_alone(
    new_client: NewClient, tiny_model: Path
) -> None:
    client = new_client()
    client.load(tiny_model)
    expected = "".join(client.generate(request("beside", 200)))
    client.forget_session("beside")
    generation = client.generate(request("beside", 200))
    text = next(generation)

    class Stopper:
        def __init__(self, stop: Callable[[], None]) -> None:
            self._timer = threading.Timer(0.01, stop)

        def __enter__(self) -> None:
            self._timer.start()

        def __exit__(self, *_: object) -> None:
            self._timer.join()

    with pytest.raises(Cancelled):
        client.score("q w e r t y " * 250, ["a and so on"] * 50, Stopper, session="stopped")
    assert text + "".join(generation) == expected
