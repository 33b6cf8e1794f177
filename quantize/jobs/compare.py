"""Runs an original and files made from it over texts and compares what they expect."""

import json
import os

import numpy as np

from engine.core.errors import KnownError
from engine.model.child.context import MAX_ROWS, Context, Part, Row
from engine.model.messages import Load
from quantize.divergence import LogRow, Tally, log_softmax
from quantize.jobs import Arguments, Report, Result
from quantize.jobs.running import broken, open_context, open_model

WINDOW = 512  # tokens, as in llama.cpp's own tool; the second half of each is measured
LEAST = 32  # tokens a text needs


def compare(arguments: Arguments, report: Report) -> Result:
    """Measure candidates against their reference on texts.

    arguments: reference (path), candidates (JSON list of paths), texts (JSON list), context (tokens
    all can hold). Returns "files": for each candidate the fields of quantize.compare.Comparison.
    Raises KnownError.
    """
    paths = [arguments["reference"], *json.loads(arguments["candidates"])]
    names = [os.path.basename(path) for path in paths]
    models = [open_model(path) for path in paths]
    texts = json.loads(arguments["texts"])
    tokens = [one for text in texts for one in models[0].tokenize(text, start=True)]
    size = min(WINDOW, int(arguments["context"]), len(tokens))
    if size < LEAST:
        raise KnownError(f"The text is too short: {LEAST} tokens are needed.", "Give a longer one.")
    threads = os.cpu_count() or 1
    contexts = [open_context(model, Load(0, "", size, threads, threads, 0)) for model in models]
    starts = range(0, len(tokens) - size + 1, size)
    tallies = [Tally() for _ in contexts[1:]]
    for number, start in enumerate(starts, 1):
        _compare_window(contexts, names, tokens[start : start + size], tallies)
        report(number / len(starts), f"Comparing part {number} of {len(starts)}")
    return {"files": [tally.result() for tally in tallies]}


def _compare_window(
    contexts: list[Context], names: list[str], tokens: list[int], tallies: list[Tally]
) -> None:
    """All models read the window in step, so that no more than MAX_ROWS distributions are held."""
    for context in contexts:
        context.cut(0, 0)
    first_row = len(tokens) // 2
    reference, *candidates = contexts
    position = 0
    while position < len(tokens):
        end = min(position + reference.batch, len(tokens))
        if end > first_row:
            end = min(end, max(position, first_row) + MAX_ROWS)
        part = Part(0, position, tokens[position:end], first_row)
        (rows,) = reference.decode([part])
        expected: dict[int, LogRow] = {
            at: _expected(reference.logits(row), names[0]) for at, row in rows.items()
        }
        for context, name, tally in zip(candidates, names[1:], tallies, strict=True):
            (rows,) = context.decode([part])
            for at, row in rows.items():
                following = tokens[at + 1] if at + 1 < len(tokens) else None
                tally.add(expected[at], _expected(context.logits(row), name), following)
        position = end


def _expected(logits: Row, name: str) -> LogRow:
    result = log_softmax(logits)
    if np.isnan(result[0]):  # then all are
        raise broken(name)
    return result
