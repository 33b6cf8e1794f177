"""The data of every_method.py, and what a model makes of the part that no training sees."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig

from benchmarks.training import rl
from benchmarks.training.chains import kind
from benchmarks.training.programs import ROOT
from training.assistant.dialogues import generate
from training.assistant.wordings import load as wordings
from training.data.answers import write_answers
from training.data.chat import Weights, render_text
from training.data.pairs import read_pairs
from training.data.sft import pad, read_dialogues
from training.evaluate.by_length import perplexities
from training.evaluate.calls import score_calls
from training.evaluate.compression import compression
from training.evaluate.likelihood import perplexity
from training.models.loading import load
from training.models.parts import head, hidden_states
from training.models.sampling import stop_tokens
from training.models.teacher import ModelTeacher
from training.models.yarn import stretched
from training.objectives.divergence import chunked_divergence
from training.objectives.log_probs import token_log_probs
from training.rewards import Sample, build
from training.rewards.model import score_texts
from training.rl.episodes import Player
from training.rl.policy_method import described
from training.rl.prompts import NO_THOUGHT, THINK, Prompt, read_prompts
from training.rl.rollout import Limits
from training.rl.tools import ToolPlayer, tool_prompts
from training.tokenizer import load_tokenizer
from training.vocabulary import END_OF_TEXT

Figures = dict[str, float]
CONTEXT = 256  # of the models from random weights
_ASKED = 100  # tool dialogues and kinds that are measured on
_QUESTIONS = 60  # that reports are asked for; write_data() of rl.py writes each twice


def write_data(work: Path) -> None:
    """A corpus, tool dialogues, reports, pairs of reports, and kinds of protocols."""
    (work / "corpus").mkdir(parents=True, exist_ok=True)
    rng, rows = random.Random(3), rl.write
    rl.write_data(work)
    known = [[w for w in wordings() if w.held_out == held_out] for held_out in (False, True)]
    talks, unseen = list(generate(2000, 1, known[0])), list(generate(_ASKED, 2, known[1]))
    rows(work / "talks.jsonl", talks)
    rows(work / "talks_held_out.jsonl", unseen)
    guides = sorted((ROOT / "resources" / "knowledge").rglob("*.md"))
    sections = [part for g in guides for part in g.read_text(encoding="utf-8").split("\n## ")]
    rng.shuffle(sections)
    texts = {"guides": sections[40:], "talks": [render_text(t["messages"]) for t in talks]}
    for name, some in texts.items():
        rows(work / "corpus" / f"{name}.jsonl", ({"text": text} for text in some))
    mixed = sections[:40] + [render_text(talk["messages"]) for talk in unseen[:40]]
    random.Random(4).shuffle(mixed)
    rows(work / "texts_held_out.jsonl", ({"text": text} for text in mixed))
    for name, part in (("questions", "pairs"), ("held_out", "pairs_held_out")):
        asked = [row["prompt"] for row in _read(work / f"{name}.jsonl")]
        times = 8 if name == "questions" else 1
        rows(work / f"{part}.jsonl", (_pair(rng, question) for question in asked * times))
        asked = asked * 4 if name == "questions" else asked
        talk = ({"messages": [{"role": "user", "content": question}]} for question in asked)
        rows(work / f"asked_{name}.jsonl", talk)
    kinds = [kind(rng, ("none", "sound")[number % 2]) for number in range(4000)]
    rows(work / "kinds.jsonl", kinds[2000:])
    asked_kinds = [
        {"messages": row["messages"][:1], "facts": {"answer": row["messages"][1]["content"]}}
        for row in kinds
    ]
    rows(work / "kinds_asked.jsonl", asked_kinds[_ASKED:])
    rows(work / "kinds_held_out.jsonl", asked_kinds[:_ASKED])


def _pair(rng: random.Random, question: str) -> dict[str, Any]:
    """A complete report, and one that lacks something."""
    worth, found = build(rl.REWARDS), dict[bool, str]()
    while len(found) < 2:
        text = rl.report(rng, question)
        found[worth.score([Sample(question, text)])[0]["reward"] > worth.high - 1e-6] = text
    return {"prompt": question, "chosen": found[True], "rejected": found[False]}


def compressed(folder: Path, work: Path) -> Figures:
    """Bytes that a token of the tokenizer stands for; a byte without one."""
    return {"bytes per token": compression(load_tokenizer(folder), _texts(work)).bytes_per_token}


def bits(folder: Path, work: Path) -> Figures:
    """Bits per byte of the texts."""
    model, tokenizer = _model(folder)
    start = tokenizer.token_to_id(END_OF_TEXT)
    found = perplexity(model, tokenizer, _texts(work), start, CONTEXT)
    return {"bits per byte": found["bits_per_byte"]}


@cache
def lengths(folder: Path, work: Path, factor: float = 1.0) -> Figures:
    """Perplexity by position, in windows of four times the context; factor: YaRN's."""
    config = AutoConfig.from_pretrained(folder)
    trained = "original_max_position_embeddings"
    size = 4 * config.rope_parameters.get(trained, config.max_position_embeddings)
    model, tokenizer = load(folder, **stretched(config, factor)).eval(), load_tokenizer(folder)
    ids = tokenizer.encode(END_OF_TEXT.join(_texts(work))).ids
    windows = [torch.tensor(ids[i : i + size + 1]) for i in range(0, len(ids) - size, size)]
    found = perplexities(model, windows, 4)
    return {"perplexity in 1×": found[0], "2×": found[1], "4×": found[3]}


@cache
def calls(folder: Path, work: Path) -> Figures:
    """Loss of tool dialogues, and the shares of calls that would be right, or of the right tool."""
    model, tokenizer = _model(folder)
    path = work / "talks_held_out.jsonl"
    dialogues = read_dialogues(path, tokenizer, Weights(), 1024, folder)
    found = score_calls(model, dialogues, tokenizer, len(dialogues))
    return {"loss": found["loss"], "tool right": found["tools"], "call right": found["calls"]}


def tools(folder: Path, work: Path) -> Figures:
    """What the talks with the real tools are worth, and how many are without fault."""
    model, tokenizer = _model(folder)
    asked = tool_prompts(_ASKED, 2, [one for one in wordings() if one.held_out])
    player = ToolPlayer(tokenizer, build([("tool_success", 1.0)]), _limits(folder, 96), 2)
    found = _worth(player, model, asked)
    return {"success": found["reward"], "without fault": found["best"]}


def thoughts(folder: Path, work: Path) -> Figures:
    """Right answers after a thought and after none, and the share of them in form."""
    model, tokenizer = _model(folder)
    asked = read_prompts(work / "kinds_held_out.jsonl", tokenizer, CONTEXT, folder)
    player = Player(
        tokenizer, build([("right_answer", 1.0), ("think_format", 1.0)]), _limits(folder, 48)
    )
    found: Figures = {}
    for name, opening in (("with a thought", THINK), ("without", NO_THOUGHT)):
        opened = [replace(prompt, opening=opening) for prompt in asked]
        worth = _worth(player, model, opened)
        found |= {f"right {name}": worth["right_answer"], f"form {name}": worth["think_format"]}
    return found


@cache
def answers(folder: Path, work: Path) -> Figures:
    """What reports are worth (at most 2), how many are without fault, and their tokens."""
    model, tokenizer = _model(folder)
    asked = read_prompts(work / "held_out.jsonl", tokenizer, 512, folder)[:_QUESTIONS]
    player = Player(tokenizer, build(rl.REWARDS), _limits(folder, rl.LONGEST))
    found = _worth(player, model, asked)
    return {"reward": found["reward"], "without fault": found["best"], "tokens": found["tokens"]}


@cache
def preferred(folder: Path, work: Path) -> Figures:
    """Share of pairs whose better report has the likelier tokens; and its own reports."""
    model, tokenizer = _model(folder)
    pairs = read_pairs(work / "pairs_held_out.jsonl", tokenizer, 512, folder)
    right = 0.0
    with torch.no_grad():
        for number in range(0, len(pairs), 16):
            batch = pairs.batch(range(number, min(number + 16, len(pairs))))
            means = token_log_probs(model, batch).sum(1) / batch.weights.sum(1)
            good, bad = means.chunk(2)
            right += float((good > bad).sum())
    return {"pairs right": right / len(pairs), **answers(folder, work)}


def ranked(folder: Path, work: Path) -> Figures:
    """Share of pairs that the published reward model puts in the right order."""
    score = score_texts(folder)
    rows = _read(work / "pairs_held_out.jsonl")
    good, bad = (
        score([
            render_text([
                {"role": "user", "content": row["prompt"]},
                {"role": "assistant", "content": row[side]},
            ])
            for row in rows
        ])
        for side in ("chosen", "rejected")
    )  # fmt: skip
    margins = [a - b for a, b in zip(good, bad, strict=True)]
    right = sum(margin > 0 for margin in margins) / len(margins)
    return {"pairs right": right, "margin": sum(margins) / len(margins)}


@cache
def student(folder: Path, work: Path, teacher: str) -> Figures:
    """KL per token to the teacher where the teacher writes, both ways; and its own reports."""
    model, tokenizer = _model(folder)
    written = work / "teacher_answers.jsonl"
    taught = work / teacher / "model"
    guide, _ = _model(taught)
    asked = work / "asked_held_out.jsonl"
    write_answers(guide, tokenizer, taught, asked, written, 32, rl.LONGEST, 1.0, seed=1)
    dialogues = read_dialogues(written, tokenizer, Weights(), 512, folder)
    sums, tokens = [0.0, 0.0], 0.0
    for number in range(len(dialogues)):
        batch = pad([dialogues[number]])
        kept = batch.weights.flatten().nonzero().squeeze(1)
        ones = torch.ones(len(kept))
        with torch.no_grad():
            hidden = hidden_states(model, batch.inputs, None).flatten(0, 1)[kept]
            there = ModelTeacher(guide).distributions(batch, kept)
            for way in (0, 1):
                sums[way] += float(chunked_divergence(hidden, head(model), there, ones, way))
        tokens += len(kept)
    kl = {"forward KL": sums[0] / tokens, "reverse KL": sums[1] / tokens}
    return kl | answers(folder, work)


def _model(folder: Path) -> tuple[Any, Any]:
    return load(folder).eval(), load_tokenizer(folder)


def _limits(folder: Path, longest: int) -> Limits:
    return Limits(longest, tuple(stop_tokens(load_tokenizer(folder), folder)))


def _worth(player: Player, model: Any, asked: Sequence[Prompt]) -> Figures:
    """Means of the rewards and of the tokens of answers, and the share of the best ones."""
    episodes = player.play(model, asked, range(len(asked)), mixed=True)
    best = [episode.rewards["reward"] > player.scorer.high - 1e-6 for episode in episodes]
    return described(episodes) | {"best": sum(best) / len(best)}


def _texts(work: Path) -> list[str]:
    return [row["text"] for row in _read(work / "texts_held_out.jsonl")]


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
