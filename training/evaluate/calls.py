"""How often the model's own greedy answer would be exactly the wanted tool call.

With the wanted text as input, greedy decoding reproduces a call if and only if each of its
tokens is the model's first choice, so one forward pass per dialogue is enough.
"""

import math
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from training.data.batching import LengthStream
from training.data.sft import Dialogues, pad
from training.loop import distributed
from training.models.parts import head, hidden_states
from training.objectives.cross_entropy import ROWS
from training.vocabulary import TOOL_TOKENS, TURN_END

_SHARES = ("calls", "tools", "silence")
_DIALOGUES = 8  # of a forward pass


def score_calls(
    model: nn.Module, dialogues: Dialogues, tokenizer: Tokenizer, limit: int
) -> dict[str, float]:
    """Scores over the first limit dialogues; each process computes a share of them.

    loss: nats per weighted token. calls: share of calls right from the first to the last token.
    tools: share of calls whose tool is right. silence: share of answers without a call that
    do not begin with one. A share without cases is nan.
    """
    call = tokenizer.token_to_id("<tool_call>")
    end = tokenizer.token_to_id(TURN_END)
    tools = {tokenizer.token_to_id(token) for token in TOOL_TOKENS}
    right, cases = dict.fromkeys(_SHARES, 0.0), dict.fromkeys(_SHARES, 0.0)
    nats = weight = 0.0
    for targets, weights, best, loss in _first_choices(model, dialogues, limit):
        nats += loss
        weight += float(weights.sum())
        for start, stop in answers(targets.numpy(), weights.numpy(), end):
            wanted, got = targets[start:stop].tolist(), best[start:stop].tolist()
            if wanted[0] != call:
                cases["silence"] += 1
                right["silence"] += got[0] != call
                continue
            cases["calls"] += 1
            right["calls"] += wanted == got
            place = next((i for i, token in enumerate(wanted) if token in tools), None)
            if place is not None:  # other vocabularies have no token for a tool
                cases["tools"] += 1
                right["tools"] += got[0] == call and got[place] == wanted[place]
    nats, weight, *counts = distributed.total(nats, weight, *right.values(), *cases.values())
    pairs = zip(_SHARES, counts[:3], counts[3:], strict=True)
    return {"loss": nats / weight, **{name: a / b if b else math.nan for name, a, b in pairs}}


def _first_choices(
    model: nn.Module, dialogues: Dialogues, limit: int
) -> Iterator[tuple[Tensor, Tensor, Tensor, float]]:
    """Targets, weights and the model's first choices of this process's dialogues, with their nats.

    No more logits are held than those of one chunk of rows.
    """
    plan = LengthStream(dialogues.lengths[:limit], seed=0).numbers(_DIALOGUES)
    mine = [pad([dialogues[int(number)] for number in part]) for part in distributed.share(plan)]
    if len(mine) < -(-len(plan) // distributed.world()):  # sharded ones compute in lockstep
        mine.append(pad([dialogues[0]]).empty())
    matrix = head(model)
    for given in mine:
        batch = given.to(matrix.device)
        with torch.no_grad():
            hidden = hidden_states(model, batch.inputs, None)
            matrix = matrix.to(hidden.dtype)  # once: the next batches have the same
            losses, best = torch.zeros_like(batch.weights), torch.zeros_like(batch.targets)
            for row, kept in enumerate(batch.weights):
                for part in kept.nonzero().squeeze(1).split(ROWS):
                    logits = (hidden[row, part] @ matrix.T).float()
                    best[row, part] = logits.argmax(-1)
                    goal = batch.targets[row, part]
                    losses[row, part] = cross_entropy(logits, goal, reduction="none") * kept[part]
        targets, weights, best, losses = (
            each.cpu() for each in (batch.targets, batch.weights, best, losses)
        )
        for row, loss in enumerate(losses):
            yield targets[row], weights[row], best[row], float(loss.sum())


def answers(
    targets: NDArray[np.int64], weights: NDArray[np.float32], end: int | None
) -> list[tuple[int, int]]:
    """Start and stop of each stretch of weighted targets; it closes with the token end."""
    spans, start = [], None
    for place, weight in enumerate(weights):
        if weight > 0 and start is None:
            start = place
        if start is not None and targets[place] == end:
            spans.append((start, place + 1))
            start = None
    return spans
