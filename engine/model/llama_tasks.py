"""What the child does for a request: continue a prompt, or weigh continuations of it."""

import time
from collections.abc import Callable

import numpy as np

from engine.core.errors import Cancelled, KnownError
from engine.model.llama_context import Context, OnProgress, Row
from engine.model.llama_model import Model
from engine.model.llama_sampling import Sampler
from engine.model.protocol import Done, Generate, Score
from engine.model.text import TextStream


def generate(
    model: Model,
    context: Context,
    request: Generate,
    on_progress: OnProgress,
    on_text: Callable[[str], None],
) -> Done:
    """Answer a Generate request: text through on_text as it comes, then the figures.

    KnownError if prompt and answer cannot fit; a cancel ends the answer early, not in error.
    """
    tokens = model.tokenize(request.prompt, start=True)
    _check_room(context, tokens, request.max_tokens)
    sampler = Sampler(model, request)
    start = time.perf_counter()
    prompt_end = start
    cached = count = 0
    finish = "length"
    text = TextStream(request.stop)
    try:
        cached = context.prefill(tokens, on_progress)
        prompt_end = time.perf_counter()
        while count < request.max_tokens:
            if context.abort.is_set():
                raise Cancelled
            token = sampler.pick(context)
            if token is None or model.ends_answer(token):
                finish = "stop"
                break
            count += 1
            if piece := text.feed(model.piece(token)):
                on_text(piece)
            if text.stopped:
                finish = "stop"
                break
            if count < request.max_tokens:
                context.append(token)
    except Cancelled:
        finish = "cancelled"
    finally:
        sampler.close()
    if rest := text.finish():
        on_text(rest)
    end = time.perf_counter()
    return Done(
        request.id, len(tokens), cached, count, prompt_end - start, end - prompt_end, finish
    )


def score(model: Model, context: Context, request: Score) -> tuple[float, ...]:
    """Natural-log probability of each continuation of the prompt, summed over its tokens.

    Prompt and shared beginnings are decoded once, last tokens not at all: candidates that
    differ in one last token cost a single decoding. KnownError if they cannot fit.
    """
    prompt = model.tokenize(request.prompt, start=True)
    paths = [model.tokenize(text, start=False) for text in request.continuations]
    totals = [0.0] * len(paths)
    members = [index for index, path in enumerate(paths) if path]
    _check_room(context, prompt, max((len(path) for path in paths), default=0))

    def visit(members: list[int], depth: int) -> None:
        """Add the probabilities of the members from `depth`, up to which they are equal."""
        first = paths[members[0]]
        end = depth
        while all(len(paths[one]) > end + 1 and paths[one][end] == first[end] for one in members):
            end += 1

        def on_row(position: int, logits: Row) -> None:
            step = position + 1 - len(prompt)
            partition = _log_sum_exp(logits)
            for one in members:
                totals[one] += float(logits[paths[one][step]]) - partition

        context.prefill(prompt + first[:end], None, len(prompt) + depth - 1, on_row)
        branches: dict[int, list[int]] = {}
        for one in members:
            if len(paths[one]) > end + 1:
                branches.setdefault(paths[one][end], []).append(one)
        for branch in branches.values():
            visit(branch, end + 1)

    if members:
        visit(members, 0)
    return tuple(totals)


def _log_sum_exp(logits: Row) -> float:
    largest = float(logits.max())
    return largest + float(np.log(np.exp(logits - np.float32(largest)).sum(dtype=np.float64)))


def _check_room(context: Context, prompt: list[int], more: int) -> None:
    if not prompt:
        raise KnownError("There is nothing to answer.", "Write a question.")
    needed = len(prompt) + more
    if needed > context.n_ctx:
        raise KnownError(
            f"The question and its answer need {needed:,} tokens, "
            f"but the model has room for {context.n_ctx:,}.",
            "Start a new chat or ask something shorter.",
        )
