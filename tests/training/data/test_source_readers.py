import json
from pathlib import Path

import pytest

from training.data.cleaning import is_prose
from training.data.domain import noise
from training.data.formats import Document
from training.data.sources import read

PRICES = """Date,Open,High,Low,Close,Volume
2024-01-30,43000,44500.50,42100,44000,12000.5
2024-01-31,44000,44000,41000,42900,
2024-02-01,42900,43000,42000,42900,7
"""
JANUARY = (
    "On 30 January 2024 the price of BTC opened at 43,000 and closed 2.33 percent higher at "
    "44,000, after trading between 42,100 and 44,500.5, with a volume of 12,000.5. "
    "On 31 January 2024 the price of BTC opened at 44,000 and closed 2.50 percent lower at "
    "42,900, after trading between 41,000 and 44,000."
)
FEBRUARY = (
    "On 1 February 2024 the price of BTC opened at 42,900 and closed again at 42,900, after "
    "trading between 42,000 and 43,000, with a volume of 7."
)
ONE, TWO = "0x" + "a" * 39 + "1", "0x" + "b" * 39 + "2"
HASH = "0x" + "c" * 63 + "3"
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


def test_prices_become_sentences_a_document_per_month(tmp_path: Path) -> None:
    path = tmp_path / "btc.csv"
    path.write_text("\ufeff" + PRICES, encoding="utf-8")
    documents = list(read(path))
    assert documents == [Document(text, "btc", "trading") for text in (JANUARY, FEBRUARY)]
    # They pass the filters of the corpus.
    assert all(is_prose(d.text) and not noise(d.text) for d in documents)


@pytest.mark.parametrize("time", ["1704112200", "1704112200000", "2024-01-01T12:30:00"])
def test_times_in_every_form(tmp_path: Path, time: str) -> None:
    path = tmp_path / "p.csv"
    path.write_text(f"timestamp,open,high,low,close,symbol\n{time},1,1,1,1,ETH\n")
    ((document),) = read(path)
    assert document.text.startswith("On 1 January 2024 at 12:30 the price of ETH opened")


ROWS = [
    ({"text": "as it is", "source": "s", "kind": "k"}, Document("as it is", "s", "k")),
    ({"text": "as it is"}, Document("as it is", "rows", "text")),
    ({"title": "Up", "body": "It rose."}, Document("Up\n\nIt rose.", "rows", "news")),
    (
        {"text": "gm @bob, look https://x.y at  this", "likes": 5, "source": "forum"},
        Document("gm , look at this", "forum", "social"),
    ),
    (
        {
            "hash": HASH, "from": ONE, "to": TWO, "value": "1500000000000000000",
            "gasUsed": "0x5208", "gasPrice": 10**11, "timestamp": "0x6592b048",
        },
        Document(
            "On 1 January 2024 at 12:30 the address 0xaaaa...aaa1 sent 1.5 ETH to 0xbbbb...bbb2 "
            "for a network fee of 0.0021, in the transaction 0xcccc...ccc3.",
            "rows",
            "on-chain",
        ),
    ),
    (
        {"hash": HASH, "from": ONE, "value": 2.5, "symbol": "SOL"},
        Document(
            "Once the address 0xaaaa...aaa1 sent 2.5 SOL to a new contract, in the transaction "
            "0xcccc...ccc3.",
            "rows",
            "on-chain",
        ),
    ),
    (
        {
            "address": TWO, "topics": [TRANSFER, "0x" + ONE[2:].zfill(64), TWO[2:].zfill(64)],
            "data": "0x" + f"{2_500_000:064x}", "decimals": 6, "symbol": "USDC",
        },
        Document(
            "Once the contract 0xbbbb...bbb2 moved 2.5 USDC from 0xaaaa...aaa1 to 0xbbbb...bbb2.",
            "rows",
            "on-chain",
        ),
    ),
    (
        {"address": TWO, "topics": [HASH], "data": "0x", "timestamp": "2024-01-01"},
        Document(
            "On 1 January 2024 the contract 0xbbbb...bbb2 recorded the event 0xcccc...ccc3.",
            "rows",
            "on-chain",
        ),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("row", "expected"), ROWS)
def test_rows_are_known_by_their_keys(tmp_path: Path, row: object, expected: Document) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row))
    assert list(read(path)) == [expected]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.jsonl", '{"text": "ok"}\n{"x": 1}', r"a\.jsonl, line 2: not a text, news"),
        ("a.jsonl", '{"text": 5}', r"a\.jsonl, line 1: not a text"),
        ("a.jsonl", "[1]", r"a\.jsonl, line 1: not a text"),
        ("a.jsonl", '{"hash": "0x1", "from": "a", "value": "much"}', "line 1: not a text"),
        ("a.jsonl", '{"hash": "0x1", "value": 1}', "line 1: not a text"),
        ("a.csv", "open,high,low,close\n1,1,1,1\n1,1,x,1", r"a\.csv, row 2: not a price"),
        ("a.csv", "open,high,low,close\n0,1,1,1", r"a\.csv, row 1: not a price"),
        ("a.csv", "date,open,high,low,close\nsoon,1,1,1,1", r"a\.csv, row 1: not a price"),
        ("a.csv", "x,y\n1,2", r"a\.csv, row 1: not a text"),
        (
            "a.csv",
            "date,symbol,close\n2024-01-01,BTC,1",
            "table needs .*; it lacks open, high, low",
        ),
        ("a.csv", 'x\n"' + "y" * 140_000 + '"', r"a\.csv: not a table \(field larger"),
    ],
)
def test_what_is_none_of_these_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=message):
        list(read(tmp_path / name))


def test_papers_lose_their_markup_and_are_cut_at_paragraphs(tmp_path: Path) -> None:
    path = tmp_path / "paper.md"
    path.write_text(
        "# A **coin**\n\nSee [the site](https://x.y) and ![a picture](p.png)2*3, snake_case.\n\n"
        "```\ncode here\n```\n\n| a | b |\n|---|---|\n\n<b>bold</b>\n\n"
        + "\n\n".join(["x" * 3000] * 4)
    )
    first, second = read(path)
    assert first.text == (
        "A coin\n\nSee the site and 2*3, snake_case.\n\nbold\n\n" + "x" * 3000 + "\n\n" + "x" * 3000
    )
    assert second == Document("x" * 3000 + "\n\n" + "x" * 3000, "paper", "paper")
    plain = tmp_path / "plain.txt"
    plain.write_text("# stays\n\n\n\n**so**")
    assert [d.text for d in read(plain)] == ["# stays\n\n**so**"]


@pytest.mark.parametrize("name", ["a.csv", "a.md", "a.txt"])
def test_a_line_that_is_not_utf8_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes("date,text\n2024,café\n".encode("latin-1"))
    with pytest.raises(ValueError, match=rf"^{name}, line 2: not UTF-8$"):
        list(read(tmp_path / name))
