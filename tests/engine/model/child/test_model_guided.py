"""Grammars that start at a trigger, thoughts that are ended, guesses that change nothing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from engine.core.errors import KnownError
from engine.model.client import (
    GenerateRequest,
    LoadOptions,
    ModelClient,
    Stats,
    Thought,
)

NewClient = Callable[[], ModelClient]
STARTER = Path(__file__).parents[4] / "resources" / "models" / "starter.gguf"
PROMPT = "A-B/C!"
DIGITS = "root ::= [0-9] root"
ENDLESS = "root ::= [^@] root"
ROWS = "".join(
    f"| coin {name} | {number * 37 % 101} EUR |\n" for number, name in enumerate("abcdefgh")
)
# What a report around a table is: long copies, and few tokens between them that are free.
TABLE = 'root ::= "Report " [a-z] [a-z] "\\n" rows [a-z] [a-z] "\\n" rows\nrows ::= ' + " ".join(
    f'"| coin {name} | {number * 37 % 101} EUR |\\n"' for number, name in enumerate("abcdefgh")
)


def run(client: ModelClient, request: GenerateRequest) -> tuple[str, Stats]:
    generation = client.generate(request)
    text = "".join(generation)
    assert generation.stats is not None
    return text, generation.stats


def forced(client: ModelClient, text: str) -> tuple[tuple[int, float], ...]:
    """A bias under which a model with a presence penalty says the tokens of a text in turn."""
    tokens = client.tokenize(text)
    assert len(set(tokens)) == len(tokens)
    return tuple((token, 1e6 - 1e3 * place) for place, token in enumerate(tokens))


@pytest.mark.parametrize("trigger", ["<tool_call>", "XYZ", "(*$", "YZ-QR"])
def test_free_before_the_trigger_bound_after_it(client: ModelClient, trigger: str) -> None:
    """Also a trigger of several tokens, of characters that mean something in patterns, and one
    that begins in the middle of what is said."""
    said = {"YZ-QR": "XYZ-QR"}.get(trigger, trigger)
    escaped = trigger.replace("\\", "\\\\")
    request = GenerateRequest(
        PROMPT,
        grammar=f'root ::= "{escaped}" "12" [34] "end"',
        triggers=("never said", trigger),
        logit_bias=forced(client, "?" + said),
        presence_penalty=1e9,
        max_tokens=60,
    )
    text, stats = run(client, request)
    assert text.startswith("?" + said + "12")
    assert text.removeprefix("?" + said + "12") in ("3end", "4end")
    assert stats.finish == "stop"


def test_a_trigger_that_does_not_come_binds_nothing(client: ModelClient) -> None:
    request = GenerateRequest(PROMPT, max_tokens=40, ignore_end=True)
    lazy = replace(request, grammar='root ::= "<tool_call>" "1"', triggers=("<tool_call>",))
    banned = ((client.tokenize("<tool_call>")[0], -1e9),)
    assert run(client, replace(lazy, logit_bias=banned)) [0] == run(
        client, replace(request, logit_bias=banned)
    )[0]  # fmt: skip


@pytest.mark.parametrize("budget", [0, 1, 7])
def test_a_thought_the_prompt_opened_ends_with_its_budget(client: ModelClient, budget: int) -> None:
    (end,), (newline,) = client.tokenize("</think>"), client.tokenize("\n")
    quiet = GenerateRequest(
        PROMPT + "<think>",
        grammar='root ::= [a-z]* "\\n</think>\\n\\n" [0-9]+',
        max_tokens=40,
        logit_bias=((end, -1e9), (newline, -1e9)),
        logprobs=0,
    )
    generation = client.generate(replace(quiet, thought=Thought(opened=True, budget=budget)))
    thought, _, rest = "".join(generation).partition("\n</think>\n\n")
    assert thought.isalpha()
    assert rest.isdigit()
    assert [one.token for one in generation.logprobs].index(newline) == max(budget, 1)
    unlimited = replace(quiet, thought=Thought(opened=True, budget=-1))
    assert run(client, unlimited)[0] == run(client, quiet)[0]


def test_a_thought_the_model_opens(client: ModelClient) -> None:
    start, end = client.tokenize("<think></think>")
    opening = GenerateRequest(
        PROMPT,
        grammar='root ::= "hm" "<think>" [a-z]* "\\n</think>\\n\\n" [0-9]+',
        max_tokens=40,
        logit_bias=((end, -1e9), (start, 1e9)),
        thought=Thought(opened=False, budget=5),
    )
    text, _ = run(client, opening)
    head, _, tail = text.partition("\n</think>\n\n")
    assert head.startswith("hm<think>")
    thought = head.removeprefix("hm<think>")
    assert len(client.tokenize(thought)) <= 5
    assert tail == "" or tail.isdigit()  # the grammar goes on after what was forced
    assert tail
    # One that ends by itself is not ended again.
    free = replace(opening, grammar='root ::= "<think>" "ab" "</think>" [a-z]+', logit_bias=())
    assert run(client, free)[0].count("</think>") == 1


def test_a_thought_is_ended_beside_a_lazy_grammar(client: ModelClient) -> None:
    request = GenerateRequest(
        PROMPT + "<think>",
        grammar='root ::= "<tool_call>" [0-9] "</tool_call>"',
        triggers=("<tool_call>",),
        max_tokens=60,
        logit_bias=((client.tokenize("</think>")[0], -1e9),),
        thought=Thought(opened=True, budget=4),
        ignore_end=True,
    )
    assert "\n</think>\n\n" in run(client, request)[0]


def test_guessing_changes_nothing_but_the_work(client: ModelClient) -> None:
    request = GenerateRequest(PROMPT + ROWS, TABLE, max_tokens=600, session="guess")
    plain, plain_stats = run(client, replace(request, speculate=False))
    assert (plain_stats.drafted, plain_stats.accepted) == (0, 0)
    assert plain.count(ROWS) == 2
    text, stats = run(client, request)
    assert text == plain
    assert stats.tokens == plain_stats.tokens
    assert 0 < stats.accepted <= stats.drafted
    drawn = replace(request, temperature=1.3, top_k=0, seed=3)
    assert run(client, drawn)[0] == run(client, replace(drawn, speculate=False))[0]


@pytest.mark.parametrize("limit", [3, 40, 41, 50])
def test_guesses_respect_limits(client: ModelClient, limit: int) -> None:
    request = GenerateRequest(PROMPT + ROWS, TABLE, max_tokens=limit)
    text, stats = run(client, request)
    assert (stats.tokens, stats.finish) == (limit, "length")
    assert text == run(client, replace(request, speculate=False))[0]
    stopped = replace(request, max_tokens=600, stop=("coin d",))
    plain = replace(stopped, speculate=False)
    assert run(client, stopped)[0] == run(client, plain)[0]


def test_guesses_with_log_probabilities(client: ModelClient) -> None:
    request = GenerateRequest(PROMPT + ROWS, TABLE, max_tokens=150, logprobs=2)
    told = []
    for speculate in (False, True):
        generation = client.generate(replace(request, speculate=speculate))
        list(generation)
        told.append(generation.logprobs)
    assert [one.token for one in told[0]] == [one.token for one in told[1]]
    pairs = zip(*told, strict=True)
    assert max(abs(one.logprob - other.logprob) for one, other in pairs) < 0.05


def test_the_starter_copies_with_guesses(new_client: NewClient) -> None:
    """A real model: the text is the same, and some of it was guessed."""
    client = new_client()
    client.load(STARTER)
    request = GenerateRequest(ROWS * 3, TABLE, max_tokens=600)
    plain, _ = run(client, replace(request, speculate=False))
    text, stats = run(client, request)
    assert text == plain
    assert 0 < stats.accepted <= stats.drafted
    free = GenerateRequest(ROWS * 3, max_tokens=80, ignore_end=True)
    assert run(client, free)[0] == run(client, replace(free, speculate=False))[0]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_draft_model(
    new_client: NewClient, make_gguf: ModuleType, tiny_model: Path, tmp_path: Path, seed: int
) -> None:
    """The model as its own draft is always right; one with other weights hardly ever."""
    draft = tmp_path / "draft.gguf"
    make_gguf.write_model(draft, make_gguf.TINY, "Draft", seed=seed)
    client = new_client()
    client.load(tiny_model, LoadOptions(draft=draft))
    request = GenerateRequest(PROMPT * 3, DIGITS, max_tokens=200, session="d")
    free = GenerateRequest("words " * 30, max_tokens=150, ignore_end=True, session="d")
    drafted = accepted = 0
    for one in (request, free, request):
        plain, _ = run(client, replace(one, speculate=False))
        text, stats = run(client, one)
        assert text == plain
        drafted, accepted = drafted + stats.drafted, accepted + stats.accepted
    assert accepted <= drafted
    if seed == 2 and drafted:
        assert accepted < drafted
    # Side by side they write without it.
    both = [client.generate(replace(request, session=name)) for name in "xy"]
    expected = run(client, replace(request, speculate=False))[0]
    assert ["".join(generation) for generation in both] == [expected] * 2


def test_a_draft_that_splits_text_otherwise(
    new_client: NewClient, make_gguf: ModuleType, tiny_model: Path, tmp_path: Path
) -> None:
    make_gguf.write_model(tmp_path / "other.gguf", replace(make_gguf.TINY, vocab=410), "Other")
    client = new_client()
    with pytest.raises(KnownError, match="Other cannot guess ahead for Tiny"):
        client.load(tiny_model, LoadOptions(draft=tmp_path / "other.gguf"))
    assert client.loaded is None
    client.load(tiny_model)
    assert client.count("a") == 1
