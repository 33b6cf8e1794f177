"""`assay transactions`, `edit`, `pairs`, `basis` and `export`."""

import json
from pathlib import Path

import pytest

from tests.engine.cli.conftest import HEADER, Run


@pytest.fixture
def moves(tmp_path: Path) -> Path:
    """A withdrawal that arrives as a deposit."""
    path = tmp_path / "moves.csv"
    path.write_text(
        HEADER
        + "2026-02-05 10:00:00,withdrawal,Kraken,,,BTC,0.5,,,,,,\n"
        + "2026-02-05 11:00:00,deposit,Ledger,BTC,0.5,,,,,,,,\n"
    )
    return path


def test_the_list_and_its_filters(assay: Run, purchases: Path) -> None:
    assert "There are no such transactions." in assay("transactions").stdout
    assay("import", purchases, "--yes")
    shown = assay("transactions").stdout.splitlines()
    assert shown[0].split() == [
        *("Number", "Time", "(UTC)", "Kind", "Account", "Received", "Sent", "Fee"),
        *("To", "Tag", "Note"),
    ]
    assert [line.split()[:2] for line in shown[2:]] == [["2", "2026-02-05"], ["1", "2026-01-05"]]
    found = json.loads(assay("transactions", "--period", "2026-01", "--asset", "btc",
                             "--json").stdout)  # fmt: skip
    assert [(row["amount_in"], row["kind"]) for row in found] == [("0.5", "buy")]
    assert "no such transactions" in assay("transactions", "--kind", "sell").stdout


def test_a_long_list_is_cut(assay: Run, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_text(HEADER + "2026-01-05,income,Kraken,ETH,1,,,,,,,,\n" * 53)
    assay("import", path, "--yes")
    assert assay("transactions").stdout.splitlines()[-1] == "… and 3 more; --all shows them."
    assert len(assay("transactions", "--all").stdout.splitlines()) == 55


def test_editing_and_taking_back(assay: Run) -> None:
    assert "need --date" not in assay("edit", "history").stdout
    added = assay(
        "edit", "add", "--date", "2026-01-05", "--kind", "income", "--in", "2 eth",
        "--income-kind", "staking", "--value", "5,000 USD", "--account", "Lido",
    )  # fmt: skip
    assert "Transaction 1 is stored." in added.stdout
    assert "changed" in assay("edit", "change", "1", "--note", "reward", "--in", "3 ETH").stdout
    (row,) = json.loads(assay("transactions", "--json").stdout)
    assert (row["amount_in"], row["note"], row["income_kind"]) == ("3", "reward", "staking")
    assert "deleted" in assay("edit", "delete", "1").stdout
    history = assay("edit", "history").stdout.splitlines()
    assert [line.split()[3] for line in history] == ["delete:", "edit:", "add:"]
    assert [line.split()[0] for line in history] == ["3", "2", "1"]
    assert "come after this one" in assay("edit", "undo", "2", status=2).stderr
    taken = assay("edit", "undo", "3").stdout
    assert taken.startswith("Taken back: delete: 2026-01-05 00:00 · income · Lido · 3 ETH")
    assert "taken back already" in assay("edit", "undo", "3", status=2).stderr
    assert json.loads(assay("edit", "undo", "--json").stdout)["action"] == "edit"
    assay("edit", "undo")
    assert "no change to take back" in assay("edit", "undo", status=2).stderr


def test_an_empty_text_takes_a_side_away(assay: Run) -> None:
    assay("edit", "add", "--date", "2026-01-05", "--kind", "buy", "--in", "2 ETH", "--out",
          "5000 USD", "--fee", "3 USD", "--value", "4990 EUR")  # fmt: skip
    assay("edit", "change", "1", "--fee", "", "--value", "")
    (row,) = json.loads(assay("transactions", "--json").stdout)
    assert (row["fee_asset"], row["fee_amount"], row["value"]) == (None, "0", None)
    assay("edit", "change", "1", "--kind", "gift", "--out", "")
    (row,) = json.loads(assay("transactions", "--json").stdout)
    assert (row["kind"], row["asset_in"], row["asset_out"]) == ("gift", "ETH", None)
    assert "cannot be stored" in assay("edit", "change", "1", "--in", "", status=2).stderr


def test_editing_needs_what_it_needs(assay: Run) -> None:
    assert "needs --date and --kind" in assay("edit", "add", status=2).stderr
    assert "need a number" in assay("edit", "delete", status=2).stderr
    assert "no transaction 5" in assay("edit", "change", "5", "--tag", "x", status=2).stderr
    with pytest.raises(SystemExit):
        assay("edit", "add", "--date", "soon")
    with pytest.raises(SystemExit):
        assay("edit", "add", "--in", "much")


def test_pairs_are_listed_confirmed_and_rejected(assay: Run, moves: Path) -> None:
    assert "No withdrawal and deposit wait" in assay("pairs").stdout
    assay("import", moves, "--yes")
    listed = assay("pairs").stdout
    assert "0.5 BTC  Kraken  Ledger  the same amount, 1 h later" in listed
    (plain,) = json.loads(assay("pairs", "--json").stdout)
    assert plain["likeness"] == "same amount"
    assert "There is no pair 2." in assay("pairs", "confirm", "2", status=2).stderr
    assert "need the numbers of pairs" in assay("pairs", "confirm", status=2).stderr
    assert "1 pair confirmed." in assay("pairs", "confirm", "1").stdout
    assert json.loads(assay("pairs", "--json").stdout) == []
    assert "0.5 BTC  Kraken  Ledger  confirmed" in assay("pairs", "decided").stdout
    assert "1 decision taken back." in assay("pairs", "forget", "1").stdout
    assert "No decision" in assay("pairs", "decided").stdout
    (rejected,) = json.loads(assay("pairs", "reject", "1", "--json").stdout)
    assert rejected["withdrawal"]["account"] == "Kraken"
    (decided,) = json.loads(assay("pairs", "decided", "--json").stdout)
    assert decided["state"] == "rejected"


def test_a_confirmed_pair_that_was_edited_is_not_used_and_says_so(assay: Run, moves: Path) -> None:
    assay("import", moves, "--yes")
    assay("pairs", "confirm", "1")
    rows = json.loads(assay("transactions", "--json").stdout)
    deposit = next(row["id"] for row in rows if row["kind"] == "deposit")
    assay("edit", "change", str(deposit), "--in", "0.7 BTC")
    shown = assay("pairs", "decided").stdout
    assert "confirmed, but no longer fits: not used" in shown
    assert json.loads(assay("pairs", "decided", "--json").stdout)[0]["fits"] is False
    assert "from Kraken to Ledger" in assay("report").stdout
    assert "counts as a withdrawal and a deposit" in assay("report").stdout


def test_the_cost_basis_is_shown_and_changed(assay: Run) -> None:
    assert assay("basis").stdout.splitlines() == [
        "First in, first out, by account.",
        "Tax years start on 01-01.",
        "Held long from 365 days on.",
    ]
    changed = assay(
        "basis", "--method", "lifo", "--universal", "--switch", "2025=hifo", "--switch",
        "2026=average", "--year-start", "04-06", "--no-rank-with-fees", "--long-days", "366",
    )  # fmt: skip
    words = "Last in, first out over all accounts, highest cost first from 2025-04-06 on"
    words += ", average cost from 2026-04-06 on"
    assert changed.stdout.splitlines() == [
        f"{words}.",
        "Tax years start on 04-06.",
        "Held long from 366 days on.",
        "Lots are ranked by price, without fees.",
    ]
    basis = json.loads(assay("basis", "--switch", "2026=", "--per-wallet", "--json").stdout)
    assert (basis["switches"], basis["universal"]) == ([[2025, "hifo"]], False)
    assay("basis", "--switch", "2025=", "--method", "uk_pool")
    assert assay("basis").stdout.startswith("UK share pool.")


def test_a_cost_basis_that_cannot_be(assay: Run) -> None:
    assert "not a day" in assay("basis", "--year-start", "02-29", status=2).stderr
    assert "36,500" in assay("basis", "--long-days", "0", status=2).stderr
    pooled = assay("basis", "--method", "uk_pool", "--switch", "2025=fifo", status=2)
    assert "UK share pool" in pooled.stderr
    for wrong in ("2025", "2025=best", "soon=fifo"):
        with pytest.raises(SystemExit):
            assay("basis", "--switch", wrong)


def test_an_export_can_be_imported(assay: Run, purchases: Path, tmp_path: Path) -> None:
    assay("import", purchases, "--yes")
    path = tmp_path / "out.csv"
    assert "2 transactions written to" in assay("export", path).stdout
    assert "Duplicates: 2" in assay("import", path).stdout
    assert "there is a file of that name" in assay("export", path, status=2).stderr
    other = tmp_path / "other.csv"
    assert json.loads(assay("export", other, "--json").stdout)["rows"] == 2
