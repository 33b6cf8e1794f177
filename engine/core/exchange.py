"""What is asked over the network, what comes back, and what the log of requests keeps of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from engine.core.errors import KnownError
from engine.core.pace import Rate

_USUAL = Rate(5, 1.0)


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for connecting, for silence in between, and for a whole answer (None: any)."""

    connect: float = 10.0
    silence: float = 20.0
    total: float | None = 60.0


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask whom.

    source: whose switch and log it belongs to. body: posted as JSON; None is a GET. shown: the
    address for the log where url holds a secret. plain: http will do, as the user named the host.
    max_bytes: of the answer, unpacked. method: "" = GET, or POST with a body. elsewhere: the answer
    may be fetched from another host if this one says so, over https and without the headers.
    """

    source: str
    url: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    shown: str = ""
    plain: bool = False
    max_bytes: int = 8 << 20
    rate: Rate = _USUAL
    limits: Limits = Limits()
    method: Literal["", "HEAD"] = ""
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its status, its body, unpacked, and two of its headers ("" if not there)."""

    status: int
    body: bytes
    location: str = ""
    retry_after: str = ""


class HttpError(KnownError):
    """The host answered, but with an error; status as in HTTP, body what it said about it."""

    def __init__(self, sentence: str, hint: str, status: int, body: bytes = b"") -> None:
        super().__init__(sentence, hint)
        self.status = status
        self.body = body


@dataclass(frozen=True, slots=True)
class Exchange:
    """Who was asked what, and what came of it.

    url: without anything secret. outcome: the status of the answer, or one sentence. sent_bytes:
    head and body; received_bytes: the body as it came; milliseconds: from the first step to the
    last.
    """

    made: datetime
    source: str
    url: str
    outcome: str
    sent_bytes: int
    received_bytes: int
    milliseconds: int
