"""Price changes people do not write as a percentage."""

from decimal import Decimal

import pytest

from engine.assistant.recognise import recognise
from tests.engine.assistant.world import TODAY


def changes(text: str) -> list[str]:
    found = recognise(text, TODAY, ("BTC", "ETH", "SOL"), ("Kraken",)).values("percent")
    return [f"{v.normalize():f}" for v in found if isinstance(v, Decimal)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # What goes.
        ("eth gets chopped in two", "-50"),
        ("three quarters of my sol goes up in smoke", "-75"),
        ("btc sheds a fifth", "-20"),
        ("it loses 1/3", "-33.33"),
        ("a third of it vanishes", "-33.33"),
        ("a crash knocks 15 off every hundred", "-15"),
        ("loses 20 in every 100", "-20"),
        ("a quarter of it gets wiped out", "-25"),
        ("falls by a factor of four", "-75"),
        ("down 50 bps", "-0.5"),
        # What is left.
        ("falls to a quarter of today's price", "-75"),
        ("falls to a third", "-66.67"),
        ("ends up with a tenth of its value left", "-90"),
        ("only 20% of its value left", "-80"),
        ("falls to 40 % of its price", "-60"),
        ("is worth half", "-50"),
        # Multiples.
        ("does ×2", "100"),
        ("does x2.5", "150"),
        ("trebles", "200"),
        ("quintuples", "400"),
        ("at ten times today's price", "900"),
        ("is worth five times as much", "400"),
        ("twice its value", "100"),
        ("a tenfold rise", "900"),
        ("up 3-fold", "200"),
        # All of it.
        ("goes bust", "-100"),
        ("loses all its value", "-100"),
        # The price ratio of a pool.
        ("price ratio went from 1.00 to 1.25, IL?", "25"),
        ("il if eth goes from 2 to 5", "150"),
        ("impermanent loss, ratio from 4 to 1", "-75"),
    ],
)
def test_changes(text: str, value: str) -> None:
    assert changes(f"what if {text}") == [value]


@pytest.mark.parametrize(
    "text",
    [
        "btc goes from 2000 to 3000",  # a price, and no pool
        "il between 2024 and 2025, from 2024 to 2025",
        "over half a year",
        "half a million",
        "for a quarter",
        "in the third quarter",
        "a third party holds it",
        "paid four times a year",
        "a double spend",
        "double check my alerts",
        "one as high as the other",
    ],
)
def test_no_changes(text: str) -> None:
    assert changes(text) == []


def test_what_is_left_takes_its_words_along() -> None:
    found = recognise("ada falls to a quarter of today's price", TODAY)
    assert found.values("period") == ()  # neither "a quarter" nor "today"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("four and a quarter percent", "4.25"),
        ("three point two percent", "3.2"),
        ("half a percent", "0.5"),
        ("apr of 250 basis points", "2.5"),
    ],
)
def test_rates(text: str, value: str) -> None:
    assert changes(text) == [value]
