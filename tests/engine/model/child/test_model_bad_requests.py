"""Nothing that a request contains ends the child, on which others wait."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.core.errors import KnownError
from engine.model.client import GenerateRequest, ModelClient, Thought

NewClient = Callable[[], ModelClient]


@pytest.fixture
def survivor(client: ModelClient) -> ModelClient:
    assert client.count("a") == 1
    return client


def pid_of(client: ModelClient) -> int:
    assert client._link is not None
    return client._link.pid


@pytest.mark.parametrize(
    "fields",
    [
        {"grammar": 'root ::= "\ud800"'},
        {"grammar": 'root ::= "a"', "triggers": ("\ud800",)},
        {"thought": Thought(False, "\udfff", "x")},
        {"thought": Thought(False, "x", "\udfff")},
        {"grammar": "root ::= " + "(" * 60_000 + '"a"' + ")" * 60_000},
        {"grammar": "root ::= " + '(")"' * 60_000 + ")" * 60_000},  # brackets in texts close none
        {"grammar": "root ::= " + "([)]" * 60_000 + ")" * 60_000},
        {"grammar": "root ::= " + "(#)\n" * 60_000 + ")" * 60_000},
        {"grammar": "root ::= " + '"' + '\\"' * 300_000},
        {"grammar": 'root ::= "a"{5,2}'},
        {"grammar": 'root ::= "a"{ 5 , #\n2}'},
        {"grammar": 'root ::= "a"{' + "9" * 5000 + "}"},
        {"grammar": "root ::= " + "[a] " * 200_000},
    ],
)
def test_a_request_that_no_library_survives_is_refused(
    survivor: ModelClient, fields: dict[str, object]
) -> None:
    pid = pid_of(survivor)
    other = survivor.generate(GenerateRequest("window", max_tokens=200, ignore_end=True))
    with pytest.raises(ValueError, match=r"grammar|Unicode"):
        list(survivor.generate(GenerateRequest("x", session="x", **fields)))  # type: ignore[arg-type]
    list(other)
    assert other.stats is not None
    assert other.stats.tokens == 200
    assert pid_of(survivor) == pid


@pytest.mark.parametrize(
    "grammar",
    [
        "root ::= " + "(" * 900 + '"ok"' + ")" * 900,
        'root ::= "ok" #' + "(" * 5000,
        'root ::= "ok" ["({]{0,0}',
        'root ::= ("(" | "ok"){1,1}',
        'root ::= "ok"{1} "("{0, }',
    ],
)
def test_others_are_read(survivor: ModelClient, grammar: str) -> None:
    found = survivor.generate(
        GenerateRequest("x", grammar, max_tokens=2, logit_bias=((7, -1e9), (201, -1e9)))
    )
    assert "".join(found)


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\0", ""])
def test_half_a_character_is_a_character_elsewhere(survivor: ModelClient, text: str) -> None:
    pid = pid_of(survivor)
    survivor.count(text)
    survivor.tokenize(text)
    assert survivor.embed([text]).shape == (1, 64)
    survivor.score("x" + text, [text], session=text)
    list(survivor.generate(GenerateRequest("x" + text, stop=(text,), max_tokens=3, keep=text)))
    survivor.forget_session(text)
    assert pid_of(survivor) == pid


def test_files_whose_names_are_no_text(
    new_client: NewClient, tiny_model: Path, tmp_path: Path
) -> None:
    path = tmp_path / "tiny \udcff.gguf"
    shutil.copy(tiny_model, path)
    client = new_client()
    client.load(path)
    pid = pid_of(client)
    with pytest.raises(KnownError, match="adapter"):
        client.set_adapters([(path, 1.0)])
    assert pid_of(client) == pid
