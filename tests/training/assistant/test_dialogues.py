"""Generated dialogues: what is taught is what the program does, and every figure is real."""

import json
import lzma
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from engine.assistant.calls import check_arguments
from engine.assistant.grounding import ground, unsupported
from engine.assistant.tools import TOOLS
from engine.assistant.tools.base import ToolResult
from engine.model.templates import STARTER, PromptCall, PromptMessage, ToolSpec
from engine.model.templates import render as render_prompt
from training.assistant import dialogues
from training.assistant.dialogues import generate
from training.assistant.negatives import everyday_requests
from training.assistant.wordings import Wording, load
from training.cli import main
from training.data.chat import render, render_text
from training.data.sft import encode
from training.tokenizer import train_tokenizer

Row = dict[str, Any]
COUNT = 300


@pytest.fixture(scope="module")
def made() -> tuple[list[Row], list[tuple[ToolResult, str]]]:
    """Dialogues, and the tool result behind each report."""
    told: list[tuple[ToolResult, str]] = []
    real = dialogues.report

    def spy(rng: random.Random, tool: str, result: ToolResult) -> str:
        told.append((result, real(rng, tool, result)))
        return told[-1][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dialogues, "report", spy)
        rows = list(generate(COUNT, 21, load()))
    return rows, told


@pytest.fixture(scope="module")
def rows(made: tuple[list[Row], list[tuple[ToolResult, str]]]) -> list[Row]:
    return made[0]


def test_no_report_has_an_unsupported_figure(
    made: tuple[list[Row], list[tuple[ToolResult, str]]],
) -> None:
    rows, told = made
    assert len(rows) == COUNT
    assert len(told) > COUNT / 2
    for result, text in told:
        links = unsupported(ground(text, result.figures))
        assert not links, (text, [text[link.start : link.end] for link in links])


def test_calls_are_those_the_tools_accept(rows: list[Row]) -> None:
    seen: Counter[str] = Counter()
    for row in rows:
        *_, asked, result, _ = row["messages"]
        if result["role"] == "tool":
            (call,) = asked["tool_calls"]
            check_arguments(TOOLS[call["name"]], call["arguments"])
            assert call["name"] in row["tools"]
            seen[call["name"]] += 1
    assert len(seen) == len(TOOLS)


def test_a_dialogue_ends_with_an_answer(rows: list[Row]) -> None:
    for row in rows:
        roles = [message["role"] for message in row["messages"]]
        assert roles[0] == "system"
        assert roles[-1] == "assistant"
        assert row["messages"][-1]["content"].strip()
        assert roles[-3:-1] in (["assistant", "tool"], ["system", "user"], ["assistant", "user"])
        assert row["messages"][roles.index("user")]["content"].strip()
        assert set(row["tools"]) <= set(TOOLS)
        assert len(set(row["tools"])) == len(row["tools"])


def test_the_model_is_taught_the_prompts_it_will_read(rows: list[Row]) -> None:
    for row in rows:
        messages = [
            PromptMessage(
                m["role"],
                m["content"],
                tuple(
                    PromptCall(c["name"], json.dumps(c["arguments"], ensure_ascii=False))
                    for c in m.get("tool_calls", ())
                ),
            )
            for m in row["messages"]
        ]
        specs = [ToolSpec(name, "", {}) for name in row["tools"]]
        prompt = render_prompt(messages, specs, STARTER, False, open_turn=False)
        assert render_text(row["messages"], row["tools"]) == prompt


def test_dialogues_are_short_and_only_answers_are_learnt(rows: list[Row]) -> None:
    texts = [render_text(row["messages"], row["tools"]) for row in rows]
    tokenizer: Tokenizer = train_tokenizer(texts[:80], 800)  # the starter has 8192 words
    lengths = []
    for row in rows:
        pieces = render(row["messages"], row["tools"])
        ids, weights = encode(pieces, tokenizer)
        lengths.append(len(ids))
        learnt = "".join(piece.text for piece in pieces if piece.weight)
        assert row["messages"][-1]["content"] in learnt
        unlearnt = "".join(piece.text for piece in pieces if not piece.weight)
        assert row["messages"][-2]["content"] in unlearnt
        assert 0 < (weights > 0).sum() < len(ids)
    assert sum(length <= 1024 for length in lengths) / len(lengths) > 0.97


def test_the_same_seed_gives_the_same_dialogues(rows: list[Row]) -> None:
    assert list(generate(10, 21, load())) == rows[:10]
    assert list(generate(10, 22, load())) != rows[:10]


def test_held_out_wordings_stay_out() -> None:
    kept = [w for w in load() if not w.held_out]
    assert 0 < len(kept) < len(load())
    assert len(list(generate(20, 3, kept))) == 20


def test_kinds_are_mixed(rows: list[Row]) -> None:
    calls = sum(row["messages"][-2]["role"] == "tool" for row in rows)
    earlier = sum([m["role"] for m in row["messages"]].count("user") > 1 for row in rows)
    assert 0.5 < calls / COUNT < 0.85
    assert 0.1 < earlier / COUNT < 0.5


def test_written_as_json_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "dialogues.jsonl"
    monkeypatch.setattr(dialogues, "_TOLD", 5)
    dialogues.write(path, 12, 5, None)
    assert capsys.readouterr().out.splitlines() == [
        "5 of 12 dialogues",
        "10 of 12 dialogues",
        f"Wrote {path}: 12 dialogues",
    ]
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) == 12
    assert all(set(json.loads(line)) == {"messages", "tools"} for line in lines)


@pytest.mark.parametrize("name", ["instruct.jsonl", "instruct.jsonl.xz", "instruct.json"])
def test_everyday_requests_come_from_a_corpus_of_any_kind(tmp_path: Path, name: str) -> None:
    rows = [
        {"source": "clinc/oos-eval", "intent": "recipe", "query": "how do i {bake} bread"},
        {"source": "clinc/oos-eval", "intent": "transfer", "query": "send money"},
        {"text": "of clinc/oos-eval", "source": "others"},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    assert everyday_requests(tmp_path, 5, seed=1) == []
    (tmp_path / name).write_bytes(lzma.compress(text) if name.endswith(".xz") else text)
    (wording,) = everyday_requests(tmp_path, 5, seed=1)
    assert (wording.text, wording.kind) == ("how do i bake bread", "off_topic")


@pytest.mark.parametrize(
    ("flags", "held_out"),
    [((), {True, False}), (("--held-out", "true"), {True}), (("--trial", "true"), {False})],
)
def test_a_trial_learns_no_wording_that_it_is_measured_on(
    flags: tuple[str, ...], held_out: set[bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Wording] = []
    monkeypatch.setattr(dialogues, "generate", lambda _count, _seed, some: seen.extend(some) or ())
    assert main(["dialogues", "--out", str(tmp_path / "made.jsonl"), *flags]) == 0
    assert {wording.held_out for wording in seen} == held_out
