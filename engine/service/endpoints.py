"""The model servers the user has named on other computers; their keys are in the keyring only."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from engine.core.clock import Clock
from engine.core.csvfile import clean_text
from engine.core.errors import KnownError
from engine.core.events import DataChanged, Event
from engine.core.exchange import Exchange
from engine.core.jobs import Job, JobPool, Progress
from engine.core.webaddress import checked_address, is_near
from engine.market.sources import secrets
from engine.model.remote.endpoint import Endpoint, RemoteModel
from engine.store.documents import DocumentRepo
from engine.store.requests import RequestRepo

if TYPE_CHECKING:
    from engine.model.chat_types import ChatRequest
    from engine.model.remote.client import RemoteChat, Remotes

_NAME = re.compile(r"[^\W_][\w.-]{0,39}")
_MODEL = re.compile(r"[^\s](?:.{0,298}[^\s])?")
# What people copy from a server's own instructions.
_PATH_ENDS = ("/chat/completions", "/models", "/v1")


@dataclass(frozen=True, slots=True)
class Checked:
    """What a server has told. models: those it has; endpoint: as it is kept now."""

    endpoint: Endpoint
    models: tuple[RemoteModel, ...]


class EndpointArea:
    """Keeps the servers and connects to them; each is off until it is switched on."""

    def __init__(
        self,
        documents: DocumentRepo,
        requests: RequestRepo,
        jobs: JobPool,
        clock: Clock,
        publish: Callable[[Event], None],
    ) -> None:
        self._documents = documents
        self._requests = requests
        self._jobs = jobs
        self._clock = clock
        self._publish = publish

    def list(self) -> list[Endpoint]:
        """The servers by name."""
        return [Endpoint(name, **body) for name, body in self._documents.all("endpoint").items()]

    def get(self, name: str) -> Endpoint:
        """The server of a name; KnownError if there is none."""
        for endpoint in self.list():
            if endpoint.name == name:
                return endpoint
        raise KnownError(
            f"There is no model server called {name!r}.", "`assay endpoints` lists them."
        )

    def add(self, name: str, url: str, model: str = "", key: str = "") -> Endpoint:
        """Name a server; it is off, and may not see the portfolio. Nothing is asked.

        Raises KnownError if the address is none or the name is taken.
        """
        if not _NAME.fullmatch(name):
            raise KnownError(
                "A server's name has 1 to 40 letters and digits, and no blanks.", "Choose another."
            )
        if any(one.name == name for one in self.list()):
            raise KnownError(
                f"There is a model server called {name} already.",
                "Choose another name, or change that one.",
            )
        endpoint = Endpoint(name, checked_url(url), _checked_model(model), has_key=bool(key))
        if key:
            secrets.set_key(_secret(name), key)
        self._put(endpoint)
        return endpoint

    def change(
        self, name: str, url: str | None = None, model: str | None = None, key: str | None = None
    ) -> Endpoint:
        """Give a server another address, model or key ("": none). Raises KnownError.

        At another address it is another server: it is switched off, may not see the portfolio,
        and does not get the old one's key.
        """
        endpoint = self.get(name)
        if url is not None and (url := checked_url(url)) != endpoint.url:
            key = key or ""
            endpoint = replace(endpoint, url=url, on=False, may_send_portfolio=False, n_ctx=0)
        if model is not None:
            endpoint = replace(endpoint, model=_checked_model(model), n_ctx=0)
        if key:
            secrets.set_key(_secret(name), key)
        elif key is not None and endpoint.has_key:
            secrets.delete_key(_secret(name))
        if key is not None:
            endpoint = replace(endpoint, has_key=bool(key))
        self._put(endpoint)
        return endpoint

    def remove(self, name: str) -> None:
        """Forget a server and its key; KnownError if there is none, or its key stays."""
        if self.get(name).has_key:
            secrets.delete_key(_secret(name))
        self._documents.delete("endpoint", name)
        self._publish(DataChanged(frozenset({"documents"})))

    def switch(self, name: str, on: bool) -> None:
        """Switch a server on or off; KnownError if there is none."""
        self._put(replace(self.get(name), on=on))

    def allow(self, name: str, portfolio: bool) -> None:
        """Whether a server may be told what the user owns; KnownError if there is none."""
        self._put(replace(self.get(name), may_send_portfolio=portfolio))

    def check(self, name: str) -> Job[Checked]:
        """Ask a server for its models; the only one becomes its model if none was chosen.

        Raises KnownError if there is none; the job if it is off, does not answer, or does not
        have the chosen model.
        """
        endpoint = self.get(name)

        def work(progress: Progress) -> Checked:
            self._must_be_on(endpoint)
            key = self._key(endpoint)
            models = tuple(self._remotes.models(endpoint, key, progress.step))
            if not models:
                raise KnownError(f"{name} has no model.", "Load one there.")
            chosen = endpoint.model or (models[0].id if len(models) == 1 else "")
            found = next((one for one in models if one.id == chosen), None)
            if chosen and found is None:
                some = ", ".join(one.id for one in models[:5])
                raise KnownError(
                    f"{name} has no model called {clean_text(chosen, 60)!r}.", f"It has {some}."
                )
            kept = replace(self.get(name), model=chosen, n_ctx=found.n_ctx if found else 0)
            self._put(kept)
            return Checked(kept, models)

        return self._jobs.submit(f"Asking {name}", work)

    def chat(self, name: str, private: Callable[["ChatRequest"], bool]) -> "RemoteChat":
        """A connection to a server; private: whether a request holds something of the portfolio.

        Raises KnownError if there is no such server, it is off, or the keyring is locked.
        """
        endpoint = self.get(name)
        self._must_be_on(endpoint)
        return self._remotes.chat(
            endpoint, self._key(endpoint), private, lambda: self._may_send(endpoint)
        )

    @cached_property
    def _remotes(self) -> "Remotes":
        # Where no server is switched on, not even the means of opening a connection are loaded.
        from engine.model.remote.client import Remotes  # noqa: PLC0415

        return Remotes(self._is_on, self._log, self._clock)

    def _is_on(self, source: str) -> bool:
        """Where requests cannot be logged none is made."""
        on = any(one.on for one in self.list() if one.source == source)
        return on and not self._requests.read_only

    def _may_send(self, endpoint: Endpoint) -> bool:
        """Whether the user allows it now, and means the server at that address."""
        return any(
            one.may_send_portfolio
            for one in self.list()
            if (one.name, one.url) == (endpoint.name, endpoint.url)
        )

    def _must_be_on(self, endpoint: Endpoint) -> None:
        if not self._is_on(endpoint.source):
            raise KnownError(
                f"{endpoint.name} is switched off, so nothing was asked.",
                f"`assay endpoints on {endpoint.name}` switches it on.",
            )

    def _key(self, endpoint: Endpoint) -> str:
        """Whoever has no key needs no open keyring either."""
        return secrets.get_key(_secret(endpoint.name)) if endpoint.has_key else ""

    def _log(self, exchange: Exchange) -> None:
        self._requests.add(exchange)

    def _put(self, endpoint: Endpoint) -> None:
        body = asdict(endpoint)
        self._documents.put("endpoint", body.pop("name"), body)
        self._publish(DataChanged(frozenset({"documents"})))


def checked_url(text: str) -> str:
    """The address of a server, without what comes from "/v1" on. Raises KnownError.

    https, or http to this computer and its own network: elsewhere anybody could read along.
    """
    try:
        parts = checked_address(text.strip(), plain=True)
    except KnownError:
        hint = "One is http://192.168.1.20:8080."
        if "//" not in text:
            hint = f"It begins with http:// or https://. {hint}"
        raise KnownError("This is not the address of a model server.", hint) from None
    host = str(parts.hostname)
    if parts.scheme == "http" and not is_near(host):
        raise KnownError(
            f"Everything sent to {host} could be read on the way.",
            "Use an address with https://, or the number of a computer in your own network.",
        )
    if parts.query or parts.fragment:
        raise KnownError(
            "The address of a model server ends before the first ? or #.",
            "A key is given apart; it is kept in the keyring.",
        )
    path = parts.path.rstrip("/")
    for end in _PATH_ENDS:
        path = path.removesuffix(end)
    return parts._replace(path=path).geturl()


def _checked_model(model: str) -> str:
    model = model.strip()
    if model and not (_MODEL.fullmatch(model) and model.isprintable()):
        raise KnownError("This is not the name of a model.", "`assay endpoints check` lists them.")
    return model


def _secret(name: str) -> str:
    return f"endpoint {name}"
