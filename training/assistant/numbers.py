"""Surface forms of numbers: percentages, rates, amounts, prices, durations, compounding."""

import random
from decimal import Decimal

from training.assistant.surfaces import Surface, World

_SYMBOL = {"USD": "$", "EUR": "€", "GBP": "£"}
_SPELT = {
    5: "five",
    10: "ten",
    15: "fifteen",
    20: "twenty",
    25: "twenty five",
    30: "thirty",
    40: "forty",
    50: "fifty",
    60: "sixty",
    70: "seventy",
    80: "eighty",
    90: "ninety",
}
_COMPOUNDING = {
    "daily": ("daily", "every day", "compounded daily", "each day", "per day"),
    "weekly": ("weekly", "every week", "compounded weekly"),
    "monthly": ("monthly", "every month", "compounded monthly", "each month"),
    "quarterly": ("quarterly", "every quarter", "compounded quarterly"),
    "yearly": ("compounded yearly", "compounded annually", "once a year"),
    "hourly": ("hourly", "every hour"),
    "continuous": ("continuously", "compounded continuously"),
}


def percent(rng: random.Random, *, digits_only: bool = False, fractions: bool = False) -> Surface:
    """A percentage without a sign."""
    value = rng.choice((5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 12, 35, 33, 7, 3, 2.5, 17.5))
    number = Decimal(str(value))
    if fractions and not digits_only and rng.random() < 0.15:
        text, exact = rng.choice(
            (("half", "50"), ("a third", "33.33"), ("a quarter", "25"), ("two thirds", "66.67"))
        )
        return Surface(text, Decimal(exact))
    if not digits_only and value in _SPELT and rng.random() < 0.2:
        return Surface(f"{_SPELT[int(value)]} percent", number)
    sign = rng.choice(("%", "%", "%", " %", " percent", "pct", " per cent"))
    return Surface(f"{number}{sign}", number)


def rate(rng: random.Random) -> Surface:
    """An interest rate."""
    value = Decimal(
        rng.choice(
            (
                "3",
                "4",
                "4.5",
                "5",
                "6",
                "6.5",
                "7",
                "8",
                "8.25",
                "10",
                "12",
                "15",
                "18.5",
                "20",
                "25",
                "40",
                "60",
                "100",
                "3.75",
                "120",
            )
        )
    )
    return Surface(f"{value}{rng.choice(('%', '%', '%', ' %', ' percent', 'pct'))}", value)


def amount(rng: random.Random, world: World) -> Surface:
    """An amount of money."""
    value = rng.choice(
        (
            100,
            250,
            500,
            1000,
            1500,
            2000,
            2500,
            5000,
            7500,
            10000,
            12000,
            20000,
            25000,
            50000,
            100000,
            250000,
        )
    )
    symbol = _SYMBOL.get(world.currency, "$")
    forms = [
        f"{symbol}{value:,}",
        f"{symbol}{value}",
        f"{value:,} {world.currency.lower()}",
        f"{value} {rng.choice(('bucks', 'dollars', 'euros', 'pounds'))}",
        f"{value}",
    ]
    if value >= 1000 and value % 500 == 0:
        forms += [f"{Decimal(value) / 1000:f}k", f"{symbol}{Decimal(value) / 1000:f}k"]
    if value == 1000:
        forms.append("a grand")
    return Surface(rng.choice(forms), Decimal(value))


def price(rng: random.Random, world: World) -> Surface:
    """A price level."""
    value = rng.choice(
        (
            Decimal("0.35"),
            Decimal("0.5"),
            Decimal("1.2"),
            Decimal("12.5"),
            Decimal(15),
            Decimal(20),
            Decimal(85),
            Decimal(150),
            Decimal(180),
            Decimal(250),
            Decimal(1800),
            Decimal(2500),
            Decimal(3200),
            Decimal(4000),
            Decimal(45000),
            Decimal(60000),
            Decimal(65000),
            Decimal(75000),
            Decimal(100000),
            Decimal(120000),
        )
    )
    symbol = _SYMBOL.get(world.currency, "$")
    forms = [
        f"{symbol}{value:,f}",
        f"{value:f}",
        f"{value:,f} {rng.choice(('usd', 'dollars'))}",
        f"{symbol}{value:f}",
    ]
    if value >= 1000:
        forms += [f"{(value / 1000).normalize():f}k", f"{symbol}{(value / 1000).normalize():f}k"]
    return Surface(rng.choice(forms), value)


def years(rng: random.Random) -> Surface:
    """How long money stays invested."""
    if rng.random() < 0.7:
        count = rng.choice((1, 2, 3, 4, 5, 7, 10, 15, 20))
        return Surface(f"{count} year{'s' if count > 1 else ''}", Decimal(count))
    months = rng.choice((3, 6, 6, 9, 18, 30))
    exact = (Decimal(months) / 12).quantize(Decimal("0.0001")).normalize()
    return Surface(f"{months} months", Decimal(f"{exact:f}"))


def compounding(rng: random.Random) -> Surface:
    """How often interest is added."""
    value = rng.choices(list(_COMPOUNDING), (5, 2, 4, 2, 2, 1, 1))[0]
    return Surface(rng.choice(_COMPOUNDING[value]), value)
