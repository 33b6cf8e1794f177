"""`assay alerts` and `assay watch`: every kind, tried out, paused, and quiet by night."""

import json
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.engine.cli.conftest import ASSAY, Run
from tests.engine.loopback import Handler, hosts, serving
from tests.engine.model.openai_server import delta, streams

ABOVE = ("--kind", "price", "--asset", "btc", "--direction", "above", "--level", "95000")


def test_an_alert_of_any_kind_is_added_and_changed(assay: Run) -> None:
    assay("settings", "currency", "EUR")
    depeg = assay("alerts", "add", "--kind", "depeg", "--asset", "USDT", "--percent", "1")
    assert depeg.stdout == (
        "Alert 1 is stored. When USDT 1 % off its peg of €1.00, every time anew.\n"
        "There is no price of USDT/EUR yet, so the alert cannot fire. "
        "Import prices, or switch on a source in Settings.\n"
    )
    health = {"kind": "health", "position": "Loan"}
    rule = json.dumps({"when": {"any": [health]}, "name": "My loan", "once": True})
    assay("alerts", "add", "--rule", rule)
    options = ("--title", "Moon", "--cooldown", "7", "--expires", "2100-01-31", "--priority", "low")
    changed = assay("alerts", "edit", "1", *ABOVE, *options).stdout
    assert "at most once per 7 days, until 2100-01-31, without a sound." in changed
    listed = assay("alerts").stdout
    assert "Moon: BTC above €95,000.00, every time anew, at most once per 7 days" in listed
    assert "My loan: health factor of Loan below 1.5" in listed
    assay("alerts", "edit", "1", "--level", "90000")  # the rest of it stays
    listed = assay("alerts").stdout
    assert "Moon: BTC above €90,000.00, every time anew, at most once per 7 days" in listed
    (first, second) = json.loads(assay("alerts", "--json").stdout)
    assert (first["title"], first["rule"]["when"]["currency"]) == ("Moon", "EUR")
    assert (second["state"], second["last_fired"]) == ("watching", None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add",), "does not say what to watch"),
        (("add", "--percent", "1"), "Give --kind"),
        (("add", "--kind", "depeg", "--asset", "USDT"), "percentage is missing"),
        (("add", *ABOVE, "--percent", "1"), '"percent" is not part of'),
        (("add", *ABOVE, "--rule", "{}"), "Leave the other options out"),
        (("add", "--rule", "{"), "not valid JSON"),
        (("edit", "1", *ABOVE), "not there any more"),
        (("pause", "1"), "not there any more"),
        (("preview", "1"), "not there any more"),
        (("preview", *ABOVE), "There is no data of price BTC/USD"),
        (("list", *ABOVE), "is for add, edit, preview only"),
        (("pause",), "NUMBER"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
    assay: Run, arguments: tuple[str, ...], said: str
) -> None:
    error = assay("alerts", *arguments, status=2).stderr
    assert said in error
    assert error.count("\n") == 1


def test_what_has_no_data_is_said_and_listed_until_there_are(assay: Run, prices: Path) -> None:
    added = assay("alerts", "add", "--kind", "yield", "--pool", "foo", "--percent", "30").stdout
    assert "There is no yield of foo yet, so the alert cannot fire." in added
    assay("alerts", "add", *ABOVE)
    assert assay("alerts").stdout.count("no data yet") == 2
    assay("prices", prices, "--yes")
    assert "There is no" not in assay("alerts", "edit", "2", "--level", "90000").stdout
    listed = json.loads(assay("alerts", "--json").stdout)
    assert [one["no_data"] for one in listed] == [True, False]


def test_an_alert_is_tried_out_and_paused(assay: Run, prices: Path) -> None:
    assay("prices", prices, "--yes")
    tried = assay("alerts", "preview", *ABOVE).stdout
    assert tried.startswith("It would have fired 1 time from ")
    assert "BTC was at $100,000.00" in tried
    assay("alerts", "add", *ABOVE)
    document = json.loads(assay("alerts", "preview", "1", "--json").stdout)
    assert (document["days"], len(document["fired"])) == (2, 1)
    assert assay("alerts", "pause", "1").stdout == "Alert 1 is paused.\n"
    assert "paused" in assay("alerts").stdout
    assert assay("watch", "--once").stdout == ""
    assert assay("alerts", "resume", "1").stdout == "Alert 1 is watched again.\n"
    assert assay("watch", "--once").stdout.startswith("BTC above $95,000.00: BTC was at")
    (fired,) = json.loads(assay("alerts", "history", "--json").stdout)
    (row,) = fired["rows"]
    assert (row["series"], row["close"], row["measured"]) == ("price BTC/USD", 100_000, 100_000)


def test_every_kind_is_explained(assay: Run) -> None:
    text = assay("alerts", "kinds").stdout
    assert "depeg: Stablecoin off its peg\n  --asset  asset\n" in text
    assert "--direction  direction: above, below (default above)" in text
    assert len(json.loads(assay("alerts", "kinds", "--json").stdout)) == 12


def test_by_night_the_watch_says_what_waits_and_tells_it_by_day(assay: Run, prices: Path) -> None:
    assay("prices", prices, "--yes")
    assay("alerts", "add", *ABOVE)
    now = datetime.now().astimezone()
    end = now + timedelta(hours=2)
    assay("settings", "quiet_hours_start", f"{now - timedelta(hours=2):%H:%M}")
    assay("settings", "quiet_hours_end", f"{end:%H:%M}")
    assert assay("watch", "--once").stdout == f"1 firing waiting. Quiet hours until {end:%H:%M}.\n"
    assert "(not told yet)" in assay("alerts", "history").stdout
    assay("settings", "quiet_hours_end", "")
    assert assay("watch", "--once").stdout.startswith("BTC above $95,000.00: BTC was at")
    assert assay("watch", "--once").stdout == ""
    assert "not told yet" not in assay("alerts", "history").stdout


@pytest.mark.logs("The program for alerts")
def test_the_users_program_that_fails_is_said(assay: Run, prices: Path) -> None:
    assay("prices", prices, "--yes")
    assay("alerts", "add", *ABOVE)
    assay("settings", "alert_command", "/no/such/program")
    watched = assay("watch", "--once")
    assert watched.stdout.startswith("BTC above $95,000.00")
    assert watched.stderr == "The program for alerts, program, is not there or cannot be run.\n"


def test_the_watch_tells_what_fires_and_ends_when_nobody_reads(assay: Run, prices: Path) -> None:
    assay("prices", prices, "--yes")
    assay("alerts", "add", *ABOVE)
    with subprocess.Popen([*ASSAY, "watch"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == (
            "Watching 1 alert, prices as they are stored. Ctrl-C leaves.\n"
        )
        assert process.stdout.readline().startswith("BTC above $95,000.00: BTC was at")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    assay("alerts", "add", *ABOVE)
    with subprocess.Popen([*ASSAY, "watch"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(60) == 141


@pytest.mark.logs("Prices could not be refreshed")
def test_the_watch_refreshes_prices_where_a_source_is_on(
    assay: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(handler: Handler) -> None:
        day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        row = [int(day.timestamp()), "1", "99000", "1", "98000", "5", "1.5", 10]
        handler.reply_json({"error": [], "result": {"XXBTZUSD": [row], "last": 1}})

    with hosts(monkeypatch) as put:
        server = put("kraken", answer)
        assay("alerts", "add", *ABOVE)
        assert assay("watch", "--once").stdout == ""
        assay("online", "on", "kraken")
        assert assay("watch", "--once", "--refresh", "0").stdout == ""
        assert server.asked == []
        told = assay("watch", "--once").stdout
        assert told.startswith("BTC above $95,000.00: BTC was at $98,000.00")
        assert len(server.asked) == 1
        assert "kept up to date" in assay("batches").stdout
        server.answer = lambda handler: handler.reply(403)
        failed = assay("watch", "--once", "--refresh", "5")
        assert failed.stderr.startswith("Prices could not be refreshed: 127.0.0.1 answered with")


def test_the_interval_of_the_watch_is_checked(assay: Run) -> None:
    with pytest.raises(SystemExit):
        assay("watch", "--refresh", "often")


def test_what_fired_is_summed_up(assay: Run, prices: Path) -> None:
    """By the starter, which leaves it to code; by a model elsewhere once it may know."""
    assert assay("alerts", "summary").stdout == "No alert has fired.\n"
    assert json.loads(assay("alerts", "summary", "--json").stdout)["text"] == ""
    assay("prices", prices, "--yes")
    assay("alerts", "add", *ABOVE)
    assay("watch", "--once", "--refresh", "0")
    listed = assay("alerts", "summary").stdout
    assert "1 alert fired, newest first:\n\n- BTC above $95,000.00: BTC was at" in listed
    assert "the starter model has not learned to sum up" in listed
    assert "is for add, edit, preview only" in assay("alerts", "summary", *ABOVE, status=2).stderr

    def answer(handler: Handler) -> None:
        if handler.path == "/v1/models":
            handler.reply_json({"data": [{"id": "big"}]})
        else:
            streams(delta(content="BTC was at $100,000.00."), delta("stop"))(handler)

    with serving(answer) as server:
        assay("endpoints", "add", "gpu", server.url)
        assay("endpoints", "on", "gpu")
        assay("endpoints", "use", "gpu")
        told = json.loads(assay("alerts", "summary", "--json").stdout)
        assert (told["status"], told["model"]) == ("complete", "")
        assert "gpu may not see your portfolio" in told["notice"]
        asked = len(server.asked)
        assay("endpoints", "allow", "gpu")
        told = json.loads(assay("alerts", "summary", "--json").stdout)
        assert (told["text"], told["model"]) == ("BTC was at $100,000.00.", "big on gpu")
        assert len(server.asked) == asked + 1
