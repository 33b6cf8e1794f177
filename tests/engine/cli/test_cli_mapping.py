"""`assay mapping`, `assay import --map/--mapping` and `assay reconcile`."""

import json
from pathlib import Path

import pytest

from tests.engine.cli.conftest import Run

UNKNOWN = "Datum;Vorgang;Coin;Menge\n05.01.2026;Einzahlung;BTC;1,5\n06.02.2026;Auszahlung;BTC;0,5\n"


@pytest.fixture
def unknown(tmp_path: Path) -> Path:
    path = tmp_path / "unknown.csv"
    path.write_text(UNKNOWN)
    return path


def test_a_suggestion_is_edited_used_and_stored(assay: Run, unknown: Path, tmp_path: Path) -> None:
    assert "what its columns mean" in assay("import", unknown, status=2).stderr
    suggested = assay("mapping", "suggest", unknown).stdout
    body = json.loads(suggested)
    assert body["words"] == {"auszahlung": "withdrawal", "einzahlung": "deposit"}
    document = tmp_path / "mapping.json"
    document.write_text(json.dumps({**body, "fixed": {"account": "My wallet"}}))

    shown = assay("import", unknown, "--mapping", document, "--map", "Mine", stdin="n\n")
    assert "Understood: 2 (1 deposit, 1 withdrawal)" in shown.stdout
    assert "stored as Mine" in shown.stderr
    assert "Mine: coin, datum, menge, vorgang" in assay("mapping", "list").stdout
    assert json.loads(assay("mapping", "show", "Mine").stdout)["fixed"] == {"account": "My wallet"}

    taken = json.loads(assay("import", unknown, "--map", "Mine", "--yes", "--json").stdout)
    assert (taken["preview"]["source"], taken["batch"]) == ("Mine", 1)
    assert "Duplicates: 2" in assay("import", unknown).stdout

    assert "Mine is deleted." in assay("mapping", "delete", "Mine").stdout
    assert "No mapping is stored." in assay("mapping", "list").stdout
    assert "no mapping Mine" in assay("import", unknown, "--map", "Mine", status=2).stderr


def test_what_is_no_mapping(assay: Run, unknown: Path, tmp_path: Path) -> None:
    document = tmp_path / "mapping.json"
    for text, words in (
        ("{", "not a JSON document"),
        ("[" * 100_000, "not a JSON"),
        ("{}", "form"),
    ):
        document.write_text(text)
        assert words in assay("import", unknown, "--mapping", document, status=2).stderr
    missing = tmp_path / "none.json"
    assert "none.json" in assay("import", unknown, "--mapping", missing, status=2).stderr
    assert "need one" in assay("mapping", "show", status=2).stderr
    assert json.loads(assay("mapping", "list", "--json").stdout) == {}


def test_an_account_is_compared_with_what_it_holds(assay: Run, purchases: Path) -> None:
    assay("import", purchases, "--yes")
    agreed = assay("reconcile", "Kraken", "BTC=2")
    assert agreed.stdout == "Kraken has 2 BTC in the ledger, as stated.\n"
    differs = assay("reconcile", "Kraken", "btc=2", "--date", "2026-01-31", status=1)
    assert "1.5 BTC too little" in differs.stdout
    shown = json.loads(assay("reconcile", "Kraken", "BTC=2.5", "ETH=0", "--json", status=1).stdout)
    assert [(row["asset"], row["ledger"], row["stated"]) for row in shown["balances"]] == [
        ("BTC", "2", "2.5"),
        ("ETH", "0", "0"),
    ]
    assert "There is no account" in assay("reconcile", "Nowhere", "BTC=1", status=2).stderr
