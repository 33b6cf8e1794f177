import math

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from tokenizers import Tokenizer
from transformers import Qwen3ForCausalLM

from training.evaluate.bits_per_byte import bits_per_byte
from training.tokenizer import bytes_per_token


def test_equals_log_likelihood_over_bytes(model: Qwen3ForCausalLM, tokenizer: Tokenizer) -> None:
    text = "the price of liquidity<|endoftext|>fees from every swap"
    ids = np.array(tokenizer.encode(text).ids, dtype=np.uint16)
    tokens = torch.tensor(ids[None].astype(np.int64))
    with torch.no_grad():
        logs = model(tokens[:, :-1]).logits[0].float().log_softmax(-1)
    chosen = logs.gather(1, tokens[0, 1:, None])[:, 0]
    is_text = tokens[0, 1:] != tokenizer.token_to_id("<|endoftext|>")
    first = len(tokenizer.decode([int(ids[0])]))
    size = len(text.replace("<|endoftext|>", "")) - first
    expected = -float(chosen[is_text].sum()) / math.log(2) / size
    got = bits_per_byte(model, [ids], bytes_per_token(tokenizer))
    assert got == pytest.approx(expected, rel=0.01)


def test_without_text_there_is_no_score(model: Qwen3ForCausalLM, tokenizer: Tokenizer) -> None:
    assert math.isnan(bits_per_byte(model, [], bytes_per_token(tokenizer)))
