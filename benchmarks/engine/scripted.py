"""A model whose words are scripted and whose time is real: for what depends on what is said.

Random weights say nonsense, so a benchmark of copying or of tool calls tells the sampler what to
find likeliest at each position. Every other step is that of the model child.
"""

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.model.child.api import AbortFlag
from engine.model.child.context import Context
from engine.model.child.sampling import Sampler
from engine.model.child.scheduler import Scheduler, Task
from engine.model.child.session import Session
from engine.model.fit.memory import default_threads
from engine.model.generation import GenerateRequest
from engine.model.messages import Done, Event, Load, Text

CERTAIN = 1e4
_pick = Sampler.pick


class Scripted:
    """One model in this process; `say` makes it say a text after a prompt."""

    def __init__(
        self,
        model: Path,
        n_ctx: int,
        curve: tuple[tuple[int, float], ...] = (),
        threads: int | None = None,
    ) -> None:
        count = threads or default_threads()
        self._events: list[Event] = []
        load = Load(
            id=1,
            path=str(model),
            n_ctx=n_ctx,
            threads=count,
            threads_batch=count,
            memory=1 << 40,
            curve_sizes=tuple(size for size, _ in curve),
            curve_costs=tuple(cost for _, cost in curve),
        )
        self._session = Session(load, AbortFlag(), self._events.append)
        self._model = self._session._model
        self._results: list[Any] = []
        self._scheduler = Scheduler(
            self._session.context, self._session.pool, lambda task, end: self._results.append(end)
        )

    def say(self, prompt: str, text: str, **more: Any) -> tuple[str, Done, float]:
        """The text as it came out, the figures, and seconds after the prompt."""
        script = self._model.tokenize(text, start=False)

        def pick(sampler: Sampler, context: Context, row: int) -> int | None:
            at = sum(sampler._said.values())
            if at < len(script):
                context.logits(row)[script[at]] = CERTAIN
            return _pick(sampler, context, row)

        request = GenerateRequest(prompt, max_tokens=len(script), ignore_end=True, **more)
        self._events.clear()
        self._results.clear()
        Sampler.pick = pick  # type: ignore[method-assign]
        try:
            self._scheduler.add(Task(2, 0, self._session.work(request.message(2))))
            while self._scheduler.busy:
                self._scheduler.step()
        finally:
            Sampler.pick = _pick  # type: ignore[method-assign]
        (done,) = self._results
        if not isinstance(done, Done):
            raise done
        said = "".join(event.text for event in self._events if isinstance(event, Text))
        return said, done, done.seconds

    def cost_curve(self, sizes: tuple[int, ...], runs: int = 5) -> tuple[tuple[int, float], ...]:
        """What decoding so many tokens at once costs, as multiples of one."""
        times: dict[int, list[float]] = {size: [] for size in (1, *sizes)}
        pool, context = self._session.pool, self._session.context
        from engine.model.child.scheduler import Want  # noqa: PLC0415

        base = self._model.tokenize("alpha beta gamma " * 20, start=True)
        for _ in range(runs):
            for size, found in times.items():
                sequence = pool.take("curve", base + [5] * size, 0)
                pool.bring_in(sequence, ())
                want = Want(sequence, len(base))
                while sequence.held < len(base) + size:
                    from engine.model.child.context import Part  # noqa: PLC0415

                    start = sequence.held
                    end = min(len(base), start + 256) if start < len(base) else len(base) + size
                    tokens = sequence.tokens[start:end]
                    began = time.perf_counter()
                    assert sequence.slot is not None
                    context.decode([Part(sequence.slot, start, tokens, want.first_row)])
                    took = time.perf_counter() - began
                    sequence.held = end
                    if start >= len(base):
                        found.append(took)
                pool.give_back(sequence)
        one = sorted(times[1])[runs // 2]
        return tuple((size, sorted(times[size])[runs // 2] / one) for size in sizes)
