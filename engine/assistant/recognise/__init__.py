"""Deterministic recognisers: everything a tool argument may be is found here, by rule."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.assistant.recognise.assets import find_assets
from engine.assistant.recognise.correct import correct
from engine.assistant.recognise.mention import Kind, Mention, without_overlaps
from engine.assistant.recognise.numbers import (
    find_amounts,
    find_compounding,
    find_percents,
    find_years,
)
from engine.assistant.recognise.periods import find_dates, find_periods
from engine.assistant.recognise.spelling import distance

__all__ = ["Kind", "Mention", "Recognised", "recognise"]


@dataclass(frozen=True, slots=True)
class Recognised:
    """The text of a question and all values found in it, in reading order.

    Mentions of different kinds may overlap ("3 years" is a period and a number of years).
    """

    text: str
    mentions: tuple[Mention, ...]

    def of(self, kind: Kind) -> tuple[Mention, ...]:
        """Mentions of one kind, in reading order."""
        return tuple(m for m in self.mentions if m.kind == kind)

    def values(self, kind: Kind) -> tuple[str | Decimal, ...]:
        """Different values of one kind, in reading order."""
        return tuple(dict.fromkeys(m.value for m in self.of(kind)))


def recognise(
    text: str, today: date, assets: Iterable[str] = (), accounts: Iterable[str] = ()
) -> Recognised:
    """Finds every value that a tool argument could take.

    assets, accounts: what the portfolio holds; dates are read relative to `today`. Misspelt words
    are corrected first, so `Recognised.text` may differ from `text`.
    """
    accounts = tuple(accounts)
    text = correct(text, (word.lower() for name in accounts for word in name.split()))
    own_accounts = find_accounts(text, accounts)
    percents = without_overlaps(find_percents(text))
    dates = without_overlaps(find_dates(text, today))
    periods = without_overlaps(find_periods(text, today))
    years = without_overlaps(find_years(text))
    taken = [*percents, *dates, *periods, *years]
    amounts = [
        m
        for m in without_overlaps(find_amounts(text))
        if m.signed or not any(_overlap(m, other) for other in taken if not _bare_year(other))
    ]
    coins = [
        m
        for m in without_overlaps(find_assets(text, assets))
        if not any(_overlap(m, account) for account in own_accounts)
    ]
    found = [*coins, *own_accounts, *percents, *dates, *periods, *years, *amounts]
    found += without_overlaps(find_compounding(text))
    return Recognised(text, tuple(sorted(found, key=lambda m: (m.start, -m.end))))


def find_accounts(text: str, accounts: Iterable[str]) -> list[Mention]:
    """Account names of the user, one slip of the finger allowed in names of five letters or "
    "more."""
    found = []
    words = list(re.finditer(r"[^\s,;:!?()\"“”]+", text))
    for account in accounts:
        length = len(account.split())
        limit = 1 if len(account) >= 5 else 0
        for index in range(len(words) - length + 1 if length else 0):
            start, end = words[index].start(), words[index + length - 1].end()
            phrase = text[start:end].lower().rstrip(".").removesuffix("'s")
            common = phrase == "ledger" and re.search(r"\b(?:the|a|full|whole)\s+$", text[:start])
            if common and re.match(r"\s*(?:entries|for|of|book|lines|history)\b", text[end:]):
                continue  # "the ledger for March" is the list of transactions
            if distance(phrase, account.lower(), limit) <= limit:
                found.append(Mention("account", account, start, end))
    return found


def _bare_year(mention: Mention) -> bool:
    """Whether this may as well be a plain number ("2000")."""
    return mention.kind == "period" and str(mention.value).isdigit()


def _overlap(a: Mention, b: Mention) -> bool:
    return a.start < b.end and b.start < a.end
