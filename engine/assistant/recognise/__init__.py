"""Deterministic recognisers: everything a tool argument may be is found here, by rule."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.assistant.recognise.accounts import find_accounts
from engine.assistant.recognise.amounts import find_amounts
from engine.assistant.recognise.assets import find_assets
from engine.assistant.recognise.compounding import find_compounding
from engine.assistant.recognise.correct import correct
from engine.assistant.recognise.durations import find_years
from engine.assistant.recognise.mention import Kind, Mention, without_overlaps
from engine.assistant.recognise.percents import find_percents
from engine.assistant.recognise.periods import find_dates, find_periods

_LONGEST = 2000  # characters that are read

__all__ = ["Kind", "Mention", "Recognised", "recognise"]


@dataclass(frozen=True, slots=True)
class Recognised:
    """The text of a question and all values found in it, in reading order.

    Mentions of different kinds may overlap ("3 years" is a period and a number of years).
    """

    text: str
    mentions: tuple[Mention, ...]
    today: date

    def of(self, kind: Kind) -> tuple[Mention, ...]:
        """Mentions of one kind, in reading order."""
        return tuple(m for m in self.mentions if m.kind == kind)

    def values(self, kind: Kind) -> tuple[str | Decimal, ...]:
        """Different values of one kind, in reading order."""
        return tuple(dict.fromkeys(m.value for m in self.of(kind)))

    def without(self, start: int, end: int) -> "Recognised":
        """The same without what was found between two places."""
        kept = tuple(m for m in self.mentions if m.end <= start or m.start >= end)
        return Recognised(self.text, kept, self.today)


def recognise(
    text: str, today: date, assets: Iterable[str] = (), accounts: Iterable[str] = ()
) -> Recognised:
    """Finds every value that a tool argument could take.

    assets, accounts: what the portfolio holds; dates are read relative to `today`. Misspelt words
    are corrected first, so `Recognised.text` may differ from `text`.
    """
    accounts = tuple(accounts)
    if len(text) > _LONGEST:  # the question of a pasted letter stands at its begin or its end
        text = f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"
    text = correct(text, (word.lower() for name in accounts for word in name.split()))
    own_accounts = find_accounts(text, accounts)
    percents = without_overlaps(find_percents(text))
    compounding = without_overlaps(find_compounding(text))
    dates = without_overlaps(find_dates(text, today))
    # "a quarter of today's price" holds no period.
    periods = [
        m
        for m in without_overlaps(find_periods(text, today))
        if not any(p.start <= m.start and m.end <= p.end for p in percents)
    ]
    years = without_overlaps(find_years(text))
    taken = [*percents, *dates, *periods, *years, *compounding]
    amounts = [
        m
        for m in without_overlaps(find_amounts(text))
        if not any(_overlap(m, other) for other in percents)
        and (m.signed or not any(_overlap(m, other) for other in taken if not _bare_year(other)))
    ]
    coins = [
        m
        for m in without_overlaps(find_assets(text, assets))
        if not any(_overlap(m, account) for account in own_accounts)
    ]
    found = [*coins, *own_accounts, *percents, *dates, *periods, *years, *amounts, *compounding]
    return Recognised(text, tuple(sorted(found, key=lambda m: (m.start, -m.end))), today)


def _bare_year(mention: Mention) -> bool:
    """Whether this may as well be a plain number ("2000")."""
    return mention.kind == "period" and str(mention.value).isdigit()


def _overlap(a: Mention, b: Mention) -> bool:
    return a.start < b.end and b.start < a.end
