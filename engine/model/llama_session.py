"""The child's one model and its answers to requests."""

from collections.abc import Callable

from engine.model import protocol, sandbox
from engine.model.llama_api import AbortFlag
from engine.model.llama_context import Context
from engine.model.llama_model import Model
from engine.model.llama_tasks import generate, score

LOADING_STEP = 0.02


class Session:
    """Holds the loaded model; events that precede an answer go to `send`."""

    def __init__(self, abort: AbortFlag, send: Callable[[protocol.Event], None]) -> None:
        self._abort = abort
        self._send = send
        self._loaded: tuple[Model, Context] | None = None

    def load(self, request: protocol.Load) -> protocol.Event:
        """Open the model; once per process. Raises LoadFailed."""
        told = 0.0

        def on_progress(fraction: float) -> None:
            nonlocal told
            if fraction - told >= LOADING_STEP:
                told = fraction
                self._send(protocol.Loading(request.id, fraction))

        sandbox.limit_memory(request.memory)
        model = Model(request.path, on_progress, self._abort)
        context = Context(model, request.n_ctx, request.threads, self._abort)
        self._loaded = model, context
        return protocol.Loaded(request.id, context.n_ctx)

    def generate(self, request: protocol.Generate) -> protocol.Event:
        """Send Prefill and Text events, return Done."""
        model, context = self._ready()
        return generate(
            model,
            context,
            request,
            lambda done, total: self._send(protocol.Prefill(request.id, done, total)),
            lambda text: self._send(protocol.Text(request.id, text)),
        )

    def score(self, request: protocol.Score) -> protocol.Event:
        """Weigh continuations."""
        model, context = self._ready()
        return protocol.Scores(request.id, score(model, context, request))

    def count(self, request: protocol.Count) -> protocol.Event:
        """Count a text's tokens."""
        model, _ = self._ready()
        return protocol.Counted(request.id, len(model.tokenize(request.text, start=False)))

    def _ready(self) -> tuple[Model, Context]:
        if self._loaded is None:
            raise ValueError("a request before the load")
        return self._loaded
