"""FIFO, LIFO, HIFO and LOFO against the full reports that rp2 publishes with its test inputs.

    .venv/bin/python -m benchmarks.rp2_goldens --data FOLDER

The folder holds rp2's spreadsheets: `input/*.ods` and `golden/*_full_report.ods`. Compared are
every row of each coin's gain/loss detail (amount, running sum, gain, term, times, fractions,
proceeds, cost) and of its yearly summary, the final balance of each account, and how much of each
lot is sold. rp2 keeps 31 digits and writes some figures as binary floats, so two figures are equal
when they differ by at most one part in 10^14.

rp2's conventions are told to our ledger so: a gift, donation or fee is a sale at the market price;
a transfer moves what arrives, and its fee is such a sale; coins of all accounts are one stock; lots
rank by price without fees. Where an input's totals contradict its price per coin (rp2 only warns),
the difference is carried as a fee, so that rank and cost are both rp2's.
"""

import argparse
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast, get_args
from xml.etree import ElementTree

from engine.core.records import Transaction, TransactionKind
from engine.ledger.legs import holdings
from engine.ledger.lots import LotBook, cost_basis
from engine.ledger.methods import CostBasis, Method
from engine.ledger.terms import term

Row = list[str]
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
VALUE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}value"
TOLERANCE = Decimal("1e-14")
REPORT = re.compile(r"(?P<input>\w+)_generic_(?P<method>[a-z]+)_rp2_full_report\.ods")
LINK = re.compile(r'of:=HYPERLINK\("[^"]*"; ?(?P<text>.*)\)|=HYPERLINK\("[^"]*"; ?(?P<plain>.*)\)')
MOST_CELLS = 40
NEVER_LONG = 10**9  # days; rp2's generic country knows no long term
ZERO = Decimal(0)
EARNINGS = {"interest", "airdrop", "hardfork", "income", "mining", "staking", "wages"}


def sheets(path: Path) -> dict[str, list[Row]]:
    """The cells of each sheet as text; of a link, the text it shows."""
    with zipfile.ZipFile(path) as packed:
        root = ElementTree.fromstring(packed.read("content.xml"))
    return {
        table.get(f"{TABLE}name", ""): [_cells(row) for row in table.iter(f"{TABLE}table-row")]
        for table in root.iter(f"{TABLE}table")
    }


def _cells(row: ElementTree.Element) -> Row:
    cells: Row = []
    for cell in row:
        link = LINK.fullmatch(cell.get(f"{TABLE}formula", ""))
        text = (link["text"] or link["plain"] or "") if link else cell.get(VALUE)
        shown = "".join(cell.itertext()) if text is None else text.strip('"')
        cells += [shown] * min(int(cell.get(f"{TABLE}number-columns-repeated", "1")), MOST_CELLS)
    return cells


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of an input: its kind ("BUY" …), time as stated, amount and what it is worth."""

    kind: str
    time: datetime
    amount: Decimal


@dataclass(slots=True)
class Ledger:
    """One coin's input. Times are made unique by the row number in microseconds."""

    asset: str
    transactions: list[Transaction]
    entries: dict[datetime, Entry]


def read_ledger(asset: str, rows: list[Row]) -> Ledger:
    """The transactions of one input sheet."""
    ledger = Ledger(asset, [], {})
    table, header = "", False
    for number, cells in enumerate(rows):
        first = cells[0] if cells else ""
        if first in ("IN", "OUT", "INTRA"):
            table, header = first, True
        elif first == "TABLE END":
            table = ""
        elif header:
            header = False
        elif table:
            {"IN": _came, "OUT": _went, "INTRA": _moved}[table](ledger, cells, number)
    return ledger


def _came(ledger: Ledger, cells: Row, number: int) -> None:
    kind, amount, spot = cells[5].upper(), _number(cells, 7), _number(cells, 8)
    fee = _number(cells, 11)
    without = _number(cells, 9) or amount * spot
    total = _number(cells, 10) or without + fee
    account = f"{cells[1]} {cells[2]}"
    if kind.lower() in EARNINGS:
        _book(ledger, kind, "income", account, cells[0], number, amount, total)
    else:
        price = amount * spot
        _book(ledger, kind, "buy", account, cells[0], number, amount, price, fee=total - price)


def _went(ledger: Ledger, cells: Row, number: int) -> None:
    kind, amount, spot, fee = cells[5].upper(), *(_number(cells, place) for place in (7, 8, 9))
    taxed = fee if kind == "FEE" else amount
    account = f"{cells[1]} {cells[2]}"
    _book(ledger, kind, "sell", account, cells[0], number, amount + fee, taxed * spot)


def _moved(ledger: Ledger, cells: Row, number: int) -> None:
    sender, receiver = " ".join(cells[1:3]), " ".join(cells[3:5])
    sent, spot, arrived = _number(cells, 7), _number(cells, 8), _number(cells, 10)
    if arrived:
        _book(ledger, "", "transfer", sender, cells[0], number, arrived, ZERO, to=receiver)
    if sent > arrived:
        fee = sent - arrived
        _book(ledger, "MOVE", "sell", sender, cells[0], number, fee, fee * spot)


def _book(
    ledger: Ledger,
    kind: str,
    as_kind: TransactionKind,
    account: str,
    stamp: str,
    number: int,
    amount: Decimal,
    worth: Decimal,
    *,
    fee: Decimal = ZERO,
    to: str | None = None,
) -> None:
    stated = datetime.fromisoformat(stamp).astimezone(UTC)
    time = stated + timedelta(microseconds=number)
    comes, goes = as_kind in ("buy", "income", "transfer"), as_kind in ("sell", "transfer")
    ledger.transactions.append(
        Transaction(
            time=time,
            kind=as_kind,
            account=account,
            asset_in=ledger.asset if comes else "USD",
            amount_in=amount if comes else worth,
            asset_out=ledger.asset if goes else "USD" if as_kind == "buy" else None,
            amount_out=amount if goes else worth if as_kind == "buy" else ZERO,
            fee_asset="USD" if fee else None,
            fee_amount=fee,
            value=worth if as_kind == "income" else None,
            value_currency="USD" if as_kind == "income" else None,
            note="",
            row_hash="",
            to_account=to,
        )
    )
    if kind:
        ledger.entries[time] = Entry(kind, stated, amount)


def _number(cells: Row, place: int) -> Decimal:
    text = cells[place] if place < len(cells) else ""
    return Decimal(text) if text else ZERO


Detail = dict[str, str | Decimal]
"""The figures of one row by name."""


def our_detail(ledger: Ledger, book: LotBook) -> list[Detail]:
    """Disposals and earnings as the rows of rp2's gain/loss detail."""
    rows: list[tuple[datetime, Detail]] = []
    for earned in book.income:
        entry = ledger.entries[earned.time]
        rows.append((earned.time, _detail(entry, earned.amount, earned.value, ZERO)))
    for one in book.disposals:
        assert one.acquired is not None
        lot = ledger.entries[one.acquired]
        row = _detail(ledger.entries[one.time], one.amount, one.proceeds, one.cost)
        assert term(one, NEVER_LONG) == "short"
        row |= {"gain": one.gain, "lot": _stamp(lot.time), "lot share": one.amount / lot.amount}
        rows.append((one.time, row))
    running = ZERO
    for _, row in sorted(rows, key=lambda item: item[0]):
        running += cast(Decimal, row["amount"])
        row["running sum"] = running
    return [row for _, row in sorted(rows, key=lambda item: item[0])]


def _detail(entry: Entry, amount: Decimal, proceeds: Decimal, cost: Decimal) -> Detail:
    return {
        "amount": amount,
        "gain": proceeds - cost,
        "term": "SHORT",
        "event": _stamp(entry.time),
        "kind": entry.kind,
        "event share": amount / entry.amount,
        "proceeds": proceeds,
        "lot": "",
        "lot share": ZERO,
        "cost": cost,
    }


def golden_detail(rows: list[Row]) -> list[Detail]:
    """The rows of a golden's gain/loss detail."""
    found: list[Detail] = []
    for cells in _section(rows, "Gain / Loss Detail"):
        padded = cells + [""] * MOST_CELLS
        found.append(
            {
                "amount": Decimal(padded[0]),
                "running sum": Decimal(padded[2]),
                "gain": Decimal(padded[3]),
                "term": padded[4],
                "event": padded[5],
                "kind": padded[6].split(" / ")[-1],
                "event share": Decimal(padded[7]),
                "proceeds": Decimal(padded[8]),
                "lot": padded[12],
                "lot share": Decimal(padded[13] or 0),
                "cost": Decimal(padded[16] or 0),
            }
        )
    return found


def _section(rows: list[Row], title: str) -> Iterator[Row]:
    """The rows under a title and its two lines of headings, to the next empty row."""
    start = next(index for index, cells in enumerate(rows) if cells[:1] == [title])
    for cells in rows[start + 3 :]:
        if not any(cells):
            return
        yield cells


Sums = dict[tuple[str, ...], list[Decimal]]


def our_years(detail: list[Detail]) -> Sums:
    """Gain, amount, proceeds and cost by year, term and kind."""
    sums: Sums = defaultdict(lambda: [ZERO] * 4)
    for row in detail:
        key = (str(row["event"])[:4], str(row["term"]), str(row["kind"]))
        figures = [cast(Decimal, row[name]) for name in ("gain", "amount", "proceeds", "cost")]
        sums[key] = [a + b for a, b in zip(sums[key], figures, strict=True)]
    return sums


def golden_years(rows: list[Row]) -> Sums:
    """The same of a golden."""
    return {
        (c[0], c[3], c[4]): [Decimal(c[place]) for place in (2, 5, 6, 7)]
        for c in _section(rows, "Gain / Loss Summary")
    }


def compare(ledger: Ledger, golden: dict[str, list[Row]], method: Method) -> Counter[str]:
    """How many figures are equal, and which are not."""
    basis = CostBasis(method, universal=True, rank_with_fees=False)
    book = cost_basis(ledger.transactions, no_price, "USD", basis)
    tax, flow = golden[f"{ledger.asset} Tax"], golden[f"{ledger.asset} In-Out"]
    tally: Counter[str] = Counter()

    def judge(name: str, ours: object, theirs: object) -> None:
        tally["equal" if _same(ours, theirs) else f"different: {name}"] += 1

    detail, expected = our_detail(ledger, book), golden_detail(tax)
    judge("number of rows", Decimal(len(detail)), Decimal(len(expected)))
    for mine, row in zip(detail, expected, strict=False):
        for name, figure in row.items():
            judge(name, mine[name], figure)
    years, golden_sums = our_years(detail), golden_years(tax)
    judge("kinds of gain by year", sorted(years), sorted(golden_sums))
    for key, sums in golden_sums.items():
        for ours, theirs in zip(years.get(key, [ZERO] * 4), sums, strict=True):
            judge("sum of a year", ours, theirs)
    for cells in _section(tax, "Account Balances"):
        if cells[0] != "Total":
            held = holdings(ledger.transactions, account=f"{cells[0]} {cells[1]}")
            judge("balance", held.get(ledger.asset, ZERO), Decimal(cells[6]))
    gone: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in detail:
        gone[str(row["lot"])] += cast(Decimal, row["lot share"])
    for stamp, shares in _sold(flow).items():
        judge("share of a lot sold", gone[stamp], shares)
    return tally


def _sold(flow: list[Row]) -> dict[str, Decimal]:
    shares: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for cells in _section(flow, "In-Flow Detail"):
        shares[cells[1]] += Decimal(cells[0] or 0)
    return shares


def no_price(asset: str, day: date) -> Decimal | None:
    """Everything states its value."""
    return None


def _same(ours: object, theirs: object) -> bool:
    if isinstance(ours, Decimal) and isinstance(theirs, Decimal):
        return abs(ours - theirs) <= TOLERANCE * max(Decimal(1), abs(theirs))
    return ours == theirs


def _stamp(time: datetime) -> str:
    return str(time)


def main() -> None:
    """Prints the counts of each report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, required=True, help="rp2's input and golden folders")
    folder = parser.parse_args().data
    total: Counter[str] = Counter()
    for path in sorted((folder / "golden").glob("*_full_report.ods")):
        name = REPORT.fullmatch(path.name)
        if name is None or name["method"] not in get_args(Method):
            print(f"{path.name}: not one of these reports, left out")
            continue
        golden = sheets(path)
        tally: Counter[str] = Counter()
        for asset, rows in sheets(folder / "input" / f"{name['input']}.ods").items():
            if f"{asset} Tax" in golden:
                method = cast(Method, name["method"])
                tally += compare(read_ledger(asset, rows), golden, method)
        different = {key: count for key, count in tally.items() if key != "equal"}
        print(
            f"{name['input']:16} {name['method']}  {tally['equal']:5} equal, "
            f"{sum(different.values())} different {different or ''}"
        )
        total += tally
    print(f"all: {total['equal']:,} figures equal, {total.total() - total['equal']:,} different")


if __name__ == "__main__":
    main()
