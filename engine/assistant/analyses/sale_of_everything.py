"""What the gain would be if several coins, or all, or the same part of each, were sold now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.assistant.tools.base import ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import NO_PRICE, Sheet
from engine.core.cards import Column
from engine.core.errors import KnownError
from engine.core.money import format_amount, format_money, format_percent
from engine.core.records import FIAT, is_nft
from engine.core.words import capitalised
from engine.ledger.legs import holdings
from engine.ledger.methods import METHOD_NAMES, Method
from engine.ledger.what_if import SalePreview, preview_sale

_ZERO = Decimal(0)
_COLUMNS = (
    Column("Coin", "text"), Column("Amount", "amount"), Column("Lots", "amount"),
    Column("Cost", "money"), Column("Proceeds", "money"), Column("Gain", "money"),
    Column("Held short", "money"), Column("Held long", "money"),
)  # fmt: skip

ONE_STOCK = "The books hold all accounts as one stock, so the lots may be of any of them."


@dataclass(frozen=True, slots=True)
class _Sold:
    asset: str
    amount: Decimal
    preview: SalePreview


def sell_everything(
    context: ToolContext,
    share: Decimal,
    account: str | None,
    when: datetime,
    method: Method,
    only: Sequence[str] = (),
) -> ToolResult:
    """The gain of each coin and of all.

    share: of each coin, 0…1. only: these coins, empty for all. KnownError if nothing that is held
    has a price.
    """
    held = holdings(context.linked, context.today, account)
    where = f" on {account}" if account else ""
    absent = [asset for asset in only if held.get(asset, _ZERO) <= 0]
    if absent:
        raise KnownError(
            f"You hold no {' and no '.join(absent)}{where}.", "Ask about coins you hold."
        )
    held = {asset: amount for asset, amount in held.items() if not only or asset in only}
    sold, unpriced, uncovered = _sales(context, held, share, account, when, method)
    if not sold:
        raise KnownError(
            f"Nothing{where} can be sold in thought: no coin has both lots and a price.",
            "Import transactions and prices.",
        )
    what = " and ".join(only) or "everything"
    what = what if share == 1 else f"{format_percent(share)} of {what}"
    sheet = Sheet(f"If you sold {what}{f' on {account}' if account else ''}", context.currency)
    sums = {
        name: sum((getattr(one.preview, name) for one in sold), _ZERO)
        for name in ("proceeds", "cost", "gain", "short", "long")
    }
    sheet.money("proceeds", sums["proceeds"])
    sheet.money("cost", sums["cost"])
    sheet.money("gain", sums["gain"], sign=True)
    sheet.money("gain on coins held short", sums["short"], sign=True)
    sheet.money("gain on coins held long", sums["long"], sign=True)
    sheet.left_out(unpriced, NO_PRICE)
    sheet.left_out(uncovered, "the records do not say where all of it came from")
    if account and context.basis.universal:
        sheet.note(ONE_STOCK)
    for one in sold:
        if one.preview.unknown:
            amount = format_amount(one.preview.unknown)
            sheet.note(f"{amount} {one.asset} have no known cost and are in no gain.")
    name = METHOD_NAMES[method]
    how = f"{capitalised(name)}, each coin by itself at its last close; nothing is sold or stored."
    rows = [
        (
            one.asset,
            format_amount(one.amount),
            f"{len(one.preview.disposals):,}",
            *(
                format_money(getattr(one.preview, part), context.currency)
                for part in ("cost", "proceeds", "gain", "short", "long")
            ),
        )
        for one in sold
    ]
    total = (
        "Total", "", "",
        *(format_money(sums[part], context.currency)
          for part in ("cost", "proceeds", "gain", "short", "long")),
    )  # fmt: skip
    table = sheet.table("Gain by coin", _COLUMNS, rows, how, context.simulated, total)
    return sheet.result(sheet.card(how, context.simulated), table)


def _sales(
    context: ToolContext,
    amounts: Mapping[str, Decimal],
    share: Decimal,
    account: str | None,
    when: datetime,
    method: Method,
) -> tuple[list[_Sold], list[str], list[str]]:
    """The sales, the largest first, the coins without a price, and those without all their lots."""
    sold: list[_Sold] = []
    unpriced, uncovered = [], []
    for asset, held in amounts.items():
        if held <= 0 or asset in FIAT or is_nft(asset):
            continue
        price = context.last_price(asset)
        if price is None:
            unpriced.append(asset)
            continue
        try:
            preview = preview_sale(
                context.book, asset, held * share, price, when,
                method=method, account=account, long_days=context.basis.long_days,
            )  # fmt: skip
        except KnownError:  # more is held than the lots come to
            uncovered.append(asset)
            continue
        sold.append(_Sold(asset, held * share, preview))
    sold.sort(key=lambda one: (-one.preview.proceeds, one.asset))
    return sold, unpriced, uncovered
