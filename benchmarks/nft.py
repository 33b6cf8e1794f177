"""Back-test of NFT ranges on real sales: each sale is estimated from the sales before it alone.

    .venv/bin/python -m benchmarks.nft --data DIR          a folder with a CSV of sales
    .venv/bin/python -m benchmarks.nft --data DIR --traits FILE.csv

Sales: columns timestamp, id, price (in eth). Traits: id first, then any columns whose words,
parted by "/", are the traits. Bar: the median absolute error is below those of the last sale of the
same item and of the floor, in both of its readings. The constants of the method are round
numbers, chosen with these sales in view; a sale that is estimated is never seen.
"""

import argparse
import csv
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np

from engine.analytics.nft import MIN_SALES, NftValue, Sale, prepare, value

FLOOR_DAYS = 7
SPLIT = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Estimate:
    """One sale and what was said before it; prices in ETH. Floors of the last FLOOR_DAYS days."""

    time: datetime
    price: float
    value: NftValue
    last_sale: float | None
    floor_lowest: float
    floor_tenth: float


def read_sales(folder: Path) -> tuple[list[Sale], int]:
    """The sales of every CSV in the folder, and how many rows had no price."""
    sales, unpriced = [], 0
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["price (in eth)"] == "-" or Decimal(row["price (in eth)"]) <= 0:
                    unpriced += 1
                    continue
                moment = datetime.strptime(row["timestamp"], "%Y-%m-%d %H:%M:%S UTC")
                price = Decimal(row["price (in eth)"])
                sales.append(Sale(row["id"], moment.replace(tzinfo=UTC), price))
    return sorted(sales, key=lambda sale: (sale.time, sale.item)), unpriced


def read_traits(path: Path) -> dict[str, frozenset[str]]:
    """Item to traits; a number of traits is not a trait."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return {
        row[0].strip(): frozenset(
            word.strip() for cell in row[1:] for word in cell.split("/")
            if word.strip() and not word.strip().isdigit()
        )
        for row in rows if row
    }  # fmt: skip


def back_test(sales: list[Sale], traits: Mapping[str, frozenset[str]]) -> list[Estimate]:
    """Every sale that has at least MIN_SALES sales strictly before it."""
    history = prepare(sales, traits)
    prices = np.array([float(sale.price) for sale in sales])
    last: dict[str, float] = {}
    estimates = []
    for i, sale in enumerate(sales):
        before = int(np.searchsorted(history.times, history.times[i]))
        if before >= MIN_SALES:
            start = int(np.searchsorted(history.times, history.times[i] - FLOOR_DAYS))
            recent = prices[min(start, before - MIN_SALES) : before]
            estimates.append(
                Estimate(
                    sale.time, prices[i], value(history, sale.item, sale.time),
                    last.get(sale.item), float(recent.min()), float(np.quantile(recent, 0.1)),
                )
            )  # fmt: skip
        last[sale.item] = prices[i]
    return estimates


def report(title: str, estimates: list[Estimate]) -> bool:
    """Print one table; True if the range's middle beats every baseline."""
    print(f"\n{title}: {len(estimates)} sales")
    print(f"  {'median absolute error':<34}{'ETH':>9}{'relative':>10}")
    price = np.array([e.price for e in estimates])
    rows: list[tuple[str, Callable[[Estimate], float]]] = [
        ("Assay, middle of the range", lambda e: float(e.value.mid)),
        (f"floor, lowest sale of {FLOOR_DAYS} days", lambda e: e.floor_lowest),
        (f"floor, 10 % quantile of {FLOOR_DAYS} days", lambda e: e.floor_tenth),
    ]
    if all(e.last_sale is not None for e in estimates):
        rows.insert(1, ("last sale of the item", lambda e: e.last_sale or 0.0))
    errors = []
    for name, guess in rows:
        off = np.abs(np.array([guess(e) for e in estimates]) - price)
        errors.append(float(np.median(off)))
        print(f"  {name:<34}{errors[-1]:>9.4f}{np.median(off / price):>10.1%}")
    inside = np.mean([float(e.value.low) <= e.price <= float(e.value.high) for e in estimates])
    width = np.median([float(e.value.high / e.value.low) for e in estimates])
    print(f"  inside the range (stated 80 %): {inside:.1%}; median high / low: {width:.1f}")
    return errors[0] < min(errors[1:])


def main() -> int:
    """Print the tables; exit status 1 if a baseline is not beaten."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--traits", type=Path)
    args = parser.parse_args()
    sales, unpriced = read_sales(args.data)
    traits = read_traits(args.traits) if args.traits else {}
    started = time.perf_counter()
    estimates = back_test(sales, traits)
    seconds = time.perf_counter() - started
    print(f"{len(sales)} sales with a price, {unpriced} without; traits of {len(traits)} items")
    print(f"{len(estimates)} ranges in {seconds:.1f} s")
    resold = [e for e in estimates if e.last_sale is not None]
    passed = [report("Resold items, all years", resold)]
    passed += [
        report("Resold items, before 2020", [e for e in resold if e.time < SPLIT]),
        report("Resold items, 2020", [e for e in resold if e.time >= SPLIT]),
        report("All items, 2020", [e for e in estimates if e.time >= SPLIT]),
    ]
    print("\nbar (every baseline beaten in every table):", "met" if all(passed) else "MISSED")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
