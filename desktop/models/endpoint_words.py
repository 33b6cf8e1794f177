"""Where a model server is and what leaves this computer, in plain words."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PySide6.QtCore import QCoreApplication

from engine.core.webaddress import is_loopback

if TYPE_CHECKING:
    from engine.service import Endpoint


ENDPOINT_PREFIX = "endpoint:"
"""How a chat remembers that a model server answers it; the server's name follows."""


def name_of(endpoint: "Endpoint") -> str:
    """What is offered for a chat."""
    return f"{endpoint.model or _tr('model')} · {endpoint.name}"


def place_of(endpoint: "Endpoint") -> str:
    """Where questions for this server go."""
    return place_badge(urlsplit(endpoint.url).hostname or "")


def place_badge(host: str) -> str:
    """What stands on the badge of a server."""
    if is_loopback(host):
        return _tr("Another program on this computer")
    return _tr("On another computer")


def switching(endpoint: "Endpoint") -> str:
    """What switching a server on means."""
    words = _tr(
        "What you ask in a chat that it answers is sent to {url}, with the conversation so far. "
        "It is not told what you own unless you allow that apart. Every request is in the log "
        "under Market data."
    ).format(url=endpoint.url)
    return f"{words}\n\n{_open_way()}" if _can_be_read(endpoint) else words


def allowing(endpoint: "Endpoint") -> str:
    """What letting a server see the portfolio means."""
    words = _tr(
        "Whoever runs {url} can then read what you own: amounts, values and transactions that an "
        "answer needs. You can take this back at any time, but not what was sent."
    ).format(url=endpoint.url)
    return f"{words}\n\n{_open_way()}" if _can_be_read(endpoint) else words


def _can_be_read(endpoint: "Endpoint") -> bool:
    parts = urlsplit(endpoint.url)
    return parts.scheme == "http" and not is_loopback(parts.hostname or "")


def _open_way() -> str:
    return _tr("The address begins with http: others in your network could read along.")


def _tr(text: str) -> str:
    return QCoreApplication.translate("models", text)
