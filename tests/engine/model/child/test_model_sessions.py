"""What is kept of each conversation: in memory, set aside, and on disk."""

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.core.errors import KnownError
from engine.model.client import GenerateRequest, LoadOptions, ModelClient, ModelDied

ROOT = Path(__file__).parents[4]
NewClient = Callable[[], ModelClient]
DIGITS = "root ::= [0-9] root"
KEY = bytes(range(32))
CHAT = "secret words of one user " * 20


def ask(client: ModelClient, session: str, prompt: str, tokens: int = 0) -> tuple[int, str]:
    """How much of the prompt was in memory, and the answer."""
    generation = client.generate(
        GenerateRequest(prompt, DIGITS, max_tokens=tokens, session=session)
    )
    text = "".join(generation)
    assert generation.stats is not None
    return generation.stats.cached_tokens, text


def forget(client: ModelClient, *sessions: str) -> None:
    for session in sessions:
        client.forget_session(session)


def test_each_session_keeps_its_own(client: ModelClient) -> None:
    """Long ones are set aside while others talk, and brought back."""
    chats = {name: f"{name} says hello " * 60 for name in ("anna", "ben", "cleo", "dora", "emil")}
    fresh = {name: ask(client, name, prompt, 20) for name, prompt in chats.items()}
    assert {cached for cached, _ in fresh.values()} == {0}
    for name, prompt in chats.items():
        cached, text = ask(client, name, prompt, 20)
        assert (cached, text) == (client.count(prompt) - 1, fresh[name][1])
    for name, prompt in chats.items():
        more = prompt + fresh[name][1] + " and now"
        assert ask(client, name, more)[0] >= client.count(prompt)
    forget(client, *chats)
    assert ask(client, "anna", chats["anna"])[0] == 0
    forget(client, "anna")


def test_shared_beginnings_are_read_once(client: ModelClient) -> None:
    """A system text: copied from a session in memory, and from one that was set aside."""
    system = "you are careful " * 50
    size = client.count(system)
    ask(client, "first", system + "alpha?")
    assert ask(client, "second", system + "beta!")[0] >= size - 2
    ask(client, "other", "zzz " * 400)  # the first two are set aside
    assert ask(client, "third", system + "gamma.", 10)[0] >= size - 2
    forget(client, "third")
    fresh = ask(client, "alone", system + "gamma.", 10)[1]
    forget(client, "first", "second", "alone", "other")
    assert ask(client, "alone", system + "gamma.", 10) == (0, fresh)
    forget(client, "alone")


def test_forgetting_what_is_in_use(client: ModelClient) -> None:
    words = "words that no other test reads " * 20
    generation = client.generate(GenerateRequest(words, DIGITS, max_tokens=60, session="used"))
    first = next(generation)
    client.forget_session("used")
    assert len(first + "".join(generation)) == 60
    assert ask(client, "used", words)[0] == 0
    forget(client, "used", "never heard of")


def test_the_oldest_is_dropped_when_too_much_is_set_aside(tiny_model: Path) -> None:
    """In a process of its own, with a budget for two states of three."""
    code = f"""
from engine.model.child import api as llama_api
from engine.model.child.context import Context, Part
from engine.model.child.model import Model
from engine.model.child.pool import Pool
from engine.model.messages import Load
path = {str(tiny_model)!r}
load = Load(1, path, 4096, 1, 1, 1 << 40, False, 256, "f16", True, True, 0, 4, 0, "", (), ())
abort = llama_api.AbortFlag()
model = Model(path, lambda done: None, abort)
def read(pool, session, tokens):
    sequence = pool.take(session, tokens, 0)
    assert pool.bring_in(sequence, ())
    new = tokens[sequence.held:]
    pool._context.decode([Part(sequence.slot, sequence.held, new, len(tokens))])
    sequence.held = len(tokens)
    pool.give_back(sequence)
    return sequence
def make(budget):
    return Pool(Context(model, load, abort), budget)
texts = {{name: [number] * 200 for number, name in enumerate("abcd", 65)}}
first = make(0)
size = first._context.state_size(read(first, "a", texts["a"]).slot)
pool = make(2 * size + 100)
for name in "abc":
    pool.park(read(pool, name, texts[name]))
assert [pool.held(name) for name in "abc"] == [0, 200, 200]
pool.park(read(pool, "b", texts["b"]))  # used again: now c is the oldest
pool.park(read(pool, "d", texts["d"]))
assert [pool.held(name) for name in "bcd"] == [200, 0, 200]
small = make(size - 1)  # what fits nowhere is not set aside only because it is idle
for name in "abcd":
    read(small, name, texts[name])
assert [small.held(name) for name in "abcd"] == [200] * 4
small.park(small._sessions["a"])
assert small.held("a") == 0
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def kept(client: ModelClient, tmp_path: Path) -> Path:
    """The state of CHAT's session on disk; the session is forgotten."""
    path = tmp_path / "chat.state"
    ask(client, "chat:1", CHAT)
    assert client.save_session("chat:1", path, KEY, "model+settings") == client.count(CHAT)
    client.forget_session("chat:1")
    return path


def restored(
    client: ModelClient, path: Path, key: bytes = KEY, bound: str = "model+settings"
) -> int:
    client.forget_session("chat:1")
    return client.restore_session("chat:1", path, key, bound)


def test_a_chat_goes_on_in_a_new_child(
    client: ModelClient, new_client: NewClient, tiny_model: Path, kept: Path
) -> None:
    fresh = ask(client, "chat:1", CHAT + "go on", 30)
    forget(client, "chat:1")
    other = new_client()
    other.load(tiny_model)
    size = other.count(CHAT)
    assert other.restore_session("chat:1", kept, KEY, "model+settings") == size
    assert other.restore_session("chat:1", Path("nowhere"), KEY, "") == size  # it is there
    cached, text = ask(other, "chat:1", CHAT + "go on", 30)
    assert cached >= size - 1
    assert text == fresh[1]


def test_it_goes_on_beside_other_answers(client: ModelClient, kept: Path) -> None:
    fresh = ask(client, "chat:1", CHAT + "go on", 30)[1]
    forget(client, "chat:1")
    busy = client.generate(GenerateRequest("busy " * 300, DIGITS, max_tokens=900, session="busy"))
    next(busy)
    assert restored(client, kept) == client.count(CHAT)
    assert ask(client, "chat:1", CHAT + "go on", 30)[1] == fresh
    busy.cancel()
    list(busy)
    forget(client, "busy", "chat:1")


def test_nothing_can_be_read_in_the_file(kept: Path) -> None:
    content = kept.read_bytes()
    assert content.startswith(b"AKV1")
    assert b"secret" not in content
    ids = [content.count(bytes([code, 0, 0, 0])) for code in b"secrtwod"]
    assert sum(ids) < 20  # its tokens are not there either
    assert sorted(kept.parent.iterdir()) == [kept]


def test_what_is_not_ours_is_not_read(client: ModelClient, kept: Path) -> None:
    assert restored(client, kept, key=bytes(32)) == 0
    assert restored(client, kept, bound="another model") == 0
    assert restored(client, kept.with_name("missing")) == 0
    assert restored(client, kept) == client.count(CHAT)


def test_no_damage_reaches_the_library(client: ModelClient, kept: Path) -> None:
    content = kept.read_bytes()
    for length in (0, 3, 4, 15, 16, 31, 32, 40, 41, len(content) // 2, len(content) - 1):
        kept.write_bytes(content[:length])
        assert restored(client, kept) == 0
    for at in (
        0,
        3,
        4,
        15,
        16,
        24,
        25,
        500,
        len(content) // 2,
        len(content) - 17,
        len(content) - 1,
    ):
        changed = bytearray(content)
        changed[at] ^= 0x10
        kept.write_bytes(changed)
        assert restored(client, kept) == 0
    kept.write_bytes(content + b"\0")
    assert restored(client, kept) == 0
    kept.write_bytes(content)
    assert restored(client, kept) == client.count(CHAT)
    assert ask(client, "chat:1", CHAT)[0] == client.count(CHAT) - 1


def test_a_file_larger_than_memory(client: ModelClient, kept: Path) -> None:
    os.truncate(kept, 1 << 40)
    with pytest.raises(KnownError, match="could not be loaded"):
        restored(client, kept)
    assert client.count("alive") > 0


def test_nothing_to_keep_and_nowhere_to_keep_it(client: ModelClient, tmp_path: Path) -> None:
    assert client.save_session("unknown", tmp_path / "x", KEY, "") == 0
    assert not (tmp_path / "x").exists()
    ask(client, "chat:2", CHAT)
    with pytest.raises(KnownError, match="keep what the model has read"):
        client.save_session("chat:2", tmp_path / "no" / "x", KEY, "")
    forget(client, "chat:2")


def test_killed_while_it_is_written(
    new_client: NewClient, tiny_model: Path, tmp_path: Path
) -> None:
    """The old file or the new one, never half of one."""
    client = new_client()
    client.load(tiny_model, dataclasses.replace(LoadOptions(), n_ctx=4096))
    path = tmp_path / "chat.state"
    ask(client, "chat:1", CHAT)
    size = client.save_session("chat:1", path, KEY, "")
    for number in range(4):
        ask(client, "chat:1", CHAT * 7)
        assert client._link is not None
        pid = client._link.pid

        def kill(pid: int = pid, number: int = number) -> None:
            time.sleep(number * 0.003)
            os.kill(pid, signal.SIGKILL)

        thread = threading.Thread(target=kill)
        thread.start()
        with contextlib.suppress(ModelDied):
            client.save_session("chat:1", path, KEY, "")
        thread.join()
        client.forget_session("chat:1")
        assert client.count("revived") > 0
        assert restored(client, path, bound="") in (size, client.count(CHAT * 7))
