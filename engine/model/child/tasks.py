"""What the child does for a request: continue a prompt, or weigh continuations of it."""

import math
import time
from collections.abc import Callable, Sequence

from engine.core.errors import Cancelled, KnownError
from engine.model.child.answer import LEAST, Answer, log_sum_exp
from engine.model.child.context import MAX_ROWS, Context, Full, Row
from engine.model.child.guess import Guesses, Guessing
from engine.model.child.model import Model
from engine.model.child.pool import Pool
from engine.model.child.sampling import Sampler
from engine.model.child.scheduler import Want, Work
from engine.model.messages import Done, Event, Generate, Prefill, Score, Scores


class TooLong(Exception):
    """The prompt alone does not fit."""

    def __init__(self, tokens: int, n_ctx: int) -> None:
        super().__init__(f"{tokens} {n_ctx}")


def generate(
    model: Model,
    context: Context,
    pool: Pool,
    guessing: Guessing,
    request: Generate,
    send: Callable[[Event], None],
) -> Work:
    """Answer a Generate request: events through send as it goes, then the figures.

    An answer ends where the context is full. A cancel ends it early, not in error. Raises
    TooLong, BadRequest.
    """
    tokens = model.tokenize(request.prompt, start=True)
    _check_room(context, tokens, 0)
    answer = Answer(model, request, send)
    sampler = Sampler(model, request)
    sequence = pool.take(request.session, tokens, request.priority)
    cached = sequence.held
    start = prompt_end = time.perf_counter()
    drafted = accepted = 0
    draft: list[int] = []

    def on_progress(done: int, total: int) -> None:
        send(Prefill(request.id, done, total))

    def said(row: int, token: int | None = None) -> int | None:
        """Pick the token of a row, or take what is forced, and tell about it."""
        logits = context.logits(row)
        untouched = logits.copy() if request.logprobs >= 0 else None
        if token is None:
            token = sampler.pick(context, row)
        else:
            sampler.accept(token)
        if untouched is not None and token is not None and not answer.is_end(token):
            answer.tell(token, untouched)
        return token

    try:
        marks = (_mark(model, tokens, request.keep), len(tokens) - 1)
        want = Want(sequence, len(tokens) - 1, on_progress, checkpoints=marks)
        if request.max_tokens == 0:
            want.first_row = len(tokens)
            answer.finish = "length"
        yield want
        prompt_end = time.perf_counter()
        guesses: Guesses | None = None
        forced: list[int] = []
        seconds: float | None = None
        while not answer.finish:
            position = len(sequence.tokens) - 1 - len(draft)
            new: list[int] = []
            for index in range(len(draft) + 1):
                token = said(want.rows[position + index], forced.pop(0) if forced else None)
                forced = answer.take(token) or forced
                if token is not None:
                    new.append(token)
                if answer.finish or index == len(draft) or token != draft[index]:
                    break
            hits = min(
                len(draft), sum(one == other for one, other in zip(new, draft, strict=False))
            )
            pool.cut(sequence, position + 1 + hits)
            drafted += len(draft)
            accepted += hits
            if answer.finish:
                break
            room = min(context.n_ctx - len(sequence.tokens), request.max_tokens - answer.count) - 1
            if len(sequence.tokens) >= context.n_ctx:
                answer.finish = "length"
                break
            if answer.count == 1:
                guesses = guessing.guesser(tokens, request.speculate)
            if guesses is not None:
                guesses.took(new, seconds)
            sequence.tokens.append(new[-1])
            draft = []
            if guesses is not None and not forced and room > 0:
                draft = guesses.draft(min(room, MAX_ROWS // pool.busy - 1))
            sequence.tokens += draft
            want = Want(sequence, len(sequence.tokens) - 1 - len(draft))
            began = time.perf_counter()
            yield want
            seconds = time.perf_counter() - began if want.alone else None
    except Cancelled:
        answer.finish = "cancelled"
    except Full:
        answer.finish = "length"
    finally:
        sampler.close()
        pool.give_back(sequence)
    answer.end(answer.finish)
    end = time.perf_counter()
    return Done(
        request.id,
        len(tokens),
        cached,
        answer.count,
        prompt_end - start,
        end - prompt_end,
        answer.finish,
        drafted,
        accepted,
        context.n_ctx,
    )


def score(model: Model, context: Context, pool: Pool, request: Score) -> Work:
    """Natural-log probability of each continuation of the prompt, summed over its tokens.

    Prompt and shared beginnings are decoded once, last tokens not at all: candidates that
    differ in one last token cost a single decoding. Raises TooLong, Cancelled.
    """
    prompt = model.tokenize(request.prompt, start=True)
    paths = [model.tokenize(text, start=False) for text in request.continuations]
    totals = [0.0] * len(paths)
    _check_room(context, prompt, max((len(path) for path in paths), default=0))
    sequence = pool.take(request.session, prompt, request.priority)

    def visit(members: Sequence[int], depth: int) -> Work:
        """Add the probabilities of the members from `depth`, up to which they are equal."""
        first = paths[members[0]]
        end = depth
        while all(len(paths[one]) > end + 1 and paths[one][end] == first[end] for one in members):
            end += 1
        first_row = len(prompt) + depth - 1

        def on_row(position: int, logits: Row) -> None:
            step = position + 1 - len(prompt)
            partition = log_sum_exp(logits)
            for one in members:
                value = float(logits[paths[one][step]]) - partition
                totals[one] += value if math.isfinite(value) else LEAST

        pool.cut(sequence, first_row)
        sequence.tokens = prompt + first[:end]
        yield Want(sequence, first_row, on_row=on_row, checkpoints=(len(prompt) - 1,))
        branches: dict[int, list[int]] = {}
        for one in members:
            if len(paths[one]) > end + 1:
                branches.setdefault(paths[one][end], []).append(one)
        for branch in branches.values():
            yield from visit(branch, end + 1)
        return Scores(request.id, ())

    try:
        if members := [index for index, path in enumerate(paths) if path]:
            yield from visit(members, 0)
    except Full as error:
        raise TooLong(len(prompt), context.n_ctx) from error
    finally:
        pool.give_back(sequence)
    return Scores(request.id, tuple(totals))


def _mark(model: Model, tokens: list[int], keep: str) -> int:
    """How many tokens of the prompt a beginning of it is; 0 where it has other tokens."""
    kept = model.tokenize(keep, start=True) if keep else []
    return len(kept) if tokens[: len(kept)] == kept else 0


def _check_room(context: Context, prompt: list[int], more: int) -> None:
    if not prompt:
        raise KnownError("There is nothing to answer.", "Write a question.")
    if len(prompt) + more > context.n_ctx:
        raise TooLong(len(prompt), context.n_ctx)
