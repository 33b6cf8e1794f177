"""Routers and models that say what a test tells them to, and how they say it."""

import math
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import cast

from benchmarks import make_gguf
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


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


@cache
def model_file(**metadata: object) -> Path:
    """A tiny model file that says this of itself besides; gone at the end of the tests."""
    path = Path(_folder().name) / f"fake{len(list(Path(_folder().name).iterdir()))}.gguf"
    shape = make_gguf.TINY
    tensors = [
        (key, dimensions, make_gguf.tensor_type(key, dimensions, shape))
        for key, dimensions in make_gguf.tensor_shapes(shape)
    ]
    make_gguf.write_file(
        path,
        {**make_gguf.metadata(shape, "Fake"), **metadata},
        tensors,
        lambda tensor: bytes(math.prod(tensor[1]) * 4),
    )
    return path


@dataclass(frozen=True)
class Loaded:
    """As much of a loaded model's description as is looked at; template: its file's own text;
    says: what else the file says."""

    template_id: str = STARTER
    name: str = "Fake"
    n_ctx: int = 4_096
    template: str = ""
    says: tuple[tuple[str, object], ...] = ()

    @property
    def path(self) -> Path:
        """A file with that template."""
        key = "tokenizer.chat_template" if self.template else "assay.template"
        return model_file(**{key: self.template or self.template_id}, **dict(self.says))


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
        template: str = "",
        says: Mapping[str, object] | None = None,
    ) -> None:
        more = tuple((says or {}).items())
        self.loaded: Loaded | None = Loaded(template_id, template=template, says=more)
        self.answers = [[a] if isinstance(a, str) else list(a) for a in answers]
        self.picks = picks
        self.prefers = prefers or {}
        self.requests: list[GenerateRequest] = []
        self.generated: list[Generated] = []
        self.scored: list[tuple[str, tuple[str, ...]]] = []
        self.failure: BaseException | None = None

    def generate(self, request: GenerateRequest, on_progress: object = None) -> Generated:
        self.requests.append(request)
        parts = [self.picks] if request.grammar is not None else self.answers.pop(0)
        self.generated.append(Generated(parts))
        return self.generated[-1]

    def detokenize(self, tokens: Sequence[int]) -> str:
        return "".join(f"<|{token}|>" for token in tokens)

    def count(self, text: str) -> int:
        """A token is four letters or so."""
        return len(text) // 4

    def score(
        self,
        prompt: str,
        continuations: Sequence[str],
        stoppable: Stoppable | None = None,
        session: str = "",
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
