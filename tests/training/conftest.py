"""A small corpus, tokenizer and model, made once: everything is real, only small."""

import json
import random
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch
from tokenizers import Tokenizer
from transformers import Qwen3ForCausalLM

from training.methods.tokenizer import TEMPLATE
from training.models.shapes import Shape, build
from training.tokenizer import save_tokenizer, train_tokenizer
from training.vocabulary import RESERVED_TOKENS

TEXT = (
    "the price of a coin moves when buyers and sellers disagree about what it is worth while "
    "liquidity providers earn fees from every swap and carry the risk of impermanent loss"
)
WORDS = TEXT.split()
SMALL_VOCABULARY = 256 + 60 + len(RESERVED_TOKENS)
SMALL = Shape(256, 2, 256, 4, 2, context=256)


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
    return build(SMALL, SMALL_VOCABULARY, seed=5)


@pytest.fixture(scope="session")
def model_folder(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model of random weights with its tokenizer, as transformers reads it."""
    folder = tmp_path_factory.mktemp("model") / "small"
    save_tokenizer(tokenizer, folder, TEMPLATE.read_text(encoding="utf-8"), SMALL.context)
    build(SMALL, SMALL_VOCABULARY, seed=5).save_pretrained(folder)
    return folder


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


@pytest.fixture
def dialogues(tmp_path: Path) -> Path:
    """40 short dialogues as JSON lines."""
    path = tmp_path / "dialogues.jsonl"
    rows = [
        {
            "messages": [
                {"role": "user", "content": question},
                {"role": "assistant", "content": answer},
            ]
        }
        for question, answer in zip(sentences(40, 1), sentences(40, 2), strict=True)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
