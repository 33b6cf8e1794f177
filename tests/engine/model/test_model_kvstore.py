"""What the model has read, kept on disk: real files, real children, the tiny model."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import odd_models
import pytest

from engine.model.client import GenerateRequest, ModelClient
from engine.model.kvstore import KvStore

MASTER = bytes(range(32))
PROMPT = "alpha beta gamma " * 60
PLENTY = 1 << 30
NewClient = Callable[[], ModelClient]


def cached(client: ModelClient, session: str = "chat:1") -> int:
    generation = client.generate(GenerateRequest(PROMPT, max_tokens=4, session=session))
    list(generation)
    assert generation.stats is not None
    return generation.stats.cached_tokens


def store(folder: Path, master: bytes = MASTER, budget: int = PLENTY) -> KvStore:
    return KvStore(folder / "kv", master, lambda: budget)


def test_a_chat_goes_on_in_another_child(
    client: ModelClient, new_client: NewClient, tiny_model: Path, tmp_path: Path
) -> None:
    size = client.count(PROMPT)
    expected = "".join(client.generate(GenerateRequest(PROMPT, max_tokens=20, session="chat:1")))
    assert store(tmp_path).save(client, "chat:1")
    later = new_client()
    later.load(tiny_model)
    assert store(tmp_path).restore(later, "chat:1") >= size
    generation = later.generate(GenerateRequest(PROMPT, max_tokens=20, session="chat:1"))
    assert "".join(generation) == expected
    assert generation.stats is not None
    assert generation.stats.cached_tokens == size - 1


def test_nothing_of_the_chat_can_be_read_from_the_folder(
    client: ModelClient, tmp_path: Path
) -> None:
    cached(client)
    store(tmp_path).save(client, "chat:1")
    (file,) = (tmp_path / "kv").iterdir()
    tokens = b"".join(token.to_bytes(4, "little") for token in client.tokenize(PROMPT)[:3])
    assert tokens not in file.read_bytes()
    assert "chat" not in file.name
    assert (tmp_path / "kv").stat().st_mode & 0o077 == 0


def test_what_is_not_ours_is_not_read(
    client: ModelClient, new_client: NewClient, tiny_model: Path, tmp_path: Path
) -> None:
    """Another key, another session's file, another model file, a changed byte, half a file."""
    cached(client)
    kept = store(tmp_path)
    assert kept.save(client, "chat:1")
    (file,) = (tmp_path / "kv").iterdir()
    good = file.read_bytes()
    copy = tmp_path / "copy.gguf"
    shutil.copy(tiny_model, copy)
    other = new_client()
    other.load(copy)
    assert kept.restore(other, "chat:1") == 0
    assert file.read_bytes() == good  # its model may come back
    later = new_client()
    later.load(tiny_model)
    for bad in (good[:-1] + bytes([good[-1] ^ 1]), good[: len(good) // 2], b"", good[:20], b"x"):
        file.write_bytes(bad)
        assert kept.restore(later, "chat:1") == 0
    file.write_bytes(good)
    assert store(tmp_path, bytes(32)).restore(later, "chat:1") == 0  # looks for another name
    elsewhere = store(tmp_path)._path("chat:2")
    elsewhere.write_bytes(good)
    assert kept.restore(later, "chat:2") == 0
    assert kept.restore(later, "chat:1") > 0


def test_a_session_in_memory_is_not_overwritten(client: ModelClient, tmp_path: Path) -> None:
    cached(client, "chat:7")
    kept = store(tmp_path)
    assert kept.save(client, "chat:7")
    longer = GenerateRequest(PROMPT + "delta", max_tokens=4, session="chat:7")
    list(client.generate(longer))
    held = kept.restore(client, "chat:7")
    assert held > client.count(PROMPT + "delta")


def test_little_is_not_kept(client: ModelClient, tmp_path: Path) -> None:
    list(client.generate(GenerateRequest("short", max_tokens=2, session="chat:9")))
    kept = store(tmp_path)
    assert not kept.save(client, "chat:9")
    assert not kept.save(client, "never seen")
    assert kept.size() == 0


def test_the_oldest_go_when_the_budget_is_spent(client: ModelClient, tmp_path: Path) -> None:
    kept = store(tmp_path)
    cached(client, "a")
    assert kept.save(client, "a")
    one = kept.size()
    small = store(tmp_path, budget=2 * one + one // 2)
    os.utime(kept._path("a"), (1, 1))
    for number, session in enumerate("bc", 2):
        cached(client, session)
        assert small.save(client, session)
        os.utime(small._path(session), (number, number))
    assert not small._path("a").exists()
    assert small._path("b").exists()
    assert small._path("c").exists()
    assert not store(tmp_path, budget=one // 2).save(client, "c")
    store(tmp_path, budget=0).trim()
    assert kept.size() == 0


def test_only_files_of_chats_there_are_stay(client: ModelClient, tmp_path: Path) -> None:
    kept = store(tmp_path)
    for session in ("chat:1", "chat:2"):
        cached(client, session)
        assert kept.save(client, session)
    half = kept._path("chat:3").with_suffix(".writing")
    half.write_bytes(b"what a kill left")
    other = tmp_path / "kv" / "driver.cache"
    other.write_bytes(b"not ours")
    kept.keep_only(["chat:2", "chat:3"])
    assert sorted((tmp_path / "kv").iterdir()) == sorted([kept._path("chat:2"), other])
    half.write_bytes(b"half")
    kept.forget("chat:3")
    assert not half.exists()


def test_a_full_disk_costs_the_file_only(
    client: ModelClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached(client)
    kept = KvStore(tmp_path / "a file" / "kv", MASTER, lambda: PLENTY)
    (tmp_path / "a file").write_text("in the way")
    assert not kept.save(client, "chat:1")
    assert kept.restore(client, "chat:1") == 0
    assert cached(client) > 0


def test_what_was_read_with_an_adapter_is_not_used_without(
    new_client: NewClient, tiny_model: Path, tmp_path: Path, make_gguf: ModuleType
) -> None:
    adapter = tmp_path / "adapter.gguf"
    odd_models.write_adapter(make_gguf, adapter)
    first, later = new_client(), new_client()
    first.load(tiny_model)
    first.set_adapters(((adapter, 0.5),))
    cached(first)
    kept = store(tmp_path)
    assert kept.save(first, "chat:1")
    later.load(tiny_model)
    assert kept.restore(later, "chat:1") == 0
    later.set_adapters(((adapter, 1.0),))
    assert kept.restore(later, "chat:1") == 0
    later.set_adapters(((adapter, 0.5),))
    assert kept.restore(later, "chat:1") > 0
