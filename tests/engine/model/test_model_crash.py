"""Everything that can end a child, done to real ones."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from engine.core.errors import KnownError
from engine.model import loading
from engine.model.client import GenerateRequest, LoadOptions, ModelClient, ModelDied
from engine.model.diagnose import death_cause, death_sentence, load_cause
from engine.model.fit.memory import RESERVE

ROOT = Path(__file__).parents[3]
# A grammar without an end, because random weights may end an answer at any token.
ENDLESS = "root ::= [^@] root"
LONG = GenerateRequest("Tell me a long story. ", ENDLESS, max_tokens=3000, temperature=1.0, top_k=0)

NewClient = Callable[[], ModelClient]


def pid_of(client: ModelClient) -> int:
    assert client._link is not None
    return client._link.pid


def is_gone(pid: int, seconds: float = 2.0) -> bool:
    """Whether a process ends within the time; a zombie has ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):  # gone before or while it is read
            return True
        time.sleep(0.01)
    return False


def test_a_child_that_ends_while_it_is_looked_at_is_no_bug(
    new_client: NewClient, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = new_client()
    client.load(tiny_model)
    link = client._link
    assert link is not None

    def looked_at() -> bool:
        client._link = None  # as the child's thread does
        return True

    with monkeypatch.context() as patched:
        patched.setattr(link, "is_alive", looked_at)
        assert client.count("still there") > 0
    client._link = link
    assert client.count("still there") > 0


@pytest.mark.alone
def test_killed_in_mid_answer_the_text_is_kept_and_the_next_question_works(
    new_client: NewClient, tiny_model: Path, states: list[tuple[str, str]]
) -> None:
    client = new_client()
    client.load(tiny_model)
    first = pid_of(client)
    generation = client.generate(LONG)
    kept = [next(generation) for _ in range(5)]
    os.kill(first, signal.SIGKILL)
    with pytest.raises(ModelDied) as caught:
        kept.extend(generation)
    assert len(kept) >= 5
    assert caught.value.sentence == (
        "The system ended the model, most likely because memory ran short."
    )
    assert ("failed", caught.value.sentence) in states
    assert client.loaded is not None
    start = time.perf_counter()
    assert list(client.generate(GenerateRequest("Again. ", max_tokens=5)))
    assert time.perf_counter() - start < 2
    assert pid_of(client) != first
    assert states[-1] == ("ready", "")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV])
def test_killed_between_two_questions_nobody_notices(
    new_client: NewClient, tiny_model: Path, number: signal.Signals
) -> None:
    client = new_client()
    client.load(tiny_model)

    def kill() -> None:
        pid = pid_of(client)
        os.kill(pid, number)
        assert is_gone(pid)

    kill()
    assert client.count("hello") > 0
    kill()
    assert len(client.score("hello", ["a", "b"])) == 2
    kill()
    assert next(client.generate(LONG))


def test_killed_at_random_moments(new_client: NewClient, tiny_model: Path) -> None:
    client = new_client()
    client.load(tiny_model)
    for number in range(5):
        generation = client.generate(LONG)
        pid = pid_of(client)
        kept = [next(generation) for _ in range(number * 3 + 1)]
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(ModelDied):
            kept.extend(generation)
        assert len(kept) > number * 3
    assert client.count("hello") > 0


@pytest.mark.alone
def test_a_frozen_child_does_not_freeze_a_cancel_and_is_replaced(
    new_client: NewClient, tiny_model: Path
) -> None:
    client = new_client()
    client.load(tiny_model)
    pid = pid_of(client)
    generation = client.generate(LONG)
    next(generation)
    os.kill(pid, signal.SIGSTOP)
    start = time.perf_counter()
    generation.cancel()
    list(generation)
    assert time.perf_counter() - start < 0.1
    assert generation.stats is not None
    assert generation.stats.finish == "cancelled"
    assert client.count("hello") > 0
    assert time.perf_counter() - start < 4
    assert is_gone(pid)


@pytest.mark.alone
def test_a_frozen_child_does_not_hold_up_the_end(new_client: NewClient, tiny_model: Path) -> None:
    client = new_client()
    client.load(tiny_model)
    pid = pid_of(client)
    os.kill(pid, signal.SIGSTOP)
    start = time.perf_counter()
    client.close()
    assert time.perf_counter() - start < 2
    assert is_gone(pid)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_child_dies_with_the_application(tiny_model: Path, number: signal.Signals) -> None:
    code = f"""
import time
from pathlib import Path
from engine.model.client import GenerateRequest, ModelClient
client = ModelClient(lambda state, notice: None)
client.load(Path({str(tiny_model)!r}))
generation = client.generate(GenerateRequest("x", {ENDLESS!r}, max_tokens=4000))
next(generation)
print(client._link.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as application:
        assert application.stdout is not None
        child = int(application.stdout.readline())
        assert Path(f"/proc/{child}").exists()
        application.send_signal(number)
        assert is_gone(child)


def test_the_child_survives_the_thread_that_loaded_it(
    new_client: NewClient, tiny_model: Path
) -> None:
    """The kernel's death signal is tied to a thread, so the client starts children on its own."""
    import threading

    client = new_client()
    thread = threading.Thread(target=client.load, args=(tiny_model,))
    thread.start()
    thread.join()
    pid = pid_of(client)
    time.sleep(0.1)
    assert client.count("hello") > 0
    assert pid_of(client) == pid


def broken(make_gguf: ModuleType, path: Path, old: bytes, new: bytes) -> Path:
    """A copy of the tiny model with bytes replaced by as many others."""
    make_gguf.write_model(path, make_gguf.TINY, "Broken")
    content = path.read_bytes()
    assert len(old) == len(new)
    assert content.count(old) >= 1
    path.write_bytes(content.replace(old, new))
    return path


def test_an_unknown_architecture(
    new_client: NewClient, make_gguf: ModuleType, tmp_path: Path, states: list[tuple[str, str]]
) -> None:
    path = broken(make_gguf, tmp_path / "new.gguf", b"qwen3", b"qwen9")
    client = new_client()
    with pytest.raises(KnownError, match="its kind is not known"):
        client.load(path)
    assert client.loaded is None
    assert states[-1][0] == "failed"
    with pytest.raises(KnownError, match="No model is loaded"):
        client.count("a")


def test_a_missing_tensor(new_client: NewClient, make_gguf: ModuleType, tmp_path: Path) -> None:
    path = broken(make_gguf, tmp_path / "part.gguf", b"blk.1.ffn_up", b"blk.1.ffn_no")
    with pytest.raises(KnownError, match="damaged"):
        new_client().load(path)


def test_a_file_that_kills_the_child_is_not_tried_again(
    new_client: NewClient, make_gguf: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two equal words trip an assertion inside llama.cpp and abort the process."""
    old = (2).to_bytes(8, "little") + b"ab"
    path = broken(make_gguf, tmp_path / "abort.gguf", old, old[:-1] + b"a")
    attempts = []
    original = loading.load_in
    monkeypatch.setattr(
        "engine.model.client.load_in", lambda *all_: (attempts.append(1), original(*all_))[1]
    )
    client = new_client()
    with pytest.raises(KnownError, match="damaged"):
        client.load(path)
    for _ in range(2):
        with pytest.raises(KnownError, match="No model is loaded"):
            client.generate(LONG)
    assert attempts == [1]


def test_the_old_model_is_gone_after_a_failed_load(
    new_client: NewClient, tiny_model: Path, tmp_path: Path
) -> None:
    client = new_client()
    client.load(tiny_model)
    pid = pid_of(client)
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"not a model")
    with pytest.raises(KnownError, match="not a GGUF"):
        client.load(bad)
    assert client.loaded is None
    assert is_gone(pid)


@pytest.fixture(scope="module")
def roomy_model(make_gguf: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model with a context that takes 300 MB."""
    path = tmp_path_factory.mktemp("model") / "roomy.gguf"
    make_gguf.write_model(path, dataclasses.replace(make_gguf.TINY, context=1 << 16), "Roomy")
    return path


def test_short_of_memory_the_context_becomes_smaller(
    new_client: NewClient, roomy_model: Path, states: list[tuple[str, str]]
) -> None:
    """Real allocations fail in the child under its own limit."""
    client = new_client()
    info = client.load(roomy_model, LoadOptions(n_ctx=1 << 16, threads=1, memory=200 << 20))
    assert 4096 <= info.n_ctx < 1 << 16
    assert states[-1] == (
        "ready",
        f"Memory is short: the model remembers {info.n_ctx:,} tokens instead of 65,536.",
    )
    assert client.count("hello") > 0


def test_a_smaller_context_is_chosen_before_trying(
    new_client: NewClient, roomy_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "available_memory", lambda: RESERVE + (230 << 20))
    assert new_client().load(roomy_model, LoadOptions(n_ctx=1 << 16)).n_ctx == 1 << 15


def test_without_any_memory_there_is_one_sentence(
    new_client: NewClient, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = new_client()
    with pytest.raises(KnownError, match="not enough free memory for the model Tiny"):
        client.load(tiny_model, LoadOptions(memory=40 << 20))
    monkeypatch.setattr(loading, "available_memory", lambda: RESERVE + (30 << 20))
    with pytest.raises(
        KnownError, match=r"needs 0.1 GB .* only 0.0 GB are free, apart from 1.1 GB"
    ):
        client.load(tiny_model)


def test_causes() -> None:
    assert load_cause("ggml_aligned_malloc: failed to allocate buffer") == "memory"
    assert load_cause("unknown model architecture: 'x'") == "architecture"
    assert load_cause("") == "damaged"
    assert death_cause(-4, "") == "processor"
    assert death_cause(-9, "") == "memory"
    assert death_cause(-6, "GGML_ASSERT(a == b) failed") == "damaged"
    assert "another processor" in death_sentence(-4, "")[0]
    assert "ran out of memory" in death_sentence(-6, "std::bad_alloc")[0]
    assert death_sentence(-11, "")[0] == "The model stopped unexpectedly."
