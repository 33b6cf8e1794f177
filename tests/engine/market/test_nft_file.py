"""Files of NFT sales: collections, traits, duplicates, and how the valuation takes them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from engine.analytics.nft import Sale
from engine.core.errors import KnownError
from engine.market.nftfile import SalePreview, as_sales
from tests.engine.market.market_file import looked_at

HEADER = "collection,token,date,price,currency,traits\n"


def test_sales_with_traits_written_in_every_way(tmp_path: Path) -> None:
    preview = looked_at(
        tmp_path,
        HEADER
        + "Punks,7804,2024-03-01 10:30:00,4.000000000000000001,eth,Type:Alien;Hat:Cap: red;Pipe\n"
        + 'Punks,1,2024-03-02,1,ETH,"{""Hat"": ""Red"", ""Level"": 3, ""None"": null}"\n'
        + 'Apes,#2,2024-03-03,2,WETH,"[{""type"": ""Fur"", ""value"": ""Gold""}, ""Rare""]"\n',
    )
    assert isinstance(preview, SalePreview)
    first, second, third = preview.rows
    assert (first.collection, first.token, first.price, first.currency) == (
        "Punks", "7804", Decimal("4.000000000000000001"), "ETH",
    )  # fmt: skip
    assert first.time == datetime(2024, 3, 1, 10, 30, tzinfo=UTC)
    assert first.traits == (("Hat", "Cap: red"), ("Pipe", "yes"), ("Type", "Alien"))
    assert second.traits == (("Hat", "Red"), ("Level", "3"))
    assert (third.token, third.traits) == ("#2", (("Fur", "Gold"), ("Rare", "yes")))
    assert preview.collections == ("Apes", "Punks")
    assert (preview.first, preview.last) == (date(2024, 3, 1), date(2024, 3, 3))


def test_the_columns_of_a_sales_log_in_ether(tmp_path: Path) -> None:
    log = (
        "timestamp,id,price (in eth),price (in wei),from,to\n"
        "2017-06-23 21:05:06 UTC,544,0.010000,10000000000000000,0xc3,0x00\n"
        "2017-06-23 21:10:32 UTC,3134,0.000000,0,0x5b,0xc3\n"
    )
    with pytest.raises(KnownError, match="does not say which collection"):
        looked_at(tmp_path, log)
    preview = looked_at(tmp_path, log, asset="CryptoPunks")
    (sale,) = preview.rows
    assert (sale.collection, sale.token, sale.currency) == ("CryptoPunks", "544", "ETH")
    assert sale.price == Decimal("0.01")
    assert [row.reason for row in preview.refused] == ["the price is zero"]


def test_json_with_traits_inside(tmp_path: Path) -> None:
    rows = [
        {
            "collection": "Punks", "token_id": 12, "date": "2024-03-01", "price": 2.5,
            "currency": "ETH", "traits": [{"trait_type": "Hat", "value": "Red"}],
        },
        {
            "collection": "Punks", "token_id": 13, "date": "2024-03-01", "price": 2,
            "currency": "ETH",
        },
    ]  # fmt: skip
    preview = looked_at(tmp_path, rows)
    assert [(sale.token, sale.traits) for sale in preview.rows] == [
        ("12", (("Hat", "Red"),)),
        ("13", ()),
    ]


def test_equal_sales_are_counted_and_stored_ones_are_duplicates(tmp_path: Path) -> None:
    row = "Punks,1,2024-03-01,1,ETH,\n"
    first = looked_at(tmp_path, HEADER + row + row)
    stored = {sale.row_hash for sale in first.rows}
    assert len(stored) == 2
    again = looked_at(tmp_path, HEADER + row * 3, existing=stored.intersection)
    assert (len(again.rows), again.duplicates) == (1, 2)
    none = looked_at(tmp_path, HEADER + row, existing=stored.intersection)
    assert (none.rows, none.duplicates, none.first, none.collections) == ((), 1, None, ())


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Punks,1,2024-03-01,-1,ETH,", "the price is negative"),
        ("Punks,1,2024-03-01,1,not a coin,", 'the currency "not a coin" is not a symbol'),
        ("Punks,,2024-03-01,1,ETH,", "no token"),
        (",1,2024-03-01,1,ETH,", "no collection"),
        ("Punks,1,2024-03-01,1,,", "no currency"),
        ('Punks,1,2024-03-01,1,ETH,"{""a"": "', "the traits are not JSON"),
        ("Punks,1,2024-03-01,1,ETH," + "[" * 10_000, "the traits are not JSON"),
        ("Punks,1,2024-03-01,1,ETH," + "a;" * 101, "more than 100 traits"),
    ],
)
def test_rows_that_are_refused(tmp_path: Path, row: str, reason: str) -> None:
    preview = looked_at(tmp_path, f"{HEADER}Punks,1,2024-03-01,1,ETH,\n{row}\n")
    assert len(preview.rows) == 1
    assert reason in preview.refused[0].reason


def test_a_currency_is_never_guessed(tmp_path: Path) -> None:
    sales = "collection,token,date,price\nPunks,1,2024-03-01,1\n"
    with pytest.raises(KnownError, match="in which currency"):
        looked_at(tmp_path, sales)
    assert looked_at(tmp_path, sales, currency="eth").rows[0].currency == "ETH"


def test_stored_sales_become_those_of_the_valuation(tmp_path: Path) -> None:
    preview = looked_at(
        tmp_path,
        HEADER
        + "Punks,1,2024-03-01,1,ETH,Hat:Red\n"
        + "Punks,2,2024-03-02,2,ETH,\n"
        + "Punks,1,2024-03-03,3000,USD,Eyes:Blue\n",
    )
    sales, traits, currency, left_out = as_sales(preview.rows)
    assert sales == [
        Sale("1", datetime(2024, 3, 1, tzinfo=UTC), Decimal(1)),
        Sale("2", datetime(2024, 3, 2, tzinfo=UTC), Decimal(2)),
    ]
    assert (traits, currency, left_out) == ({"1": {"Hat": "Red", "Eyes": "Blue"}}, "ETH", 1)
    assert as_sales([]) == ([], {}, "", 0)
