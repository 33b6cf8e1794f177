"""The questions about tools: the application's own tools and words, and who judges the answers."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from transformers import Qwen3ForCausalLM

from engine.assistant.knowledge import Knowledge
from engine.assistant.prompting import question_messages, tool_specs
from engine.assistant.tools import TOOLS
from engine.assistant.tools.context import ToolContext
from engine.market.series import PriceBook
from engine.model.gguf.header import read_header
from engine.model.parsing import BadCallPart, CallPart
from engine.model.registry import starter_path
from engine.model.templates import QWEN3, STARTER
from quantize import suite
from quantize.child import run_job
from quantize.running import settings, tuning_for
from quantize.suite import Question, interval, judge, measure_tools, read_questions, read_tools
from quantize.task import Task


class User(ToolContext):
    """The one the questions are written for."""

    assets = ("ADA", "AVAX", "BTC", "DOGE", "DOT", "ETH", "LINK", "SOL", "USDC")  # type: ignore[assignment]
    accounts = ("Binance", "Kraken", "Ledger", "Trezor")  # type: ignore[assignment]


class NoPrices:
    def series(self, asset: str, currency: str) -> list[object]:
        return []


def test_tools_and_words_are_the_application_s() -> None:
    assert read_tools() == tuple(tool_specs(list(TOOLS.values())))
    user = User((), PriceBook(NoPrices()), (), Knowledge(), "USD", date(2026, 9, 16))  # type: ignore[arg-type]
    for template in (STARTER, QWEN3):
        assert suite.messages(template, "eth price") == question_messages(
            user, (), "eth price", template
        )


def test_every_question_has_an_answer_that_the_application_would_take() -> None:
    questions = read_questions()
    assert len(questions) == 122
    assert len({question.ask for question in questions}) == 122
    assert {question.tool for question in questions} == {None, *TOOLS}
    for question in questions:
        if question.tool is None:
            continue
        schema = TOOLS[question.tool].schema()["function"]["parameters"]
        for arguments in question.arguments:
            assert set(schema["required"]) <= set(arguments) <= set(schema["properties"])
            for name, value in arguments.items():
                expected = schema["properties"][name]
                assert isinstance(value, str) is (expected["type"] == "string")
                assert value in expected.get("enum", [value])


@pytest.mark.parametrize(
    ("name", "arguments", "right"),
    [
        ("what_if", {"asset": "BTC", "change_percent": -30}, (True, True)),
        ("what_if", {"asset": "btc", "change_percent": Decimal("-30.0")}, (True, True)),
        ("what_if", {"asset": "BTC", "change_percent": "-30"}, (True, True)),
        ("what_if", {"asset": "ETH", "change_percent": -30}, (True, False)),
        ("what_if", {"asset": "BTC"}, (True, False)),
        ("what_if", {"asset": "BTC", "change_percent": -30, "period": "1y"}, (True, False)),
        ("price", {"asset": "BTC", "change_percent": -30}, (False, False)),
        ("what_if", {"asset": "all", "change_percent": -30}, (True, True)),  # an alternative
    ],
)
def test_verdicts(name: str, arguments: dict[str, object], right: tuple[bool, bool]) -> None:
    accepted = tuple({"asset": asset, "change_percent": -30} for asset in ("BTC", "ALL"))
    assert judge(Question("?", "what_if", accepted), CallPart(name, arguments, "")) == right


def test_verdicts_without_a_call() -> None:
    hello, price = Question("hi", None, ({},)), Question("?", "price", ({"asset": "BTC"},))
    call = CallPart("price", {"asset": "BTC"}, "")
    assert judge(hello, None) == (True, True)
    assert judge(hello, call) == judge(hello, BadCallPart("{")) == (False, False)
    assert judge(price, None) == judge(price, BadCallPart("{")) == (False, False)
    assert judge(price, call) == (True, True)


@pytest.mark.parametrize(
    ("right", "asked", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_are_wilson_s(right: int, asked: int, low: float, high: float) -> None:
    """Values printed in Newcombe (1998), Statistics in Medicine 17, table I, method 3."""
    assert interval(right, asked) == pytest.approx((low, high), abs=6e-5)


def test_answers_are_those_of_transformers(
    gguf: Path, shared_folder: Path, original: Qwen3ForCausalLM, task: Task
) -> None:
    """Greedy answers to prompts that begin alike, which are not read twice."""
    tokenizer = Tokenizer.from_file(str(shared_folder / "tokenizer.json"))
    start = "The price of bitcoin fell by 3.5 % while"
    prompts = [f"{start} ether rose", f"{start} fees", "Yields in pools", f"{start} fees"]
    arguments = settings(gguf, tuning_for(read_header(gguf)))
    arguments |= {"prompts": json.dumps(prompts), "most": "12"}
    answers = run_job("answer", arguments, task, (0, 1))["answers"]
    for prompt, answer in zip(prompts, answers, strict=True):
        tokens = tokenizer.encode(prompt).ids
        ends = tokenizer.token_to_id("<|im_end|>")
        with torch.no_grad():
            for _ in range(12):
                token = int(original(torch.tensor([tokens])).logits[0, -1].argmax())
                if token == ends:
                    break
                tokens.append(token)
        expected = tokens[len(tokenizer.encode(prompt).ids) :]
        # The model has more words than the tokenizer; llama.cpp spells those out as it likes.
        if max(expected) < tokenizer.get_vocab_size():
            assert answer == tokenizer.decode(expected, skip_special_tokens=False)
    assert answers[1] == answers[3]


def test_the_starter_calls_tools(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = (
        "How much bitcoin do I own?",
        "eth price",
        "correlation of BTC and ETH",
        "Who are you?",
    )
    some = [question for question in read_questions() if question.ask in asked]
    wrong = Question("eth price", "price", ({"asset": "BTC"},))
    monkeypatch.setattr(suite, "read_questions", lambda: [*some, wrong])
    found = measure_tools(starter_path(), task, (0, 1))
    assert found is not None
    assert (found.questions, found.tool, found.call) == (5, 5, 4)


def test_a_model_without_tools_is_not_asked(gguf: Path, task: Task) -> None:
    assert measure_tools(gguf, task, (0, 1)) is None
