"""What penalties do to logits: by hand, and by llama.cpp's own sampler."""

import ctypes
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.model.child.api import AbortFlag, api
from engine.model.child.model import Model
from engine.model.child.sampling import Sampler
from engine.model.generation import GenerateRequest

SAID = [3, 1, 3, 0, 3]  # in this order; 2 and 4 never
LOGITS = [0.0, 4.0, 6.0, -2.0, -5.0]


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Model:
    return Model(str(tiny_model), lambda _: None, AbortFlag(), vocab_only=True)


def punished(model: Model, presence: float, frequency: float, repeat: float) -> list[float]:
    """LOGITS as the sampler has changed them after SAID."""
    request = GenerateRequest(
        "",
        presence_penalty=presence,
        frequency_penalty=frequency,
        repeat_penalty=repeat,
    )
    sampler = Sampler(model, request.message(1))
    for token in SAID:
        sampler.accept(token)
    logits = np.array(LOGITS, np.float32)
    context: Any = SimpleNamespace(logits=lambda row: logits)
    assert sampler.pick(context, 0) == int(logits.argmax())
    sampler.close()
    return [float(value) for value in logits]


@pytest.mark.parametrize(
    ("presence", "frequency", "repeat", "expected"),
    [
        (0.0, 0.0, 1.0, [0.0, 4.0, 6.0, -2.0, -5.0]),
        # Above zero divided, else multiplied; how often makes no difference.
        (0.0, 0.0, 2.0, [0.0, 2.0, 6.0, -4.0, -5.0]),
        (0.0, 0.0, 0.5, [0.0, 8.0, 6.0, -1.0, -5.0]),
        # Once for each word that was said.
        (1.5, 0.0, 1.0, [-1.5, 2.5, 6.0, -3.5, -5.0]),
        # For each time it was said: 1, 1, 0, 3, 0.
        (0.0, 0.5, 1.0, [-0.5, 3.5, 6.0, -3.5, -5.0]),
        # All: first the factor, then what is taken away.
        (1.5, 0.5, 2.0, [-2.0, 0.0, 6.0, -7.0, -5.0]),
        (-1.0, -0.5, 1.0, [1.5, 5.5, 6.0, 0.5, -5.0]),
    ],
)
def test_by_hand(
    model: Model, presence: float, frequency: float, repeat: float, expected: list[float]
) -> None:
    assert punished(model, presence, frequency, repeat) == expected
    assert by_llama_cpp(model, presence, frequency, repeat) == expected


def test_as_llama_cpp_does_it(model: Model) -> None:
    for presence, frequency, repeat in ((0.3, 0.7, 1.1), (1.9, -0.3, 0.9), (0.0, 0.1, 1.3)):
        ours = punished(model, presence, frequency, repeat)
        assert ours == pytest.approx(by_llama_cpp(model, presence, frequency, repeat), rel=1e-6)


def by_llama_cpp(model: Model, presence: float, frequency: float, repeat: float) -> list[float]:
    """LOGITS as the library's sampler changes them after SAID."""
    sampler = api.llama_sampler_init_penalties(model.size, len(SAID), repeat, frequency, presence)
    for token in SAID:
        api.llama_sampler_accept(sampler, token)
    rows = np.zeros(len(LOGITS), np.dtype([("id", "<i4"), ("logit", "<f4"), ("p", "<f4")]))
    rows["id"] = range(len(LOGITS))
    rows["logit"] = LOGITS
    pointer = rows.ctypes.data_as(api.llama_token_data_p)
    array = api.llama_token_data_array(pointer, rows.size, -1, False)
    api.llama_sampler_apply(sampler, ctypes.byref(array))
    api.llama_sampler_free(sampler)
    return [float(value) for value in rows["logit"]]
