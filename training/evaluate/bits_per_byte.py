"""Bits per byte: a loss that does not depend on the tokenizer."""

import math
from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from training.data.cache import Tokens
from training.loop.batch import Batch
from training.objectives.cross_entropy import next_token_loss


def bits_per_byte(model: nn.Module, windows: Iterable[Tokens], sizes: NDArray[np.int64]) -> float:
    """Negative log-likelihood in bits over the UTF-8 bytes of the predicted text.

    windows: token ids, each window one row; sizes: bytes of each token id. Tokens that stand for
    no text (0 bytes) are conditioned on but not scored. nan if there is no text at all.
    """
    nats, size = 0.0, 0
    for window in windows:
        tokens = torch.from_numpy(window.astype(np.int64))
        scored = torch.from_numpy((sizes[window[1:]] > 0).astype(np.float32))
        place = next(model.parameters()).device
        batch = Batch(tokens[None, :-1], tokens[None, 1:], scored[None]).to(place)
        with torch.no_grad():
            nats += next_token_loss(model, batch).item()
        size += int(sizes[window[1:]].sum())
    return nats / math.log(2) / size if size else math.nan
