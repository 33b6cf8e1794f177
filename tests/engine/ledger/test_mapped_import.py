"""Files of unknown formats, read by what the user says their columns mean."""

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from import_samples import Said, said
from mapped_samples import NOW, read, write

from engine.core.errors import KnownError
from engine.core.records import Transaction
from engine.ledger.importers import preview_import
from engine.ledger.importers.generic import COLUMNS
from engine.ledger.importers.mapped import importer_of
from engine.ledger.importers.mapping import (
    KINDS,
    ROLES,
    Mapping,
    Role,
    checked,
    mapping_from_body,
    mapping_to_body,
    require_columns,
)
from engine.ledger.importers.peek import peek
from engine.ledger.importers.suggest import suggest


def mapping(header: str, roles: dict[Role, str], **other: object) -> Mapping:
    return Mapping(frozenset(header.split(";")), roles, **other)  # type: ignore[arg-type]


SIDES = "when;what;got;got coin;gave;gave coin;cost;cost coin"
SIDE_ROLES: dict[Role, str] = {
    "date": "when",
    "kind": "what",
    "amount_in": "got",
    "asset_in": "got coin",
    "amount_out": "gave",
    "asset_out": "gave coin",
    "fee_amount": "cost",
    "fee_asset": "cost coin",
}
MARKET = "day;clock;side;market;quantity;price;fee"
MARKET_ROLES: dict[Role, str] = {
    "date": "day",
    "time": "clock",
    "kind": "side",
    "pair": "market",
    "amount": "quantity",
    "price": "price",
    "fee_amount": "fee",
}
SINGLE = "date;type;coin;change;worth"
SINGLE_ROLES: dict[Role, str] = {
    "date": "date",
    "kind": "type",
    "asset": "coin",
    "amount": "change",
    "value": "worth",
}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("Kauf;0,5;BTC;10.000,50;EUR;5,25;EUR", ("buy", "0.5 BTC", "10000.5 EUR", "5.25 EUR")),
        ("Tausch;2;ETH;0,1;BTC;0;", ("trade", "2 ETH", "0.1 BTC", "")),
        ("Zinsen;1,5;USDC;-;;;", ("income interest", "1.5 USDC", "", "")),
        ("deposit;1 000,5 €;EUR;;;;", ("deposit", "1000.5 EUR", "", "")),
        ("spend;;;0,1;BTC;;", ("spend", "", "0.1 BTC", "")),
    ],
)
def test_amounts_of_two_sides(tmp_path: Path, row: str, expected: Said) -> None:
    words = {"kauf": "buy", "tausch": "trade", "zinsen": "income interest"}
    told = mapping(SIDES, SIDE_ROLES, words=words, decimal_comma=True)
    found = read(write(tmp_path, f"{SIDES}\n05.09.2024 10:00;{row}\n"), told)
    assert [said(one) for one in found.rows] == [expected], found.refused
    assert found.rows[0].time == datetime(2024, 9, 5, 10, tzinfo=UTC)
    assert found.source == "mine"


def test_without_a_kind_the_sides_say_it(tmp_path: Path) -> None:
    header = SIDES.replace("what;", "")
    roles = {role: name for role, name in SIDE_ROLES.items() if role != "kind"}
    path = write(
        tmp_path,
        f"{header}\n2024-01-01;1;ETH;2000;USD;;\n2024-01-02;1;ETH;;;;\n2024-01-03;;;1;ETH;0.1;ETH\n",
    )
    found = read(path, mapping(header, roles))
    assert [said(one) for one in found.rows] == [
        ("buy", "1 ETH", "2000 USD", ""),
        ("deposit", "1 ETH", "", ""),
        ("withdrawal", "", "1 ETH", "0.1 ETH"),
    ]


def test_trades_of_a_market(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        f"{MARKET}\n1/2/2024;3:04 PM;B;BTC-EUR;0.5;40000;10\n"
        "1/2/2024;3:05 PM;S;ETHUSDT;2;1500.5;0\n",
    )
    words = {"b": "buy", "s": "sell"}
    found = read(path, mapping(MARKET, MARKET_ROLES, words=words, order="month"))
    assert [said(one) for one in found.rows] == [
        ("buy", "0.5 BTC", "20000 EUR", "10 EUR"),
        ("trade", "3001 USDT", "2 ETH", ""),
    ]
    assert found.rows[0].time == datetime(2024, 1, 2, 15, 4, tzinfo=UTC)


def test_the_sign_says_where_an_amount_went(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        f"{SINGLE}\n2024-01-01;move;BTC;0.5;\n2024-01-02;move;BTC;-0.1;\n"
        "2024-01-03;reward;BTC;0.01;$400\n2024-01-04;reward;BTC;-0.01;\n"
        "2024-01-05;present;BTC;-0.02;\n2024-01-06;inner;BTC;1;\n2024-01-07;odd;BTC;1;\n",
    )
    words = {"move": "deposit", "reward": "income", "present": "gift", "inner": "skip"}
    fixed: dict[Role, str] = {"value_currency": "USD"}
    found = read(path, mapping(SINGLE, SINGLE_ROLES, words=words, fixed=fixed, signed=True))
    assert [said(one) for one in found.rows] == [
        ("deposit", "0.5 BTC", "", ""),
        ("withdrawal", "", "0.1 BTC", ""),
        ("income", "0.01 BTC", "", ""),
        ("gift", "", "0.02 BTC", ""),
    ]
    assert (str(found.rows[2].value), found.rows[2].value_currency) == ("400", "USD")
    assert [(row.line, row.reason) for row in found.refused] == [
        (5, "the sign of the amount does not fit the kind income"),
        (8, 'the kind "odd" is not known'),
    ]
    assert found.warnings == ('Left out 1: rows of the kind "inner".',)


def test_the_kind_says_where_an_amount_went(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        f"{SINGLE}\n2024-01-01;out;BTC;0.5;\n2024-01-02;in;BTC;0.1;\n2024-01-03;in;BTC;-1;\n"
        "2024-01-04;present;BTC;1;\n2024-01-05;swap;BTC;1;\n2024-01-05;;BTC;1;\n",
    )
    words = {"out": "withdrawal", "in": "deposit", "present": "gift", "swap": "trade"}
    found = read(path, mapping(SINGLE, SINGLE_ROLES, words=words))
    assert [said(one) for one in found.rows] == [
        ("withdrawal", "", "0.5 BTC", ""),
        ("deposit", "0.1 BTC", "", ""),
    ]
    assert [row.reason for row in found.refused] == [
        "the amount is negative",
        "it does not say whether the gift came in or went out",
        "a trade needs what came in and what went out",
        "no kind",
    ]


def test_what_a_file_does_not_say_can_be_fixed(tmp_path: Path) -> None:
    """A wallet's file of one coin, and the account that was asked for."""
    path = write(tmp_path, "date;received\n2024-01-01;0.5\n")
    told = Mapping(
        frozenset({"date", "received"}),
        {"date": "date", "amount": "received"},
        fixed={"asset": "LTC", "kind": "income mining", "account": "My wallet"},
    )
    found = read(path, told)
    assert [said(one) for one in found.rows] == [("income mining", "0.5 LTC", "", "")]
    assert found.rows[0].account == "My wallet"
    assert read(path, told, "Other").rows[0].account == "Other"


def test_another_name_of_a_mapping_finds_its_rows_again(tmp_path: Path) -> None:
    path = write(tmp_path, f"{SINGLE}\n2024-01-01;deposit;BTC;1;\n")
    told = mapping(SINGLE, SINGLE_ROLES)
    first, second = (
        preview_import(path, lambda h: set(), NOW, user=[importer_of(told, name)]).rows[0].row_hash
        for name in ("mine", "yours")
    )
    assert first == second


def test_a_mapping_goes_before_the_formats_that_are_known(tmp_path: Path) -> None:
    path = tmp_path / "assay.csv"
    path.write_text(f"{','.join(COLUMNS)}\n2024-01-02,sell,K,BTC,1,USD,2,,,,,,,,,\n")
    columns = frozenset(name.replace("_", " ") for name in COLUMNS)
    roles: dict[Role, str] = {"date": "date", "asset_in": "asset in", "amount_in": "amount in"}
    found = read(path, Mapping(columns, roles, fixed={"kind": "deposit"}))
    assert [said(one) for one in found.rows] == [("deposit", "1 BTC", "", "")]
    # One column less and it is another file.
    less = Mapping(columns - {"tag"}, roles, fixed={"kind": "deposit"})
    assert read(path, less).source == "Assay CSV"


ROWS = [
    "2024-01-02 10:00:00,buy,K,BTC,0.5,USD,20000,USD,10,,,,,x,words,",
    "2024-01-03,sell,,USD,4500,BTC,0.1,,,,,,,,,",
    "2024-01-04,trade,K,ETH,2,BTC,0.1,BNB,0.01,,4400,USD,,,long words,",
    "2024-01-05,income,K,SOL,0.25,,,,,,,,,,,",
    "2024-01-06,transfer,K,,,ETH,1,ETH,0.001,Ledger,,,,,,",
    "2024-01-07,deposit,K,BTC,0.2,,,,,,8000,USD,,,,",
    "2024-01-08,spend,L,,,BTC,0.000000000000000001,,,,42,USD,,,a book,",
    "2024-01-09,gift,L,,,ETH,0.1,,,,,,,,,",
    "2024-01-10,nft_buy,L,PUNKS#7804,1,ETH,0.2,,,,,,,,,",
    "2024-01-11,lp_add,L,UNI-V2,1,ETH,0.1,,,,,,,,,",
    "2024-01-12,correction,L,ETH,1,,,,,,,,,,,",
    "2024-02-30,buy,K,BTC,1,USD,1,,,,,,,,,",
    "2024-01-13,buy,K,BTC,-1,USD,1,,,,,,,,,",
    "2024-01-13,deposit,K,,,USD,1,,,,,,,,,",
]
MAPPED: tuple[Role, ...] = tuple(role for role in ROLES if role in COLUMNS)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(ROWS), min_size=1, max_size=8),
    st.permutations(range(len(COLUMNS))),
    st.lists(
        st.text("abcdefgäé ()/", min_size=1, max_size=12),
        min_size=len(COLUMNS),
        max_size=len(COLUMNS),
    ),
)
def test_shuffled_and_renamed_columns_give_the_same_transactions(
    tmp_path: Path, rows: list[str], order: list[int], titles: list[str]
) -> None:
    names = [f"{title}{place}" for place, title in enumerate(titles)]
    plain, moved = tmp_path / "plain.csv", tmp_path / "moved.csv"
    plain.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n")
    with moved.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([names[place] for place in order])
        for row in rows:
            fields = row.split(",")
            writer.writerow([fields[place] for place in order])
    seen = peek(moved)
    column = {COLUMNS[place]: seen.columns[order.index(place)] for place in order}
    told = Mapping(frozenset(seen.columns), {role: column[role] for role in MAPPED})
    expected = preview_import(plain, lambda hashes: set(), NOW)
    found = read(moved, mapping_from_body(json.loads(json.dumps(mapping_to_body(told)))))

    def content(rows: tuple[Transaction, ...]) -> list[Transaction]:
        return [replace(row, row_hash="") for row in rows]

    assert content(found.rows) == content(expected.rows)
    assert [row.line for row in found.refused] == [row.line for row in expected.refused]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.text(max_size=10), min_size=2, max_size=6).map(";".join), max_size=8),
    st.dictionaries(st.sampled_from(ROLES), st.integers(0, 5)),
    st.dictionaries(st.sampled_from(ROLES), st.sampled_from(["BTC", "buy", "x", "EUR"])),
    st.booleans(),
    st.sampled_from(KINDS),
)
def test_any_mapping_of_any_file_gives_rows_or_reasons(
    tmp_path: Path,
    lines: list[str],
    places: dict[Role, int],
    fixed: dict[Role, str],
    flag: bool,
    kind: str,
) -> None:
    path = tmp_path / "any.csv"
    body = "\n".join(["date;type;coin;amount;price", "2024-01-01;a;BTC;-1,5;2", *lines])
    path.write_text(body, encoding="utf-8", errors="replace")
    try:
        seen = peek(path)
        guess = suggest(seen.columns, seen.rows)
        roles = {role: seen.columns[place % len(seen.columns)] for role, place in places.items()}
        told = replace(
            guess,
            roles={**guess.roles, **{role: name for role, name in roles.items() if name}},
            fixed=fixed,
            words={**guess.words, "a": kind},
            signed=flag,
        )
        read(path, told)
    except KnownError as error:
        assert error.sentence  # noqa: PT017  (either outcome is right)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"roles": {**SINGLE_ROLES, "note": "words"}},
            'no column "words", which should be the note',
        ),
        ({"roles": {"kind": "type"}}, "No column is chosen for the date."),
        ({"roles": {"date": "date"}}, "No column is chosen for the amount."),
        ({"roles": {"date": "date", "amount": "change"}}, "No column is chosen for the asset."),
        (
            {"roles": {"date": "date", "amount": "change", "asset": "coin"}},
            "No column is chosen for the kind.",
        ),
        ({"roles": {**SINGLE_ROLES, "price": "worth"}}, "No column is chosen for the currency."),
        (
            {"roles": {**SINGLE_ROLES, "fee_amount": "worth"}},
            "No column is chosen for the fee asset.",
        ),
        (
            {"roles": {"date": "date", "amount_in": "change"}},
            "No column is chosen for the asset in.",
        ),
        ({"words": {"a": "nonsense"}}, '"nonsense" is no kind of transaction.'),
        ({"fixed": {"kind": "purchase"}}, '"purchase" is no kind of transaction.'),
    ],
)
def test_an_incomplete_mapping_is_told_by_its_column(
    change: dict[str, object], sentence: str
) -> None:
    good = mapping(SINGLE, SINGLE_ROLES)
    assert checked(good) is good
    with pytest.raises(KnownError, match=".*" + sentence.replace(".", r"\.")):
        checked(replace(good, **change))  # type: ignore[arg-type]


def test_a_mapping_is_for_its_columns_alone() -> None:
    told = mapping(SINGLE, SINGLE_ROLES)
    require_columns(told, (*SINGLE.split(";"), ""), "a.csv")
    with pytest.raises(KnownError, match=r'a\.csv has no column "worth"'):
        require_columns(told, SINGLE.split(";")[:-1], "a.csv")
    with pytest.raises(KnownError, match=r'a\.csv has also a column "new"'):
        require_columns(told, (*SINGLE.split(";"), "new"), "a.csv")


@pytest.mark.parametrize(
    "change",
    [
        {"form": 2},
        {"columns": "date"},
        {"columns": [1]},
        {"order": "year"},
        {"signed": "yes"},
        {"roles": []},
        {"roles": {"date": 1}},
        {"roles": {"colour": "date"}},
        {"words": {"a": "nonsense"}},
        {"fixed": {"kind": 5}},
    ],
)
def test_a_damaged_document_is_told(change: dict[str, object]) -> None:
    told = mapping(SINGLE, SINGLE_ROLES, words={"a": "deposit"}, signed=True, order="month")
    body = mapping_to_body(told)
    assert mapping_from_body(json.loads(json.dumps(body))) == told
    with pytest.raises(KnownError):
        mapping_from_body({**body, **change})
    with pytest.raises(KnownError):
        mapping_from_body([body])
