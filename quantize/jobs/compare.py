"""Runs two model files over the same text and compares what they expect at each position."""

import os
from collections.abc import Callable

from engine.core.errors import KnownError
from engine.model.child.api import AbortFlag
from engine.model.child.context import MAX_ROWS, Context, Part, Row
from engine.model.child.model import LoadFailed, Model
from engine.model.diagnose import load_cause, load_error
from engine.model.messages import Load
from quantize.divergence import Tally
from quantize.jobs import Arguments, Report, Result

WINDOW = 512  # tokens, as in llama.cpp's own tool; the second half of each is measured
LEAST = 32  # tokens a text needs


def compare(arguments: Arguments, report: Report) -> Result:
    """Measure a candidate against its reference on a text.

    arguments: reference, candidate, text (paths), context (tokens both can hold). Returns the
    fields of quantize.compare.Comparison. Raises KnownError.
    """
    with open(arguments["text"], encoding="utf-8") as file:
        text = file.read()
    models = [_load(arguments[name]) for name in ("reference", "candidate")]
    tokens, others = (model.tokenize(text, start=True) for model in models)
    if tokens != others or models[0].size != models[1].size:
        raise KnownError(
            "The two files have different vocabularies, so their answers cannot be compared.",
            "Compare a file with one made from it.",
        )
    size = min(WINDOW, int(arguments["context"]), len(tokens))
    if size < LEAST:
        raise KnownError(f"The text is too short: {LEAST} tokens are needed.", "Give a longer one.")
    reference, candidate = (_context(model, size) for model in models)
    starts = range(0, len(tokens) - size + 1, size)
    tally = Tally()
    for number, start in enumerate(starts, 1):
        _compare_window(reference, candidate, tokens[start : start + size], tally)
        report(number / len(starts), f"Comparing part {number} of {len(starts)}")
    return tally.result()


def _compare_window(
    reference: Context, candidate: Context, tokens: list[int], tally: Tally
) -> None:
    rows: dict[int, Row] = {}

    def keep(position: int, row: Row) -> None:
        rows[position] = row.copy()  # the original lives until the next step only

    def count(position: int, row: Row) -> None:
        following = tokens[position + 1] if position + 1 < len(tokens) else None
        tally.add(rows[position], row, following)

    for context, on_row in ((reference, keep), (candidate, count)):
        _read(context, tokens, len(tokens) // 2, on_row)


def _read(
    context: Context, tokens: list[int], first_row: int, on_row: Callable[[int, Row], None]
) -> None:
    """Decode the tokens from nothing; on_row(position, logits) for each from first_row on."""
    context.cut(0, 0)
    position = 0
    while position < len(tokens):
        end = min(position + context.batch, len(tokens))
        if end > first_row:
            end = min(end, max(position, first_row) + MAX_ROWS)
        (rows,) = context.decode([Part(0, position, tokens[position:end], first_row)])
        for at, row in rows.items():
            on_row(at, context.logits(row))
        position = end


def _load(path: str) -> Model:
    try:
        return Model(path, lambda _: None, AbortFlag())
    except LoadFailed as error:
        raise load_error(load_cause(str(error)), os.path.basename(path)) from error


def _context(model: Model, size: int) -> Context:
    try:
        threads = os.cpu_count() or 1
        return Context(model, Load(0, "", size, threads, threads, 0), AbortFlag())
    except LoadFailed as error:
        raise KnownError(
            "There is not enough free memory to compare these models.", "Close other programs."
        ) from error
