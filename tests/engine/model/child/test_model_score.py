"""Scores and greedy answers against the numpy reference."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy_qwen3 import log_probabilities

from engine.model.client import GenerateRequest, ModelClient

ROOT = Path(__file__).parents[4]
# Texts whose tokens are known without a tokenizer: single bytes that no merge joins.
PROMPT = "A-B/C!"


@pytest.fixture(scope="module")
def ids(make_gguf: ModuleType) -> Callable[[str], list[int]]:
    words, _ = make_gguf.vocabulary(make_gguf.TINY.vocab)
    characters = make_gguf.byte_characters()
    return lambda text: [words.index(characters[byte]) for byte in text.encode()]


def expected(path: Path, prompt: list[int], continuation: list[int]) -> float:
    table = log_probabilities(path, prompt + continuation)
    steps = range(len(continuation))
    return float(sum(table[len(prompt) + step - 1, continuation[step]] for step in steps))


@pytest.mark.parametrize(
    "continuations",
    [
        ["X"],
        ["X", "Y", "Z"],
        ["<AX", "<AY", "<A!"],
        ["<", "<A", "<AX", "<BX", "Q", "", "<AX"],
        ["A" * 20, "A" * 20 + "B", "B" * 9],
    ],
)
def test_scores(
    client: ModelClient,
    tiny_model: Path,
    ids: Callable[[str], list[int]],
    continuations: list[str],
) -> None:
    wanted = [expected(tiny_model, ids(PROMPT), ids(one)) for one in continuations]
    got = client.score(PROMPT, continuations)
    assert np.allclose(got, wanted, rtol=0.01, atol=0.02)  # the engine keeps KV in f16
    assert client.score(PROMPT, continuations) == pytest.approx(got, abs=1e-4)
    assert client.score(PROMPT, []) == []


def test_probabilities_of_everything_sum_to_one(client: ModelClient, make_gguf: ModuleType) -> None:
    """Over the printable single bytes and specials, which is a part: below one; each below zero."""
    texts = [chr(code) for code in range(0x20, 0x7F)] + list(make_gguf.SPECIALS)
    scores = client.score(PROMPT, texts)
    assert max(scores) < 0
    assert 0 < sum(np.exp(scores)) < 1


def test_special_tokens_are_one_token(
    client: ModelClient, tiny_model: Path, ids: Callable[[str], list[int]]
) -> None:
    number = 400 - 9 + 5  # <tool_call>, by its place in the vocabulary
    table = log_probabilities(tiny_model, ids(PROMPT))
    (score,) = client.score(PROMPT, ["<tool_call>"])
    assert score == pytest.approx(table[-1, number], abs=0.02)


def test_greedy_tokens_are_the_references_best(
    client: ModelClient, tiny_model: Path, ids: Callable[[str], list[int]]
) -> None:
    """Under a grammar of single digits, so that the text tells the tokens."""
    request = GenerateRequest(PROMPT, grammar="root ::= [0-9] root", max_tokens=6)
    answer = "".join(client.generate(request))
    tokens = ids(PROMPT)
    digits = ids("0123456789")
    for character in answer:
        table = log_probabilities(tiny_model, tokens)[-1]
        best = max(digits, key=lambda number: table[number])
        (taken,) = ids(character)
        assert table[taken] > table[best] - 0.05  # equal but for rounding
        tokens.append(taken)


def test_candidates_that_differ_in_the_last_token_cost_one_decoding(tiny_model: Path) -> None:
    """Counted in a process of its own, where llama_decode is wrapped."""
    code = f"""
from engine.model.child import api as llama_api
from engine.model.child.scheduler import Scheduler, Task
from engine.model.child.session import Session
from engine.model.messages import Load, Score
api, sizes = llama_api.api, []
decode = api.llama_decode
api.llama_decode = lambda context, batch: (sizes.append(batch.n_tokens), decode(context, batch))[1]
abort = llama_api.AbortFlag()
path = {str(tiny_model)!r}
load = Load(1, path, 512, 1, 1, 1 << 40, False, 256, "f16", True, True, 0, 1, 0, "", (), ())
session = Session(load, abort, lambda event: None)
scheduler = Scheduler(session.context, session.pool, lambda task, result: None)
def cost(prompt, *continuations):
    sizes.clear()
    scheduler.add(Task(1, 0, session.work(Score(1, prompt, continuations, "", 0))))
    while scheduler.busy:
        scheduler.step()
    return list(sizes)
assert cost("A-B/C!", "<AX", "<AY", "<AZ") == [8]  # prompt and the shared "<A"
assert cost("A-B/C!", "<AX", "<AY", "<AZ") == [3]  # from the prompt's last token on
assert cost("A-B/C!", "X", "Y") == [1]
assert cost("A-B/C!?", "X", "Y") == [1]
assert cost("A-B/C!?", "XA", "YA") == [1, 1, 1]
assert cost("Z" * 300, "X") == [256, 44]
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
