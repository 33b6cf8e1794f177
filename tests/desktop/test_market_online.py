"""Online sources and chains on the Market data page, against real servers in place of the hosts."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import keyring
import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from desktop.market.keys import KeyDialog
from desktop.market.node_form import NodeDialog
from desktop.market.pools import PoolsDialog
from desktop.market.source_row import SourceRow
from desktop.settings.page import SettingsPage
from desktop.widgets.dialogs import Question
from engine.store.prices import SeriesInfo
from tests.desktop.market_window import MarketWindow, day
from tests.desktop.opened_window import cells, press, words
from tests.desktop.test_looks import nameless
from tests.engine.loopback import Handler, Host, hosts, serving
from tests.engine.memory_keyring import MemoryKeyring

ADDRESS = "0x52908400098527886E0F7030069857D2E4169EE7"


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> MemoryKeyring:
    backend = MemoryKeyring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)
    return backend


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """Puts a server of the test in the place of a source's host."""
    with hosts(monkeypatch) as put:
        yield put


@pytest.fixture
def market(qtbot: QtBot, tmp_path: Path, memory: MemoryKeyring) -> Iterator[MarketWindow]:
    with MarketWindow.opened(qtbot, tmp_path / "home") as found:
        found.page.tabs.show_tab("online")
        qtbot.waitUntil(lambda: len(found.page.online.rows) == 5)
        yield found


def row(market: MarketWindow, name: str) -> SourceRow:
    return market.page.online.rows[name]


def switch_on(market: MarketWindow, name: str) -> None:
    row(market, name).switch.click()
    market.dialog(Question).yes_button.click()
    market.qtbot.waitUntil(row(market, name).switch.isChecked)


def shown_actions(one: SourceRow) -> list[str]:
    return [b.text() for b in one.findChildren(QPushButton) if b.isVisible()]


def ohlc(handler: Handler) -> None:
    """Kraken, with BTC at 100 every day, and nothing else."""
    query = parse_qs(urlsplit(handler.path).query)
    if not query["pair"][0].startswith("XBT"):
        handler.reply_json({"error": ["EQuery:Unknown asset pair"]})
        return
    first = int(query["since"][0]) + 1
    stamps = range(first, int(datetime.now(UTC).timestamp()) + 1, 86_400)
    rows = [[stamp, "100", "101", "99", "100", "100", "1.5", 10] for stamp in stamps]
    handler.reply_json({"error": [], "result": {"XXBTZUSD": rows, "last": 1}})


def node(handler: Handler) -> None:
    """A node on chain 1 where everybody has 3 ETH."""

    def reply(call: dict[str, object]) -> dict[str, object]:
        found = {
            "eth_chainId": "0x1",
            "eth_blockNumber": "0x10",
            "eth_getBalance": hex(3 * 10**18),
            "eth_getBlockByNumber": {"number": "0x10", "timestamp": "0x65e00000"},
        }
        return {"jsonrpc": "2.0", "id": call["id"], "result": found[str(call["method"])]}

    asked = json.loads(handler.body)
    handler.reply_json([reply(one) for one in asked] if isinstance(asked, list) else reply(asked))


def test_everything_is_off_and_nothing_has_been_asked(market: MarketWindow) -> None:
    page = market.page
    assert not any(one.switch.isChecked() for one in page.online.rows.values())
    assert "Assay goes online only where you switch a source on" in words(page)
    market.qtbot.waitUntil(lambda: "No request has been made." in words(page.online.log))
    assert shown_actions(row(market, "kraken")) == []
    assert shown_actions(row(market, "coingecko")) == ["Key…"]
    assert nameless(page) == []


def test_a_switch_asks_first_and_says_who_learns_what(market: MarketWindow) -> None:
    one = row(market, "kraken")
    one.switch.click()
    question = market.dialog(Question)
    assert not one.switch.isChecked()
    said = words(question)
    assert "api.kraken.com" in said
    assert "which coins you ask for" in said
    assert "the address of this computer" in said
    question.reject()
    market.qtbot.wait(50)
    assert not market.service.online.is_on("kraken")
    assert not one.switch.isChecked()

    switch_on(market, "kraken")
    assert market.service.online.is_on("kraken")
    assert shown_actions(one) == ["Refresh prices"]
    one.switch.click()  # off needs no question
    market.qtbot.waitUntil(lambda: not one.switch.isChecked())
    assert not market.service.online.is_on("kraken")


def test_prices_are_fetched_logged_and_undone(market: MarketWindow, host: Host) -> None:
    server = host("kraken", ohlc)
    switch_on(market, "kraken")
    market.page.online.coins.setText("btc, XYZ")
    press(row(market, "kraken"), "Refresh prices")
    market.qtbot.waitUntil(lambda: "365 new values stored." in words(row(market, "kraken")))
    assert "Kraken has no market of XYZ in USD." in words(row(market, "kraken"))
    assert market.service.market.series() == [
        SeriesInfo("BTC", "USD", day(364), day(0), 365, ("kraken",))
    ]
    log = market.page.online.log
    market.qtbot.waitUntil(lambda: len(cells(log.table)) == len(server.asked) == 2)
    time, source, address, outcome, sent, received, _ = cells(log.table)[1]
    assert time.startswith(str(day(0)))
    assert (source, outcome) == ("Kraken", "200")
    assert address.startswith(f"{server.url}/0/public/OHLC?pair=XBT")
    assert int(sent) > 100
    assert int(received.replace(",", "")) > 10_000
    press(log, "Clear")
    market.qtbot.waitUntil(lambda: "No request has been made." in words(log))
    press(market.window, "Undo")
    market.qtbot.waitUntil(lambda: market.service.market.series() == [])


@pytest.mark.logs("Prices could not be refreshed")
def test_prices_are_kept_fresh_where_a_source_is_on(market: MarketWindow, host: Host) -> None:
    server = host("kraken", ohlc)
    fresh = market.page.online.fresh
    assert fresh.choice.currentText() == "Every 15 minutes"
    assert "Nothing is asked, as no source of prices is on." in words(fresh)
    row(market, "kraken").switch.click()
    question = market.dialog(Question)
    assert "coins of your alerts and your portfolio now, then every 15 minutes" in words(question)
    question.yes_button.click()
    market.qtbot.waitUntil(lambda: "Kraken is asked." in words(fresh))
    market.service.alerts.add("BTC", "above", Decimal(90), "USD")
    market.service.alerts.add("XYZ", "above", Decimal(90), "USD")
    market.service.refreshing.start()
    market.qtbot.waitUntil(lambda: "Last asked" in words(fresh))
    assert "No answer about XYZ." in words(fresh)
    market.qtbot.waitUntil(lambda: len(cells(market.page.online.log.table)) == 2)
    server.answer = lambda handler: handler.reply(403)
    market.service.refreshing.refresh_now()
    market.qtbot.waitUntil(lambda: "403" in words(row(market, "kraken")))
    fresh.choice.setCurrentIndex(0)
    fresh.choice.activated.emit(0)
    market.qtbot.waitUntil(lambda: "only when you press a button" in words(fresh))
    assert market.service.settings.get("online_refresh_minutes") == 0
    market.service.settings.set("online_refresh_minutes", 7)
    market.qtbot.waitUntil(lambda: fresh.choice.currentText() == "Every 7 minutes")


def test_the_question_promises_what_the_settings_say_now(market: MarketWindow) -> None:
    market.page.tabs.show_tab("series")
    market.service.settings.set("online_refresh_minutes", 5)
    one = row(market, "kraken")
    # Nothing of the tab has been loaded again when the switches are used.
    one.switch_wanted.emit(True)
    one.switch_wanted.emit(True)
    question = market.dialog(Question)
    assert "then every 5 minutes while it runs" in words(question)
    question.reject()
    market.service.settings.set("online_refresh_minutes", 0)
    one.switch_wanted.emit(True)
    question = market.dialog(Question)
    assert "when you press a button here, and at no other time" in words(question)
    question.yes_button.click()
    market.qtbot.waitUntil(lambda: market.service.online.is_on("kraken"))


def test_a_refresh_can_be_stopped(market: MarketWindow, host: Host) -> None:
    server = host("kraken", lambda handler: handler.server.released.wait(20))
    switch_on(market, "kraken")
    market.page.online.coins.setText("BTC")
    one = row(market, "kraken")
    press(one, "Refresh prices")
    market.qtbot.waitUntil(lambda: len(server.asked) == 1)
    market.qtbot.waitUntil(lambda: "Fetching prices from Kraken: BTC" in words(one))
    assert "Cancel" in shown_actions(one)
    press(one, "Cancel")
    market.qtbot.waitUntil(lambda: "Stopped; nothing was stored." in words(one))
    assert shown_actions(one) == ["Refresh prices"]
    market.qtbot.waitUntil(lambda: len(cells(market.page.online.log.table)) == 1)
    assert cells(market.page.online.log.table)[0][3] == "stopped"
    assert market.service.market.series() == []


def test_what_went_wrong_is_said_in_the_row(market: MarketWindow, host: Host) -> None:
    host("kraken", lambda handler: handler.reply(403))
    switch_on(market, "kraken")
    one = row(market, "kraken")
    press(one, "Refresh prices")  # there is no portfolio, and no coin is named
    market.qtbot.waitUntil(lambda: "no coin to fetch prices of" in words(one))
    market.page.online.coins.setText("BTC")
    press(one, "Refresh prices")
    market.qtbot.waitUntil(lambda: "403" in words(one))
    assert shown_actions(one) == ["Refresh prices"]


def test_a_coin_can_be_named_as_the_source_does(market: MarketWindow, host: Host) -> None:
    server = host("coingecko", lambda handler: handler.reply_json({"prices": []}))
    switch_on(market, "coingecko")
    market.page.online.coins.setText("WIF=dogwifcoin")
    press(row(market, "coingecko"), "Refresh prices")
    market.qtbot.waitUntil(lambda: "Nothing new." in words(row(market, "coingecko")))
    assert "/coins/dogwifcoin/" in server.asked[0].path


def test_a_key_is_kept_in_the_keyring_and_forgotten(
    market: MarketWindow, memory: MemoryKeyring
) -> None:
    one = row(market, "coingecko")
    press(one, "Key…: CoinGecko")
    dialog = market.dialog(KeyDialog)
    assert nameless(dialog) == []
    assert dialog.field.echoMode() == dialog.field.EchoMode.Password
    dialog.field.setText(" CG-secret ")
    press(dialog, "Keep")
    market.qtbot.waitUntil(lambda: "The key is in the keyring." in words(one))
    assert market.service.online.has_key("coingecko")
    press(one, "Key…: CoinGecko")
    dialog = market.dialog(KeyDialog)
    assert dialog.field.text() == ""
    press(dialog, "Forget the key")
    market.qtbot.waitUntil(lambda: "The key is forgotten." in words(one))
    assert not market.service.online.has_key("coingecko")
    memory.locked = True
    press(one, "Key…: CoinGecko")
    market.qtbot.waitUntil(lambda: "The keyring does not answer." in words(one))


def test_pools_are_found_and_their_history_is_fetched(market: MarketWindow, host: Host) -> None:
    pool = {"project": "lido", "symbol": "STETH", "chain": "Ethereum", "tvlUsd": 10, "apy": 3}
    today = {"timestamp": f"{day(0)}T00:00:00.000Z", "tvlUsd": 10, "apy": 3.5}

    def answer(handler: Handler) -> None:
        pools = [pool | {"pool": "p1"}, pool | {"pool": "p2", "symbol": "ETH", "apy": 4}]
        rows = pools if handler.path == "/pools" else [today]
        handler.reply_json({"status": "success", "data": rows})

    host("defillama", answer)
    switch_on(market, "defillama")
    press(row(market, "defillama"), "Find pools…")
    dialog = market.dialog(PoolsDialog)
    assert nameless(dialog) == []
    dialog.words.setText("nothing like it")
    press(dialog, "Search")
    market.qtbot.waitUntil(lambda: "No pool has all these words" in words(dialog))
    dialog.words.setText("lido")
    press(dialog, "Search")
    market.qtbot.waitUntil(lambda: len(cells(dialog.table)) == 2)
    assert not dialog.fetch.isEnabled()
    names = [line[0] for line in cells(dialog.table)]
    dialog.table.selectRow(names.index("lido STETH on Ethereum"))
    dialog.fetch.click()
    market.qtbot.waitUntil(lambda: "2 new values stored." in words(row(market, "defillama")))
    [(kind, batch)] = market.service.market.imports()
    assert (kind, batch.source, batch.file_name) == ("measurements", "DefiLlama", "p1")


def test_a_node_is_named_tested_asked_and_forgotten(market: MarketWindow) -> None:
    page = market.page
    page.tabs.show_tab("chain")
    market.qtbot.waitUntil(lambda: "No chain can be read yet" in words(page.chain))
    press(page.chain, "Online sources")
    assert page.online.isVisible()
    switch_on(market, "nodes")
    nodes = row(market, "nodes")
    with serving(node) as server:
        press(nodes, "Add a node…")
        dialog = market.dialog(NodeDialog)
        assert nameless(dialog) == []
        dialog.name.setText("home")
        dialog.url.setText("nowhere")
        dialog.ask.click()
        market.qtbot.waitUntil(lambda: "not the address of a node" in words(dialog))
        dialog.url.setText(server.url)
        dialog.ask.click()
        market.qtbot.waitUntil(lambda: "home is on chain 1 and is kept." in words(nodes))
        listed = page.online.nodes
        assert listed is not None
        market.qtbot.waitUntil(lambda: f"Chain 1 · {server.url}" in words(listed))
        press(listed, "Test: home")
        market.qtbot.waitUntil(lambda: "home answers: block 16 of 2024-02-29" in words(nodes))

        page.tabs.show_tab("chain")
        chain = page.chain
        market.qtbot.waitUntil(chain.field.isVisible)
        chain.field.setText(ADDRESS)
        chain.read_button.click()
        market.qtbot.waitUntil(lambda: "Balances on chains" in words(chain))
        chain.field.setText("0x123")
        chain.read_button.click()
        market.qtbot.waitUntil(lambda: "is not an address" in chain.said.text())
        press(chain, "Position")
        chain.field.setText("seven")
        chain.read_button.click()
        market.qtbot.waitUntil(lambda: "no number of a position" in chain.said.text())
        assert nameless(chain) == []

    page.tabs.show_tab("online")
    press(listed, "Forget node: home")
    market.dialog(Question).yes_button.click()
    market.qtbot.waitUntil(lambda: "You have named no node." in words(page.online))
    assert market.service.online.nodes.all() == []


def test_chains_cannot_be_read_while_nodes_are_off(market: MarketWindow) -> None:
    market.service.online.switch("nodes", True)
    with serving(node) as server:
        market.service.online.nodes.add("home", server.url).future.result()
    market.page.tabs.show_tab("chain")
    market.qtbot.waitUntil(market.page.chain.field.isVisible)
    market.service.online.switch("nodes", False)
    market.qtbot.waitUntil(market.page.chain.empty.isVisible)
    assert not market.page.chain.field.isVisible()


def test_the_settings_lead_to_the_switches(market: MarketWindow) -> None:
    market.window.show_page("settings")
    settings = market.session.pages.page("settings")
    assert isinstance(settings, SettingsPage)
    assert "Online: Kraken" not in words(settings)
    press(settings, "Open Online sources")
    assert market.page.online.isVisible()


def test_a_price_entered_by_the_user_still_counts(market: MarketWindow, host: Host) -> None:
    host("kraken", ohlc)
    market.service.market.add_price("BTC", day(0), Decimal(7), "USD")
    switch_on(market, "kraken")
    market.page.online.coins.setText("BTC")
    press(row(market, "kraken"), "Refresh prices")
    market.qtbot.waitUntil(lambda: "new values stored." in words(row(market, "kraken")))
    assert market.service.market.history("BTC", "USD")[-1].close == 7
