"""Lets a model answer prompts, each with its likeliest words."""

import json
from itertools import islice, takewhile

from quantize.jobs import Arguments, Report, Result
from quantize.jobs.running import read, tuned_context, tuned_model, write


def answer(arguments: Arguments, report: Report) -> Result:
    """Write answers until their end, or until they are too long.

    arguments: model (path) with quantize.running.settings, prompts (JSON list), most (tokens of
    an answer). Returns "answers", a list of texts.
    """
    most = int(arguments["most"])
    model = tuned_model(arguments)
    prompts = [model.tokenize(prompt, start=True) for prompt in json.loads(arguments["prompts"])]
    context = tuned_context(model, arguments, max(map(len, prompts)) + most)
    held: list[int] = []
    answers = []
    for number, tokens in enumerate(prompts, 1):
        same = _same_start(held, tokens)
        if not context.cut(0, same):  # a model that cannot take steps back
            same = 0
            context.cut(0, 0)
        row = read(context, tokens[same:], same)
        words = islice(write(context, row, len(tokens)), most)
        said = list(takewhile(lambda one: not model.ends_answer(one), words))
        answers.append(b"".join(map(model.piece, said)).decode(errors="replace"))
        held = tokens
        report(number / len(prompts), f"Asking question {number} of {len(prompts)}")
    return {"answers": answers}


def _same_start(held: list[int], tokens: list[int]) -> int:
    """How many of the tokens are in memory already; one is always read, for its logits."""
    pairs = enumerate(zip(held, tokens[:-1], strict=False))
    shorter = min(len(held), len(tokens) - 1)
    return next((at for at, (one, other) in pairs if one != other), shorter)
