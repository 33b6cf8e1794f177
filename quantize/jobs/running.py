"""Opens models for the jobs that run them, and reads tokens with them."""

import os
from collections.abc import Iterator, Sequence

from engine.core.errors import KnownError
from engine.model.child.api import AbortFlag
from engine.model.child.context import Context, Part, Row
from engine.model.child.model import LoadFailed, Model
from engine.model.diagnose import load_cause, load_error
from engine.model.messages import Load
from quantize.jobs import Arguments


def open_model(path: str, mmap: bool = True, repack: bool = True) -> Model:
    """A model file's weights and vocabulary. Raises KnownError."""
    try:
        return Model(path, lambda _: None, AbortFlag(), mmap=mmap, repack=repack)
    except LoadFailed as error:
        raise load_error(load_cause(str(error)), os.path.basename(path)) from error


def open_context(model: Model, wanted: Load) -> Context:
    """Its working memory. Raises KnownError."""
    try:
        return Context(model, wanted, AbortFlag())
    except LoadFailed as error:
        raise KnownError(
            "There is not enough free memory to run this model.", "Close other programs."
        ) from error


def broken(name: str) -> KnownError:
    """The refusal of a file that computes NaNs."""
    return KnownError(
        f"{name} computes values that are no numbers: it is broken.", "Make or get it again."
    )


def tuned_model(arguments: Arguments) -> Model:
    """The model of a job with quantize.running.settings."""
    return open_model(arguments["model"], arguments["mmap"] == "1", arguments["repack"] == "1")


def tuned_context(model: Model, arguments: Arguments, n_ctx: int) -> Context:
    """Its memory for n_ctx tokens."""
    wanted = Load(
        0,
        "",
        n_ctx,
        int(arguments["threads"]),
        int(arguments["threads_batch"]),
        0,
        batch=int(arguments["batch"]),
    )
    return open_context(model, wanted)


def read(context: Context, tokens: Sequence[int], start: int = 0) -> int:
    """Decode tokens from position `start` on; the row of the last one's logits."""
    end = start + len(tokens)
    row = -1
    for at in range(start, end, context.batch):
        part = tokens[at - start : at - start + context.batch]
        (rows,) = context.decode([Part(0, at, part, end - 1)])
        row = rows.get(end - 1, -1)
    return row


def write(context: Context, row: int, start: int) -> Iterator[int]:
    """The likeliest tokens one after the other, from position `start` on, without an end.

    row: of the logits that the first one is chosen by. A token is decoded when the next is asked
    for.
    """
    while True:
        logits: Row = context.logits(row)
        token = int(logits.argmax())
        yield token
        row = read(context, [token], start)
        start += 1
