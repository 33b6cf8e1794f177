"""The small memory with flash attention and the large one without: who is where, and that an answer
does not depend on it. With llama.cpp, so in processes of their own."""

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import odd_models
import pytest
from numpy_qwen3 import log_probabilities

ROOT = Path(__file__).parents[4]
START = """
import dataclasses, json, sys
import numpy as np
from engine.model.child.api import AbortFlag, api
from engine.model.child import context as module
from engine.model.child.context import Context, Part
from engine.model.child.model import Model
from engine.model.child.pool import Pool
from engine.model.child.state_layout import turn
from engine.model.messages import Load
path = sys.argv[1]
abort = AbortFlag()
model = Model(path, lambda done: None, abort)
load = Load(1, path, 2048, 1, 1, 1 << 40, batch=64, sequences=4, flash_until=200)
def new(**changes):
    return Context(model, dataclasses.replace(load, **changes), abort)
def read(context, sequence, tokens, start=0):
    for at in range(start, len(tokens), 64):
        part = Part(sequence, at, tokens[at : at + 64], len(tokens) - 1)
        (rows,) = context.decode([part])
    return context.logits(rows[len(tokens) - 1]).copy()
def text(length, seed=1):
    return [int(one) for one in np.random.default_rng(seed).integers(1, 380, length)]
def close(one, other):
    return np.abs(one - other).max() < 0.02 < 0.3 < one.std()
def step(pool, sequence, kept=()):
    assert pool.bring_in(sequence, kept)
    tokens = sequence.tokens
    if sequence.held < len(tokens):
        logits = read(pool._context, sequence.slot, tokens, sequence.held)
        sequence.held = len(tokens)
        return logits
def answer(pool, session, tokens, more=0):
    sequence = pool.take(session, tokens, 0)
    cached = sequence.held
    step(pool, sequence)
    for token in text(more, seed=9):
        sequence.tokens.append(token)
        step(pool, sequence)
    pool.give_back(sequence)
    return cached
"""


def run(path: Path, code: str) -> object:
    """What the code prints as JSON at its end."""
    done = subprocess.run(
        [sys.executable, "-c", START + code, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout else None


def test_after_a_move_as_if_it_had_always_been_there(tiny_model: Path) -> None:
    """The state is that of the other kind bit for bit, and so is what follows from it."""
    code = """
both, flash, plain = new(), new(flash=True, flash_until=0), new(flash_until=0)
first, more = text(150), text(160)
assert first == more[:150]
for one in (both, flash):
    read(one, 0, first)
assert both.is_shallow and len(both.handles) == 2
assert both.n_ctx == plain.n_ctx == 2048
state = both.state(0)
assert np.array_equal(state, flash.state(0))
assert both.move([0]) == []
assert not both.is_shallow
assert turn(state, columns=True)
assert np.array_equal(both.state(0), state)
assert plain.set_state(0, state)
logits = read(both, 0, more, 150)
assert np.array_equal(logits, read(plain, 0, more, 150))
flashed = read(flash, 0, more, 150)
assert close(logits, flashed) and not np.array_equal(logits, flashed)
assert close(logits, read(plain, 1, more))  # read there from its beginning
assert not close(logits, read(plain, 2, text(160, seed=2)))
assert both.move([0]) == []
assert both.is_shallow
again = text(170)
after = read(both, 0, again, 160)
assert close(after, read(flash, 0, again, 160))
print(json.dumps([again, logits.tolist(), after.tolist()]))
"""
    tokens, logits, after = run(tiny_model, code)  # type: ignore[misc]
    expected = log_probabilities(tiny_model, tokens)
    for at, found in ((159, logits), (169, after)):
        own = np.array(found) - np.logaddexp.reduce(found)
        assert np.abs(own - expected[at]).max() < 0.02


def test_several_sequences_move_together(tiny_model: Path) -> None:
    code = """
both = new()
texts = [text(40 + 9 * number, seed=number) for number in range(4)]
for number, tokens in enumerate(texts):
    read(both, number, tokens[:-1])
assert both.move(range(4)) == []
logits = [read(both, number, tokens, len(tokens) - 1) for number, tokens in enumerate(texts)]
assert both.move([0, 2]) == []
for number in (0, 2):
    assert both.cut(number, len(texts[number]) - 1)
    again = read(both, number, texts[number], len(texts[number]) - 1)
    assert close(again, logits[number])
print(json.dumps([texts, [one.tolist() for one in logits]]))
"""
    texts, logits = run(tiny_model, code)  # type: ignore[misc]
    for tokens, found in zip(texts, logits, strict=True):
        own = np.array(found) - np.logaddexp.reduce(found)
        assert np.abs(own - log_probabilities(tiny_model, tokens)[-1]).max() < 0.02


def test_a_conversation_grows_out_of_the_small_one(tiny_model: Path) -> None:
    run(
        tiny_model,
        """
pool = Pool(both := new(), 1 << 30)
places = []
sequence = pool.take("a", text(150), 0)
step(pool, sequence)
for token in text(60, seed=2):
    sequence.tokens.append(token)
    step(pool, sequence)
    places.append(both.is_shallow)
assert places == [True] * 50 + [False] * 10  # 200 tokens are the most it holds
pool.give_back(sequence)
assert answer(pool, "a", sequence.tokens + [5]) == 210  # all of it was kept
assert not both.is_shallow
""",
    )


def test_back_only_when_little_is_wanted(tiny_model: Path) -> None:
    """From half of what the small one holds, and only when a task begins."""
    run(
        tiny_model,
        """
pool = Pool(both := new(), 1 << 30)
answer(pool, "a", text(230))
assert not both.is_shallow
answer(pool, "b", text(101, seed=2))  # "a" is set aside
assert not both.is_shallow
pool.forget("b")
assert answer(pool, "c", text(100, seed=3)) == 0
assert both.is_shallow
assert answer(pool, "c", text(100, seed=3) + text(60, seed=4), more=30) == 100
assert both.is_shallow
assert answer(pool, "a", text(230) + [7]) == 230  # it was set aside there and comes back here
assert not both.is_shallow
sequence = pool.take("d", text(230, seed=5), 0)
step(pool, sequence)
pool.cut(sequence, 20)
step(pool, sequence)
assert not both.is_shallow  # in the middle of a task nobody moves back
""",
    )


def test_what_is_set_aside_comes_back_anywhere(tiny_model: Path) -> None:
    code = """
pool = Pool(both := new(), 1 << 30)
answer(pool, "small", text(90))
answer(pool, "large", text(300, seed=2))
assert not both.is_shallow
assert pool._sessions["small"].slot is not None  # it was moved along
pool.park(pool._sessions["small"])
pool.park(pool._sessions["large"])
answer(pool, "x", text(5, seed=3))
assert both.is_shallow
assert answer(pool, "small", text(95)) == 90  # written down in either, read in the small one
assert both.is_shallow
# Most of a long conversation is cut, but all of it has to be brought back before.
pool.forget("small"), pool.forget("x")
sequence = pool.take("large", text(300, seed=2)[:50] + text(9, seed=4), 0)
assert sequence.held == 50
logits = step(pool, sequence)
assert not both.is_shallow
print(json.dumps([sequence.tokens, logits.tolist()]))
"""
    tokens, found = run(tiny_model, code)  # type: ignore[misc]
    own = np.array(found) - np.logaddexp.reduce(found)
    assert np.abs(own - log_probabilities(tiny_model, tokens)[-1]).max() < 0.02


def test_several_at_once_do_not_fit_into_the_small_one(tiny_model: Path) -> None:
    run(
        tiny_model,
        """
pool = Pool(both := new(), 1 << 30)
first = pool.take("a", text(90), 0)
step(pool, first)
second = pool.take("b", text(90, seed=2), 0)
step(pool, second, (first,))
assert both.is_shallow
third = pool.take("c", text(30, seed=3), 0)
step(pool, third, (first, second))
assert not both.is_shallow
assert [one.held for one in (first, second, third)] == [90, 90, 30]
for one in (first, second, third):
    one.tokens.append(9)
    step(pool, one, (first, second, third))
""",
    )


def test_a_state_nobody_knows_is_read_again_once(tiny_model: Path) -> None:
    """Then the model stays in the large memory."""
    run(
        tiny_model,
        """
pool = Pool(both := new(), 1 << 30)
module.turn = lambda state, columns: False
sequence = pool.take("a", text(150), 0)
step(pool, sequence)
sequence.tokens += text(60, seed=2)
assert pool.bring_in(sequence, ())
assert (sequence.held, both.is_shallow, both.flash_until) == (0, False, 0)
step(pool, sequence)
pool.give_back(sequence)
assert answer(pool, "a", sequence.tokens + [5]) == 210
assert answer(pool, "b", [5]) == 0
assert not both.is_shallow
""",
    )


def test_one_memory_only(tiny_model: Path) -> None:
    run(
        tiny_model,
        """
pool = Pool(one := new(flash_until=0), 1 << 30)
for length in (10, 400, 10):
    answer(pool, str(length), text(length))
    assert not one.is_shallow and len(one.handles) == 1
""",
    )


@pytest.mark.parametrize("architecture", ["mamba", "lfm2", "gemma3"])
def test_models_that_cannot_be_cut_have_one(
    make_gguf: ModuleType, tmp_path: Path, architecture: str
) -> None:
    path = odd_models.write(make_gguf, tmp_path / "odd.gguf", architecture)
    run(path, "one = new()\nassert (one.flash_until, len(one.handles)) == (0, 1)\n")
