"""The child's one model, and the work each request means."""

from collections.abc import Callable

from engine.core.errors import KnownError
from engine.model import messages, sandbox
from engine.model.child.adapters import Adapters
from engine.model.child.api import AbortFlag
from engine.model.child.context import Context
from engine.model.child.embed import Embedder
from engine.model.child.guess import Guessing
from engine.model.child.model import LoadFailed, Model
from engine.model.child.pool import Pool
from engine.model.child.scheduler import Work
from engine.model.child.tasks import generate, score

LOADING_STEP = 0.02


class Session:
    """The loaded model; events that precede an answer go to `send`."""

    def __init__(
        self, request: messages.Load, abort: AbortFlag, send: Callable[[messages.Event], None]
    ) -> None:
        """Open the model; once per process. Raises LoadFailed."""
        self._abort = abort
        self._send = send
        self._threads = request.threads_batch
        told = 0.0

        def on_progress(fraction: float) -> None:
            nonlocal told
            if fraction - told >= LOADING_STEP:
                told = fraction
                send(messages.Loading(request.id, fraction))

        sandbox.limit_memory(request.memory)
        self._model = Model(
            request.path,
            on_progress,
            abort,
            mmap=request.mmap,
            repack=request.repack,
            gpu_layers=request.gpu_layers,
        )
        self.context = Context(self._model, request, abort)
        self.pool = Pool(self.context, request.parked)
        self._guessing = Guessing(self.context, request, abort)
        self._adapters = Adapters(self._model, self.context)
        self._embedder: Embedder | None = None

    def work(self, request: messages.Generate | messages.Score | messages.Embed) -> Work:
        """The steps of a request that computes. Raises KnownError."""
        match request:
            case messages.Score():
                return score(self._model, self.context, self.pool, request)
            case messages.Embed():
                return self._embed(request)
        return generate(self._model, self.context, self.pool, self._guessing, request, self._send)

    def answer(self, request: messages.Request) -> messages.Event:
        """Carry out a request that needs no turn of its own. Raises what the request may."""
        number = request.id
        match request:
            case messages.Count():
                return messages.Counted(number, len(self._model.tokenize(request.text, False)))
            case messages.Tokenize():
                tokens = self._model.tokenize(request.text, request.start, request.special)
                return messages.Tokens(number, tuple(tokens))
            case messages.Detokenize():
                if any(not 0 <= token < self._model.size for token in request.tokens):
                    raise BadToken
                pieces = (self._model.piece(token) for token in request.tokens)
                return messages.Spelled(number, tuple(one.decode("latin-1") for one in pieces))
            case messages.Adapt():
                self._adapters.use(request.paths, request.scales)
                self.pool.clear()
                return messages.Adapted(number)
            case messages.Forget():
                held = self.pool.held(request.session)
                self.pool.forget(request.session)
                return messages.Kept(number, held)
        raise TypeError(f"{type(request).__name__} is answered elsewhere")

    def _embed(self, request: messages.Embed) -> Work:
        if self._embedder is None:
            try:
                self._embedder = Embedder(
                    self._model, self.context.n_ctx, self._threads, self._abort
                )
            except LoadFailed as error:
                raise KnownError(
                    "There is not enough free memory to compare texts.", "Close other programs."
                ) from error
        return self._embedder.work(request)


class BadToken(Exception):
    """A token the vocabulary does not have."""
