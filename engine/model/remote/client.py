"""Models on other computers: any server that speaks OpenAI's chat interface, named by the user.

Off until switched on, and then still sent nothing of the portfolio unless the user allowed that
for this server.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engine.core.clock import Clock
from engine.core.csvfile import clean_text
from engine.core.errors import KnownError
from engine.core.exchange import Exchange, HttpError, Limits, Request
from engine.core.pace import Rate
from engine.core.steps import Step, unwatched
from engine.core.webaddress import checked_address, is_near
from engine.model.loading import ModelInfo
from engine.model.remote.answer import Line, RemoteAnswer
from engine.model.remote.endpoint import Endpoint, RemoteModel
from engine.model.remote.faults import no_endpoint, refused
from engine.model.remote.request import EXTRAS, Body, encoded, request_body
from engine.model.remote.wire import Garbage, json_object, mapping, number, text
from engine.net import Client, Stream

if TYPE_CHECKING:
    from engine.model.chat_types import ChatRequest

CHAT = Limits(connect=10.0, silence=900.0, total=None)
"""A large model on a small computer reads a long conversation for minutes before it answers."""
LISTING = Limits(connect=10.0, silence=20.0, total=30.0)
MAX_ANSWER = 128 << 20
MAX_MODELS = 2_000
LONGEST_ID = 300

_OFTEN = Rate(100, 1.0)
_BYTES_PER_TOKEN = 3.5
"""Until the server has counted once."""


class Remotes:
    """Connects to endpoints; nothing is sent to one that is switched off."""

    def __init__(
        self, is_on: Callable[[str], bool], log: Callable[[Exchange], None], clock: Clock
    ) -> None:
        """is_on: whether an endpoint is switched on, by its source. log: told of every request."""
        self._is_on = is_on
        self._client = Client(is_on, log, clock)

    def models(self, endpoint: Endpoint, key: str, step: Step = unwatched) -> list[RemoteModel]:
        """The models a server has. Raises KnownError."""
        request = Request(
            endpoint.source,
            f"{endpoint.url}/v1/models",
            _headers(key),
            plain=_plain(endpoint),
            limits=LISTING,
        )
        try:
            listed = json_object(self._client.fetch(request, step).body).get("data")
        except HttpError as error:
            raise refused(endpoint.name, endpoint.model, error.status, error.body) from error
        except Garbage as error:
            raise no_endpoint(endpoint.name) from error
        if not isinstance(listed, list):
            raise no_endpoint(endpoint.name)
        return [
            RemoteModel(id_, _context(one))
            for one in listed[:MAX_MODELS]
            if (id_ := text(mapping(one).get("id"))) and clean_text(id_, LONGEST_ID) == id_
        ]

    def chat(
        self,
        endpoint: Endpoint,
        key: str,
        private: Callable[["ChatRequest"], bool],
        may_send: Callable[[], bool],
    ) -> "RemoteChat":
        """A connection. private: whether a request holds something of the portfolio; may_send:
        whether the server may see that, asked each time."""
        return RemoteChat(endpoint, key, private, may_send, self._is_on, self._client.open)


@dataclass(slots=True)
class RemoteChat:
    """A model on another computer; may be used from several threads."""

    endpoint: Endpoint
    _key: str = field(repr=False)
    _private: Callable[["ChatRequest"], bool]
    _may_send: Callable[[], bool]
    _is_on: Callable[[str], bool]
    _open: Callable[[Request, Step], Stream]
    _without: frozenset[str] = frozenset()
    _per_token: float = _BYTES_PER_TOKEN

    @property
    def loaded(self) -> ModelInfo:
        """The model, as far as it is known."""
        one = self.endpoint
        return ModelInfo(one.model, "", Path(), one.n_ctx, "", 0, "")

    def chat(
        self, request: "ChatRequest", on_progress: Callable[[int, int], None] | None = None
    ) -> RemoteAnswer:
        """Answer a conversation; the request goes out when the first part is asked for.

        Raises KnownError if it holds something of the portfolio and that is not allowed.
        """
        endpoint = self.endpoint
        if not self._is_on(endpoint.source):
            raise KnownError(
                f"{endpoint.name} is switched off, so nothing was sent.",
                f"`assay endpoints on {endpoint.name}` switches it on.",
            )
        if not endpoint.model:
            raise KnownError(
                f"No model of {endpoint.name} is chosen.",
                f"`assay endpoints check {endpoint.name}` lists those it has.",
            )
        if self._private(request) and not self._may_send():
            raise KnownError(
                f"This question needs your portfolio, which {endpoint.name} may not see; nothing "
                "was sent.",
                f"Ask a model on this computer, or allow it: `assay endpoints allow "
                f"{endpoint.name}`.",
            )
        body = self._body(request, on_progress is not None)
        size = len(encoded(body))
        line = Line(
            endpoint.name,
            endpoint.model,
            self._post,
            self._learn,
            lambda tokens: self._counted(size, tokens),
            endpoint.n_ctx,
        )
        return RemoteAnswer(line, body, frozenset(tool.name for tool in request.tools), on_progress)

    def tokens(self, request: "ChatRequest") -> int:
        """About how many tokens the prompt has, by what the server counted last."""
        return round(len(encoded(self._body(request, False))) / self._per_token)

    def _body(self, request: "ChatRequest", progress: bool) -> Body:
        body = request_body(request, self.endpoint.model, progress)
        body = {name: value for name, value in body.items() if name not in self._without}
        if "max_tokens" in self._without and request.max_tokens is not None:
            body["max_completion_tokens"] = request.max_tokens
        return body

    def _post(self, body: Body, step: Step) -> Stream:
        endpoint = self.endpoint
        return self._open(
            Request(
                endpoint.source,
                f"{endpoint.url}/v1/chat/completions",
                (*_headers(self._key), ("Accept", "text/event-stream, application/json")),
                encoded(body),
                plain=_plain(endpoint),
                max_bytes=MAX_ANSWER,
                rate=_OFTEN,
                limits=CHAT,
            ),
            step,
        )

    def _learn(self, body: Body) -> None:
        """Remember what this server does not know."""
        if not EXTRAS & body.keys():
            self._without |= EXTRAS
        if "max_completion_tokens" in body:
            self._without |= {"max_tokens"}

    def _counted(self, size: int, tokens: int) -> None:
        self._per_token = min(max(size / tokens, 1.0), 20.0)


def _headers(key: str) -> tuple[tuple[str, str], ...]:
    return (("Authorization", f"Bearer {key}"),) if key else ()


def _plain(endpoint: Endpoint) -> bool:
    """Whether http will do: only to this computer and its own network."""
    return is_near(str(checked_address(endpoint.url, plain=True).hostname))


def _context(model: object) -> int:
    """The context vLLM or llama-server tell of."""
    one = mapping(model)
    return number(one.get("max_model_len")) or number(mapping(one.get("meta")).get("n_ctx"))
