"""Real servers on loopback sockets, with a scripted model behind them."""

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from openai import OpenAI

from engine.net import listen
from engine.server import Backend, Limits, RunningServer, ServerOptions
from tests.engine.server.scripted import KEY, ScriptedBackend


@dataclass
class Reply:
    """A whole answer."""

    status: int
    headers: dict[str, str]
    data: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.data)

    @property
    def error(self) -> Any:
        return self.json["error"]

    @property
    def events(self) -> list[Any]:
        """The objects of a stream; [DONE] as itself, comments left out."""
        lines = self.data.decode().split("\n\n")
        texts = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
        return [text if text == "[DONE]" else json.loads(text) for text in texts]


class Caller:
    """A running server, and plain requests to it."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.port = server.port
        self.url = f"http://127.0.0.1:{server.port}"

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        key: str | None = KEY,
    ) -> Reply:
        """Send a request; body: bytes as they are, else as JSON."""
        sent = {"Content-Type": "application/json"} if body is not None else {}
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, data, sent | (headers or {}))
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, fields, response.read())
        finally:
            connection.close()

    def chat(self, **members: Any) -> Reply:
        """Ask one question."""
        body = {"messages": [{"role": "user", "content": "Hi"}], **members}
        return self.ask("POST", "/v1/chat/completions", body)

    def client(self, key: str = KEY) -> OpenAI:
        """OpenAI's own client."""
        return OpenAI(api_key=key, base_url=f"{self.url}/v1", max_retries=0, timeout=20)


Serve = Callable[..., Caller]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers that are stopped after the test; takes what ServerOptions and Limits take."""
    running: list[RunningServer] = []

    def start(backend: Backend, **values: Any) -> Caller:
        limits = {name: values.pop(name) for name in list(values) if name in Limits.__slots__}
        options = ServerOptions(key=KEY, limits=Limits(**limits), **values)
        server = RunningServer(backend, options, listen("127.0.0.1", 0))
        running.append(server)
        server.start()
        return Caller(server)

    yield start
    for server in running:
        server.close()


@pytest.fixture
def backend() -> ScriptedBackend:
    return ScriptedBackend()


@pytest.fixture
def caller(serve: Serve, backend: ScriptedBackend) -> Caller:
    return serve(backend)


@pytest.fixture
def client(caller: Caller) -> Iterator[OpenAI]:
    with caller.client() as client:
        yield client
