"""Random users for training dialogues: portfolios, prices and alerts the real tools can run on."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal
from functools import cache

import numpy as np

from engine.alerts.listing import Alert
from engine.alerts.rule import Rule
from engine.alerts.simple import SimpleCondition, simple_check
from engine.assistant.knowledge import Knowledge
from engine.assistant.tools.context import ToolContext
from engine.core.records import PricePoint, Transaction
from engine.market.series import PriceBook
from training.assistant.surfaces import World, known_assets

_ACCOUNTS = (
    "Coinbase",
    "Kraken",
    "Ledger",
    "Binance",
    "Metamask",
    "Bitstamp",
    "Trezor",
    "Main",
    "Cold",
    "Savings",
    "Gemini",
    "Nexo",
)
_COMMON = (
    "BTC",
    "ETH",
    "SOL",
    "ADA",
    "LINK",
    "AVAX",
    "USDC",
    "DOT",
    "XRP",
    "DOGE",
    "MATIC",
    "LTC",
    "UNI",
    "ATOM",
    "BNB",
    "USDT",
    "AAVE",
    "SHIB",
    "DAI",
    "POL",
)
_STABLE = frozenset({"USDC", "USDT", "DAI", "TUSD", "BUSD", "FRAX", "GUSD", "PYUSD"})
_LEVELS = {
    "BTC": 45000,
    "ETH": 2500,
    "SOL": 90,
    "BNB": 400,
    "AAVE": 120,
    "LTC": 90,
    "AVAX": 30,
    "LINK": 14,
    "DOT": 7,
    "UNI": 8,
    "ATOM": 9,
    "ADA": 0.5,
    "XRP": 0.6,
    "DOGE": 0.1,
    "SHIB": 0.00002,
    "MATIC": 0.8,
    "POL": 0.5,
}
_ALERTS: tuple[tuple[SimpleCondition, Decimal], ...] = (
    ("above", Decimal(5000)),
    ("below", Decimal(900)),
    ("down_percent", Decimal(10)),
)


@dataclass(frozen=True)
class RandomUser:
    """A world for filling wordings and the context for running tools, of the same user."""

    world: World
    context: ToolContext


class RandomPrices:
    """Geometric random walks, one per asset, the same each time it is asked."""

    def __init__(self, seed: int, today: date, currency: str) -> None:
        self._seed, self._today, self._currency = seed, today, currency

    def series(self, asset: str, currency: str) -> Sequence[PricePoint]:
        """Three years of daily closes in the reporting currency."""
        if currency != self._currency or asset not in known_assets():
            return []
        generator = np.random.default_rng([self._seed, *asset.encode()])
        count = 1100
        if asset in _STABLE:
            values = 1 + generator.normal(0, 0.001, count)
        else:
            steps = generator.normal(0.0005, generator.uniform(0.02, 0.06), count)
            level = _LEVELS.get(asset, 10 ** generator.uniform(-2, 2))
            values = level * np.exp(np.cumsum(steps) - steps.sum() / 2)
        first = self._today - timedelta(count - 1)
        return [
            PricePoint(
                asset, currency, first + timedelta(i), _price(v), None, None, None, None, "random"
            )
            for i, v in enumerate(values)
        ]


def _price(value: float) -> Decimal:
    return Decimal(f"{value:.2f}" if value >= 100 else f"{value:.6g}")


def _alert(
    asset: str, condition: SimpleCondition, value: Decimal, currency: str, fired: date | None
) -> Alert:
    made = datetime(2024, 1, 1, tzinfo=UTC)
    rule = Rule(0, made, simple_check(asset, condition, value, currency))
    rang = None if fired is None else datetime.combine(fired, time(0), UTC)
    return Alert(0, rule, "", made, "watching", rang)


@cache
def _knowledge() -> Knowledge:
    return Knowledge()


def random_user(rng: random.Random) -> RandomUser:
    """A user with two to eight coins on one to three accounts, asking on some day."""
    today = date(2024, 2, 1) + timedelta(rng.randint(0, 1300))
    currency = rng.choice(("USD", "USD", "USD", "EUR", "GBP", "CHF"))
    assets = set(rng.sample(_COMMON, rng.randint(2, 7)))
    assets |= set(rng.sample(list(known_assets()), rng.choice((0, 0, 1))))
    accounts = tuple(rng.sample(_ACCOUNTS, rng.randint(1, 3)))
    world = World(today, tuple(sorted(assets)), accounts, currency)
    prices = PriceBook(RandomPrices(rng.randrange(1 << 30), today, currency))
    rows = [row for asset in world.assets for row in _trades(rng, world, prices, asset)]
    rows.sort(key=lambda row: row.time)
    alerts = tuple(
        _alert(
            rng.choice(world.assets),
            *rng.choice(_ALERTS),
            currency,
            today if rng.random() >= 0.8 else None,
        )
        for _ in range(rng.choice((0, 1, 2, 3, 5)))
    )
    context = ToolContext(tuple(rows), prices, alerts, _knowledge(), currency, today)
    return RandomUser(world, context)


def _trades(rng: random.Random, world: World, prices: PriceBook, asset: str) -> list[Transaction]:
    """Buys, now and then a reward, and sales from an account that holds the coin."""
    rows = []
    held = dict.fromkeys(world.accounts, Decimal(0))
    days = sorted(rng.sample(range(5, 900), rng.randint(1, 5)), reverse=True)
    for back in days:
        day = world.today - timedelta(back)
        price = prices.price(asset, world.currency, day)
        if price is None:
            continue
        money = Decimal(rng.choice((100, 250, 500, 1200, 3000, 8000)))
        holders = [account for account, amount in held.items() if amount]
        kind = rng.choices(("buy", "sell", "income"), (60, 32, 8))[0] if holders else "buy"
        if kind == "sell":
            account = rng.choice(holders)
            share = Decimal(rng.choice(("0.25", "0.5", "1")))
            amount = (held[account] * share).quantize(Decimal("0.0001"), ROUND_DOWN)
            money = (amount * price).quantize(Decimal("0.01"))
        else:
            account = rng.choice(holders if kind == "income" else world.accounts)
            money = money / 10 if kind == "income" else money
            amount = (money / price).quantize(Decimal("0.0001"))
        if not amount:
            continue
        held[account] += -amount if kind == "sell" else amount
        rows.append(_row(day, kind, account, asset, amount, world, money))
    return rows


def _row(
    day: date, kind: str, account: str, asset: str, amount: Decimal, world: World, money: Decimal
) -> Transaction:
    """money: what was paid, received, or for income what it was worth, in the user's currency."""
    coin, cash, nothing = (asset, amount), (world.currency, money), (None, Decimal(0))
    (asset_in, amount_in), (asset_out, amount_out) = {
        "buy": (coin, cash), "sell": (cash, coin), "income": (coin, nothing)
    }[kind]  # fmt: skip
    income = kind == "income"
    return Transaction(
        time=datetime.combine(day, time(12), UTC),
        kind="income" if income else "buy" if kind == "buy" else "sell",
        account=account,
        asset_in=asset_in,
        amount_in=amount_in,
        asset_out=asset_out,
        amount_out=amount_out,
        fee_asset=None if income else world.currency,
        fee_amount=Decimal(0) if income else (money / 200).quantize(Decimal("0.01")),
        value=money if income else None,
        value_currency=world.currency if income else None,
        note="",
        row_hash=f"{day}{asset}{kind}",
    )
