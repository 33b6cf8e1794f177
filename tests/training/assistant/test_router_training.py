"""The linear router: learns a toy set, and loses nothing that matters when it is saved."""

import random
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from engine.assistant.recognise import recognise
from engine.assistant.router import BUCKETS, Router, features, load_router, masked, save_router
from training.assistant import router as training_router
from training.assistant.router import LABELS, accuracy, label, train_router
from training.assistant.wordings import Wording

TODAY = date(2026, 11, 22)
TOY = [
    Wording("what is the price of {asset}", "price"),
    Wording("{asset} price please", "price"),
    Wording("how volatile is {asset}", "volatility"),
    Wording("volatility of {asset} {period_adv}", "volatility"),
    Wording("which alerts are set", "list_alerts"),
    Wording("show me the alerts", "list_alerts"),
    Wording("good morning to you", None, kind="chat"),
    Wording("hello there my friend", None, kind="chat"),
    Wording("and {asset}?", "volatility", previous="volatility"),
    Wording("set an alert", None, kind="ask", fixed={"tool": "create_alert"}),
]


@pytest.fixture(scope="module")
def toy() -> Router:
    return train_router(TOY * 4, 6, 1)


def test_a_toy_set_is_learnt(toy: Router) -> None:
    assert toy.labels == LABELS
    assert accuracy(toy, [w for w in TOY if not w.previous], 2) == 1.0
    for text, expected in (
        ("what is the price of cardano", "price"),
        ("how volatile is bitcoin", "volatility"),
        ("show the alerts", "list_alerts"),
        ("good morning", "chat"),
    ):
        scores = toy.log_probabilities(recognise(text, TODAY))
        assert max(scores, key=lambda name: scores[name]) == expected
        assert sum(np.exp(list(scores.values()))) == pytest.approx(1.0, abs=1e-5)


def test_labels() -> None:
    assert label(TOY[0]) == "price"
    assert label(TOY[6]) == "chat"
    assert label(TOY[-1]) == "create_alert"  # it will ask for what is missing


def test_saved_and_loaded_it_says_the_same(toy: Router, tmp_path: Path) -> None:
    path = tmp_path / "router.npz"
    save_router(path, toy.labels, toy.weights, toy.bias)
    again = load_router(path)
    assert again.labels == toy.labels
    step = np.abs(toy.weights).max(axis=0) / 127
    assert (np.abs(again.weights - toy.weights) <= step / 2 + 1e-7).all()
    for text in ("price of btc", "how volatile is eth", "alerts?", "hello", "something else"):
        before = toy.log_probabilities(recognise(text, TODAY))
        after = again.log_probabilities(recognise(text, TODAY))
        for name, value in before.items():
            assert np.exp(after[name]) == pytest.approx(np.exp(value), abs=0.02)
    assert path.stat().st_size < toy.weights.nbytes / 50


def test_values_are_masked_by_their_kind() -> None:
    found = recognise("What if Bitcoin drops 30% on Kraken in 2024?", TODAY, ("BTC",), ("Kraken",))
    assert masked(found) == "what if <asset> drops <percent_down> on <account> in <period> ?"


def test_features_do_not_depend_on_the_value() -> None:
    one = features(recognise("price of btc on 2024-03-05", TODAY), None)
    other = features(recognise("price of ethereum on 2025-04-06", TODAY), None)
    assert one.tolist() == other.tolist()
    assert (
        one.tolist() != features(recognise("price of btc on 2024-03-05", TODAY), "price").tolist()
    )
    assert one.min() >= 0
    assert one.max() < BUCKETS
    assert len(np.unique(one)) == len(one)


def test_examples_are_the_same_for_the_same_seed() -> None:
    tools = {name: [w for w in TOY if w.tool == name and not w.previous] for name in LABELS}
    first = [training_router.example(random.Random(4), w, tools) for w in TOY]
    again = [training_router.example(random.Random(4), w, tools) for w in TOY]
    assert [e.index.tolist() for e in first] == [e.index.tolist() for e in again]
    assert [LABELS[e.label] for e in first] == [label(w) for w in TOY]
