"""Log-likelihoods of texts, computed as the Language Model Evaluation Harness does.

No more logits are held than those of the answers of one batch.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence

import torch
from tokenizers import Tokenizer
from torch import nn

from training.loop.batch import Batch
from training.models.parts import head, hidden_states
from training.objectives.cross_entropy import next_token_loss

Pair = tuple[list[int], list[int]]


def encode_pair(tokenizer: Tokenizer, context: str, answer: str) -> Pair:
    """Token ids of a context and of what follows; spaces at its end count as the answer's."""
    bare = context.rstrip()
    answer, context = context[len(bare) :] + answer, bare
    whole = tokenizer.encode(context + answer, add_special_tokens=False).ids
    start = len(tokenizer.encode(context, add_special_tokens=False).ids)
    return whole[:start], whole[start:]


def log_likelihoods(
    model: nn.Module, pairs: Sequence[Pair], rows: int, longest: int
) -> list[float]:
    """Σ log p(answer token | all before), in nats, for each (context, answer).

    rows: per forward pass; longest: inputs, longer ones losing their beginning. Pairs with equal
    inputs, such as the letters of a question, are computed together.
    """
    found = [0.0] * len(pairs)
    asked: dict[tuple[int, ...], list[int]] = {}
    for index, (context, answer) in enumerate(pairs):
        asked.setdefault(tuple((context + answer)[-longest - 1 : -1]), []).append(index)
    order = sorted(asked, key=len, reverse=True)
    place = next(model.parameters()).device
    for start in range(0, len(order), rows):
        some = order[start : start + rows]
        inputs = torch.zeros(len(some), len(some[0]), dtype=torch.int64)
        for row, ids in enumerate(some):
            inputs[row, : len(ids)] = torch.tensor(ids)
        with torch.no_grad():
            states = hidden_states(model, inputs.to(place), None)
            matrix = head(model).to(states.dtype)
            for row, ids in enumerate(some):
                for index in asked[ids]:
                    answer = torch.tensor(pairs[index][1][-len(ids) :], device=place)
                    logits = states[row, len(ids) - len(answer) : len(ids)] @ matrix.T
                    logs = logits.float().log_softmax(-1).gather(1, answer[:, None])
                    found[index] = float(logs.sum())
    return found


def windows(tokens: Sequence[int], prefix: int, length: int) -> Iterator[tuple[list[int], int]]:
    """Cut a document so that each token is predicted once, from as much before it as there is room.

    Yields (ids, count): of ids the last count are predicted, from at most length before them.
    prefix: the token before the first one.
    """
    whole = [prefix, *tokens]
    for start in range(0, len(tokens), length):
        end = min(start + length, len(tokens))
        first = 0 if start == 0 else end - length
        yield whole[first : end + 1], end - start


def perplexity(
    model: nn.Module, tokenizer: Tokenizer, texts: Iterable[str], prefix: int, length: int
) -> dict[str, float]:
    """Of documents together, with NLL = -Σ log p(token | before) in nats:

    bits_per_byte = NLL / (ln 2 · UTF-8 bytes), and as exp(NLL / n) per token, byte and word.
    """
    nats, tokens, size, words = 0.0, 0, 0, 0
    place = next(model.parameters()).device
    for text in texts:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        for window, count in windows(ids, prefix, length):
            row = torch.tensor([window])
            weights = torch.zeros(1, len(window) - 1)
            weights[:, -count:] = 1
            with torch.no_grad():
                nats += next_token_loss(
                    model, Batch(row[:, :-1], row[:, 1:], weights).to(place)
                ).item()
        tokens += len(ids)
        size += len(text.encode())
        words += len(re.split(r"\s+", text))
    if not tokens:
        return {"tokens": 0.0, "bits_per_byte": math.nan}
    return {
        "tokens": float(tokens),
        "bits_per_byte": nats / math.log(2) / size,
        "perplexity": math.exp(nats / tokens),
        "byte_perplexity": math.exp(nats / size),
        "word_perplexity": math.exp(min(700.0, nats / words)),
    }
