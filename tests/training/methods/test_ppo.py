"""PPO on bandits, answers of one token whose best policy is known, and as a person runs it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import AutoModelForCausalLM

from training.cli import main
from training.loop.config import LoopConfig
from training.loop.log import read_metrics
from training.loop.trainer import train
from training.methods.ppo import Config, ProximalPolicy
from training.models.critic import ActorCritic
from training.models.shapes import Shape, build
from training.objectives.log_probs import token_log_probs
from training.rewards import Sample
from training.rl.episodes import Player
from training.rl.prompts import Prompt
from training.rl.rollout import Answer, Limits

ARMS = 8
PAYS = torch.linspace(0, 1, ARMS)  # what each token is worth; the last is the best


class Payout:
    """Stands for the rewards: the token's number says what it pays."""

    low, high = 0.0, 1.0

    def score(self, samples: Sequence[Sample]) -> list[dict[str, float]]:
        return [{"reward": float(PAYS[sample.tokens[0]])} for sample in samples]


class Gambler(Player):
    """Every prompt is the one token 0; there is no tokenizer."""

    def encode(self, text: str) -> list[int]:
        return [0]

    def sample(self, prompt: Prompt, answer: Answer) -> Sample:
        return Sample("", "", tuple(answer.tokens))


def policy(critic: bool = False) -> ActorCritic:
    shape = Shape(64, 1, 64, 2, 1, head_dim=32, context=16)
    return ActorCritic(build(shape, ARMS, seed=3), build(shape, ARMS, seed=4) if critic else None)


def bandit(model: ActorCritic, steps: int, **changes: Any) -> ProximalPolicy:
    loop = LoopConfig(
        steps=steps, rows=64, learning_rate=0.01, mixed=False, log_steps=1, threads=1, decay=0.5
    )
    config = Config(out="x", longest=1, context=1, prompts=64, updates=2, loop=loop)
    config = replace(config, **changes)
    player = Gambler(None, Payout(), Limits(1, (), slots=64))
    prompts = [Prompt("") for _ in range(64)]
    return ProximalPolicy(config, model, player, prompts, [])


def chances(model: ActorCritic) -> Tensor:
    with torch.no_grad():
        logits: Tensor = model.policy(input_ids=torch.zeros(1, 1, dtype=torch.long)).logits
    return logits[0, 0].softmax(-1)


@pytest.mark.parametrize("critic", [False, True])
def test_the_best_arm_wins(critic: bool, tmp_path: Path) -> None:
    model = policy(critic)
    method = bandit(model, steps=60, kl=0.0)
    assert chances(model)[-1] < 0.3
    train(method, method._ppo.loop, tmp_path)
    assert chances(model)[-1] > 0.9
    losses = [line["value_loss"] for line in read_metrics(tmp_path)]
    assert sum(losses[-8:]) < 0.2 * sum(losses[:8])


def test_with_a_penalty_it_ends_at_gibbs_distribution(tmp_path: Path) -> None:
    """max E[R] - c KL(π ‖ ρ) has the solution π ∝ ρ exp(R / c)."""
    model = policy()
    before = chances(model)
    goal = (before.log() + PAYS / 0.5).softmax(-1)
    method = bandit(model, steps=100, kl=0.5)
    train(method, method._ppo.loop, tmp_path)
    assert (before - goal).abs().sum() > 0.3
    assert (chances(model) - goal).abs().sum() < 0.1


def test_rewards_of_tokens_are_the_payout_less_the_distance() -> None:
    model = policy()
    before = chances(model)
    method = bandit(model, steps=4, kl=0.3)
    with torch.no_grad():
        model.policy.model.embed_tokens.weight.mul_(3)
    episodes, figures = method.roll_out()
    tokens = [episode.tokens[1] for episode in episodes]
    distance = (chances(model) / before).log()[tokens]
    assert distance.abs().max() > 0.1
    assert figures["kl"] == pytest.approx(distance.mean().item(), abs=1e-5)
    # One token and a critic that expects nothing: what is to come is the token's own reward.
    returns = torch.tensor([episode.returns[0] for episode in episodes])
    torch.testing.assert_close(returns, PAYS[tokens] - 0.3 * distance, rtol=1e-4, atol=1e-5)


def test_the_first_ratios_are_one_and_the_parts_make_up_the_rollout() -> None:
    method = bandit(policy(), steps=4, kl=0.1, passes=2, updates=3)
    seen = []
    for number in range(6):
        for batch in method.next_step(0.0).batches:
            loss = method.loss(batch)
            assert loss.figures["clipped"] == 0
            now = token_log_probs(method.model, batch)
            torch.testing.assert_close(now, batch.extra["old"], rtol=0, atol=1e-5)
            if number < 3:
                seen += batch.extra["advantages"].flatten().tolist()
    assert len(seen) == 64
    assert sum(seen) / 64 == pytest.approx(0, abs=1e-5)
    assert sum(one**2 for one in seen) / 64 == pytest.approx(1, abs=1e-4)


def test_the_penalty_grows_while_the_policy_is_too_far(tmp_path: Path) -> None:
    method = bandit(policy(), steps=16, kl=0.01, kl_target=1e-4, passes=1, updates=1)
    train(method, method._ppo.loop, tmp_path)
    weights = [line["kl_weight"] for line in read_metrics(tmp_path)]
    assert weights[:2] == [0.01, pytest.approx(0.01 * 0.98)], "at first the policy is the reference"
    assert weights[-1] / weights[-2] == pytest.approx(1.02)


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    path = tmp_path / "prompts.jsonl"
    rows = [{"prompt": text, "facts": {"answer": "e"}} for text in ("a coin", "risk", "fees")]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def words(model: Path, data: Path, out: Path, **settings: object) -> list[str]:
    flags = {
        "recipe": "training/recipes/ppo.toml", "model": model, "out": out, "data": data,
        "context": 60, "longest": 6, "prompts": 3, "updates": 2, "loop.rows": 2,
        "loop.log_steps": 1, "loop.threads": 1, "loop.learning_rate": 0.01,
        "loop.evaluate_steps": 0,
        "rewards": '[{name = "right_answer"}, {name = "repetition", weight = 0.5}]',
        **settings,
    }  # fmt: skip
    return ["ppo", *(word for key, value in flags.items() for word in (f"--{key}", str(value)))]


def test_a_stopped_run_goes_on_bit_for_bit(
    model_folder: Path, prompts: Path, tmp_path: Path
) -> None:
    """Stopped between the updates of a rollout."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    settings = {"loop.keep": 9, "loop.decay": 0, "loop.warmup": 0, "kl_target": 0.01}
    assert main(words(model_folder, prompts, whole, **settings, **{"loop.steps": 6})) == 0
    for steps in (3, 6):
        main(words(model_folder, prompts, parts, **settings, **{"loop.steps": steps}))
    one, other = (load_file(out / "step-0000006/model.safetensors") for out in (whole, parts))
    assert all(torch.equal(one[name], other[name]) for name in one)
    AutoModelForCausalLM.from_pretrained(whole / "model")
    first = read_metrics(whole)[0]
    assert first["kl"] == pytest.approx(0, abs=1e-4), "at first the policy is the reference"
    assert {"value_loss", "entropy", "clipped", "reward", "tokens", "kl_weight"} <= first.keys()


def test_adapters_and_a_critic_of_its_own(
    model_folder: Path, prompts: Path, tmp_path: Path
) -> None:
    settings = {"adapter.kind": "lora", "critic": model_folder, "held_out": prompts}
    out = tmp_path / "run"
    assert main(words(model_folder, prompts, out, **settings, **{"loop.steps": 2})) == 0
    saved = load_file(out / "step-0000002/model.safetensors")
    assert {name.split(".")[0] for name in saved} == {"policy", "critic", "value"}
    assert any("held_out/reward" in line for line in read_metrics(out))
    AutoModelForCausalLM.from_pretrained(out / "model")


@pytest.mark.parametrize(("name", "value"), [("passes", 0), ("gamma", 2), ("estimator", "k9")])
def test_wrong_settings_are_told(
    name: str, value: object, model_folder: Path, prompts: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert main(words(model_folder, prompts, tmp_path / "run", **{name: value})) == 1
    assert name in capsys.readouterr().err


def test_the_mean_value_is_over_tokens_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    method = bandit(policy(), steps=4, prompts=2)
    values, mask = torch.tensor([[1.0, 1.0], [4.0, 9.0]]), torch.tensor([[1.0, 1.0], [1.0, 0.0]])
    nothing = torch.zeros(2, 2)
    monkeypatch.setattr(method, "_read", lambda _: (nothing, nothing, values, mask))
    assert method.roll_out()[1]["value"] == pytest.approx(2)
