"""Sampling against plain full forwards, and against other numbers of slots."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

from training.rl.rollout import Limits, generate, sample

VOCABULARY = 60


def qwen(**changes: object) -> Qwen3ForCausalLM:
    torch.manual_seed(3)
    sizes = {"vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 48}
    heads = {"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
    config = Qwen3Config(**sizes, **heads, head_dim=8, initializer_range=0.3, **changes)
    return Qwen3ForCausalLM(config).train()


def llama() -> LlamaForCausalLM:
    torch.manual_seed(4)
    sizes = {"vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 48}
    heads = {"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 4}
    return LlamaForCausalLM(LlamaConfig(**sizes, **heads, initializer_range=0.3))


def windowed() -> Qwen3ForCausalLM:
    kinds = ["sliding_attention", "full_attention"]
    return qwen(use_sliding_window=True, sliding_window=5, layer_types=kinds)


PROMPTS = [[1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 9], [7], *[[i, 5, i, 6, 7] for i in range(9)]]
SEEDS = list(range(len(PROMPTS)))
LIMITS = Limits(longest=12, stops=(10, 11, 12, 13), slots=3)


@pytest.mark.parametrize("make", [qwen, llama, windowed])
def test_every_step_draws_from_the_full_forward(make) -> None:  # type: ignore[no-untyped-def]
    """The oracle recomputes the whole text for every token and inverts the distribution in
    numpy with the same numbers."""
    model = make()
    for prompt, seed, answer in zip(
        PROMPTS, SEEDS, generate(model, PROMPTS, LIMITS, SEEDS), strict=True
    ):
        chances = 1 - np.random.default_rng(seed).random(LIMITS.longest, np.float32)
        tokens = list(prompt)
        for place, token in enumerate(answer.tokens):
            with torch.no_grad():
                logits = model.eval()(torch.tensor([tokens])).logits[0, -1].double()
            probs = logits.softmax(-1).numpy()
            assert token == np.searchsorted(probs.cumsum(), chances[place])
            assert answer.log_probs[place] == pytest.approx(np.log(probs[token]), abs=1e-4)
            tokens.append(token)
        assert answer.finished == (answer.tokens[-1] in LIMITS.stops)
        assert answer.finished or len(answer.tokens) == LIMITS.longest
        assert not set(answer.tokens[:-1]) & set(LIMITS.stops)


def test_an_answer_does_not_depend_on_the_slots_or_on_its_neighbours() -> None:
    model = qwen()
    few, more, many = (
        generate(model, PROMPTS, Limits(12, (10, 11, 12, 13), slots=n), SEEDS) for n in (1, 3, 8)
    )
    assert [a.tokens for a in few] == [a.tokens for a in more] == [a.tokens for a in many]
    alone = generate(model, PROMPTS[5:6], LIMITS, SEEDS[5:6])
    assert alone[0].tokens == few[5].tokens
    assert len({len(a.tokens) for a in few}) > 2, "rows must end at different times"
    assert few[0].tokens != few[1].tokens, "the same prompt with another seed"


def test_log_probs_are_those_at_the_temperature() -> None:
    model = qwen()
    limits = Limits(longest=6, stops=(), temperature=0.7, top_p=0.8)
    for prompt, answer in zip(PROMPTS, generate(model, PROMPTS, limits, SEEDS), strict=True):
        whole = torch.tensor([prompt + answer.tokens])
        logits = model.eval()(whole).logits[0, len(prompt) - 1 : -1]
        wanted = (logits / 0.7).log_softmax(-1).gather(1, torch.tensor(answer.tokens)[:, None])
        torch.testing.assert_close(torch.tensor(answer.log_probs), wanted[:, 0].detach())


def test_prompts_of_a_group_are_read_once() -> None:
    model = qwen()
    read, forward = 0, model.model.forward

    def counted(**given: torch.Tensor) -> object:
        nonlocal read
        size = given["input_ids"].shape[1]
        read += size if size > 1 else 0
        return forward(**given)

    model.model.forward = counted
    generate(model, [list(range(20, 40))] * 6, Limits(3, (), slots=2), list(range(6)))
    assert read == 19, "the prompt but its last token, once"


def test_a_model_in_training_mode_stays_there_and_mixed_precision_works() -> None:
    model = qwen()
    with torch.autocast("cpu", torch.bfloat16):
        answers = generate(model, PROMPTS, LIMITS, SEEDS)
    assert model.training
    assert all(a.tokens and np.isfinite(a.log_probs).all() for a in answers)
    assert generate(model, [], LIMITS, []) == []


@given(
    st.lists(st.floats(-20, 20, width=32), min_size=2, max_size=30),
    st.floats(2**-24, 1, width=32),
    st.sampled_from([1.0, 0.9, 0.3]),
)
def test_only_tokens_of_the_nucleus_are_drawn(
    logits: list[float], chance: float, top_p: float
) -> None:
    limits = Limits(1, (), top_p=top_p)
    row = torch.tensor([[*logits, -torch.inf]])
    token, log_prob = sample(row, torch.tensor([chance]), limits)
    probs = row[0].double().softmax(-1)
    likelier = float(probs[probs > probs[token] * (1 + 1e-6)].sum())  # fp32 knows no less
    assert probs[token] > 0
    assert likelier < top_p + 1e-5
    assert float(log_prob) == pytest.approx(float(probs[token].log()), abs=1e-4)


def test_draws_follow_the_distribution() -> None:
    probs = torch.tensor([0.5, 0.3, 0.15, 0.05])
    chances = 1 - torch.arange(10_000) / 10_000
    tokens, _ = sample(probs.log().repeat(10_000, 1), chances, Limits(1, ()))
    shares = torch.bincount(tokens, minlength=4) / 10_000
    torch.testing.assert_close(shares, probs, atol=2e-4, rtol=0)
    tokens, _ = sample(probs.log().repeat(10_000, 1), chances, Limits(1, (), top_p=0.75))
    shares = torch.bincount(tokens, minlength=4) / 10_000
    torch.testing.assert_close(shares, torch.tensor([0.625, 0.375, 0, 0]), atol=2e-4, rtol=0)


@pytest.mark.parametrize("wrong", [{"longest": 0}, {"temperature": 0.0}, {"top_p": 0.0}])
def test_limits_say_what_they_cannot_be(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Limits(**{"longest": 3, "stops": (), **wrong})  # type: ignore[arg-type]
