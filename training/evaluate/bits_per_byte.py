"""Bits per byte: a loss that does not depend on the tokenizer."""

import math
from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import Qwen3ForCausalLM

from training.data.cache import Tokens
from training.objectives.cross_entropy import chunked_cross_entropy


def bits_per_byte(
    model: Qwen3ForCausalLM, windows: Iterable[Tokens], sizes: NDArray[np.int64]
) -> float:
    """Negative log-likelihood in bits over the UTF-8 bytes of the predicted text.

    windows: token ids, each window one row; sizes: bytes of each token id. Tokens that stand for
    no text (0 bytes) are conditioned on but not scored. nan if there is no text at all.
    """
    nats, size = 0.0, 0
    head = model.lm_head.weight
    for window in windows:
        tokens = torch.from_numpy(window.astype(np.int64))
        scored = torch.from_numpy((sizes[window[1:]] > 0).astype(np.float32))
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            inputs = tokens[None, :-1]
            hidden = model.model(input_ids=inputs, use_cache=False).last_hidden_state[0]
            nats += chunked_cross_entropy(hidden.bfloat16(), head, tokens[1:], scored).item()
        size += int(sizes[window[1:]].sum())
    return nats / math.log(2) / size if size else math.nan
