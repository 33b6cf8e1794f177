"""Each reward on answers whose worth is plain, and its range on any text."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer, Qwen3ForCausalLM

from training.rewards import NAMES, Sample, build
from training.rewards.arithmetic import arithmetic
from training.rewards.form import length, repetition, right_answer, think_format
from training.rewards.judge import judge
from training.rewards.report_format import report_format
from training.rewards.safety import safety
from training.rewards.tool_success import tool_success

REPORT = """## Summary
Fine.

**Analysis**
Fees rise.

Recommendation: wait.

### Risk Warning:
Prices fall."""


@pytest.mark.parametrize(
    ("answer", "worth"),
    [
        (REPORT, 1.0),
        (REPORT.replace("Fees rise.", ""), 0.6),
        (REPORT.replace("## Summary\nFine.\n", ""), 0.6),
        (REPORT + "\n## Summary\nAgain.", 0.6),
        ("\n".join(reversed(REPORT.split("\n\n"))), 0.8),
        ("In summary, the analysis makes a recommendation with a risk warning.", 0.0),
        ("", 0.0),
    ],
)
def test_report_format(answer: str, worth: float) -> None:
    assert report_format(Sample("", answer)) == pytest.approx(worth)


@pytest.mark.parametrize(
    ("answer", "worth"),
    [
        ("Audited by two firms, the team is public, TVL 3 bn, medium risk.", 1.0),
        ("The total value locked fell; risk level: high.", 0.5),
        ("There is no audit. Profit is guaranteed.", -0.75),
        ("Returns are not guaranteed and nothing is risk-free.", 0.0),
        ("You can't lose, it will moon.", -1.0),
        ("This is not without risk; no guaranteed returns.", 0.0),
        ("There is no risk at all.", -1.0),
        ("Stream steamed.", 0.0),
        ("audit team TVL high risk", 0.0),
        ("Audit. Team.\nTVL\nHigh risk.", 0.0),
        ("audit audit audit", 0.0),
        ("## Analysis\nTVL has grown.\n- Risk level: high", 0.5),
    ],
)
def test_safety(answer: str, worth: float) -> None:
    assert safety(Sample("", answer)) == pytest.approx(worth)


@pytest.mark.parametrize(
    ("answer", "worth"),
    [
        ("2 + 3 × 4 = 14", 1.0),
        ("$1,200.50 - 200 = 1000.5", 1.0),
        ("10 / 3 = 3.33", 1.0),
        ("10 / 3 = 3.34", 0.0),
        ("1 / 0 = 5", 0.0),
        ("15 % of 200 is 30. 2 + 2 = 5.", 0.5),
        ("7% of 50 makes 3.5", 1.0),
        ("I hold 3 coins since 2024-01-05.", 0.0),
    ],
)
def test_arithmetic(answer: str, worth: float) -> None:
    assert arithmetic(Sample("", answer)) == pytest.approx(worth)


@pytest.mark.parametrize(
    ("answer", "worth"),
    [
        ("The total is 1,250.4 USD and the gain: -3", 1.0),
        ("The total is 1,251, gain -3.2", 0.5),
        ("The total is 1,250.37.", 0.5),
        ("Buy now! 1 + 1 = 2", 1 / 3),
        ("Buy now!", 0.0),
    ],
)
def test_known_figures_must_be_there_and_right(answer: str, worth: float) -> None:
    facts = {"figures": {"total": "1250.37", "gain": -3.2}}
    assert arithmetic(Sample("", answer, facts=facts)) == pytest.approx(worth)


@pytest.mark.parametrize(
    ("answer", "worth"),
    [
        ("<think>\n6 × 7\n</think>\n\nIt is 42.", 1.0),
        ("<think>\n\n</think>\n\nIt is 42.", 1.0),
        ("<think>\n\n</think>\n\nIt is 41.", 0.5),
        ("<think>\n\n</think>\n\nIt is 142.", 0.5),
        ("<think>\n6 × 7\n</think>\n\n", 0.0),
        ("It is 42.", 0.0),
        ("<think>a</think>b</think>c", 0.0),
        ("<think>no end, it is 42", 0.0),
    ],
)
def test_think_format(answer: str, worth: float) -> None:
    assert think_format(Sample("", answer, facts={"answer": 42})) == worth


def test_right_answer_looks_after_the_thought() -> None:
    facts = {"answer": "Paris"}
    assert right_answer(Sample("", "<think>paris?</think>I do not know.", facts=facts)) == 0
    assert right_answer(Sample("", "<think>?</think>paris", facts=facts)) == 1
    assert right_answer(Sample("", "anything")) == 0


@pytest.mark.parametrize(
    ("answer", "right"),
    [("It is 5.", 1), ("(5), I think", 1), ("5", 1), ("5 %", 1), ("150", 0), ("5.3", 0),
     ("1.5", 0), ("5,000", 0), ("x5", 0), ("fifty-five", 0)],
)  # fmt: skip
def test_a_number_is_no_part_of_another(answer: str, right: float) -> None:
    assert right_answer(Sample("", answer, facts={"answer": 5})) == right


def test_length_falls_over_the_last_fifth() -> None:
    """Limit 100: nothing up to 80, -1 at 100, half way -0.5 (DAPO's equation 13)."""
    worth = [length(Sample("", "", (1,) * n, limit=100)) for n in (10, 80, 85, 90, 100)]
    assert worth == pytest.approx([0, 0, -0.25, -0.5, -1])
    assert length(Sample("", "", (1,) * 5, finished=False, limit=100)) == -1


def test_repetition_counts_n_grams_seen_before() -> None:
    """1 2 3 4 5 1 2 3 4: of six 4-grams the last was there before."""
    assert repetition(Sample("", "", (1, 2, 3, 4, 5, 1, 2, 3, 4))) == pytest.approx(-1 / 6)
    assert repetition(Sample("", "", (7,) * 13)) == pytest.approx(-9 / 10)
    assert repetition(Sample("", "", (1, 2))) == 0


def test_tools_that_were_not_wanted() -> None:
    made = {"name": "price", "arguments": {}, "ok": True, "headline": "3"}
    assert tool_success(Sample("", "Hello.", facts={"call": None, "calls": []})) == 1
    assert tool_success(Sample("", "Hello.", facts={"call": None, "calls": [made]})) == 0


@pytest.mark.parametrize(
    ("headline", "answer", "worth"),
    [("$10", "You have $10.", 1.0), ("$10", "You have $101.", 0.7), ("$10", "It is $10.5", 0.7),
     ("", "", 1.0), ("3 alerts", "3 ALERTS are set", 1.0)],
)  # fmt: skip
def test_the_answer_names_the_headline_if_there_is_one(
    headline: str, answer: str, worth: float
) -> None:
    call = {"name": "price", "arguments": {"asset": "BTC"}}
    facts = {"call": call, "calls": [{**call, "ok": True, "headline": headline}]}
    assert tool_success(Sample("", answer, facts=facts)) == pytest.approx(worth)


SIMPLE = {name: build([(name, 1.0)]) for name in NAMES if ":" not in name}


@given(st.text(max_size=200), st.lists(st.integers(0, 5), max_size=30), st.booleans())
def test_every_reward_keeps_its_range(text: str, tokens: list[int], finished: bool) -> None:
    sample = Sample("", text, tuple(tokens), finished, 20, {"figures": {"a": 1}})
    for name, scorer in SIMPLE.items():
        (row,) = scorer.score([sample])
        assert scorer.low <= row["reward"] == row[name] <= scorer.high


def test_the_scorer_weighs_and_names() -> None:
    scorer = build([("report_format", 2.0), ("safety", -1.0), ("length", 0.5)])
    assert (scorer.low, scorer.high) == (-1.5, 3.0)
    good, bad = Sample("", REPORT, (1,), limit=9), Sample("", "It will moon.", (1,), limit=9)
    assert scorer.score([good, bad]) == [
        {"reward": 2.0, "report_format": 1.0, "safety": 0.0, "length": 0.0},
        {"reward": 1.0, "report_format": 0.0, "safety": -1.0, "length": 0.0},
    ]


def test_unknown_rewards_are_named() -> None:
    with pytest.raises(ValueError, match="Unknown reward 'judge'"):
        build([("judge", 1.0)])
    with pytest.raises(ValueError, match="missing"):
        build([])


def test_the_judge_reads_the_digits_alone(model_folder: Path) -> None:
    """The oracle asks the model for the logits of the whole vocabulary and of no cached kind."""
    sample = Sample("What is a coin?", "A token.")
    (grade,) = judge(str(model_folder))([sample])
    model = Qwen3ForCausalLM.from_pretrained(model_folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    assert build([(f"judge:{model_folder}", 1.0)]).score([sample])[0]["judge"] == grade
    from training.rewards.judge import _QUESTION

    text = _QUESTION.format(prompt=sample.prompt, answer=sample.answer)
    ids = tokenizer(
        f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n", verbose=False
    ).input_ids
    logits = model(torch.tensor([ids])).logits[0, -1].detach()
    exact = torch.stack([logits[tokenizer(str(d)).input_ids[0]] for d in range(10)]).exp()
    wanted = sum(d * float(exact[d]) for d in range(10)) / 9 / float(exact.sum())
    assert grade == pytest.approx(wanted, abs=1e-5)
    assert 0 < grade < 1
