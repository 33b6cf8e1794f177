"""Surface forms of slot values: the many ways people write a coin, a period or a day."""

import calendar
import json
import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

from engine.core.resources import resource

Value = str | Decimal
_TERMS = Path(__file__).parents[1] / "data" / "terms.txt"


@dataclass(frozen=True)
class World:
    """What a random user owns and when they ask.

    assets and accounts are the portfolio's; currency is the reporting currency.
    """

    today: date
    assets: tuple[str, ...]
    accounts: tuple[str, ...]
    currency: str = "USD"


@dataclass(frozen=True)
class Surface:
    """What the user types and what it means."""

    text: str
    value: Value


_COUNTS = {1: "a", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


@cache
def known_assets() -> dict[str, list[str]]:
    """Symbol → names and nicknames."""
    table: dict[str, list[str]] = json.loads(resource("assets.json").read_text("utf-8"))
    return table


@cache
def term_forms() -> tuple[str, ...]:
    """Every term and alias a user may ask about."""
    lines = [line for line in _TERMS.read_text("utf-8").splitlines() if not line.startswith("#")]
    return tuple(form.strip() for line in lines for form in line.split("|") if form.strip())


def asset(rng: random.Random, world: World, exclude: str | None = None) -> Surface:
    """A coin, four times of five one the user owns."""
    pool = world.assets if rng.random() < 0.8 else tuple(known_assets())
    symbol = rng.choice([a for a in pool if a != exclude] or list(known_assets()))
    names = [n for n in known_assets().get(symbol, []) if " " not in n or rng.random() < 0.3]
    owned = symbol in world.assets
    roll = rng.random()
    if names and roll < 0.45:
        name = rng.choice(names)
        text = rng.choice([name, name, name.title(), name.capitalize()])
        if len(name) >= 8 and rng.random() < 0.1:
            text = slip(rng, text, keep_first=True)
    elif roll < 0.75 and (owned or symbol.lower() not in _AMBIGUOUS):
        text = symbol.lower()
    else:
        text = symbol if rng.random() < 0.93 else f"${symbol}"
    return Surface(text, symbol)


_AMBIGUOUS = frozenset(
    [
        "near",
        "op",
        "one",
        "gas",
        "flow",
        "for",
        "any",
        "all",
        "just",
        "leo",
        "comp",
        "bal",
        "link",
        "sand",
        "dash",
        "rose",
        "ape",
        "cake",
        "sushi",
        "fet",
        "kas",
        "apt",
        "sui",
        "sei",
        "ton",
        "pol",
        "tao",
        "jup",
        "zk",
        "ens",
        "bat",
        "mina",
        "gala",
    ]
)


def account(rng: random.Random, world: World) -> Surface:
    """One of the user's accounts."""
    name = rng.choice(world.accounts)
    return Surface(rng.choice([name, name, name.lower()]), name)


def period(rng: random.Random, world: World) -> tuple[Surface, Surface]:
    """A period as a noun phrase and as an adverbial, with the same meaning."""
    today = world.today
    kind = rng.choices(
        ("rolling", "fixed", "year", "month", "quarter", "since", "range"),
        (38, 24, 12, 12, 5, 6, 3),
    )[0]
    if kind == "rolling":
        return _rolling(rng)
    if kind == "fixed":
        noun, adverb, value = rng.choice(_fixed(today))
        return Surface(noun, value), Surface(adverb, value)
    year = rng.choice([today.year - 1, today.year - 1, today.year - 2, today.year])
    if kind == "year":
        return Surface(str(year), str(year)), Surface(
            rng.choice([f"in {year}", f"during {year}", f"{year}"]), str(year)
        )
    if kind == "quarter":
        quarter = rng.randint(1, 4)
        value = f"{year}-Q{quarter}"
        noun = rng.choice([f"q{quarter} {year}", f"Q{quarter} {year}"])
        return Surface(noun, value), Surface(rng.choice([noun, f"in {noun}"]), value)
    month = rng.randint(1, 12)
    name = rng.choice([calendar.month_name[month].lower(), calendar.month_name[month]])
    if kind == "month":
        latest = today.year if month <= today.month else today.year - 1
        with_year = rng.random() < 0.5 or name.lower() == "may"
        shown, value = (
            (f"{name} {year}", f"{year}-{month:02d}")
            if with_year
            else (name, f"{latest}-{month:02d}")
        )
        return Surface(shown, value), Surface(rng.choice([f"in {shown}", f"during {shown}"]), value)
    if kind == "since":
        value = f"{year}-{month:02d}-01.."
        text = f"since {name} {year}"
        return Surface(text, value), Surface(text, value)
    start = date(year, month, rng.randint(1, 28))
    end = start + timedelta(rng.randint(5, 200))
    value = f"{start}..{end}"
    return Surface(f"{start} to {end}", value), Surface(f"from {start} to {end}", value)


def _rolling(rng: random.Random) -> tuple[Surface, Surface]:
    unit, letter, factor = rng.choice(
        (("day", "d", 1), ("day", "d", 1), ("week", "d", 7), ("month", "m", 1), ("year", "y", 1))
    )
    count = {
        "day": rng.choice((7, 10, 14, 30, 30, 60, 90, 90, 180, 365, 45, 100)),
        "week": rng.choice((1, 2, 3, 4, 6, 8)),
        "month": rng.choice((1, 2, 3, 6, 6, 9, 18)),
        "year": rng.choice((1, 1, 2, 3)),
    }[unit]
    value = f"{count * factor}{letter}"
    shown = _COUNTS.get(count, str(count)) if rng.random() < 0.25 and count > 1 else str(count)
    phrase = f"{shown} {unit}{'s' if count > 1 else ''}"
    last = rng.choice(("last", "past", "last", "previous"))
    if count == 1:
        text = f"the {last} {unit}"
        if last != "past" and unit in ("month", "year"):
            return Surface(text, value), Surface(f"over {text}", value)
    else:
        text = f"the {last} {phrase}"
    short = f"{count}{unit[0]}" if unit in ("day", "year") else text
    noun = rng.choice([text, text, short if count > 1 else text, phrase if count > 1 else text])
    adverb = rng.choice(
        [
            f"over {text}",
            f"in {text}",
            f"for {text}",
            text.removeprefix("the ")
            if last != "last" or count > 1 or unit in ("week", "day")
            else text,
        ]
    )
    if count == 1 and unit in ("month", "year") and last == "last":
        adverb = rng.choice([f"over {text}", f"in {text}", f"during {text}"])
        noun = text
    return Surface(noun, value), Surface(adverb, value)


def _fixed(today: date) -> list[tuple[str, str, str]]:
    before = today.replace(day=1) - timedelta(1)
    return [
        ("this year", "this year", "ytd"),
        ("the year to date", "ytd", "ytd"),
        ("ytd", "so far this year", "ytd"),
        ("this month", "this month", "mtd"),
        ("mtd", "mtd", "mtd"),
        ("this week", "this week", "wtd"),
        ("last week", "last week", "7d"),
        ("last year", "last year", str(today.year - 1)),
        ("last month", "last month", f"{before:%Y-%m}"),
        ("all time", "since the beginning", "all"),
        ("all time", "since i started", "all"),
        ("today", "today", "1d"),
        ("the last 24 hours", "in the last 24 hours", "1d"),
        ("half a year", "over half a year", "6m"),
    ]


def day(rng: random.Random, world: World) -> Surface:
    """A day in the past, as a noun phrase."""
    roll = rng.random()
    if roll < 0.15:
        return Surface("yesterday", (world.today - timedelta(1)).isoformat())
    when = world.today - timedelta(rng.randint(3, 900))
    month, short = calendar.month_name[when.month], calendar.month_abbr[when.month]
    text = rng.choice(
        [
            when.isoformat(),
            f"{when.day} {month} {when.year}",
            f"{month} {when.day} {when.year}",
            f"{when.day} {short.lower()} {when.year}",
            f"the {_ordinal(when.day)} of {month.lower()} {when.year}",
            f"{short} {_ordinal(when.day)}, {when.year}",
        ]
    )
    return Surface(text, when.isoformat())


def _ordinal(number: int) -> str:
    suffix = (
        "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    )
    return f"{number}{suffix}"


def slip(rng: random.Random, word: str, *, keep_first: bool = False) -> str:
    """One slip of the finger: a letter swapped, lost, doubled or mistaken for a neighbour."""
    rows = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    at = rng.randrange(1 if keep_first else 0, len(word) - 1)
    kind = rng.choice(("swap", "swap", "drop", "drop", "double", "neighbour"))
    if kind == "swap" and at + 1 < len(word):
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == "drop":
        return word[:at] + word[at + 1 :]
    if kind == "double":
        return word[:at] + word[at] + word[at:]
    for row in rows:
        place = row.find(word[at].lower())
        if place >= 0:
            return (
                word[:at]
                + row[max(0, min(len(row) - 1, place + rng.choice((-1, 1))))]
                + word[at + 1 :]
            )
    return word
