"""Stands before every route: who may ask, from which page, and under which name for this computer.

A page on the internet can make its visitor's browser ask this computer. It cannot forge the
headers Host and Origin, so both are checked; and it does not know the key.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.core.webaddress import is_loopback
from engine.server.errors import AUTHENTICATION, PERMISSION, ApiError, invalid
from engine.server.options import ServerOptions

PUBLIC = frozenset({"/health", "/v1/health"})
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_METHODS = "GET, POST, DELETE, OPTIONS"
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_CSP = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
PAGE_CSP = _CSP + b"; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:"


class Guard:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp, options: ServerOptions, open_paths: frozenset[str]) -> None:
        """open_paths: those of the chat page, which asks for the key itself."""
        self._app = app
        self._options = options
        self._key = _digest(options.key)
        self._open_paths = open_paths
        self._names = _LOCAL | {options.host.strip("[]").lower(), *map(str.lower, options.hosts)}
        self._everywhere = not is_loopback(options.host.strip("[]"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with a refusal."""
        if scope["type"] != "http":
            return
        headers = _headers(scope)
        origin = headers.get("origin")
        same = origin is None or origin == f"http://{headers.get('host', '')}"
        ours = same or self._invited(origin or "")
        secured = _Secured(
            send, scope["path"] in self._open_paths, origin if ours and not same else None
        )
        try:
            self._check_host(headers)
            if scope["method"] == "OPTIONS":
                # Without the headers that permit it, a browser goes no further.
                await self._preflight(ours)(scope, receive, secured)
                return
            if not ours:
                raise ApiError(PERMISSION, "Requests from other web pages are not answered.")
            self._check_key(scope["path"], headers)
        except ApiError as error:
            response = JSONResponse(error.body(), error.status)
            if error.kind == AUTHENTICATION:
                response.headers["WWW-Authenticate"] = "Bearer"
            await response(scope, receive, secured)
            return
        await self._app(scope, receive, secured)

    def _check_host(self, headers: Mapping[str, str]) -> None:
        name = host_name(headers.get("host", ""))
        if name is None:
            raise invalid("The header Host is missing or wrong.")
        # On a network people use the computer's address, which no other page can stand for.
        if name not in self._names and not (self._everywhere and _is_address(name)):
            raise ApiError(PERMISSION, "This server does not go by that name.")

    def _invited(self, origin: str) -> bool:
        if origin in self._options.origins:
            return True
        scheme, _, place = origin.partition("://")
        return (
            "localhost" in self._options.origins
            and scheme in ("http", "https")
            and host_name(place) in _LOCAL
        )

    def _check_key(self, path: str, headers: Mapping[str, str]) -> None:
        if path in PUBLIC or path in self._open_paths:
            return
        scheme, _, token = headers.get("authorization", "").partition(" ")
        shown = token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
        if not hmac.compare_digest(_digest(shown), self._key):
            raise ApiError(AUTHENTICATION, "The key is missing or wrong.")

    def _preflight(self, ours: bool) -> Response:
        response = Response(status_code=200)
        if ours:
            response.headers["Access-Control-Allow-Methods"] = _METHODS
            response.headers["Access-Control-Allow-Headers"] = (
                "Authorization, Content-Type, X-Api-Key"
            )
        return response


class _Secured:
    """Adds the headers that every answer has."""

    def __init__(self, send: Send, page: bool, origin: str | None) -> None:
        """origin: a page from elsewhere that may read the answer."""
        self._send = send
        self._extra = [*_HEADERS, (b"content-security-policy", PAGE_CSP if page else _CSP)]
        if origin is not None:
            self._extra.append((b"access-control-allow-origin", origin.encode("latin-1")))
            self._extra.append((b"vary", b"Origin"))

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *self._extra]
        await self._send(message)


def host_name(value: str) -> str | None:
    """The name in a Host header, without the port; None if it is none."""
    if not value or any(char in value for char in "/@?#\\ ,"):
        return None
    try:
        parts = urlsplit(f"//{value}")
        _ = parts.port
    except ValueError:
        return None
    return parts.hostname


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _headers(scope: Scope) -> dict[str, str]:
    """The headers by name; one that came twice with different values counts as wrong."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        found[key] = text if found.get(key, text) == text else "\0"
    return found


def _digest(key: str) -> bytes:
    """Of one length, so that comparing tells nothing of the key's."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
