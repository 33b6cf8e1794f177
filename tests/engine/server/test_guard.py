"""Who is let in: keys, names for this computer, web pages from elsewhere, and rude connections."""

import shutil
import socket
import subprocess
import time

import pytest

from engine.server.guard import host_name
from tests.engine.server.conftest import Caller, Serve
from tests.engine.server.scripted import KEY, ScriptedBackend

CHAT = b'{"messages": [{"role": "user", "content": "Hi"}]}'


def raw(caller: Caller, data: bytes, seconds: float = 5.0) -> bytes:
    """What comes back for these bytes until the server closes, or falls silent."""
    with socket.create_connection(("127.0.0.1", caller.port), timeout=seconds) as sock:
        found = b""
        try:
            sock.sendall(data)
            while chunk := sock.recv(65536):
                found += chunk
        except (TimeoutError, ConnectionError):
            pass
        return found


def status(reply: bytes) -> int:
    return int(reply.split(b" ", 2)[1]) if reply else 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": KEY},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {KEY}x"},
        {"Authorization": "Bearer Ω".encode().decode("latin-1")},
        {"X-Api-Key": "wrong"},
    ],
)
@pytest.mark.parametrize("path", ["/v1/models", "/props", "/nothing", "/v1/chat/completions"])
def test_without_the_key(caller: Caller, path: str, headers: dict[str, str]) -> None:
    reply = caller.ask("GET", path, headers=headers, key=None)
    assert (reply.status, reply.error["type"]) == (401, "authentication_error")
    assert reply.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": f"Bearer {KEY}"}, {"authorization": f"bearer  {KEY}"}, {"X-Api-Key": KEY}],
)
def test_with_the_key(caller: Caller, headers: dict[str, str]) -> None:
    assert caller.ask("GET", "/v1/models", headers=headers, key=None).status == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:80", "[::1]:8642"])
def test_names_of_this_computer(caller: Caller, host: str) -> None:
    assert caller.ask("GET", "/health", headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "192.168.1.5", "localhost.", "2130706433"]
)
def test_other_names(caller: Caller, host: str) -> None:
    reply = caller.ask("GET", "/health", headers={"Host": host})
    assert (reply.status, reply.error["type"]) == (403, "permission_error")


@pytest.mark.parametrize("host", ["", "a b", "user@localhost", "localhost:x", "localhost/x"])
def test_no_name_at_all(caller: Caller, host: str) -> None:
    line = f"GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    assert status(raw(caller, line)) == 400


def test_two_names(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    line = b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"
    assert status(raw(caller, line)) == 400
    caplog.clear()


def test_names_that_were_allowed(serve: Serve) -> None:
    caller = serve(ScriptedBackend(), hosts=("Desk.local",))
    assert caller.ask("GET", "/health", headers={"Host": "desk.local:8642"}).status == 200
    everywhere = serve(ScriptedBackend(), host="0.0.0.0")  # noqa: S104
    assert everywhere.ask("GET", "/health", headers={"Host": "192.168.1.5:80"}).status == 200
    assert everywhere.ask("GET", "/health", headers={"Host": "evil.example"}).status == 403


@pytest.mark.parametrize(
    "origin",
    ["null", "http://evil.example", "https://127.0.0.1:{port}", "http://127.0.0.1:1",
     "http://localhost", "chrome-extension://abc", "http://[", ""],
)  # fmt: skip
def test_other_web_pages(caller: Caller, origin: str) -> None:
    headers = {"Origin": origin.format(port=caller.port)}
    for path in ("/v1/models", "/health", "/"):
        reply = caller.ask("GET", path, headers=headers)
        assert (reply.status, reply.error["type"]) == (403, "permission_error")
    preflight = caller.ask("OPTIONS", "/v1/models", headers=headers, key=None)
    assert not [name for name in preflight.headers if name.startswith("access-control")]


def test_our_own_page(caller: Caller) -> None:
    reply = caller.ask("GET", "/v1/models", headers={"Origin": caller.url})
    assert reply.status == 200
    assert not [name for name in reply.headers if name.startswith("access-control")]


def test_web_pages_that_were_allowed(serve: Serve) -> None:
    caller = serve(ScriptedBackend(), origins=("https://chat.example",))
    headers = {"Origin": "https://chat.example"}
    preflight = caller.ask("OPTIONS", "/v1/models", headers=headers, key=None)
    assert preflight.status == 200
    assert preflight.headers["access-control-allow-origin"] == "https://chat.example"
    assert "Authorization" in preflight.headers["access-control-allow-headers"]
    reply = caller.ask("GET", "/v1/models", headers=headers)
    assert reply.headers["access-control-allow-origin"] == "https://chat.example"
    assert reply.headers["vary"] == "Origin"
    assert caller.ask("GET", "/v1/models", headers=headers, key=None).status == 401
    assert caller.ask("GET", "/v1/models", headers={"Origin": "https://x.example"}).status == 403


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost", True),
        ("https://127.0.0.1:3000", True),
        ("http://[::1]:3000", True),
        ("http://localhost.evil.example", False),
        ("ftp://localhost", False),
        ("null", False),
    ],
)
def test_all_pages_of_this_computer(serve: Serve, origin: str, allowed: bool) -> None:
    caller = serve(ScriptedBackend(), origins=("localhost",))
    reply = caller.ask("GET", "/health", headers={"Origin": origin})
    assert reply.status == (200 if allowed else 403)


@pytest.mark.parametrize("path", ["/", "/health", "/v1/models", "/nothing"])
def test_headers_of_every_answer(caller: Caller, path: str) -> None:
    headers = caller.ask("GET", path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["x-frame-options"] == "DENY"
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; frame-ancestors 'none'")
    assert "unsafe" not in policy
    assert "server" not in headers


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 2_000_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 2_000_000 + b"\r\n\r\n",
        b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        (
            b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
            b"Content-Length: 6\r\n\r\nhello"
        ),
        (
            b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
            b"X-Api-Key: the-key-of-the-tests\r\nContent-Type: application/json\r\n\r\nzz\r\n"
        ),
    ],
)
def test_garbage(caller: Caller, data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    assert status(raw(caller, data)) in (0, 400, 431, 505)
    caplog.clear()
    assert caller.ask("GET", "/health").status == 200


def test_a_body_without_an_end(serve: Serve) -> None:
    caller = serve(ScriptedBackend(), body=1000)
    head = (
        f"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {KEY}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    ).encode()
    assert status(raw(caller, head + b"400\r\n" + b"x" * 1024 + b"\r\n", 2.0)) == 413


def test_a_body_that_does_not_come(serve: Serve) -> None:
    caller = serve(ScriptedBackend(), body_seconds=0.2)
    head = (
        f"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {KEY}\r\n"
        "Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{"
    ).encode()
    assert status(raw(caller, head, 2.0)) == 408


@pytest.mark.alone
@pytest.mark.parametrize("data", [b"", b"GET /health HTTP/1.1\r\nHost: loc"])
def test_a_head_that_does_not_come(serve: Serve, data: bytes) -> None:
    caller = serve(ScriptedBackend(), head_seconds=0.2)
    started = time.monotonic()
    assert raw(caller, data) == b""
    assert time.monotonic() - started < 3


@pytest.mark.alone
def test_a_second_head_that_does_not_come(serve: Serve) -> None:
    caller = serve(ScriptedBackend(), head_seconds=0.2)
    with socket.create_connection(("127.0.0.1", caller.port), timeout=5) as sock:
        sock.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        found = b""
        while not found.endswith(b'{"status":"ok"}'):
            found += sock.recv(65536)
        sock.sendall(b"GET /hea")
        started = time.monotonic()
        assert sock.recv(65536) == b""
        assert time.monotonic() - started < 3


def test_curl(caller: Caller) -> None:
    program = shutil.which("curl")
    if program is None:
        pytest.skip("curl is not installed")
    command = [program, "-sS", "-N", "--max-time", "10", f"{caller.url}/v1/chat/completions"]
    command += ["-H", f"Authorization: Bearer {KEY}", "-H", "Content-Type: application/json"]
    done = subprocess.run([*command, "-d", '{"stream": true, ' + CHAT.decode()[1:]],
                          capture_output=True, check=True)  # fmt: skip
    assert done.stdout.endswith(b"data: [DONE]\n\n")
    assert b'"content": "Hello"' in done.stdout


def test_reading_hosts() -> None:
    assert [host_name(one) for one in ("a:1", "[::1]:5", "A.b", "", "a:b")] == [
        "a", "::1", "a.b", None, None]  # fmt: skip
