"""Routers and models that say what a test tells them to, and how they say it."""

import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from engine.assistant.calls import call_json
from engine.assistant.recognise import Recognised
from engine.assistant.router import NO_TOOL, Router
from engine.assistant.tools import TOOLS
from engine.model.client import ModelClient, Stoppable
from engine.model.generation import GenerateRequest, Stats
from engine.model.templates import STARTER

LABELS = (*TOOLS, *NO_TOOL)


def call_text(tool: str, arguments: Mapping[str, str | Decimal]) -> str:
    """The call as the model writes it, tags included."""
    return f"<tool_call>\n{call_json(tool, arguments)}\n</tool_call>"


def logs(**shares: float) -> dict[str, float]:
    """Log-probabilities of all labels; what is left is shared by those not named."""
    others = (1 - sum(shares.values())) / (len(LABELS) - len(shares))
    return {name: math.log(shares.get(name, others) or 1e-9) for name in LABELS}


class _Opinion:
    def __init__(self, shares: dict[str, float]) -> None:
        self._shares = shares

    def log_probabilities(
        self, found: Recognised, previous_tool: str | None = None
    ) -> dict[str, float]:
        return logs(**self._shares)


def opinion(**shares: float) -> Router:
    """A router that always says the same."""
    return cast(Router, _Opinion(shares))


@dataclass(frozen=True)
class Loaded:
    """As much of a loaded model's description as the assistant looks at."""

    template_id: str = STARTER


Part = str | BaseException | Callable[[], None]


class Generated(Iterator[str]):
    """An answer whose parts are texts, exceptions to raise, or things to do in between."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self._parts = iter(parts)
        self.cancelled = threading.Event()
        self.stats: Stats | None = None

    def __next__(self) -> str:
        for part in self._parts:
            if self.cancelled.is_set():
                break
            if isinstance(part, BaseException):
                raise part
            if isinstance(part, str):
                return part
            part()
        raise StopIteration

    def cancel(self) -> None:
        self.cancelled.set()


class FakeModel:
    """Writes `answers` one after the other, `picks` where a grammar asks for a call.

    prefers: log-probability of the calls of some tools; the others get −3.
    """

    def __init__(
        self,
        *answers: str | Sequence[Part],
        picks: str = "",
        prefers: dict[str, float] | None = None,
        template_id: str = STARTER,
    ) -> None:
        self.loaded: Loaded | None = Loaded(template_id)
        self.answers = [[a] if isinstance(a, str) else list(a) for a in answers]
        self.picks = picks
        self.prefers = prefers or {}
        self.requests: list[GenerateRequest] = []
        self.generated: list[Generated] = []
        self.scored: list[tuple[str, tuple[str, ...]]] = []
        self.failure: BaseException | None = None

    def generate(self, request: GenerateRequest) -> Generated:
        self.requests.append(request)
        parts = [self.picks] if request.grammar is not None else self.answers.pop(0)
        self.generated.append(Generated(parts))
        return self.generated[-1]

    def score(
        self, prompt: str, continuations: Sequence[str], stoppable: Stoppable | None = None
    ) -> list[float]:
        if self.failure:
            raise self.failure
        self.scored.append((prompt, tuple(continuations)))
        values = [-3.0] * len(continuations)
        for name, value in self.prefers.items():
            values[list(TOOLS).index(name)] = value
        values[-1] = -0.02  # how likely any call is
        return values

    @property
    def client(self) -> ModelClient:
        """Itself, where a client is wanted."""
        return cast(ModelClient, self)
