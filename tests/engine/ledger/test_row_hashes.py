"""What a row's hash is made of: it is stored, so that it must stay the same for the same row."""

from collections.abc import Callable
from hashlib import sha256

from engine.ledger.importers import ImportPreview

Preview = Callable[..., ImportPreview]

STATEMENT = """User_ID,UTC_Time,Account,Operation,Coin,Change,Remark
1,2023-09-29 09:56:26,Spot,Transaction Buy,ETH,0.0170,
1,2023-09-29 09:56:26,Spot,Transaction Spend,USDT,-28.46,
1,2023-09-29 09:56:26,Spot,Transaction Fee,BNB,-1E-8,
1,2023-09-30 00:00:00,Spot,Staking Rewards,DOT,0.5,
1,2023-09-30 00:00:00,Spot,Staking Rewards,DOT,0.50,one more
"""
TRANSFER = """date,kind,account,to_account,asset_in,amount_in,asset_out,amount_out,fee_asset,fee_amount
2024-01-06 01:02:03+02:00,transfer,K|1,Ledger,,,ETH,1e3,ETH,0.001
"""  # noqa: E501


def hashes(preview: ImportPreview) -> list[str]:
    return [row.row_hash for row in preview.rows]


def test_a_hash_is_of_what_a_row_says_and_of_how_often_it_says_so(preview: Preview) -> None:
    trade = "2023-09-29T09:56:26+00:00|trade|Binance||ETH|0.017|USDT|28.46|BNB|0.00000001"
    reward = "2023-09-30T00:00:00+00:00|income|Binance||DOT|0.5||0||0"
    contents = [
        f"Binance statement|{said}" for said in (f"{trade}|1", f"{reward}|1", f"{reward}|2")
    ]
    expected = [sha256(content.encode()).hexdigest() for content in contents]
    assert hashes(preview(STATEMENT)) == expected


def test_names_with_the_separator_are_not_mixed_up(preview: Preview) -> None:
    content = (
        "Assay CSV|2024-01-05T23:02:03+00:00|transfer|K||1|Ledger|ETH|1000|ETH|1000|ETH|0.001|1"
    )
    assert hashes(preview(TRANSFER)) == [sha256(content.encode()).hexdigest()]
    # The same, written down as it was once stored.
    assert hashes(preview(TRANSFER)) == [
        "70d40a540eea557e4f3b64bedf46e8edb32e9f184398dcc210193ed1e5b40be8"
    ]
