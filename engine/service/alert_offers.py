"""What of the user's own data an alert can be about, and examples made of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.alerts.conditions import describe
from engine.alerts.rulejson import make_check
from engine.analytics.scenarios import STABLECOINS
from engine.assistant.tools.context import ToolContext
from engine.core.money import to_text
from engine.core.records import FIAT, is_nft
from engine.service.alert_feed import FIELDS

Names = tuple[str, ...]

_ABOVE = Decimal("1.1")
_DIGITS = 2


@dataclass(frozen=True, slots=True)
class AlertOffers:
    """names: by field of a condition. series: by topic, what can go stale. levels: by asset, a
    round price (in the currency of the settings) a tenth above the last. weights: by asset, the
    share of the portfolio in whole per cent. examples: rules in words and as JSON."""

    names: Mapping[str, Names]
    series: Mapping[str, Names]
    levels: Mapping[str, Decimal]
    weights: Mapping[str, Decimal]
    examples: tuple[tuple[str, str], ...]


def alert_offers(context: ToolContext) -> AlertOffers:
    """From the coins held and priced, and from what is measured and scored."""
    held = _held(context)
    assets = tuple(dict.fromkeys([*held, *(a for a in context.library.priced() if _coin(a))]))
    stable = tuple(sorted(assets, key=lambda one: one not in STABLECOINS))
    pools, loans = (_measured(context, topic) for topic in ("yield", "health"))
    tokens = tuple(context.library.documents("scorecard"))
    last = {asset: context.last_price(asset) for asset in assets}
    levels = {asset: _round(price * _ABOVE) for asset, price in last.items() if price}
    return AlertOffers(
        names={
            "asset": assets,
            "other": (*assets[1:], *assets[:1]),
            "stablecoin": stable,
            "currency": tuple(dict.fromkeys((context.currency, "USD", "EUR", *sorted(FIAT)))),
            "pool": pools,
            "position": loans,
            "token": tokens,
        },
        series={
            "price": tuple(f"{asset}/{context.currency}" for asset in assets),
            "weight": tuple(held),
            "yield": pools,
            "health": loans,
            "flags": tokens,
        },
        levels=levels,
        weights=held,
        examples=_examples(context, tuple(held) or assets, stable, levels),
    )


def _held(context: ToolContext) -> dict[str, Decimal]:
    """The coins held with their weights in per cent, the greatest first."""
    if not context.transactions:
        return {}
    rows = [one for one in context.valuation().rows if _coin(one.asset) and one.amount > 0]
    rows.sort(key=lambda one: one.weight or Decimal(0), reverse=True)
    return {one.asset: Decimal(round(100 * (one.weight or 0))) for one in rows}


def _coin(asset: str) -> bool:
    return asset not in FIAT and not is_nft(asset)


def _measured(context: ToolContext, topic: str) -> Names:
    found = context.library.measured(topic)
    return tuple(name for name, field in found if field == FIELDS[topic])


def _round(price: Decimal) -> Decimal:
    """Two digits, so that it is easy to read and to change."""
    return round(price, _DIGITS - 1 - price.adjusted())


def _examples(
    context: ToolContext, coins: Sequence[str], stable: Names, levels: Mapping[str, Decimal]
) -> tuple[tuple[str, str], ...]:
    first = coins[0] if coins else "BTC"
    level = levels.get(first, Decimal(100_000))
    peg = stable[0] if stable and stable[0] in STABLECOINS else "USDC"
    where = {"asset": first, "currency": context.currency}
    examples = {
        "price": {**where, "direction": "above", "level": to_text(level)},
        "move": {**where, "direction": "down", "percent": "5", "days": "1"},
        "depeg": {"asset": peg, "currency": "USD", "percent": "1"},
    }
    return tuple(
        (describe(make_check(kind, values)), json.dumps({"when": {"kind": kind, **values}}))
        for kind, values in examples.items()
    )
