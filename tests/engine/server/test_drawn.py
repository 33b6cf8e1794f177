"""With which probability a token was drawn, by hand."""

import math

import pytest

from engine.model.chat_types import Sampling
from engine.model.generation import TokenLogprob
from engine.server.native import drawn_probabilities

TOP = tuple((n, b"abcd"[n : n + 1], math.log(p)) for n, p in enumerate((0.5, 0.3, 0.15, 0.05)))
ONE = TokenLogprob(1, b"b", math.log(0.3), TOP)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"top_k": 0, "top_p": 1.0}, [0.5, 0.3, 0.15, 0.05]),
        ({"top_k": 2, "top_p": 1.0}, [0.625, 0.375]),
        ({"top_k": 0, "top_p": 0.7}, [0.625, 0.375]),
        ({"top_k": 0, "top_p": 1.0, "min_p": 0.2}, [0.5 / 0.95, 0.3 / 0.95, 0.15 / 0.95]),
        ({"top_k": 2, "top_p": 1.0, "temperature": 0.5}, [0.25 / 0.34, 0.09 / 0.34]),
    ],
)
def test_what_the_sampler_leaves(values: dict[str, float], expected: list[float]) -> None:
    told = drawn_probabilities(ONE, Sampling(**({"temperature": 1.0} | values)), 10)  # type: ignore[arg-type]
    assert [one["prob"] for one in told["top_probs"]] == pytest.approx(expected)
    assert told["prob"] == pytest.approx(expected[1])
    assert (told["id"], told["token"], told["bytes"]) == (1, "b", [98])
