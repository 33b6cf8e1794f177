"""How often the model's own greedy answer would be exactly the wanted tool call.

With the wanted text as input, greedy decoding reproduces a call if and only if each of its
tokens is the model's first choice, so one forward pass per dialogue is enough.
"""

import math
from collections import Counter

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn

from training.data.sft import Dialogues, pad
from training.models.parts import head, hidden_states
from training.objectives.cross_entropy import chunked_cross_entropy
from training.vocabulary import TOOL_TOKENS, TURN_END


def score_calls(
    model: nn.Module, dialogues: Dialogues, tokenizer: Tokenizer, limit: int
) -> dict[str, float]:
    """Scores over the first limit dialogues.

    loss: nats per weighted token. calls: share of calls right from the first to the last token.
    tools: share of calls whose tool is right. silence: share of answers without a call that
    do not begin with one. A share without cases is nan.
    """
    call = tokenizer.token_to_id("<tool_call>")
    end = tokenizer.token_to_id(TURN_END)
    tools = {tokenizer.token_to_id(token) for token in TOOL_TOKENS}
    right: Counter[str] = Counter()
    cases: Counter[str] = Counter()
    nats = weight = 0.0
    for index in range(min(limit, len(dialogues))):
        batch = pad([dialogues[index]]).to(next(model.parameters()).device)
        with torch.no_grad():
            hidden = hidden_states(model, batch.inputs, None)[0]
            matrix = head(model).to(hidden.dtype)
            targets, weights = batch.targets[0], batch.weights[0]
            nats += chunked_cross_entropy(hidden, matrix, targets, weights).item()
            weight += float(weights.sum())
            kept = weights.nonzero().squeeze(1)
            best = torch.zeros_like(targets)
            best[kept] = (hidden[kept] @ matrix.T).argmax(-1)
            targets, weights, best = targets.cpu(), weights.cpu(), best.cpu()
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
    shares = {
        n: right[n] / cases[n] if cases[n] else math.nan for n in ("calls", "tools", "silence")
    }
    return {"loss": nats / weight, **shares}


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
