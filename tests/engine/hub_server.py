"""A Hugging Face Hub on this computer: it resolves files and sends on to a second server.

Whether it really speaks as the Hub does is tested with the Hub's own client.
"""

import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from tests.engine.loopback import Handler, Loopback, serving

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPO, FILE = "someone/Tiny-GGUF", "Tiny-Q8_0.gguf"
_RESOLVE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
_RANGE = re.compile(r"bytes=([0-9]+)-([0-9]*)")


@dataclass
class HubServer:
    """What it has and how it behaves.

    statuses, cdn_statuses: the next answers are these errors; cuts: the next answers with bytes
    end after so many; pause: seconds after each piece; ranges: whether the second server knows
    them; extra: headers the Hub adds; cdn_extra: those of the second server; token: needed for
    files; gated: and the terms accepted; said_size, said_tag: lies about the file; location:
    where to send on to instead; forgotten: commits that are no longer there; tags: further
    revisions; lengths: whether answers say how long they are; stalls: the next answers fall silent
    after so many bytes; renamed: the repository's former name.
    """

    content: bytes
    hub: Loopback = field(init=False)
    cdn: Loopback = field(init=False)
    repo: str = REPO
    file: str = FILE
    commit: str = COMMIT
    statuses: list[int] = field(default_factory=list)
    cdn_statuses: list[int] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    pause: float = 0.0
    piece: int = 1 << 14
    ranges: bool = True
    etags: bool = True
    extra: dict[str, str] = field(default_factory=dict)
    cdn_extra: dict[str, str] = field(default_factory=dict)
    token: str = ""
    gated: bool = False
    said_size: int | None = None
    said_tag: str | None = None
    location: str | None = None
    direct: bool = False
    forgotten: set[str] = field(default_factory=set)
    tags: tuple[str, ...] = ()
    lengths: bool = True
    stalls: list[int] = field(default_factory=list)
    renamed: str = ""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def url(self) -> str:
        return self.hub.url

    def fetched(self) -> list[str]:
        """The ranges that the second server was asked for, "" for all."""
        return [one.headers.get("Range", "") for one in self.cdn.asked]

    def resolve(self, handler: Handler) -> None:
        """The Hub's side."""
        match = _RESOLVE.fullmatch(unquote(urlsplit(handler.path).path))
        if self.statuses:
            self._error(handler, self.statuses.pop(0))
        elif match is not None and match[1] == self.renamed:
            where = handler.path.replace(self.renamed, self.repo)
            handler.reply(307, b"", Location=where)
        elif match is None or match[1] != self.repo:
            # The Hub does not tell a repository that is not there from a private one.
            self._error(handler, 401, "RepoNotFound")
        elif match[2] in self.forgotten or match[2] not in (
            "main",
            self.commit,
            *self.tags,
        ):
            self._error(handler, 404, "RevisionNotFound")
        elif match[3] != self.file:
            self._error(handler, 404, "EntryNotFound")
        elif self.gated and handler.headers.get("Authorization") != f"Bearer {self.token}":
            has_one = "Authorization" in handler.headers
            self._error(handler, 403 if has_one else 401, "GatedRepo")
        else:
            self._send_on(handler)

    def serve(self, handler: Handler) -> None:
        """The side that has the bytes."""
        if self.cdn_statuses:
            self._error(handler, self.cdn_statuses.pop(0))
            return
        self._bytes(handler, self.cdn_extra)

    def _send_on(self, handler: Handler) -> None:
        tag = self.sha256 if self.said_tag is None else self.said_tag
        size = len(self.content) if self.said_size is None else self.said_size
        headers = {
            "X-Repo-Commit": self.commit,
            "X-Linked-Size": str(size),
            "X-Linked-ETag": f'"{tag}"',
            "Accept-Ranges": "bytes",
            **self.extra,
        }
        if self.direct:
            self._bytes(handler, headers)
            return
        where = self.location or f"{self.cdn.url}/blobs/{self.sha256}?Signature=secret&Expires=1"
        handler.send_response(302)
        for name, value in {**headers, "Location": where, "Content-Length": "0"}.items():
            handler.send_header(name, value)
        handler.end_headers()

    def _bytes(self, handler: Handler, extra: dict[str, str]) -> None:
        body, status, tag = self.content, 200, f'"{hashlib.md5(self.content).hexdigest()}"'
        headers = {"Content-Type": "application/octet-stream", **extra}
        if self.etags:
            headers.setdefault("ETag", tag)
        asked = _RANGE.fullmatch(handler.headers.get("Range", "")) if self.ranges else None
        if asked and handler.headers.get("If-Range", tag) == tag:
            first, last = int(asked[1]), int(asked[2] or len(body) - 1)
            if first >= len(body):
                self._error(handler, 416)
                return
            status, headers["Content-Range"] = 206, f"bytes {first}-{last}/{len(body)}"
            body = body[first : last + 1]
        handler.send_response(status)
        if self.lengths:
            headers["Content-Length"] = str(len(body))
        else:
            headers["Connection"] = "close"
            handler.close_connection = True
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command == "HEAD":
            return
        # A cut is one of the body, not of a look at the first byte.
        cut = self.cuts.pop(0) if self.cuts and len(body) > 1 else len(body)
        stall = self.stalls.pop(0) if self.stalls and len(body) > 1 else len(body)
        for start in range(0, min(cut, len(body)), self.piece):
            if start >= stall:
                handler.server.released.wait(20)
                return
            handler.wfile.write(body[start : min(start + self.piece, cut)])
            if self.pause:
                handler.wfile.flush()
                time.sleep(self.pause)
        if cut < len(body):
            handler.close_connection = True

    def _error(self, handler: Handler, status: int, code: str = "") -> None:
        handler.send_response(status)
        if code:
            handler.send_header("X-Error-Code", code)
            handler.send_header("X-Error-Message", f"said {code}")
        handler.send_header("Content-Length", "0")
        handler.end_headers()


@contextmanager
def hub_server(content: bytes) -> Iterator[HubServer]:
    """Run both servers with one file."""
    server = HubServer(content)
    with serving(server.resolve) as hub, serving(server.serve) as cdn:
        server.hub, server.cdn = hub, cdn
        yield server
