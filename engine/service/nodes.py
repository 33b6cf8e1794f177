"""The Ethereum-compatible nodes the user has named; their keys are in the keyring only."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine.core.csvfile import clean_text
from engine.core.errors import KnownError
from engine.core.events import DataChanged, Event
from engine.core.jobs import Job, JobPool, Progress
from engine.core.steps import Step, unwatched
from engine.core.webaddress import is_loopback
from engine.market.onchain.rpc import Rpc
from engine.market.sources import secrets
from engine.store.documents import DocumentRepo

if TYPE_CHECKING:
    from engine.market.sources.access import Sources

KEY_PLACE = "{key}"
"""What stands in an address in the place of its key."""

_NAME = re.compile(r"[^\W_][\w .-]{0,39}")
# Providers put keys of 20 and more letters and digits into the path.
_LOOKS_LIKE_KEY = re.compile(r"[A-Za-z0-9_-]{20,}")


@dataclass(frozen=True, slots=True)
class Node:
    """A node; url: with KEY_PLACE where it needs a key. chain_id: 1 = Ethereum.

    tokens: those the user watches there, symbols by address.
    """

    name: str
    url: str
    chain_id: int
    tokens: Mapping[str, str] = field(default_factory=dict)


class Nodes:
    """Keeps the nodes and connects to them."""

    def __init__(
        self,
        documents: DocumentRepo,
        sources: Callable[[], "Sources"],
        jobs: JobPool,
        publish: Callable[[Event], None],
    ) -> None:
        self._documents = documents
        self._sources = sources
        self._jobs = jobs
        self._publish = publish

    def all(self) -> list[Node]:
        """The nodes by name."""
        return [
            Node(name, body["url"], body["chain_id"], body.get("tokens", {}))
            for name, body in self._documents.all("node").items()
        ]

    def add(self, name: str, url: str, key: str = "") -> Job[Node]:
        """Ask a node for its chain, and keep it, in the place of one of the same name.

        key: put where url has KEY_PLACE, and kept in the keyring. Raises KnownError if the
        address is none, or holds a key itself.
        """
        _check(name, url, key)

        def work(progress: Progress) -> Node:
            rpc = self._sources().node(url.replace(KEY_PLACE, key), None, progress.step)
            chain_id = rpc.chain()
            node = Node(name, url, chain_id, self._tokens(name, chain_id))
            if key:
                secrets.set_key(_secret(name), key)
            else:
                self._forget_key(name)
            self._put(node)
            return node

        return self._jobs.submit(f"Asking {clean_text(name, 40)}", work)

    def watch(self, name: str, tokens: Mapping[str, str]) -> None:
        """Watch these tokens on a node and no others. Raises KnownError."""
        self._put(replace(self.get(name), tokens=dict(tokens)))

    def get(self, name: str) -> Node:
        """The node of a name; KnownError if there is none."""
        for node in self.all():
            if node.name == name:
                return node
        raise KnownError(f"There is no node called {name!r}.", "`assay online nodes` lists them.")

    def remove(self, name: str) -> None:
        """Forget a node and its key; KnownError if there is none, or its key cannot be deleted."""
        self._forget_key(name)
        self._documents.delete("node", name)
        self._publish(DataChanged(frozenset({"documents"})))

    def rpc(self, name: str, step: Step = unwatched) -> Rpc:
        """A connection to a node, which checks its chain first. step: may stop each call.

        Raises KnownError if there is no such node; its calls do if nodes are switched off.
        """
        node = self.get(name)
        key = secrets.get_key(_secret(name)) if KEY_PLACE in node.url else ""
        return self._sources().node(node.url.replace(KEY_PLACE, key), node.chain_id, step)

    def _forget_key(self, name: str) -> None:
        """Delete the key of a node that has one; the others need no open keyring."""
        if any(node.name == name and KEY_PLACE in node.url for node in self.all()):
            secrets.delete_key(_secret(name))

    def _put(self, node: Node) -> None:
        body = {"url": node.url, "chain_id": node.chain_id, "tokens": dict(node.tokens)}
        self._documents.put("node", node.name, body)
        self._publish(DataChanged(frozenset({"documents"})))

    def _tokens(self, name: str, chain_id: int) -> Mapping[str, str]:
        """What is watched on a node that gets another address, but stays on its chain."""
        same = (node for node in self.all() if (node.name, node.chain_id) == (name, chain_id))
        return next((node.tokens for node in same), {})


def _check(name: str, url: str, key: str) -> None:
    if not _NAME.fullmatch(name):
        raise KnownError("A node's name has 1 to 40 letters and digits.", "Choose another.")
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https"):
        raise KnownError("This is not the address of a node.", "One is http://127.0.0.1:8545.")
    if (KEY_PLACE in parts.path + parts.query) != bool(key) or KEY_PLACE in parts.netloc:
        raise KnownError(
            f"A node's key stands as {KEY_PLACE} after the host in its address and is given apart.",
            f"For instance https://example.org/v3/{KEY_PLACE} and the key.",
        )
    if key and parts.scheme == "http" and not is_loopback(host):
        raise KnownError(
            f"The key would go to {host} for anyone on the way to read.",
            "Use an address with https://.",
        )
    if "@" in parts.netloc or _LOOKS_LIKE_KEY.search(
        f"{parts.path}?{parts.query}#{parts.fragment}"
    ):
        raise KnownError(
            "This address holds a key, and a key is never stored with your data.",
            f"Write {KEY_PLACE} in its place and give the key apart; it is kept in the keyring.",
        )


def _secret(name: str) -> str:
    return f"node {name}"
