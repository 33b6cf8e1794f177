"""Trains the linear router: which tool, or which kind of turn without one.

    assay-train router --corpus corpus --out resources/models/router.npz

Softmax regression on hashed features (engine/assistant/router.py), AdamW, a few epochs over
wordings that are filled with values several times; some minutes on two cores.
"""

import json
import random
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from engine.assistant.recognise import recognise
from engine.assistant.router import BUCKETS, NO_TOOL, Router, features, save_router
from training.assistant.negatives import everyday_requests
from training.assistant.surfaces import World, known_assets
from training.assistant.wordings import Utterance, Wording, fill, load, ramble, roughen
from training.vocabulary import TOOL_NAMES

_RAMBLING = 0.3  # share of questions with a story around them
_EVERYDAY = 1500  # off-topic requests from the corpus
_EPOCHS = 5
_BATCH = 256
_RATE = 0.03
_DROPOUT = 0.5  # share of features hidden from a step, so that no single word decides
LABELS = (*TOOL_NAMES, *NO_TOOL)
ACCOUNTS = ("Coinbase", "Kraken", "Ledger", "Binance", "Metamask", "Bitstamp", "Trezor", "Main")


@dataclass(frozen=True)
class Example:
    """Feature numbers of an utterance and the label it should get."""

    index: np.ndarray
    label: int


def label(wording: Wording) -> str:
    """A question that lacks an argument belongs to the tool that will ask for it."""
    return wording.tool or wording.fixed.get("tool") or wording.kind


def random_world(rng: random.Random) -> World:
    """A user with a few coins and accounts, asking on some day."""
    names = list(known_assets())
    common = ["BTC", "ETH", "SOL", "ADA", "LINK", "AVAX", "USDC", "DOT", "XRP", "DOGE", "MATIC"]
    assets = set(rng.sample(common, rng.randint(2, 7))) | set(rng.sample(names, rng.randint(0, 3)))
    return World(
        date(2024, 1, 15) + timedelta(rng.randint(0, 1200)),
        tuple(sorted(assets)),
        tuple(rng.sample(ACCOUNTS, rng.randint(1, 3))),
        rng.choice(("USD", "USD", "EUR", "GBP")),
    )


def example(rng: random.Random, wording: Wording, tools: dict[str, list[Wording]]) -> Example:
    """One filled, roughened utterance; a third of fresh questions follow an earlier call."""
    world = random_world(rng)
    before = wording.previous
    earlier: Utterance | None = None
    if before:
        earlier = fill(rng.choice(tools[before]), world, rng)
    elif rng.random() < 0.33:
        before = rng.choice(TOOL_NAMES)
    utterance = fill(wording, world, rng, earlier.arguments if earlier else None)
    text = roughen(rng, utterance.text, 0.35)
    if rng.random() < _RAMBLING and not wording.previous:
        text = ramble(rng, text)
    found = recognise(text, world.today, world.assets, world.accounts)
    return Example(features(found, before), LABELS.index(label(wording)))


def train_router(wordings: list[Wording], fills: int, seed: int) -> Router:
    """Softmax regression; features are scaled by 1/√count, as the router does.

    fills: how often each wording is filled with values; each filling is seen _EPOCHS times.
    """
    rng = random.Random(seed)
    noise = np.random.default_rng(seed)
    tools: dict[str, list[Wording]] = {name: [] for name in TOOL_NAMES}
    for wording in wordings:
        if wording.tool and not wording.previous:
            tools[wording.tool].append(wording)
    examples = [example(rng, wording, tools) for _ in range(fills) for wording in wordings]
    weight = torch.zeros(BUCKETS, len(LABELS), requires_grad=True)
    bias = torch.zeros(len(LABELS), requires_grad=True)
    optimizer = torch.optim.AdamW([weight, bias], lr=_RATE, weight_decay=1e-3)
    counts = np.bincount([e.label for e in examples], minlength=len(LABELS))
    balance = torch.tensor(np.sqrt(counts.mean() / np.maximum(counts, 1)), dtype=torch.float32)
    for epoch in range(_EPOCHS):
        rng.shuffle(examples)
        for start in range(0, len(examples), _BATCH):
            left = 1 - (epoch + start / len(examples)) / _EPOCHS
            optimizer.param_groups[0]["lr"] = _RATE * left
            batch = [_hidden(e, noise) for e in examples[start : start + _BATCH]]
            loss = _loss(batch, weight, bias, balance)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch + 1}/{_EPOCHS}: loss {loss.item():.4f}", flush=True)
    return Router(LABELS, weight.detach().numpy(), bias.detach().numpy())


def _hidden(example: Example, noise: np.random.Generator) -> Example:
    """The example with some of its features left out."""
    return Example(example.index[noise.random(len(example.index)) >= _DROPOUT], example.label)


def _loss(
    batch: list[Example], weight: torch.Tensor, bias: torch.Tensor, balance: torch.Tensor
) -> torch.Tensor:
    flat = torch.from_numpy(np.concatenate([e.index for e in batch]))
    lengths = np.array([len(e.index) for e in batch])
    offsets = torch.from_numpy(np.concatenate([[0], np.cumsum(lengths)[:-1]]))
    per_feature = np.repeat(1 / np.sqrt(np.maximum(lengths, 1)), lengths)
    scale = torch.from_numpy(per_feature.astype(np.float32))
    logits = bias + F.embedding_bag(flat, weight, offsets, mode="sum", per_sample_weights=scale)
    target = torch.tensor([e.label for e in batch])
    return F.cross_entropy(logits, target, weight=balance, label_smoothing=0.02)


def accuracy(router: Router, wordings: list[Wording], seed: int) -> float:
    """The share of wordings, filled once, that get their label."""
    rng = random.Random(seed)
    tools = {name: [w for w in load() if w.tool == name and not w.previous] for name in TOOL_NAMES}
    right = 0
    for wording in wordings:
        item = example(rng, wording, tools)
        logits = router.weights[item.index].sum(axis=0) / np.sqrt(len(item.index)) + router.bias
        right += int(logits.argmax() == item.label)
    return right / len(wordings)


def main(out: Path, corpus: Path | None, fills: int = 4, seed: int = 7) -> None:
    """Trains on all but the held-out wordings, reports, then trains on all and writes `out`.

    corpus: where everyday requests for the border of the subject are taken from, if given.
    """
    others = everyday_requests(corpus, _EVERYDAY, seed) if corpus else []
    kept = [w for w in load() if not w.held_out] + others
    held_out = [w for w in load() if w.held_out]
    trial = train_router(kept, fills, seed)
    scores = {"train": accuracy(trial, kept, 1), "held_out_wordings": accuracy(trial, held_out, 2)}
    print(json.dumps({k: round(v, 4) for k, v in scores.items()}), flush=True)
    router = train_router([*load(), *others], fills, seed)
    save_router(out, router.labels, router.weights, router.bias)
