"""Reading prompts, their order, and what an episode becomes in a batch."""

import copy
import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import Qwen3ForCausalLM

from training.data.chat import HEADER, render_text
from training.loop import distributed, plan
from training.loop.config import LoopConfig
from training.methods.grpo import Config, GroupPolicy
from training.rewards import RewardConfig, Sample, Scorer, build
from training.rl.episodes import Episode, Player
from training.rl.policy_method import described, to_batch
from training.rl.prompts import NO_THOUGHT, THINK, Prompt, PromptStream, read_prompts
from training.rl.rollout import Limits


def test_both_kinds_of_rows_are_read_as_for_tuning(tmp_path: Path, tokenizer: Tokenizer) -> None:
    turn = {"role": "user", "content": "what is a coin"}
    answer = {"role": "assistant", "content": "never shown"}
    rows = [
        {"prompt": "what is a coin", "facts": {"answer": 3}},
        {"messages": [turn, answer], "tools": ["price"]},
        {"prompt": "worth " * 90},
    ]
    path = tmp_path / "prompts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    plain, with_tools = read_prompts(path, tokenizer, 60)
    assert plain == Prompt(render_text([turn]) + HEADER, {"answer": 3})
    assert with_tools.text == render_text([turn], ["price"]) + HEADER
    path.write_text('{"prompt": "fine"}\n{"question": "?"}\n')
    with pytest.raises(ValueError, match=r"prompts.jsonl, line 2: not a prompt"):
        read_prompts(path, tokenizer, 60)


def test_prompts_come_from_every_kind_of_file(tmp_path: Path, tokenizer: Tokenizer) -> None:
    (tmp_path / "list.json").write_text('[{"prompt": "a"}, {"prompt": "b"}]')
    (tmp_path / "one.jsonl").write_text('{"prompt": "c"}')
    assert len(read_prompts(tmp_path, tokenizer, 60)) == 3
    assert len(read_prompts(tmp_path / "l*.json", tokenizer, 60)) == 2


@given(st.integers(1, 9), st.lists(st.integers(1, 7), max_size=6), st.integers(0, 5))
def test_an_epoch_has_every_prompt_once_and_can_be_resumed(
    count: int, draws: list[int], seed: int
) -> None:
    stream, other = PromptStream(count, seed), PromptStream(count, seed)
    drawn = [number for size in draws for number in stream.draw(size)]
    for start in range(0, len(drawn) - count + 1, count):
        assert sorted(drawn[start : start + count]) == list(range(count))
    other.restore(stream.state())
    assert stream.draw(5) == other.draw(5)


def test_the_order_of_an_epoch_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    real = np.random.default_rng
    monkeypatch.setattr(np.random, "default_rng", lambda seed: made.append(seed) or real(seed))
    stream = PromptStream(10, seed=4)
    for _ in range(9):
        stream.draw(3)
    assert made == [[4, 0], [4, 1], [4, 2]]


def test_a_share_of_the_answers_begins_a_thought(tokenizer: Tokenizer) -> None:
    player = Player(tokenizer, build([("think_format", 1.0)]), Limits(4, ()), thinking=0.3)
    prompt = Prompt("question")
    openings = Counter(player.opened(prompt, seed, 0).opening for seed in range(2000))
    assert openings.keys() == {THINK, NO_THOUGHT}
    assert openings[THINK] / 2000 == pytest.approx(0.3, abs=0.04)
    plain = Player(tokenizer, player.scorer, Limits(4, ()))
    assert plain.opened(prompt, 1, 0) == prompt


@given(st.integers(2, 16), st.floats(0.01, 1.0), st.integers(0, 99))
def test_every_group_has_the_wanted_share(size: int, share: float, seed: int) -> None:
    player = Player(None, build([("length", 1.0)]), Limits(4, ()), share)
    kinds = [player.opened(Prompt(""), seed, place).opening for place in range(size)]
    assert abs(kinds.count(THINK) - share * size) < 1 + 1e-9


def test_the_answers_to_a_prompt_are_opened_in_turn(
    model: Qwen3ForCausalLM, tokenizer: Tokenizer
) -> None:
    player = Player(tokenizer, build([("length", 1.0)]), Limits(1, ()), thinking=0.5)
    prompts = [Prompt("what"), Prompt("worth")]
    method = GroupPolicy(Config(out="out", context=60, longest=1), model, player, prompts, [])
    episodes = method.play(prompts, [0, 0, 0, 0, 1, 1, 1, 1], rollout=0)
    long = len(tokenizer.encode("what" + NO_THOUGHT).ids)
    lengths = [episode.start for episode in episodes]
    assert len(set(lengths[:4])) == 2
    assert lengths[:4].count(long) == 2


@pytest.mark.parametrize("checkpointing", [False, True])
def test_the_plan_knows_the_keys_and_values_of_the_answers(
    checkpointing: bool, model: Qwen3ForCausalLM, capsys: pytest.CaptureFixture[str]
) -> None:
    """2 layers of 2 heads of 64 numbers of 4 bytes, twice, for 5 × (20 + 7) tokens."""
    loop = LoopConfig(mixed=False, checkpointing=checkpointing, steps=1, threads=1)
    config = Config(out="out", context=20, longest=7, slots=5, prompts=1, group=2, loop=loop)
    player = Player(None, build([("length", 1.0)]), Limits(7, ()))  # type: ignore[arg-type]
    player.encode = lambda text: [5, 6]  # type: ignore[method-assign]
    player.sample = lambda prompt, answer: Sample("", "", limit=7)  # type: ignore[method-assign]
    method = GroupPolicy(config, model, player, [Prompt("what")], [])
    assert method.cache_bytes() == 2 * 2 * 64 * 4 * 2 * 5 * (20 + 7)
    plan.show(method, loop)
    assert "keys and values of answers, before activations" in capsys.readouterr().out


def test_a_batch_trains_on_what_the_model_wrote() -> None:
    long = Episode([5, 6, 7, 8, 9], 2, [1, 0, 1], [-0.1, 0.0, -0.3], True, {"reward": 1}, 0.5)
    short = Episode([5, 6, 4], 2, [1], [-0.7], False, {"reward": 0}, -2.0)
    batch = to_batch([long, short], "grpo", longest=8)
    assert batch.inputs.tolist() == [[5, 6, 7, 8], [5, 6, 4, 0]]
    assert batch.targets.tolist() == [[6, 7, 8, 9], [6, 4, 0, 0]]
    assert batch.weights.tolist() == [[0, 0.5, 0, 0.5], [0, 1, 0, 0]]
    assert batch.norm == 2
    assert batch.tokens == 6
    old = torch.tensor([[0, -0.1, 0, -0.3], [0, -0.7, 0, 0]])
    torch.testing.assert_close(batch.extra["old"], old)
    assert batch.extra["advantages"].tolist() == [[0.5], [-2.0]]
    figures = described([long, short])
    assert figures == {"reward": 0.5, "reward_std": 0.5, "tokens": 1.5, "finished": 0.5}


def test_every_process_samples_its_share_only(
    model: Qwen3ForCausalLM, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = Player(tokenizer, build([("length", 1.0)]), Limits(4, ()))
    prompts, seeds = [Prompt("what"), Prompt("what"), Prompt("coin")], [1, 2, 3]
    whole = player.play(model, prompts, seeds, mixed=False)
    monkeypatch.setattr(distributed, "world", lambda: 2)
    for rank in (0, 1):
        monkeypatch.setattr(distributed, "rank", lambda rank=rank: rank)
        part = player.play(model, prompts, seeds, mixed=False)
        assert [one.tokens for one in part] == [one.tokens for one in whole[rank::2]]


@pytest.mark.parametrize("loss", ["grpo", "dr_grpo", "dapo", "cispo"])
def test_the_loss_of_a_batch_is_the_formula_over_plain_logits(
    loss: str, model: Qwen3ForCausalLM, tokenizer: Tokenizer
) -> None:
    """The policy has moved from the reference, and from where the answers were sampled."""
    temperature, low, high, kl = 0.8, 0.1, 0.3, 0.5
    rewards = (RewardConfig("length"),)
    config = Config(out="out", rewards=rewards, loss=loss, kl=kl, low=low, high=high,
                    temperature=temperature, longest=8, context=60)  # fmt: skip
    player = Player(tokenizer, build([("length", 1.0)]), Limits(8, ()))
    method = GroupPolicy(config, model, player, [Prompt("what")], [])
    reference = copy.deepcopy(model)
    torch.manual_seed(3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.02)
    episodes = [
        Episode([5, 6, 7, 8, 9], 2, [1, 0, 1], [-5.9, 0, -5.2], True, {"reward": 1}, 0.5),
        Episode([5, 6, 4], 2, [1], [-6.1], False, {"reward": 0}, -2.0),
    ]
    batch = to_batch(episodes, method.kind, 8)
    found = method.loss(batch)
    wanted = shown = torch.zeros(())
    for row, (one, share) in enumerate(zip(episodes, (0.5, 1), strict=True)):
        ids = torch.tensor([one.tokens])
        now, then = (
            (net(ids[:, :-1]).logits / temperature).log_softmax(-1)[0] for net in (model, reference)
        )
        for place, mask in enumerate(one.mask, start=one.start - 1):
            if not mask:
                continue
            token = one.tokens[place + 1]
            ratio = (now[place, token] - one.log_probs[place + 1 - one.start]).exp()
            bounded = ratio.clamp(1 - low, 1 + high)
            gain = torch.minimum(ratio * one.advantage, bounded * one.advantage)
            if loss == "cispo":
                gain = bounded.detach() * one.advantage * now[place, token]
            gap = then[place, token].detach() - now[place, token]
            divergence = gap.exp() - gap - 1
            weight = share if loss == "grpo" else 1
            wanted = wanted + weight * (kl * divergence - gain)
            shown = shown + weight * divergence.detach()
        assert batch.weights[row].sum() == pytest.approx(1 if loss == "grpo" else sum(one.mask))
    torch.testing.assert_close(found.sum, wanted, atol=1e-5, rtol=1e-5)
    weights = float(batch.weights.sum())
    assert found.figures["kl"] / batch.whole == pytest.approx(float(shown) / weights, rel=1e-4)
    matrix = model.model.layers[1].mlp.up_proj.weight
    ours, theirs = (torch.autograd.grad(value, matrix)[0] for value in (found.sum, wanted))
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-3)


def test_early_stopping_works_with_a_reward_without_bounds(
    model: Qwen3ForCausalLM, tokenizer: Tokenizer
) -> None:
    opinion = Scorer((("reward_model", 1.0, lambda some: [2.5] * len(some)),), -math.inf, math.inf)
    config = Config(out="out", longest=2, context=60)
    prompts = [Prompt("what")]
    method = GroupPolicy(config, model, Player(tokenizer, opinion, Limits(2, ())), prompts, prompts)
    watched = next(iter(method.evaluate().items()))
    assert watched == ("short_of_best", -2.5)
