"""What the columns of an unknown file mean, guessed from their names and first rows."""

from decimal import Decimal
from pathlib import Path

import pytest
from import_samples import said
from mapped_samples import read, write

from engine.core.errors import KnownError
from engine.ledger.importers.headings import unit_of
from engine.ledger.importers.mapping import Role
from engine.ledger.importers.peek import peek
from engine.ledger.importers.suggest import suggest


def test_a_peek_finds_the_header_below_some_prose(tmp_path: Path) -> None:
    text = "My exchange, 2024\n\nDate;Type;Coin;Coin;Amount\n" + "2024-01-01;a;BTC;x;1,5\n" * 30
    seen = peek(write(tmp_path, text))
    assert seen.columns == ("date", "type", "coin", "coin 2", "amount")
    assert (seen.delimiter, seen.header_line, len(seen.rows)) == (";", 3, 20)
    assert seen.rows[0] == ("2024-01-01", "a", "BTC", "x", "1,5")
    with pytest.raises(KnownError, match="holds no table"):
        peek(write(tmp_path, "words\nmore words\n"))


SUGGESTED: list[tuple[str, str, dict[Role, str], dict[str, object]]] = [
    (
        "Date,Type,Received Amount,Received Currency,Sent Amount,Sent Currency,Fee,Fee Coin,Memo",
        "2024-01-02,Trade,0.5,BTC,20000,USD,10,USD,words",
        {
            "date": "date",
            "kind": "type",
            "amount_in": "received amount",
            "asset_in": "received currency",
            "amount_out": "sent amount",
            "asset_out": "sent currency",
            "fee_amount": "fee",
            "fee_asset": "fee coin",
            "note": "memo",
        },
        {"words": {"trade": "trade"}, "decimal_comma": False, "signed": False},
    ),
    (
        "Time;Market;Side;Type;Price;Quantity;Fee;Fee Currency",
        "13/01/2024 10:00;BTC-EUR;BUY;LIMIT;40000;0.5;10;EUR",
        {
            "date": "time",
            "pair": "market",
            "kind": "side",
            "price": "price",
            "amount": "quantity",
            "fee_amount": "fee",
            "fee_asset": "fee currency",
        },
        {"words": {"buy": "buy"}, "order": "day"},
    ),
    (
        "Datum;Uhrzeit;Typ;Währung;Betrag;Gebühr;Bemerkung",
        "05.09.2024;10:00:00;Auszahlung;BTC;-1.234,5;0,001;x",
        {
            "date": "datum",
            "time": "uhrzeit",
            "kind": "typ",
            "asset": "währung",
            "amount": "betrag",
            "fee_amount": "gebühr",
        },
        {"words": {"auszahlung": "withdrawal"}, "decimal_comma": True, "signed": True},
    ),
    (
        "Fecha,Operación,Moneda,Cantidad,Precio,Comisión",
        "01/31/2024,Compra,BTC,0.5,40000,10",
        {
            "date": "fecha",
            "kind": "operación",
            "asset": "moneda",
            "amount": "cantidad",
            "price": "precio",
            "fee_amount": "comisión",
        },
        {"words": {"compra": "buy"}, "order": "month"},
    ),
    (
        "Heure UTC,Opération,Actif,Montant,Prix,Frais,Devise",
        "2024-01-31 10:00,Vente,BTC,0.5,40000,10,EUR",
        {
            "date": "heure utc",
            "kind": "opération",
            "asset": "actif",
            "amount": "montant",
            "price": "prix",
            "fee_amount": "frais",
            "currency": "devise",
        },
        {"words": {"vente": "sell"}},
    ),
]


@pytest.mark.parametrize(("header", "row", "roles", "rest"), SUGGESTED)
def test_a_first_guess_in_four_languages(
    tmp_path: Path, header: str, row: str, roles: dict[Role, str], rest: dict[str, object]
) -> None:
    seen = peek(write(tmp_path, f"{header}\n{row}\n"))
    guess = suggest(seen.columns, seen.rows)
    assert {role: name for role, name in guess.roles.items() if role in roles} == roles
    assert {name: getattr(guess, name) for name in rest} == rest


def test_a_guess_can_be_used_at_once(tmp_path: Path) -> None:
    header, row, _, _ = SUGGESTED[0]
    path = write(tmp_path, f"{header}\n{row}\n")
    seen = peek(path)
    found = read(path, suggest(seen.columns, seen.rows))
    assert [said(one) for one in found.rows] == [("buy", "0.5 BTC", "20000 USD", "10 USD")]


def test_an_income_without_a_currency_has_no_value(tmp_path: Path) -> None:
    header = "Date;Type;Coin;Amount;Total;Currency"
    path = write(tmp_path, f"{header}\n2024-03-05;interest;BTC;0.1;7.10;\n")
    seen = peek(path)
    guess = suggest(seen.columns, seen.rows)
    assert guess.roles["total"] == "total"
    found = read(path, guess)
    assert not found.refused
    assert [(said(one)[0], one.value) for one in found.rows] == [("income interest", None)]


GERMAN = """\
Datum;Buchungstext;Transaktionsart;Menge;Währung;Betrag EUR;Gebühr EUR
05.03.2024;Kauf Bitcoin;Kauf;0,05;BTC;2.850,75;4,50
17.03.2024;Verkauf Ether;Verkauf;1,2;ETH;4.080,00;6,12
02.04.2024;Einzahlung;Einzahlung;1.000,00;EUR;1.000,00;
15.04.2024;Zinsen April;Zinsen;0,00012;BTC;7,10;
"""
FRENCH = """\
Date;Libellé;Type d'opération;Quantité;Actif;Montant en EUR;Frais (€)
05/03/2024;Achat de bitcoin;Achat;0,05;BTC;2 850,75;4,50
17/03/2024;Vente;Vente;1,2;ETH;4 080,00;6,12
"""
SPANISH = """\
Fecha;Concepto;Operación;Cantidad;Criptomoneda;Importe (EUR);Comisión EUR
05/03/2024;Compra;Compra;0,05;BTC;2.850,75;4,50
17/03/2024;Venta;Venta;1,2;ETH;4.080,00;6,12
"""
TRADES = [
    ("2024-03-05", "buy", "0.05 BTC", "2850.75 EUR", "4.5 EUR"),
    ("2024-03-17", "sell", "4080 EUR", "1.2 ETH", "6.12 EUR"),
]


@pytest.mark.parametrize("text", [GERMAN, FRENCH, SPANISH])
def test_a_table_as_banks_write_it_is_guessed_whole(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    seen = peek(path)
    guess = suggest(seen.columns, seen.rows)
    assert guess.fixed == {"currency": "EUR", "fee_asset": "EUR"}
    assert (guess.decimal_comma, guess.order) == (True, "day")
    found = read(path, guess)
    assert not found.refused
    assert [(f"{one.time:%Y-%m-%d}", *said(one)) for one in found.rows[:2]] == TRADES
    if text is GERMAN:
        deposit, interest = found.rows[2:]
        assert said(deposit)[:2] == ("deposit", "1000 EUR")
        assert said(interest)[:2] == ("income interest", "0.00012 BTC")
        assert (interest.value, interest.value_currency) == (Decimal("7.10"), "EUR")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("betrag eur", ("betrag", "EUR")),
        ("amount (usd)", ("amount", "USD")),
        ("montant en eur", ("montant", "EUR")),
        ("price in €", ("price", "EUR")),
        ("usd", ("usd", "")),
        ("neurons", ("neurons", "")),
    ],
)
def test_a_currency_in_the_name_of_a_column(name: str, parts: tuple[str, str]) -> None:
    assert unit_of(name) == parts
