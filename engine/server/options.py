"""What whoever starts a server decides."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Limits:
    """body: bytes of a request; running: answers at once; waiting: requests beyond those;
    choices: answers that one request may ask for; tokens: of an answer where the
    request says nothing, None = as many as fit; connections: open at once.

    head_seconds, body_seconds: for a request's head and body to arrive; keep_alive_seconds:
    between signs of life in a stream; stop_seconds: for open requests to end when stopping.
    """

    body: int = 8 << 20
    running: int = 4
    waiting: int = 32
    choices: int = 16
    tokens: int | None = None
    connections: int = 256
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    keep_alive_seconds: float = 10.0
    stop_seconds: int = 3


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """key: what clients must show; host: the address listened on.

    hosts: further names clients may use for this computer. origins: web pages from elsewhere
    whose requests are answered ("http://localhost:3000"), or "localhost" for all of this
    computer's. page: whether the chat page is served. slots: whether /slots tells what is busy.
    names: what the model is called instead of its own name, the first one counts.
    verbose: whether answers hold the prompt's text.
    """

    key: str
    host: str = "127.0.0.1"
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    page: bool = True
    slots: bool = False
    names: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    verbose: Literal["never", "asked", "always"] = "never"
    limits: Limits = field(default_factory=Limits)
