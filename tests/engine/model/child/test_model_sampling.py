"""Logits, log-probabilities, bias and penalties, against numpy; the bytes of tokens as text."""

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy_qwen3 import log_probabilities, logits

from engine.model.client import GenerateRequest, Generation, ModelClient, Stats

PROMPT = "A-B/C!"  # single bytes that no merge joins
END = 400 - 9 + 2  # <|im_end|>, by its place in the vocabulary
ALL = 400


def run(client: ModelClient, request: GenerateRequest) -> tuple[Generation, Stats]:
    generation = client.generate(request)
    list(generation)
    assert generation.stats is not None
    return generation, generation.stats


def test_log_probabilities_are_the_references(client: ModelClient, tiny_model: Path) -> None:
    request = GenerateRequest(PROMPT, max_tokens=12, logprobs=5, ignore_end=True)
    generation, stats = run(client, request)
    prompt = client.tokenize(PROMPT)
    said = [one.token for one in generation.logprobs]
    assert len(said) == stats.tokens == 12
    table = log_probabilities(tiny_model, prompt + said)[len(prompt) - 1 :]
    for row, one in zip(table, generation.logprobs, strict=False):
        assert one.logprob == pytest.approx(row[one.token], abs=0.03)
        assert [value for _, _, value in one.top] == sorted(
            (value for _, _, value in one.top), reverse=True
        )
        assert (one.token, one.piece, one.logprob) == one.top[0]  # the likeliest was taken
        for token, _, value in one.top:
            assert value == pytest.approx(row[token], abs=0.03)
        assert np.allclose([value for *_, value in one.top], np.sort(row)[: -len(one.top) - 1 : -1],
                           atol=0.03)  # fmt: skip


def test_everything_is_told_where_everything_is_asked_for(client: ModelClient) -> None:
    generation, _ = run(client, GenerateRequest(PROMPT, max_tokens=1, logprobs=1000))
    (one,) = generation.logprobs
    assert sorted(token for token, _, _ in one.top) == list(range(ALL))
    assert math.fsum(math.exp(value) for *_, value in one.top) == pytest.approx(1, abs=1e-4)
    generation, _ = run(client, GenerateRequest(PROMPT, max_tokens=3, logprobs=0))
    assert all(one.top == () for one in generation.logprobs)
    generation, _ = run(client, GenerateRequest(PROMPT, max_tokens=3))
    assert generation.logprobs == []


def test_the_ends_are_told_when_they_are_ignored(client: ModelClient) -> None:
    """A forced end-of-answer token ends the answer, or is a token like any other."""
    bias = ((END, 1000.0),)
    _, stats = run(client, GenerateRequest(PROMPT, max_tokens=4, logit_bias=bias))
    assert (stats.tokens, stats.finish) == (0, "stop")
    request = GenerateRequest(PROMPT, max_tokens=4, logit_bias=bias, ignore_end=True, logprobs=0)
    generation, stats = run(client, request)
    assert (stats.tokens, stats.finish) == (4, "length")
    assert [one.piece for one in generation.logprobs] == [b"<|im_end|>"] * 4


def test_bias_forces_and_bans(client: ModelClient) -> None:
    (letter,) = client.tokenize("Q")
    request = GenerateRequest(PROMPT, max_tokens=4, logprobs=0, ignore_end=True)
    forced = replace(request, logit_bias=((letter, 1000.0), (10**6, 1.0), (-1, 5.0)))
    assert "".join(client.generate(forced)) == "QQQQ"
    first = run(client, request)[0].logprobs[0]
    banned = replace(request, logit_bias=((first.token, -math.inf),))
    generation, _ = run(client, banned)
    assert first.token not in [one.token for one in generation.logprobs]
    # What is told are the model's own probabilities, not those after the bias.
    assert run(client, forced)[0].logprobs[0].logprob < -1


@pytest.mark.parametrize(
    ("presence", "frequency", "repeat"),
    [(0.0, 0.0, 1.0), (2.5, 0.0, 1.0), (0.0, 1.5, 1.0), (0.0, 0.0, 2.0), (1.0, 0.7, 1.3)],
)
def test_penalties(
    client: ModelClient, tiny_model: Path, presence: float, frequency: float, repeat: float
) -> None:
    """Each choice is that of a reference on its own logits; what the prompt says costs nothing."""
    request = GenerateRequest(
        PROMPT,
        max_tokens=30,
        logprobs=0,
        ignore_end=True,
        presence_penalty=presence,
        frequency_penalty=frequency,
        repeat_penalty=repeat,
    )
    generation, _ = run(client, request)
    prompt = client.tokenize(PROMPT)
    tokens = [one.token for one in generation.logprobs]
    said: Counter[int] = Counter()
    for token, row in zip(
        tokens, logits(tiny_model, prompt + tokens)[len(prompt) - 1 :], strict=False
    ):
        for other, count in said.items():
            row[other] = row[other] / repeat if row[other] > 0 else row[other] * repeat
            row[other] -= presence + frequency * count
        assert row[token] > row.max() - 0.06  # weights of 8 bits: 0.03 on either side
        said[token] += 1
    if (presence, frequency, repeat) != (0.0, 0.0, 1.0):
        plain = replace(request, presence_penalty=0, frequency_penalty=0, repeat_penalty=1)
        unpunished, _ = run(client, plain)
        assert len(said) > len({one.token for one in unpunished.logprobs})


def test_a_seed_repeats_a_draw_whatever_else_runs(client: ModelClient) -> None:
    request = GenerateRequest(PROMPT, max_tokens=30, temperature=1.2, top_k=40, seed=7)
    expected = "".join(client.generate(request))
    beside = client.generate(replace(request, seed=8, max_tokens=300, session="beside"))
    next(beside)
    assert "".join(client.generate(replace(request, session="x"))) == expected
    for seed in (2**32 + 7, 7 - 2**32):
        assert "".join(client.generate(replace(request, seed=seed))) == expected
    list(beside)


def test_draws_follow_the_distribution(client: ModelClient) -> None:
    """300 first tokens among the four likeliest, in the shares of their probabilities."""
    generation, _ = run(client, GenerateRequest(PROMPT, max_tokens=1, logprobs=4))
    top = generation.logprobs[0].top
    weights = np.exp([value / 1.5 for *_, value in top])
    request = GenerateRequest(
        PROMPT, max_tokens=1, temperature=1.5, top_k=4, top_p=1.0, logprobs=0, ignore_end=True
    )
    seen = Counter(
        run(client, replace(request, seed=seed))[0].logprobs[0].token for seed in range(300)
    )
    for (token, _, _), share in zip(top, weights / weights.sum(), strict=True):
        assert seen[token] / 300 == pytest.approx(share, abs=4 * math.sqrt(share / 300))


def test_stop_strings_across_tokens(client: ModelClient) -> None:
    """Of letters that are a token each, and in the middle of a long token."""
    request = GenerateRequest(PROMPT, grammar='root ::= "XYZ-QRS/WVU" "!"', max_tokens=40)
    for stop, expected in (("Z-Q", "XY"), ("QRSX", "XYZ-QRS/WVU!"), ("!", "XYZ-QRS/WVU")):
        assert "".join(client.generate(replace(request, stop=(stop,)))) == expected
    assert "".join(client.generate(replace(request, stop=("WV", "S/", "")))) == "XYZ-QR"
    spaces = replace(request, grammar='root ::= "a" "' + " " * 96 + '" "b"')
    assert "".join(client.generate(replace(spaces, stop=(" " * 5 + "b",)))) == "a" + " " * 91


def test_long_tokens_come_out_whole(client: ModelClient) -> None:
    (token,) = client.tokenize(" " * 96)
    assert client.detokenize([token]) == " " * 96
    bias = ((token, 1000.0),)
    request = GenerateRequest(PROMPT, max_tokens=2, logit_bias=bias, logprobs=0)
    generation = client.generate(request)
    assert "".join(generation) == " " * 192
    assert generation.logprobs[0].piece == b" " * 96


def test_characters_appear_when_they_are_whole(client: ModelClient) -> None:
    text = "é€🙂漢"
    generation = client.generate(
        GenerateRequest(PROMPT, grammar=f'root ::= "{text}"', max_tokens=40, logprobs=0)
    )
    assert list(generation) == list(text)
    assert b"".join(one.piece for one in generation.logprobs) == text.encode()


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=60))
def test_any_text_survives_its_tokens(client: ModelClient, text: str) -> None:
    assert client.detokenize(client.tokenize(text, special=False)) == text
    assert client.count(text) == len(client.tokenize(text))


def test_tokens(client: ModelClient, make_gguf: ModuleType) -> None:
    assert client.tokenize("<|im_end|>") == [END]
    assert len(client.tokenize("<|im_end|>", special=False)) > 1
    assert client.detokenize(client.tokenize("".join(make_gguf.SPECIALS))) == "".join(
        make_gguf.SPECIALS
    )
    assert client.tokenize("") == []
    assert client.detokenize([]) == ""
    parts = client.pieces(client.tokenize("é€"))
    assert parts != ["é".encode(), "€".encode()]  # whole characters only where it has merged them
    assert b"".join(parts).decode() == "é€"
    for bad in (ALL, -1):
        with pytest.raises(ValueError, match="no such token"):
            client.detokenize([bad])
