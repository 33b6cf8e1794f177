"""What a user does with `assay`, from the first import to the restored backup."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from engine.model.registry import starter_path
from tests.engine.cli.conftest import Run


def test_import_ask_undo_in_real_processes(processes: Run, purchases: Path, prices: Path) -> None:
    dry = processes("import", purchases, stdin="n\n").stdout
    assert "Understood: 2 (2 buy)" in dry
    assert "line 4: the amount in is negative" in dry
    assert "Nothing was stored." in dry
    assert "Nothing has been imported." in processes("batches").stdout

    assert "Stored 2 transactions as import 1" in processes("import", purchases, stdin="y\n").stdout
    assert "There is nothing new to store." in processes("import", purchases).stdout
    processes("prices", prices, "--yes")

    answer = json.loads(processes("ask", "--json", "what is my portfolio worth?").stdout)
    assert answer["status"] == "complete"
    assert any("$200,000.00" in str(card) for card in answer["cards"])
    assert answer["text"]

    batches = json.loads(processes("batches", "--json").stdout)
    assert [batch["rows"] for batch in batches["transactions"] + batches["prices"]] == [2, 2]
    assert "taken back" in processes("undo", "1").stdout
    assert "There is no portfolio yet." in processes("report", status=2).stderr


def test_the_demo_is_called_simulated_everywhere(assay: Run) -> None:
    assert "simulated" in assay("demo").stdout

    report = assay("report").stdout
    assert "(simulated)" in report
    assert "Allocation" in report
    document = json.loads(assay("report", "--json").stdout)
    tables = [card for card in document["cards"] if card["card"] == "table"]
    assert all(table["simulated"] for table in tables)
    held = document["valuation"]
    assert sum(Decimal(row["value"]) for row in held["rows"]) == Decimal(held["total"])

    answer = assay("ask", "what is my portfolio worth?").stdout
    assert "(simulated)" in answer

    assay("demo", "--remove")
    assert "There is no portfolio yet." in assay("report", status=2).stderr


def test_an_alert_from_the_draft_to_the_notification(
    assay: Run, prices: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assay("prices", prices, "--yes")
    question = "alert me when BTC is above 95000 USD"
    asked = assay("ask", question).stdout
    assert "Nothing was stored. Add --yes" in asked
    assert asked.count("$95,000.00") == 1
    assert "There are no alerts." in assay("alerts").stdout
    assert "Stored." in assay("ask", question, "--yes").stdout
    assert "BTC above $95,000.00" in assay("alerts").stdout

    shown = tmp_path / "shown"
    program = tmp_path / "bin" / "notify-send"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >> {shown}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    fired = assay("watch", "--once").stdout

    assert fired.startswith("BTC above $95,000.00: BTC was at $100,000.00")
    assert shown.read_text().startswith(
        "--app-name=Assay|--urgency=normal|--|BTC above $95,000.00|BTC was at"
    )
    assert assay("watch", "--once").stdout == ""
    assert "BTC above $95,000.00: BTC was at" in assay("alerts", "history").stdout
    assert "deleted" in assay("alerts", "delete", "1").stdout
    assert "BTC above $95,000.00: BTC was at" in assay("alerts", "history").stdout


def test_a_backup_is_restored_elsewhere(
    assay: Run, purchases: Path, prices: Path, tmp_path: Path
) -> None:
    assay("import", purchases, "--yes")
    copy = tmp_path / "copy.assay-backup"
    assay("backup", copy, "--passphrase", stdin="correct horse\n")
    elsewhere = tmp_path / "elsewhere"

    wrong = assay("restore", copy, "--passphrase", "--home", elsewhere, stdin="x\n", status=2)
    assert "passphrase does not open" in wrong.stderr
    assay("restore", copy, "--passphrase", "--home", elsewhere, stdin="correct horse\n")

    batches = json.loads(assay("--home", elsewhere, "batches", "--json").stdout)
    assert [batch["rows"] for batch in batches["transactions"]] == [2]
    assert "already a file" in assay("backup", copy, status=2).stderr


def test_a_lost_key_is_no_noise_when_a_backup_is_restored(
    processes: Run, home: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.assay-backup"
    processes("backup", copy, "--passphrase", stdin="correct horse\n")
    (home / "assay.key").unlink()

    done = processes("restore", copy, "--passphrase", "--yes", stdin="correct horse\n")

    assert done.stderr == ""
    assert "a new key is made: KnownError" in (home / "logs" / "assay.log").read_text()


def test_a_total_without_prices_is_explained(assay: Run, purchases: Path) -> None:
    assay("import", purchases, "--yes")
    assert "Note: BTC has no price in USD; it is not in the total." in assay("report").stdout


def test_models_of_one_name_are_listed_with_their_files(assay: Run, tmp_path: Path) -> None:
    listed = assay("models").stdout
    assert "Weights" in listed
    assert "File" not in listed
    twin = tmp_path / "twin.gguf"
    twin.write_bytes(starter_path().read_bytes() + bytes(32))
    assay("models", "add", twin)
    listed = assay("models").stdout
    assert [line.split()[-1] for line in listed.splitlines()[2:]] == ["starter.gguf", "twin.gguf"]


def test_every_list_has_a_json_form(assay: Run) -> None:
    for command in ("batches", "alerts", "models", "settings"):
        json.loads(assay(command, "--json").stdout)
    (model,) = json.loads(assay("models", "--json").stdout)
    assert (model["id"], Path(model["path"]).is_file()) == (0, True)
    assert json.loads(assay("models", "catalogue", "--json").stdout)[0]["id"] == "starter"
    assert json.loads(assay("alerts", "history", "--json").stdout) == []


def test_settings_are_shown_and_changed(assay: Run) -> None:
    assert "model is now empty." in assay("settings", "model", "").stdout
    assert "USD" in assay("settings", "currency").stdout
    assert "currency is now EUR." in assay("settings", "currency", "EUR").stdout
    assert json.loads(assay("settings", "currency", "--json").stdout) == {"currency": "EUR"}
    assert "not a choice" in assay("settings", "currency", "ZZZ", status=2).stderr


def test_a_question_in_a_script_can_be_unclear(assay: Run) -> None:
    answer = json.loads(assay("ask", "BTC?", "--json").stdout)

    assert answer["status"] == "complete"
    assert answer["text"] or answer["options"]


def test_a_portfolio_without_prices_has_no_total(
    assay: Run, purchases: Path, prices: Path, tmp_path: Path
) -> None:
    """2 BTC at 100,000 once a price is known; 3 ETH have none."""
    assay("import", purchases, "--yes")
    report = assay("report").stdout
    assert "No price of anything held is known, so there is no total." in report
    assert "`assay prices FILE`" in report
    assert "$0.00" not in report.split("Profit and loss")[0]
    document = json.loads(assay("report", "--json").stdout)
    assert document["valuation"]["total"] is None
    assert document["cards"][0]["total"] is None
    asked = assay("ask", "what is my portfolio worth?").stdout
    assert "$0.00" not in asked
    assert "None of them has a price" in asked

    ether = tmp_path / "ether.csv"
    ether.write_text("date,kind,asset_in,amount_in,asset_out,amount_out\n"
                     "2026-01-05 10:00:00,buy,ETH,3,USD,9000\n")  # fmt: skip
    assay("import", ether, "--yes")
    assay("prices", prices, "--yes")
    report = assay("report").stdout
    assert "Total of 1 of 2" in report
    assert "$200,000.00" in report
    assert "ETH has no price in USD; it is not in the total." in report
    assert "The total leaves out what has no price." in report
