"""`assay endpoints` against a small model server on loopback."""

import json
from collections.abc import Callable

import keyring
import pytest

from tests.engine.cli.conftest import Run
from tests.engine.loopback import Handler, serving
from tests.engine.memory_keyring import MemoryKeyring
from tests.engine.model.openai_server import delta, fails, raw, sse


def keys(memory: MemoryKeyring) -> list[str]:
    """The keys for other computers."""
    return [key for (service, _), key in memory.kept.items() if service == "assay-online"]


def test_a_server_from_its_name_to_its_end(assay: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = MemoryKeyring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", memory)
    models = {"data": [{"id": "small", "meta": {"n_ctx": 4096}}, {"id": "large"}]}
    with serving(lambda handler: handler.reply_json(models)) as server:
        assert "There are no model servers." in assay("endpoints").stdout
        added = assay("endpoints", "add", "gpu", f"{server.url}/v1", "--key", stdin="KEY\n")
        assert "gpu is kept and off." in added.stdout
        assert "switched off" in assay("endpoints", "check", "gpu", status=2).stderr
        assert server.asked == []

        on = assay("endpoints", "on", "gpu").stdout
        assert "what you own only after `assay endpoints allow gpu`" in on
        assert "not encrypted" in on
        assert "  small\n  large\n" in on
        assert "`assay endpoints change gpu --model ID` chooses one." in on
        assert server.asked[0].headers["Authorization"] == "Bearer KEY"

        assay("endpoints", "change", "gpu", "--model", "small")
        assert (
            "small answers, with room for 4,096 tokens."
            in assay("endpoints", "check", "gpu").stdout
        )
        assay("endpoints", "allow", "gpu")
        (listed,) = json.loads(assay("endpoints", "--json").stdout)
        assert (listed["name"], listed["on"], listed["may_send_portfolio"]) == ("gpu", True, True)
        assert "yes" in assay("endpoints").stdout
        assert "what you own." in assay("endpoints", "on", "gpu").stdout
        assay("endpoints", "disallow", "gpu")
        checked = json.loads(assay("endpoints", "check", "gpu", "--json").stdout)
        assert checked["endpoint"]["may_send_portfolio"] is False
        assert "endpoint:gpu" in assay("online", "log", "--json").stdout

        moved = assay("endpoints", "change", "gpu", "--url", "https://gpu.example").stdout
        assert "At its new address it is off" in moved
        assert "no key" in moved
        assert not keys(memory)
        assay("endpoints", "change", "gpu", "--key", stdin="OTHER\n")
        assert keys(memory) == ["OTHER"]
        assay("endpoints", "change", "gpu", "--no-key")
        assert not keys(memory)
        assert "now off" in assay("endpoints", "off", "gpu").stdout
        assert "forgotten" in assay("endpoints", "remove", "gpu").stdout
        assert json.loads(assay("endpoints", "--json").stdout) == []
        assert "no model server called" in assay("endpoints", "on", "gpu", status=2).stderr


def test_what_lets_a_server_answer_is_said_and_done(assay: Run) -> None:
    models = {"data": [{"id": "small"}]}
    with serving(lambda handler: handler.reply_json(models)) as server:
        assay("endpoints", "add", "gpu", server.url)
        assert "is switched off" in assay("endpoints", "use", "gpu", status=2).stderr
        assert "`assay endpoints use gpu`" in assay("endpoints", "on", "gpu").stdout
        assert "answers come from gpu" in assay("endpoints", "use", "gpu").stdout
        assert "on, answers" in assay("endpoints").stdout
        assert "endpoints use" not in assay("endpoints", "on", "gpu").stdout
        assay("models", "use", "0")
        assert "on, answers" not in assay("endpoints").stdout
        for end in ("off", "remove"):
            assay("endpoints", "on", "gpu")
            assay("endpoints", "use", "gpu")
            assert "on this computer again" in assay("endpoints", end, "gpu").stdout
            assert json.loads(assay("settings", "answers_from", "--json").stdout) == {
                "answers_from": ""
            }


def test_a_server_that_is_none_cannot_be_set_to_answer(assay: Run) -> None:
    assert "called 'nope'" in assay("settings", "answers_from", "nope", status=2).stderr
    assay("endpoints", "add", "gpu", "http://127.0.0.1:9")
    assert "gpu" in assay("settings", "answers_from", "gpu").stdout
    assert "empty" in assay("settings", "answers_from", "").stdout


def test_a_key_that_is_not_given_is_not_stored_as_none(
    assay: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = MemoryKeyring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", memory)
    url = "http://127.0.0.1:9"
    assert "No key" in assay("endpoints", "add", "gpu", url, "--key", status=2).stderr
    assert json.loads(assay("endpoints", "--json").stdout) == []
    assay("endpoints", "add", "gpu", url, "--key", stdin="KEY\n")
    assert "No key" in assay("endpoints", "change", "gpu", "--key", status=2, stdin="\n").stderr
    assert keys(memory) == ["KEY"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (fails(500, {"error": {"message": "boom"}}), "gpu has trouble of its own (500): “boom”."),
        (raw([sse(delta(content="Half an ans"))]), "The answer of gpu broke off."),
    ],
)
def test_a_server_that_fails_costs_its_words_and_no_time(
    answer: Callable[[Handler], None], said: str, assay: Run, processes: Run
) -> None:
    """In a process of its own: what keeps one from ending is not to be seen otherwise."""

    def asked(handler: Handler) -> None:
        if handler.path == "/v1/models":
            handler.reply_json({"data": [{"id": "m"}]})
        else:
            answer(handler)

    with serving(asked) as server:
        assay("endpoints", "add", "gpu", server.url)
        assay("endpoints", "on", "gpu")
        assay("endpoints", "use", "gpu")
        out = processes("ask", "hello there").stdout
    assert out.startswith("Hello. Ask me about")
    assert said in out
