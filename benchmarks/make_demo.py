"""Makes the demo portfolio in resources/demo: `python benchmarks/make_demo.py`.

Everything is simulated. Prices are random walks with a common market factor and fat tails (Student
t), bent so that they end at a chosen level; only the seed decides them. None of it is market data.
"""

import csv
import io
import math
import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

SEED = 271
FIRST, LAST = date(2023, 1, 1), date(2026, 11, 20)
FOLDER = Path(__file__).resolve().parents[1] / "resources" / "demo"
TAIL_DEGREES = 4
NOTICE = "# Simulated for the Assay demo. These are not market prices and nobody's transactions."
SIDES = ("asset_in", "amount_in", "asset_out", "amount_out", "fee_asset", "fee_amount")
COLUMNS = ("date", "kind", "account", *SIDES, "to_account", "value", "value_currency", "note")


@dataclass(frozen=True)
class Coin:
    """Level at the start and end, daily volatility, share of it that is the common market's."""

    start: float
    end: float
    volatility: float
    market: float
    decimals: int


COINS = {
    "BTC": Coin(16_540, 97_300, 0.0225, 0.90, 2),
    "ETH": Coin(1_197, 3_420, 0.029, 0.85, 2),
    "SOL": Coin(9.97, 171, 0.041, 0.70, 3),
    "ADA": Coin(0.246, 0.58, 0.036, 0.72, 4),
    "LINK": Coin(5.57, 16.4, 0.036, 0.70, 3),
    "AVAX": Coin(10.9, 21.8, 0.038, 0.71, 3),
}


def fat_tailed(rng: random.Random) -> float:
    """A Student t draw scaled to variance 1."""
    chi = sum(rng.gauss(0, 1) ** 2 for _ in range(TAIL_DEGREES))
    return rng.gauss(0, 1) / math.sqrt(chi / TAIL_DEGREES) * math.sqrt(1 - 2 / TAIL_DEGREES)


def walks(days: int) -> dict[str, list[Decimal]]:
    """Closes of every coin; a coin's daily move is bounded to keep the walks plausible."""
    rng = random.Random(SEED)
    market = [max(-6.0, min(6.0, fat_tailed(rng))) for _ in range(days)]
    closes = {}
    for name, coin in COINS.items():
        own = math.sqrt(1 - coin.market**2)
        logs = [0.0]
        for shock in market[1:]:
            mixed = coin.market * shock + own * max(-6.0, min(6.0, fat_tailed(rng)))
            logs.append(logs[-1] + coin.volatility * mixed)
        bend = (math.log(coin.end / coin.start) - logs[-1]) / (days - 1)
        closes[name] = [
            rounded(coin.start * math.exp(log + bend * day), coin.decimals)
            for day, log in enumerate(logs)
        ]
    peg = [0.0]
    for _ in range(days - 1):
        peg.append(0.8 * peg[-1] + rng.gauss(0, 0.0002))
    closes["USDC"] = [rounded(1 + gap, 4) for gap in peg]
    return closes


def rounded(x: float, decimals: int) -> Decimal:
    """A float as a decimal of so many places."""
    return Decimal(repr(x)).quantize(Decimal(1).scaleb(-decimals))


class Book:
    """The transactions of an imagined saver."""

    def __init__(self, closes: dict[str, list[Decimal]]) -> None:
        self.closes = closes
        self.rows: list[dict[str, str]] = []

    def price(self, coin: str, day: date) -> Decimal:
        """The close of a day."""
        return self.closes[coin][(day - FIRST).days]

    def add(self, day: date, kind: str, account: str, **fields: object) -> None:
        """One row; the hour follows from the day, so that rows do not all share one."""
        moment = datetime(day.year, day.month, day.day, 8 + day.day % 12, (7 * day.day) % 60)
        row = {"date": f"{moment:%Y-%m-%d %H:%M:%S}", "kind": kind, "account": account}
        self.rows.append(row | {name: str(value) for name, value in fields.items()})

    def buy(self, day: date, account: str, coin: str, dollars: int, fee_percent: str) -> None:
        """Spend dollars on a coin at the close."""
        self.add(
            day,
            "buy",
            account,
            asset_in=coin,
            amount_in=(dollars / self.price(coin, day)).quantize(Decimal("1e-6")),
            asset_out="USD",
            amount_out=dollars,
            fee_asset="USD",
            fee_amount=(dollars * Decimal(fee_percent) / 100).quantize(Decimal("0.01")),
        )

    def sell(self, day: date, account: str, coin: str, amount: str, note: str) -> None:
        """Sell a coin at the close for 0.4 %."""
        dollars = (Decimal(amount) * self.price(coin, day)).quantize(Decimal("0.01"))
        self.add(
            day,
            "sell",
            account,
            asset_in="USD",
            amount_in=dollars,
            asset_out=coin,
            amount_out=amount,
            fee_asset="USD",
            fee_amount=(dollars * Decimal("0.004")).quantize(Decimal("0.01")),
            note=note,
        )

    def trade(self, day: date, account: str, sent: tuple[str, str], received: str) -> None:
        """Swap one coin for another at the closes, 0.26 % in the coin received."""
        coin, amount = sent
        worth = Decimal(amount) * self.price(coin, day)
        bought = (worth / self.price(received, day)).quantize(Decimal("1e-6"))
        self.add(
            day,
            "trade",
            account,
            asset_in=received,
            amount_in=bought,
            asset_out=coin,
            amount_out=amount,
            fee_asset=received,
            fee_amount=(bought * Decimal("0.0026")).quantize(Decimal("1e-6")),
        )

    def reward(self, day: date, account: str, coin: str, amount: str) -> None:
        """Staking income."""
        self.add(
            day, "income", account, asset_in=coin, amount_in=amount, note=f"{coin} staking reward"
        )

    def move(self, day: date, account: str, sent: tuple[str, str], fee: str) -> None:
        """To the hardware wallet."""
        coin, amount = sent
        self.add(
            day,
            "transfer",
            account,
            asset_out=coin,
            amount_out=amount,
            fee_asset=coin,
            fee_amount=fee,
            to_account="Ledger",
        )


def months(first: date, last: date, step: int = 1) -> list[date]:
    """The same day of every step-th month."""
    count = (last.year - first.year) * 12 + last.month - first.month
    return [
        first.replace(
            year=first.year + (first.month - 1 + n) // 12, month=(first.month - 1 + n) % 12 + 1
        )
        for n in range(0, count + 1, step)
    ]


def transactions(closes: dict[str, list[Decimal]]) -> list[dict[str, str]]:
    """About 120 rows over three accounts."""
    book = Book(closes)
    for day in months(date(2023, 1, 5), date(2026, 10, 5)):
        book.buy(day, "Coinbase", "BTC", 250, "1.49")
    for day in months(date(2023, 1, 18), date(2026, 10, 18), 3):
        book.buy(day, "Kraken", "ETH", 450, "0.26")
    for day in months(date(2023, 2, 9), date(2025, 2, 9), 6):
        book.buy(day, "Kraken", "SOL", 300, "0.26")
    for day, coin, dollars in (
        (date(2023, 4, 3), "ADA", 700),
        (date(2024, 1, 23), "ADA", 500),
        (date(2023, 5, 15), "LINK", 600),
        (date(2024, 7, 8), "LINK", 400),
        (date(2023, 9, 27), "AVAX", 500),
        (date(2024, 3, 12), "AVAX", 800),
        (date(2025, 8, 19), "AVAX", 300),
        (date(2026, 6, 4), "AVAX", 1500),
    ):
        book.buy(day, "Kraken", coin, dollars, "0.26")
    book.buy(date(2024, 5, 14), "Coinbase", "USDC", 4000, "0")
    for day in months(date(2024, 8, 14), date(2026, 8, 14), 4):
        book.reward(day, "Coinbase", "USDC", f"{40 + day.month}.{day.year % 100}")
    for day in months(date(2024, 2, 25), date(2026, 9, 25), 2):
        book.reward(day, "Kraken", "ETH", f"0.00{31 + day.month}")
    for day in months(date(2024, 4, 11), date(2026, 7, 11), 3):
        book.reward(day, "Kraken", "SOL", f"0.{21 + day.month:02d}")
    for day in months(date(2023, 10, 6), date(2025, 4, 6), 3):
        book.reward(day, "Kraken", "ADA", f"{6 + day.month}.5")
    book.trade(date(2024, 11, 21), "Coinbase", ("USDC", "900"), "BTC")
    book.trade(date(2025, 3, 4), "Kraken", ("ADA", "900"), "LINK")
    book.trade(date(2026, 2, 17), "Kraken", ("SOL", "4"), "ETH")
    book.sell(date(2024, 3, 20), "Coinbase", "BTC", "0.02", "New laptop")
    book.sell(date(2025, 6, 26), "Kraken", "AVAX", "12", "Smaller position")
    book.sell(date(2025, 12, 11), "Kraken", "SOL", "6", "Took some profit")
    book.sell(date(2026, 5, 7), "Coinbase", "BTC", "0.012", "Holiday")
    for day, amount in (
        (date(2023, 12, 19), "0.08"),
        (date(2025, 1, 14), "0.02"),
        (date(2026, 1, 27), "0.03"),
    ):
        book.move(day, "Coinbase", ("BTC", amount), "0.00012")
    book.move(date(2024, 6, 13), "Kraken", ("ETH", "0.9"), "0.0021")
    book.move(date(2026, 3, 19), "Kraken", ("ETH", "0.5"), "0.0014")
    book.add(
        date(2025, 9, 9),
        "fee",
        "Ledger",
        asset_out="ETH",
        amount_out="0.0032",
        note="Network fee of a contract call",
    )
    return sorted(book.rows, key=lambda row: row["date"])


def main() -> None:
    """Write both files."""
    days = (LAST - FIRST).days + 1
    closes = walks(days)
    prices = io.StringIO()
    prices.write(f"{NOTICE}\ndate,symbol,close,currency\n")
    for number in range(days):
        for coin in closes:
            prices.write(f"{FIRST + timedelta(number)},{coin},{closes[coin][number]},USD\n")
    book = io.StringIO()
    book.write(f"{NOTICE}\n")
    writer = csv.DictWriter(book, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    rows = transactions(closes)
    writer.writerows(rows)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in (("prices.csv", prices), ("transactions.csv", book)):
        (FOLDER / name).write_text(text.getvalue(), encoding="utf-8", newline="\n")
        print(f"{name}: {len(text.getvalue()):,} characters")
    print(f"{len(rows)} transactions")


if __name__ == "__main__":
    main()
