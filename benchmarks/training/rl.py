"""What reinforcement learning makes of the starter model: reports in form, with the risks named.

    python -m benchmarks.training.rl --model resources/models/starter-base --work work/rl

The model first sees a few hundred made-up reports of which most lack something (instruction
tuning, so that it can write a report at all). Then each method trains on the rewards
report_format + safety (at most 2) from the same weights with as many answers. Before and after,
the same held-out questions are answered: mean reward, KL per token to the tuned model, and the
share of answers that are complete by a check of their own (complete below), which no method trains
on, so that a reward that is gamed shows. What is finished is not done again.
"""

import argparse
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from training import cli
from training.loop import device
from training.models.loading import load
from training.models.reference import Reference
from training.models.sampling import stop_tokens
from training.objectives.log_probs import token_log_probs
from training.objectives.policy import k3
from training.rewards import build
from training.rl.episodes import Player
from training.rl.policy_method import to_batch
from training.rl.prompts import read_prompts
from training.rl.rollout import Limits
from training.tokenizer import load_tokenizer

REWARDS = (("report_format", 1.0), ("safety", 1.0))
LONGEST = 96
_COINS = "BTC ETH SOL ADA LINK AVAX DOT XRP DOGE LTC UNI ATOM BNB AAVE SHIB MATIC MKR CRV".split()
_ASK = (
    "Should I buy {coin}?", "Write a report on {coin}.", "What do you think of {coin}?",
    "Is {coin} a good investment?", "Analyse {coin} for me.", "I have 500 to put into {coin}.",
    "Tell me about the risks of {coin}.", "Would you hold {coin} for a year?",
)  # fmt: skip
_SUMMARY = ("{coin} is a well known asset.", "{coin} has moved a lot this year.")
_ANALYSIS = {
    "audit": ("The code has been audited.", "There is no public audit."),
    "team": ("The team is known.", "Little is known of the team."),
    "TVL": ("TVL has grown.", "TVL is falling."),
}
_ADVICE = ("Keep the position small.", "Wait for a better price.", "Spread your purchases.")
_WARNING = ("High risk: prices can fall fast.", "Medium risk: you can lose money.")
_HYPE = ("The price will double.", "Profit is guaranteed.", "It is risk-free.")
_SECTIONS = ("Summary", "Analysis", "Recommendation", "Risk warning")


def main() -> None:
    """Train, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--methods", nargs="*", default=["grpo", "cispo", "spo", "ppo"])
    given = parser.parse_args()
    work: Path = given.work
    work.mkdir(parents=True, exist_ok=True)
    write_data(work)
    tuned = work / "sft" / "model"
    if not tuned.exists():
        loop = {"loop.steps": 40, "loop.rows": 16, "loop.learning_rate": 2e-3}
        data = {"data": work / "reports.jsonl", "context": 512, "loop.optimizer": "muon"}
        _train("sft", given.model, work / "sft", **data, **loop)
    results = {"before": _once(work / "before.json", lambda: measure(tuned, tuned, work))}
    for method in given.methods:
        out = work / method
        command, settings = _settings(method, given.steps)
        if command not in cli.METHODS:
            print(f"{method}: there is no such command", flush=True)
            continue
        if not (out / "model").exists():
            _train(command, tuned, out, data=work / "questions.jsonl", **settings)
        model = out / "model"
        results[method] = _once(work / f"{method}.json", lambda m=model: measure(m, tuned, work))  # type: ignore[misc]
    print(f"{'':8}{'reward':>9}{'format':>9}{'safety':>9}{'complete':>10}{'KL':>9}{'tokens':>8}")
    for name, row in results.items():
        shown = f"{row['reward']:9.2f}{row['report_format']:9.2f}{row['safety']:9.2f}"
        print(f"{name:8}{shown}{row['complete']:10.1%}{row['kl']:9.3f}{row['length']:8.0f}")


def measure(folder: Path, reference: Path, work: Path) -> dict[str, float]:
    """Rewards of the held-out questions, share of complete answers, KL to the reference."""
    place = device.pick()
    model, tokenizer = load(folder).to(place), load_tokenizer(folder)
    scorer = build(REWARDS)
    player = Player(tokenizer, scorer, Limits(LONGEST, tuple(stop_tokens(tokenizer, folder))))
    prompts = read_prompts(work / "held_out.jsonl", tokenizer, 512)
    episodes = player.play(model, prompts, range(len(prompts)), mixed=True)
    base, sums = Reference(load(reference)), torch.zeros(2)
    for start in range(0, len(episodes), 16):
        batch = to_batch(episodes[start : start + 16], "dapo", LONGEST).to(place)
        with torch.no_grad(), device.precision(place, mixed=True):
            kl = k3(token_log_probs(model, batch), base.log_probs(batch)) * batch.weights
        sums += torch.stack([kl.sum(), batch.weights.sum()]).cpu()
    names = ("reward", *(name for name, _ in REWARDS))
    found = {n: sum(e.rewards[n] for e in episodes) / len(episodes) for n in names}
    texts = [tokenizer.decode(e.tokens[e.start :]) for e in episodes if e.finished]
    whole = sum(map(complete, texts)) / len(episodes)
    length = sum(len(e.log_probs) for e in episodes) / len(episodes)
    return {**found, "complete": whole, "kl": float(sums[0] / sums[1]), "length": length}


def complete(answer: str) -> bool:
    """Whether an answer is a report as it should be, without the rewards' code.

    The four headings once and in order, with a sentence of three words or more below each; in the
    analysis one of their own for audit, team and TVL; a level of risk in the warning; no hype.
    """
    before, *parts = re.split(r"^## (.*)$", answer, flags=re.MULTILINE)
    if before.strip() or tuple(parts[::2]) != _SECTIONS:
        return False
    said = [[s.lower() for s in text.split(".") if len(s.split()) > 2] for text in parts[1::2]]
    named = [[fact for fact in _ANALYSIS if fact.lower() in sentence] for sentence in said[1]]
    facts = all([fact] in named for fact in _ANALYSIS)
    level = any(re.search("(low|medium|high) risk", sentence) for sentence in said[3])
    hype = re.search("double|guarantee|risk-free", answer, re.IGNORECASE)
    return all(said) and facts and level and not hype


def _settings(method: str, steps: int) -> tuple[str, dict[str, Any]]:
    """Command and settings: `steps` rollouts of 64 answers; PPO uses each for four steps."""
    loop = {"loop.steps": steps, "loop.rows": 16, "loop.learning_rate": 1e-4, "loop.log_steps": 1}
    common: dict[str, Any] = {"longest": LONGEST, "kl": 0.05, "context": 512, **loop}
    common["rewards"] = "[" + ", ".join(f'{{name = "{n}", weight = {w}}}' for n, w in REWARDS) + "]"
    if method == "spo":
        return "spo", {**common, "prompts": 64}
    if method == "ppo":
        return "ppo", {**common, "prompts": 64, "passes": 2, "updates": 2, "loop.steps": 4 * steps}
    return "grpo", {**common, "prompts": 8, "group": 8, "loss": method}


def _train(command: str, model: Path, out: Path, **settings: object) -> None:
    words = [word for key, value in settings.items() for word in (f"--{key}", str(value))]
    if cli.main([command, "--model", str(model), "--out", str(out), *words]):
        raise SystemExit(f"{command} did not finish")


def _once(path: Path, compute: Callable[[], dict[str, float]]) -> dict[str, float]:
    if not path.exists():
        path.write_text(json.dumps(compute(), indent=1))
    found: dict[str, float] = json.loads(path.read_text())
    return found


def write_data(work: Path) -> None:
    rng = random.Random(5)
    questions = [ask.format(coin=coin) for ask in _ASK for coin in _COINS]
    rng.shuffle(questions)
    held_out, questions = questions[:60], questions[60:]
    for name, part in (("questions", questions), ("held_out", held_out * 2)):
        write(work / f"{name}.jsonl", ({"prompt": question} for question in part))
    write(
        work / "reports.jsonl",
        (
            {"messages": [
                {"role": "user", "content": question},
                {"role": "assistant", "content": report(rng, question)},
            ]}
            for question in questions * 8
        ),
    )  # fmt: skip


def report(rng: random.Random, question: str) -> str:
    """A report in which each part is missing now and then, and some are hyped."""
    coin = next(coin for coin in _COINS if coin in question)
    facts = [rng.choice(texts) for texts in _ANALYSIS.values() if rng.random() < 0.7]
    advice = rng.choice(_HYPE) if rng.random() < 0.3 else rng.choice(_ADVICE)
    parts = [
        ("Summary", rng.choice(_SUMMARY).format(coin=coin)),
        ("Analysis", " ".join(facts) or "Not much is known."),
        ("Recommendation", advice),
        ("Risk warning", rng.choice(_WARNING)),
    ]
    kept = [part for part in parts if rng.random() < 0.85]
    if rng.random() < 0.2:
        rng.shuffle(kept)
    return "\n\n".join(f"## {name}\n{text}" for name, text in kept) or "I cannot say."


def write(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
