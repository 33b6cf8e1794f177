"""Short questions whose words leave no choice: settled before the router is asked.

Money held, the coins to sell for a sum, the method of costs, the age of prices, transfers that
wait for a word. Questions that no tool answers as they stand offer those that come close.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from engine.assistant.analyses import tool_called
from engine.assistant.analyses.base import amounts_said
from engine.assistant.candidates import Slots
from engine.assistant.decide import Decision, Option
from engine.assistant.recognise import Recognised, recognise
from engine.assistant.tools.context import ToolContext
from engine.core.records import FIAT
from engine.ledger.legs import holdings

_LONGEST = 16  # words; a longer text says more than its question
_LISTED = 5  # transfers that a sentence names
_CURRENCIES = {
    "USD": r"(?:us )?dollars?|bucks",
    "EUR": r"euros?",
    "GBP": r"(?:british )?pounds?|sterling|quid",
    "CHF": r"(?:swiss )?francs?",
    "JPY": r"yen",
    "INR": r"rupees?",
}
_MONEY = "|".join(("cash", "fiat", *_CURRENCIES.values(), *sorted(code.lower() for code in FIAT)))
_HELD = re.compile(
    rf"\bhow (?:much|many) (?P<what>{_MONEY})(?: money)? "
    r"(?:(?:do|have) (?:i|we)|is (?:there|left))\b"
    r"(?! (?:made?|earn|los[et]|pa(?:y|id)|spen[dt]|put|invest|deposit|withdr[ae]w|get|got|need))"
    rf"|^\W*(?:show |what is |what's )?(?:me )?my (?P<balance>{_MONEY}) "
    r"(?:balance|holdings?|position)\W*$",
    re.I,
)
_SELL_FOR = re.compile(
    r"\bhow (?:much|many)\b.{0,20}\b(?:must|should|would|do|need|have|can)\b.{0,25}\bsell\b.{0,20}"
    r"\b(?:to|for)\b",
    re.I,
)
_METHOD = re.compile(
    r"^\W*(?:(?:what|which)(?: is|'s)? )?(?:the |my |our )?(?:cost[- ]basis|costing|lot) method"
    r"(?: (?:is |do (?:you|i) )?(?:used?|in use|in force))?\W*$",
    re.I,
)
_AGE = re.compile(
    r"\b(?:how (?:stale|old|fresh|recent|current|up[- ]to[- ]date) (?:are|is) (?:my |the |your )?"
    r"(?:stored )?(?:prices?|price (?:data|history)|quotes?)|"
    r"when were (?:my |the )?prices? (?:last )?(?:updated|fetched|refreshed|imported))\b",
    re.I,
)
_PENDING = re.compile(
    r"\b(?:pending|unconfirmed|proposed|open|possible|suggested) transfers?\b|"
    r"\btransfers? (?:to|that (?:are|wait) (?:to be )?) ?confirm",
    re.I,
)
_STAKED = re.compile(
    r"\bhow (?:much|many)\b.{0,20}\b(?:(?:did|have|do) i (?:\w+ )?staked?)\b", re.I
)
_DAYS = re.compile(
    r"\b(?P<which>worst|best) (?:(?:\d{1,2}|two|three|five|ten|single) )?days?\b", re.I
)
_BIGGEST = re.compile(
    r"^\W*(?:(?:what|which|show|tell)\s+(?:is |me |are )?)?(?:my |the )?(?:biggest|largest|top) "
    r"(?:positions?|holdings?|coins? (?:i hold|held))\W*$",
    re.I,
)


def settle(question: str, context: ToolContext) -> Decision | str | None:
    """What to do with such a question, its answer as a sentence, or None for any other."""
    if len(question.split()) > _LONGEST:
        return None
    found = recognise(question, context.today, context.assets, context.accounts)
    if match := _HELD.search(question):
        return _held(match["what"] or match["balance"], found, context)
    if _SELL_FOR.search(question):
        return _sale_for(found, context)
    if _METHOD.search(question):
        method = context.basis.described()
        return f"Costs are worked out {method}; another can be chosen under Portfolio → Tax."
    if _AGE.search(question):
        return _age(context)
    if _PENDING.search(question):
        return _pending(context)
    if _BIGGEST.search(question):
        return _call(found, "portfolio_value", {})
    if _STAKED.search(question) and len(coins := found.values("asset")) == 1:
        period = next(iter(found.values("period")), "all")
        return _choose(found, ("income", {"period": period}), ("position", {"asset": coins[0]}))
    if match := _DAYS.search(question):
        return _of_days(found, match["which"].lower())
    return None


def _held(word: str, found: Recognised, context: ToolContext) -> Decision:
    """The position in a currency; for "cash" in the one held, or a choice among several."""
    spoken = word.lower()
    codes = [code for code, said in _CURRENCIES.items() if re.fullmatch(said, spoken)]
    if spoken.upper() in FIAT:
        codes = [spoken.upper()]
    if not codes:
        held = holdings(context.linked, context.today)
        codes = sorted(code for code in FIAT if held.get(code)) or [context.currency]
    accounts = found.values("account")
    where = {"account": accounts[0]} if accounts else {}
    return _choose(found, *(("position", {"asset": code, **where}) for code in codes))


def _sale_for(found: Recognised, context: ToolContext) -> Decision | str:
    """The sale of as many coins as bring the sum at the last close."""
    coins, sums = found.values("asset"), amounts_said(found)
    if len(coins) != 1 or not sums:
        return (
            "Name one coin and the sum: “how much BTC must I sell to get 5,000”, or ask what a "
            "sale would bring: “what would I gain if I sold 0.5 BTC”."
        )
    asset = str(coins[0])
    price = context.last_price(asset)
    if not price:
        return f"There is no fresh price of {asset}, so I cannot say how much brings that sum."
    amount = (Decimal(sums[0].value) / price).quantize(Decimal("1e-8"))
    return _call(found, "sale_preview", {"asset": asset, "amount": amount})


def _age(context: ToolContext) -> str:
    context.require_portfolio()
    days: dict[str, list[str]] = {}
    for row in context.valuation().rows:
        if row.asset not in FIAT:
            day = f"of {row.price_day}" if row.price and row.price_day else "missing"
            days.setdefault(day, []).append(row.asset)
    parts = [f"{', '.join(names)} {day}" for day, names in sorted(days.items(), reverse=True)]
    if not parts:
        return "You hold no coins, so no price is needed."
    return f"The prices in use, by coin: {'; '.join(parts)}. Today is {context.today}."


def _pending(context: ToolContext) -> str:
    context.require_portfolio()
    waiting = context.proposed
    if not waiting:
        return "No transfers wait to be confirmed."
    lines = [
        f"- {one.withdrawal.time:%Y-%m-%d}: {one.withdrawal.asset_out} from "
        f"{one.withdrawal.account} to {one.deposit.account}"
        for one in waiting[:_LISTED]
    ]
    count = "1 transfer waits" if len(waiting) == 1 else f"{len(waiting):,} transfers wait"
    return "\n".join((f"{count} for your word under Portfolio → Accounts:", "", *lines))


def _of_days(found: Recognised, which: str) -> Decision:
    """No tool lists single days; the period is the one beside the count of days."""
    periods = [one for one in found.values("period") if not re.fullmatch(r"\d+d", str(one))]
    given: dict[str, str | Decimal] = {"period": periods[0]} if periods else {}
    if coins := found.values("asset"):
        given["asset"] = coins[0]
    close = ("drawdown_list", "risk_board") if which == "worst" else ("period_return", "risk_board")
    return _choose(found, *((name, given) for name in close))


def _call(found: Recognised, name: str, arguments: Mapping[str, str | Decimal]) -> Decision:
    return Decision("call", (_option(name, arguments),), "", found)


def _choose(found: Recognised, *calls: tuple[str, Mapping[str, str | Decimal]]) -> Decision:
    options = tuple(_option(name, arguments) for name, arguments in calls)
    return Decision("choose" if len(options) > 1 else "call", options, "", found)


def _option(name: str, arguments: Mapping[str, str | Decimal]) -> Option:
    return Option(tool_called(name), Slots({k: (v,) for k, v in arguments.items()}, ()), 1.0)
