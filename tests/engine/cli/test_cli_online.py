"""`assay online` with a server of the test in the place of Kraken and DefiLlama."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time

import keyring
import pytest

from engine.market.sources import registry
from tests.engine.cli.conftest import Run
from tests.engine.loopback import Handler, Loopback, serving
from tests.engine.memory_keyring import MemoryKeyring


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """Answers as Kraken, DefiLlama and a node do."""
    today = datetime.now(UTC).date()
    stamp = int(datetime.combine(today, time(), UTC).timestamp())
    row = [stamp, "95000", "97000", "94000", "96000.5", "95500", "12.5", 100]
    pool = {"pool": "p1", "project": "lido", "symbol": "STETH", "chain": "Ethereum"}
    answers = {
        "OHLC": {"error": [], "result": {"XXBTZUSD": [row], "last": 1}},
        "pools": {"status": "success", "data": [pool | {"tvlUsd": 1000, "apy": 3.5}]},
        "p1": {
            "status": "success",
            "data": [{"timestamp": f"{today}T00:00:00.000Z", "tvlUsd": 1000, "apy": 3.5}],
        },
        "": {"jsonrpc": "2.0", "id": 1, "result": "0x1"},
    }

    def answer(handler: Handler) -> None:
        handler.reply_json(answers[handler.path.partition("?")[0].rpartition("/")[2]])

    with serving(answer) as running:
        for name in ("kraken", "defillama"):
            info = replace(registry.SOURCES[name], base=running.url)
            monkeypatch.setitem(registry.SOURCES, name, info)  # type: ignore[arg-type]
        yield running


def test_nothing_is_asked_until_a_source_is_switched_on(assay: Run, server: Loopback) -> None:
    listed = assay("online").stdout
    assert "kraken" in listed
    assert " on " not in listed.splitlines()[3]
    assert "switched off" in assay("online", "refresh", "kraken", "BTC", status=2).stderr
    assert "Nothing has been asked online." in assay("online", "log").stdout
    assert server.asked == []


def test_prices_from_the_switch_to_the_undo(assay: Run, server: Loopback) -> None:
    told = assay("online", "on", "kraken").stdout
    assert "is now on" in told
    assert "it is asked every 15 minutes for the coins of your alerts and your portfolio" in told
    assert "asked every" not in assay("online", "on", "defillama").stdout
    assay("online", "off", "defillama")
    told = assay("online", "refresh", "kraken", "BTC", "XYZ=", "--days", "3", status=2).stderr
    assert "not a symbol" in told
    assert "Stored 1 value as import 1" in assay("online", "refresh", "kraken", "BTC").stdout
    assert "nothing new" in assay("online", "refresh", "kraken", "BTC", "--days", "1").stdout
    assert "96,000.5" in assay("ask", "what is the price of BTC?").stdout
    asked = json.loads(assay("online", "log", "--json").stdout)
    assert [(one["source"], one["outcome"]) for one in asked] == [("kraken", "200")] * 2
    assert server.url in assay("online", "log").stdout
    assay("undo", "1")
    assay("online", "log", "--clear")
    assert json.loads(assay("online", "log", "--json").stdout) == []
    assay("online", "off", "kraken")
    states = json.loads(assay("online", "--json").stdout)
    assert [state["on"] for state in states] == [False] * 5


def test_pools_are_searched_and_their_yields_stored(assay: Run, server: Loopback) -> None:
    assay("online", "on", "defillama")
    assert "lido STETH on Ethereum  3.50 %" in assay("online", "pools", "lido").stdout
    assert "No pool" in assay("online", "pools", "aave").stdout
    (pool,) = json.loads(assay("online", "pools", "steth", "--json").stdout)
    assert (pool["id"], pool["apy"]) == ("p1", "0.035")
    assert "Stored 2 values" in assay("online", "yields", "p1").stdout


def test_nodes_and_keys(assay: Run, server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no keyring" in assay("online", "key", "coingecko", stdin="CG-1\n", status=2).stderr
    backend = MemoryKeyring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)
    assay("online", "key", "coingecko", stdin="CG-1\n")
    assert list(backend.kept.values()) == ["CG-1"]
    assay("online", "forget-key", "coingecko")
    assert backend.kept == {}

    assert "There are no nodes." in assay("online", "nodes").stdout
    assay("online", "on", "nodes")
    added = assay("online", "add-node", "home", server.url + "/", stdin="")
    assert "home is on chain 1" in added.stdout
    assert server.url in assay("online", "nodes").stdout
    assay("online", "remove-node", "home")
    assert json.loads(assay("online", "nodes", "--json").stdout) == []


def test_an_id_is_given_with_its_symbol(assay: Run) -> None:
    told = assay("online", "refresh", "coingecko", "XYZ", "--id", "XYZ", status=2).stderr
    assert "SYMBOL=ID" in told


@pytest.mark.parametrize("days", ["0", "-1", "99999999999", "ten"])
def test_days_are_a_number_there_can_be(
    assay: Run, days: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        assay("online", "refresh", "kraken", "BTC", f"--days={days}")
    assert "is not a number of days from 1 to 9999" in capsys.readouterr().err
