"""The user's model servers: kept, switched, asked, and their keys kept apart."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import keyring
import pytest

from engine.core.errors import KnownError
from engine.core.paths import Paths
from engine.model.chat_types import ChatRequest, Sampling
from engine.model.parsing import TextPart
from engine.model.remote.endpoint import Endpoint, RemoteModel
from engine.model.templates import PromptMessage
from engine.service import Service
from engine.service.endpoints import EndpointArea, checked_url
from tests.engine.loopback import Handler, Loopback, serving
from tests.engine.memory_keyring import MemoryKeyring
from tests.engine.model.openai_server import delta, streams
from tests.engine.service.conftest import plain_text

KEY = "sk-0123456789abcdef"
HELLO = ChatRequest(
    (PromptMessage("user", "Hello"),),
    sampling=Sampling(temperature=0.0, top_k=20, top_p=1.0, min_p=0.0, seed=0),
)


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> MemoryKeyring:
    backend = MemoryKeyring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)
    return backend


@pytest.fixture
def area(service: Service) -> EndpointArea:
    return service.endpoints


Start = Callable[..., Loopback]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts servers with these models."""
    with ExitStack() as stack:

        def run(*models: object) -> Loopback:
            def answer(handler: Handler) -> None:
                if handler.path == "/v1/models":
                    handler.reply_json({"object": "list", "data": list(models)})
                else:
                    streams(delta(content="Hi."), delta("stop"))(handler)

            return stack.enter_context(serving(answer))

        yield run


LLAMA = {"id": "qwen.gguf", "meta": {"n_ctx": 8192}}
VLLM = {"id": "org/glm", "max_model_len": 131072}


def test_a_server_is_kept_and_off_and_nothing_is_asked(
    service: Service, area: EndpointArea, start: Start
) -> None:
    server = start(LLAMA)
    added = area.add("home", f"{server.url}/v1/", "m")
    assert added == Endpoint("home", server.url, "m")
    assert area.list() == [added]
    with pytest.raises(KnownError, match="home is switched off"):
        area.check("home").future.result()
    with pytest.raises(KnownError, match="home is switched off"):
        area.chat("home", lambda request: False)
    assert server.asked == []
    assert service.online.requests() == []


def test_from_the_switch_to_the_answer(
    service: Service, area: EndpointArea, start: Start, paths: Paths, memory: MemoryKeyring
) -> None:
    server = start(LLAMA)
    area.add("home", server.url, key=KEY)
    area.switch("home", True)
    checked = area.check("home").future.result()
    assert checked.models == (RemoteModel("qwen.gguf", 8192),)
    assert checked.endpoint == area.get("home")
    assert (checked.endpoint.model, checked.endpoint.n_ctx) == ("qwen.gguf", 8192)
    chat = area.chat("home", lambda request: False)
    assert list(chat.chat(HELLO)) == [TextPart("Hi.")]
    assert (chat.loaded.name, chat.loaded.n_ctx) == ("qwen.gguf", 8192)
    assert {asked.headers["Authorization"] for asked in server.asked} == {f"Bearer {KEY}"}
    assert [one.source for one in service.online.requests()] == ["endpoint:home"] * 2
    assert KEY not in plain_text(service) + repr(chat)
    assert list(memory.kept.values()) == [KEY]
    area.remove("home")
    assert (area.list(), memory.kept) == ([], {})
    service.close()
    files: list[Path] = [file for file in paths.root.rglob("*") if file.is_file()]
    assert all(KEY.encode() not in file.read_bytes() for file in files)


def test_a_switch_off_ends_what_was_open(area: EndpointArea, start: Start) -> None:
    server = start(LLAMA)
    area.add("home", server.url, "m")
    area.switch("home", True)
    chat = area.chat("home", lambda request: False)
    area.switch("home", False)
    with pytest.raises(KnownError, match="switched off"):
        list(chat.chat(HELLO))
    assert server.asked == []


def test_the_portfolio_is_sent_only_where_allowed(area: EndpointArea, start: Start) -> None:
    server = start(LLAMA)
    area.add("home", server.url, "m")
    area.switch("home", True)
    with pytest.raises(KnownError, match="may not see"):
        area.chat("home", lambda request: True).chat(HELLO)
    area.allow("home", True)
    assert area.get("home").may_send_portfolio
    assert list(area.chat("home", lambda request: True).chat(HELLO))
    area.allow("home", False)
    with pytest.raises(KnownError, match="may not see"):
        area.chat("home", lambda request: True).chat(HELLO)


def test_a_permission_taken_back_holds_at_once(area: EndpointArea, start: Start) -> None:
    server = start(LLAMA)
    area.add("home", server.url, "m")
    area.switch("home", True)
    area.allow("home", True)
    chat = area.chat("home", lambda request: True)
    area.allow("home", False)
    with pytest.raises(KnownError, match="may not see"):
        chat.chat(HELLO)
    assert server.asked == []


def test_another_address_is_another_server(area: EndpointArea, memory: MemoryKeyring) -> None:
    area.add("home", "https://one.example", "m", KEY)
    area.switch("home", True)
    area.allow("home", True)
    same = area.change("home", url="https://one.example/v1", model="n")
    assert (same.on, same.may_send_portfolio, same.has_key, same.model) == (True, True, True, "n")
    memory.locked = True
    with pytest.raises(KnownError, match="keyring does not answer"):
        area.change("home", url="https://two.example")
    assert area.get("home") == same
    memory.locked = False
    other = area.change("home", url="https://two.example")
    assert other == Endpoint("home", "https://two.example", "n")
    assert memory.kept == {}
    assert area.change("home", key=KEY).has_key
    assert not area.change("home", key="").has_key
    assert memory.kept == {}


def test_no_key_is_kept_without_a_keyring(area: EndpointArea) -> None:
    with pytest.raises(KnownError, match="no keyring"):
        area.add("home", "https://one.example", key=KEY)
    assert area.list() == []


@pytest.mark.parametrize(
    ("models", "chosen", "sentence"),
    [
        ((), "", "home has no model."),
        ((LLAMA, VLLM), "other", "home has no model called 'other'."),
    ],
)
def test_what_a_server_does_not_have_is_told(
    area: EndpointArea, start: Start, models: tuple[object, ...], chosen: str, sentence: str
) -> None:
    area.add("home", start(*models).url, chosen)
    area.switch("home", True)
    with pytest.raises(KnownError) as caught:
        area.check("home").future.result()
    assert caught.value.sentence == sentence


def test_one_of_several_models_is_the_users_choice(area: EndpointArea, start: Start) -> None:
    hostile = ({"id": "a\x1b[31m"}, {"id": 5}, None, {"id": "x" * 1000}, {"id": ""}, {"id": " a"})
    area.add("home", start(LLAMA, VLLM, *hostile).url)
    area.switch("home", True)
    checked = area.check("home").future.result()
    assert checked.models == (RemoteModel("qwen.gguf", 8192), RemoteModel("org/glm", 131072))
    assert checked.endpoint.model == ""
    area.change("home", model="org/glm")
    assert area.check("home").future.result().endpoint.n_ctx == 131072


@pytest.mark.parametrize("listed", [b"<html>", b"[]", b'{"models": []}', b'{"data": {}}'])
def test_what_is_no_model_server_is_told(area: EndpointArea, listed: bytes) -> None:
    with serving(lambda handler: handler.reply(body=listed)) as server:
        area.add("home", server.url)
        area.switch("home", True)
        with pytest.raises(KnownError, match="no OpenAI-compatible model server"):
            area.check("home").future.result()


def test_a_wrong_key_is_told(area: EndpointArea) -> None:
    with serving(lambda handler: handler.reply(401)) as server:
        area.add("home", server.url)
        area.switch("home", True)
        with pytest.raises(KnownError, match="does not accept the key"):
            area.check("home").future.result()


def test_names(area: EndpointArea) -> None:
    area.add("gpu-1", "http://192.168.1.20:8080")
    for name in ("", "a b", "a" * 41, "-x", "a\n", "gpu-1"):
        with pytest.raises(KnownError):
            area.add(name, "http://192.168.1.20:8080")
    for missing in (area.get, area.remove, area.check):
        with pytest.raises(KnownError, match="no model server called"):
            missing("other")
    for model in ("a\nb", "x" * 301):
        with pytest.raises(KnownError, match="not the name of a model"):
            area.change("gpu-1", model=model)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:11434/v1/", "http://localhost:11434"),
        ("http://[::1]:8080/v1/chat/completions", "http://[::1]:8080"),
        ("http://10.1.2.3", "http://10.1.2.3"),
        ("http://172.31.0.1:8000/v1/models", "http://172.31.0.1:8000"),
        ("http://192.168.1.20:8080", "http://192.168.1.20:8080"),
        ("http://169.254.1.1", "http://169.254.1.1"),
        ("http://[fd00::5]:8080", "http://[fd00::5]:8080"),
        ("http://[fe80::5]", "http://[fe80::5]"),
        ("http://[::ffff:192.168.1.20]", "http://[::ffff:192.168.1.20]"),
        ("http://gpu.local:8080", "http://gpu.local:8080"),
        ("https://openrouter.example/api/v1", "https://openrouter.example/api"),
    ],
)
def test_addresses(url: str, kept: str) -> None:
    assert checked_url(url) == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost",
        "localhost:8080",
        "javascript:alert(1)",
        "http://1.2.3.4:99999",
        "192.168.1.20:8080",
        "ftp://192.168.1.20",
        "http://",
        "http://example.org",
        "http://gpu-box:8080",
        "http://8.8.8.8",
        "http://172.32.0.1",
        "http://192.169.0.1",
        "http://100.64.0.1",
        "http://0.0.0.0:8080",
        "http://[2001:db8::1]",
        "http://[::ffff:8.8.8.8]",
        "http://192.168.1.20.example.org",
        "http://notlocal",
        "http://user:word@192.168.1.20",
        "https://example.org/?key=abc",
        "https://example.org/#abc",
        "https://example.org/a b",
    ],
)
def test_what_is_no_address_or_would_be_read_by_others_is_refused(url: str) -> None:
    with pytest.raises(KnownError) as caught:
        checked_url(url)
    assert caught.value.hint
    assert ("begins with http:// or https://" in str(caught.value)) == ("//" not in url)
