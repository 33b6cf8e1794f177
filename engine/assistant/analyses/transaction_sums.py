"""Transactions of one kind with their sums: what was bought, sold, paid in, taken out."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from engine.assistant.analyses.base import Analysis, Offers, Read, number_of, text_of
from engine.assistant.analyses.parameters import PERIOD
from engine.assistant.recognise import Recognised
from engine.assistant.tools.base import Arguments, Param, Tool, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import Sheet
from engine.core.cards import Column
from engine.core.money import format_amount, format_money
from engine.core.records import FIAT, Transaction

_ALL = "all"
_KINDS: dict[str, tuple[str, ...]] = {
    "bought": ("buy", "trade", "nft_buy"),
    "sold": ("sell", "trade", "nft_sell"),
    "traded": ("buy", "sell", "trade", "nft_buy", "nft_sell"),
    "deposited": ("deposit",),
    "withdrawn": ("withdrawal",),
    "transferred": ("transfer",),
    "received": ("income", "gift"),
    "spent": ("spend", "fee", "loss"),
}
_KIND = Param(
    "kind", "enum", False, "what was done", (_ALL, *_KINDS), label="What was done", default=_ALL
)
_COIN = Param("asset", "asset", False, "one coin or currency", label="Coin")
_ACCOUNT = Param("account", "account", False, "one account", label="Account")
_PERIOD = replace(PERIOD, default="all")
_LAST = Param(
    "last", "number", False, "only so many, the newest; 0 = all", label="Only the last (0 = all)",
    default=Decimal(0), least=Decimal(0), most=Decimal(1000),
)  # fmt: skip
_SHOWN = 50
_METHOD = (
    "From your records, with the confirmed transfers joined; money as it was paid or received."
)
# fmt: off
_SAID = (
    (r"bought|buy|buys|buying|purchases?|purchased|acquired", "bought"),
    (r"sold|sell|sells|selling|sales?", "sold"),
    (r"deposit(?:s|ed)?|paid in|put in", "deposited"),
    (r"withdraw(?:s|n|als?)?|withdrew|taken out|took out|cash(?:ed)? out", "withdrawn"),
    (r"transfer(?:s|red)?|moved", "transferred"),
    (r"trades?|traded", "traded"),
)
# fmt: on
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_COUNTED = rf"(?:\d{{1,3}}|{'|'.join(_NUMBERS[1:])})"
_LAST_SAID = re.compile(
    rf"\b(?:last|latest|newest|recent)\s+({_COUNTED})\b(?!\s+(?:days?|weeks?|months?|years?))"
)


def transaction_sums(context: ToolContext, arguments: Arguments) -> ToolResult:
    """How much came in and went out by what was done, and the transactions, newest first."""
    context.require_portfolio()
    start, end, label = context.window(text_of(arguments, _PERIOD))
    kind, asset = text_of(arguments, _KIND), text_of(arguments, _COIN)
    account = text_of(arguments, _ACCOUNT)
    chosen = [
        t
        for t in context.linked
        if start <= t.time.date() <= end
        and account in ("", t.account, t.to_account)
        and _fits(t, kind, asset)
    ]
    chosen.sort(key=lambda t: t.time, reverse=True)
    last = int(number_of(arguments, _LAST))
    if last:
        chosen = chosen[:last]
    what = "Transactions" if kind == _ALL else kind.capitalize()
    sheet = Sheet(f"{what}{f': {asset}' if asset else ''}, {label}", context.currency)
    sheet.number("count", len(chosen), str(len(chosen)))
    if chosen:
        sheet.span(chosen[-1].time.date(), chosen[0].time.date())
    _sums(sheet, chosen, asset)
    columns = (
        Column("Date", "date"), Column("Kind", "text"), Column("Account", "text"),
        Column("In", "amount"), Column("Out", "amount"), Column("Fee", "amount"),
    )  # fmt: skip
    rows = [
        (
            f"{t.time:%Y-%m-%d}", t.kind.replace("_", " "), _where(t),
            _side(t.amount_in, t.asset_in), _side(t.amount_out, t.asset_out),
            _side(t.fee_amount, t.fee_asset),
        )
        for t in chosen[:_SHOWN]
    ]  # fmt: skip
    if len(chosen) > _SHOWN:
        sheet.note(f"The newest {_SHOWN} are listed; the sums count all.")
    table = sheet.table(sheet.title, columns, rows, _METHOD, context.simulated)
    card = sheet.card(_METHOD, context.simulated)
    return sheet.result(card, table) if chosen else sheet.result(card)


def _fits(t: Transaction, kind: str, asset: str) -> bool:
    if kind != _ALL and t.kind not in _KINDS[kind]:
        return False
    if kind == "bought":
        return bool(t.asset_in) and asset in ("", t.asset_in)
    if kind == "sold":
        return bool(t.asset_out) and asset in ("", t.asset_out)
    return asset in ("", t.asset_in, t.asset_out)


def _sums(sheet: Sheet, chosen: Sequence[Transaction], asset: str) -> None:
    """What came in and went out by asset, and what a coin cost or brought on average."""
    totals: dict[str, dict[str, Decimal]] = {
        "in": defaultdict(Decimal),
        "out": defaultdict(Decimal),
        "moved": defaultdict(Decimal),
    }
    for t in chosen:
        if t.kind == "transfer" and t.asset_in:
            totals["moved"][t.asset_in] += t.amount_in
            continue
        if t.asset_in:
            totals["in"][t.asset_in] += t.amount_in
        if t.asset_out:
            totals["out"][t.asset_out] += t.amount_out
    for way, sums in totals.items():
        for name, amount in sorted(sums.items(), key=lambda pair: (pair[0] in FIAT, pair[0])):
            label = f"{name} {way}"
            if name in FIAT:
                sheet.number(label, amount, format_money(amount, name))
            else:
                sheet.amount(label, amount, name)
    paid = [
        t for t in chosen
        if asset and {t.asset_in, t.asset_out} == {asset, sheet.currency}
    ]  # fmt: skip
    coins = sum((t.amount_in if t.asset_in == asset else t.amount_out for t in paid), Decimal(0))
    one_way = len({t.asset_in for t in paid}) == 1
    if coins and one_way and len(paid) == len(chosen):
        money = sum(
            (t.amount_out if t.asset_in == asset else t.amount_in for t in paid), Decimal(0)
        )
        sheet.money("average price", money / coins)


def _where(t: Transaction) -> str:
    return f"{t.account} → {t.to_account}" if t.to_account else t.account


def _side(amount: Decimal, asset: str | None) -> str:
    return f"{format_amount(amount)} {asset}" if asset and amount else ""


def _offers(context: ToolContext) -> Offers:
    return {"asset": context.assets}


def _reads(found: Recognised) -> Read:
    """What was done, and how many of the newest: "my last five buys"."""
    text = found.text.lower()
    kind = next((name for said, name in _SAID if re.search(rf"\b(?:{said})\b", text)), None)
    match = _LAST_SAID.search(text)
    last: Decimal | None = None
    if match:
        word = match[1]
        last = Decimal(word) if word.isdigit() else Decimal(_NUMBERS.index(word))
    return {_KIND.name: kind, _LAST.name: last}


_DONE = r"(?:buy|buys|purchases?|sell|sells|sales?|deposits?|withdrawals?|transfers?)"
_ANY = rf"(?:{_DONE}|trades?|transactions?|orders?)"
_DID = r"(?:buy|bought|purchased?|sell|sold|withdrawn?|deposit(?:ed)?)"
_TOOK = r"(?:withdrawn?|withdrew|taken? out|cash(?:ed)? out)"
_WE = r"(?:did|have) (?:i|we) (?:\w+ )?"
TRANSACTION_SUMS = Analysis(
    Tool(
        "transaction_sums",
        "Transactions of one kind with their sums: bought, sold, deposited, withdrawn.",
        (_KIND, _COIN, _ACCOUNT, _PERIOD, _LAST),
        transaction_sums,
        "what was {kind}",
        headline="count",
    ),
    "Portfolio",
    "Bought, sold, paid in, taken out",
    "How much of what, when, and what it cost or brought.",
    (
        rf"^\W*(?:and |now )?(?:show |list |give )?(?:me )?(?:only|just) (?:my |the )?{_DONE}\b",
        rf"\b(?:last|latest|newest|recent) {_COUNTED} (?:\w+ )?{_ANY}\b",
        rf"\bhow (?:many|much) [\w.]{{2,12}} {_WE}{_DID}\b",
        rf"\bhow much {_WE}{_TOOK}\b",
        r"\b(?:total|sum of) (?:my |the )?(?:deposits|withdrawals)\b",
        r"\b(?:withdrawn|deposited) in total\b",
    ),
    _offers,
    _reads,
)
