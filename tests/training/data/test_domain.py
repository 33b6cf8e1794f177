import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.data.domain import misleading, noise, normalise

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“Bitcoin’s” price—up…", '"Bitcoin\'s" price-up...'),
        ("a\u00a0 b\u200bc\r\n\n\n\nd", "a bc\n\nd"),
        ("What?!! No,, yes!!!", "What? No, yes!"),
        ("$1.2mm, $3bn and €5k", "$1.2 million, $3 billion and €5 thousand"),
        ("£ 2 mln and $7T", "£2 million and $7 trillion"),
        ("5k steps, $5 more, $1.2 million", "5k steps, $5 more, $1.2 million"),
        ("btc, $eth and XBT; bitcoin or Bitcoin", "BTC, ETH and BTC; Bitcoin or Bitcoin"),
        ("defi, De-Fi and a stable-coin on chain", "DeFi, DeFi and a stablecoin on-chain"),
        ("its market cap", "its market capitalisation"),
        ("see eth.limo, defi/btc, @btc and btcs", "see eth.limo, defi/btc, @btc and btcs"),
        ("e\u0301", "é"),
    ],
)  # fmt: skip
def test_one_spelling(text: str, expected: str) -> None:
    assert normalise(text) == expected


pieces = st.sampled_from(
    ["$", "btc", "BTC", "on", "chain", "stable", "coin", "-", " ", "\n", "!", "?", ",", "1.2", "mm",
     "m", "k", "“", "\u200b", "e", "\u0301", "de", "fi", "market", "cap", "/", ".", "@"]
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(pieces, max_size=14).map("".join) | st.text(max_size=30))
def test_twice_is_once_and_no_digit_changes(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert re.findall(r"[0-9]", once) == re.findall(r"[0-9]", text)


GOOD = "A pool pays fees to those who lend it two coins, and the price may move against them."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD, ""),
        ("gm frens", "too short"),
        ("look at this one here #btc #eth #sol @you https://x.y 🚀 🚀", "mostly links and tags"),
        ("moon soon and now " * 12, "repeats itself"),
        ("BUY THE DIP TODAY or you will REGRET IT FOREVER", "shouting"),
        ("比特币价格今天上涨了百分之五，投资者应当注意风险。", ""),
        ("比特币价格周二上涨，https://x.y 说投资者应当注意风险。", ""),
        ("涨涨涨涨" * 9, "repeats itself"),
        ("上涨了", "too short"),
    ],
)
def test_noise_has_a_reason(text: str, reason: str) -> None:
    assert noise(text) == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Our fund has guaranteed returns every month.", "guaranteed gain"),
        ("Earn a yield that is 100% risk-free. Buy now, last chance!", "no risk"),
        ("We guarantee you a monthly income.", "guaranteed gain"),
        ("You cannot lose with this strategy. It makes 5% daily.", "cannot lose"),
        ("This 100x will go to the moon.", "multiple promised"),
        ("It is the next bitcoin, a hidden gem. Last chance, buy now!", "pump talk"),
        ("Send 1 ETH to this address and receive 2 ETH back.", "giveaway"),
        ("To claim, enter your seed phrase on our page.", "asks for keys"),
        ("This is not a scam, profits are guaranteed.", "guaranteed gain"),
    ],
)
def test_misleading_texts_are_found_with_their_reason(text: str, reason: str) -> None:
    score, reasons = misleading(text)
    assert reason in reasons
    assert score >= 0.6


@pytest.mark.parametrize(
    "text",
    [
        "Nobody can promise guaranteed returns.",
        "Past performance does not guarantee future returns.",
        "By arbitrage the portfolio must earn the risk-free return.",
        "The Sharpe ratio is the return above the risk-free rate over its volatility.",
        "Never share your seed phrase with anyone.",
        "A scam asks you to send coins and get double back.",
        "With 50x leverage a fall of two percent ends the position.",
        GOOD,
    ],
)
def test_warnings_and_plain_finance_are_not_misleading(text: str) -> None:
    assert misleading(text)[0] < 0.6


def test_scores_are_those_of_the_formula() -> None:
    one = "You cannot lose."  # weight 0.6
    two = "It makes 5% daily."  # weight 0.5
    assert misleading(f"{one} {two}")[0] == pytest.approx(1 - 0.4 * 0.5)
    assert misleading(f"{one} " + "Fine. " * 39)[0] == pytest.approx(0.6 * 10 / 40)
    assert misleading("") == (0.0, [])


def test_our_own_guides_mislead_nobody() -> None:
    texts = [path.read_text("utf-8") for path in (ROOT / "resources" / "knowledge").rglob("*.md")]
    parts = [part for text in texts for part in text.split("\n\n")]
    assert len(parts) > 500
    assert [part for part in parts if misleading(part)[0] >= 0.6] == []
