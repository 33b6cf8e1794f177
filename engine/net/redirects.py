"""Where an answer sends on to: within its host, or elsewhere if the request allows that."""

from dataclasses import replace
from urllib.parse import SplitResult

from engine.core.errors import KnownError
from engine.core.exchange import Request
from engine.core.webaddress import checked_address, is_loopback, joined_address

MAX_REDIRECTS = 3
MAX_ELSEWHERE = 5

_MOVED, _MOVED_SAME_METHOD = frozenset({301, 302, 303, 307, 308}), frozenset({307, 308})
# Of the headers of a request only these go to another host; all others may be secrets.
_TRAVELS = frozenset(
    {"accept", "accept-encoding", "range", "if-range", "if-match", "if-none-match"}
)


def leads_on(request: Request, status: int, location: str) -> bool:
    """Whether an answer sends to another address that may be asked the same."""
    return bool(location) and status in (_MOVED if request.body is None else _MOVED_SAME_METHOD)


def moved(request: Request, url: SplitResult, location: str) -> tuple[Request, SplitResult]:
    """The request for the next address. Raises KnownError if that may not be asked."""
    target = checked_address(joined_address(url, location), request.plain)
    if (target.scheme, target.netloc) == (url.scheme, url.netloc):
        return replace(request, url=target.geturl()), target
    if not _may_leave(request, url, target):
        raise KnownError(
            f"{url.hostname} refers to another place, {target.hostname}; it was not asked.",
            "Try again later.",
        )
    headers = tuple((name, value) for name, value in request.headers if name.lower() in _TRAVELS)
    # Such addresses are often signed, so what comes after the path is kept out of the log.
    shown = target._replace(query="", fragment="").geturl()
    return replace(request, url=target.geturl(), headers=headers, shown=shown), target


def on_and_on(url: SplitResult) -> KnownError:
    """There were too many redirects."""
    return KnownError(f"{url.hostname} refers on and on.", "Try again later.")


def _may_leave(request: Request, url: SplitResult, target: SplitResult) -> bool:
    """Never with a body, and never from https to http; http only from here to here."""
    if not request.elsewhere or request.body is not None:
        return False
    if target.scheme == "https":
        return True
    return url.scheme == "http" and is_loopback(str(target.hostname))
