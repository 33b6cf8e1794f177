"""Cost basis over a million synthetic transactions: seconds, transactions a second, peak memory.

    .venv/bin/python -m benchmarks.lots
    .venv/bin/python -m benchmarks.lots --transactions 100000 --method hifo --universal
    .venv/bin/python -m benchmarks.lots --rp2-python PYTHON_WITH_RP2

50 assets in 5 accounts over eight years: purchases with fees, sales, trades and transfers. The
seconds are those of the computation alone; the memory is the whole process's peak.
rp2 is measured in the same way, on what it can do: one coin, all accounts together.
"""

import argparse
import random
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import get_args

from engine.core.records import Transaction, TransactionKind
from engine.ledger.lots import LotBook, cost_basis
from engine.ledger.methods import CostBasis, Method

START = datetime(2018, 1, 1, tzinfo=UTC)
SPAN = 8 * 365 * 86_400  # seconds
ASSETS = tuple(f"C{number:02d}" for number in range(50))
ACCOUNTS = ("Binance", "Coinbase", "Kraken", "Ledger", "Trezor")
ZERO = Decimal(0)


def synthetic(
    count: int, assets: Sequence[str] = ASSETS, accounts: Sequence[str] = ACCOUNTS
) -> list[Transaction]:
    """Transactions in order of time that never give away more than the account holds."""
    pick = random.Random(1)
    held = {(account, asset): 0 for account in accounts for asset in assets}
    made = []
    for number in range(count):
        when = START + timedelta(seconds=number * SPAN // count)
        account, asset = pick.choice(accounts), pick.choice(assets)
        have, roll = held[account, asset], pick.random()
        price = pick.randint(1_000, 9_000)
        if have == 0 or roll < 0.5:
            units = pick.randint(1, 10**10)
            held[account, asset] += units
            made.append(_made(when, "buy", account, asset, units, "USD", price, number))
            continue
        units = have if roll > 0.97 else pick.randint(1, max(1, have // 2))
        held[account, asset] -= units
        if roll < 0.9:
            made.append(_made(when, "sell", account, "USD", price, asset, units, number))
        elif roll < 0.94:
            other = pick.choice(assets)
            held[account, other] += units
            made.append(_made(when, "trade", account, other, units, asset, units, number))
        else:
            receiver = pick.choice(accounts)
            held[receiver, asset] += units
            made.append(
                _made(when, "transfer", account, asset, units, asset, units, number, receiver)
            )
    return made


def no_price(asset: str, day: date) -> Decimal | None:
    """Every purchase, sale and trade states its value; nothing is looked up."""
    return None


def _made(
    when: datetime,
    kind: TransactionKind,
    account: str,
    asset_in: str,
    units_in: int,
    asset_out: str,
    units_out: int,
    number: int,
    to_account: str | None = None,
) -> Transaction:
    def amount(asset: str, units: int) -> Decimal:
        return Decimal(units) if asset == "USD" else Decimal(units).scaleb(-8)

    valued = kind == "trade"
    return Transaction(
        time=when,
        kind=kind,
        account=account,
        asset_in=asset_in,
        amount_in=amount(asset_in, units_in),
        asset_out=asset_out,
        amount_out=amount(asset_out, units_out),
        fee_asset="USD" if kind in ("buy", "sell") else None,
        fee_amount=Decimal(number % 7) if kind in ("buy", "sell") else ZERO,
        value=Decimal(units_in % 9_000 + 1) if valued else None,
        value_currency="USD" if valued else None,
        note="",
        row_hash="",
        to_account=to_account,
    )


def measured(transactions: list[Transaction], basis: CostBasis) -> tuple[LotBook, float]:
    """The outcome and the seconds it took."""
    started = time.perf_counter()
    book = cost_basis(transactions, no_price, "USD", basis)
    return book, time.perf_counter() - started


def peak() -> float:
    """The most memory this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def beside_rp2(python: str, count: int) -> None:
    """The same purchases and sales of one coin with rp2 and here: seconds, ratio, equal gains."""
    rows = [t for t in synthetic(count, ASSETS[:1], ACCOUNTS[:1]) if t.kind in ("buy", "sell")]
    text = ""
    for t in rows:
        amount, money = t.amount_in, t.amount_out
        if t.kind == "sell":
            amount, money = money, amount
        text += f"{t.time.isoformat()} {t.kind} {amount} {money} {t.fee_amount}\n"
    script = Path(__file__).with_name("rp2_speed.py")
    with tempfile.TemporaryDirectory() as folder:  # it leaves a log where it is started
        run = subprocess.run(
            [python, str(script)],
            input=text,
            capture_output=True,
            text=True,
            check=True,
            cwd=folder,
        )
    theirs, gain = run.stdout.split()
    book, _ = measured(rows, CostBasis())
    ours = statistics.median(measured(rows, CostBasis())[1] for _ in range(3))
    difference = abs(sum((one.gain for one in book.disposals), ZERO) - Decimal(gain))
    print(f"FIFO of {len(rows):,} purchases and sales of one coin")
    print(f"  rp2                 {float(theirs) / len(rows) * 1e6:.1f} µs a transaction")
    print(f"  here                {ours / len(rows) * 1e6:.1f} µs a transaction")
    print(f"  ratio               {float(theirs) / ours:.0f}")
    print(f"  sums of gains differ by {difference:.1e}")


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--transactions", type=int, default=1_000_000)
    parser.add_argument("--method", choices=get_args(Method), default="fifo")
    parser.add_argument("--universal", action="store_true", help="all accounts are one stock")
    parser.add_argument("--rp2-python", help="an interpreter that has rp2, to measure it too")
    parser.add_argument("--rp2-transactions", type=int, default=100_000)
    options = parser.parse_args()
    if options.rp2_python:
        beside_rp2(options.rp2_python, options.rp2_transactions)
    transactions = synthetic(options.transactions)
    before = peak()
    basis = CostBasis(options.method, universal=options.universal)
    book, seconds = measured(transactions, basis)
    scope = "all wallets together" if options.universal else "per wallet"
    each = seconds / len(transactions)
    print(f"transactions          {len(transactions):,}")
    print(f"method                {options.method}, {scope}")
    print(f"disposals, open lots  {len(book.disposals):,}, {len(book.open):,}")
    print(f"seconds               {seconds:.2f} ({each * 1e6:.1f} µs a transaction)")
    print(f"peak memory           {peak():,.0f} MiB, of which {before:,.0f} the transactions")


if __name__ == "__main__":
    main()
