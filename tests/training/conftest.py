"""A small corpus, tokenizer and model, made once: everything is real, only small."""

import json
import random
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch
from tokenizers import Tokenizer
from transformers import Qwen3ForCausalLM

from training.architectures import Shape, build
from training.tokenizer import train_tokenizer
from training.vocabulary import RESERVED_TOKENS

TEXT = (
    "the price of a coin moves when buyers and sellers disagree about what it is worth while "
    "liquidity providers earn fees from every swap and carry the risk of impermanent loss"
)
WORDS = TEXT.split()
SMALL_VOCABULARY = 256 + 60 + len(RESERVED_TOKENS)


def sentences(count: int, seed: int = 3) -> list[str]:
    """Sentences of random words, the same for the same seed."""
    chooser = random.Random(seed)
    return [" ".join(chooser.choices(WORDS, k=chooser.randint(5, 20))) + "." for _ in range(count)]


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return train_tokenizer(sentences(300), SMALL_VOCABULARY)


@pytest.fixture
def model() -> Qwen3ForCausalLM:
    torch.set_num_threads(1)
    return build(Shape(256, 2, 256, 4, 2, context=128), SMALL_VOCABULARY, seed=5)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A folder with texts.jsonl: 200 documents of two sources."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    rows = [
        {"text": " ".join(sentences(6, seed)), "source": f"made/{seed % 2}", "kind": "docs"}
        for seed in range(200)
    ]
    (folder / "texts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder
