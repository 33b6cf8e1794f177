"""What to buy and sell to come back to target weights, with as little trading as the bands allow.

Cash goes first. What lies below its band is bought up to its target; what lies above is sold down
to it, unless only buying is wanted; what is left of the cash beyond its own target goes to what is
below target, in proportion. If more money is needed, what lies above its target inside its band
gives it. Fees come out of the cash. Amounts are rounded to steps worth at most a ten-thousandth of
the portfolio.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal

from engine.core.errors import PRICES_FROM, KnownError
from engine.core.money import format_money
from engine.ledger.rebalance_plan import Line, Plan, Position, Trade
from engine.ledger.targets import Target

_ZERO = Decimal(0)
_PARTS = 10_000
_SLACK = Decimal(2) / _PARTS
"""How far outside its band rounding may leave a weight."""
_FINEST = Decimal("1e-8")
_ROUNDS = 60
_HIGHEST_FEE = Decimal("0.1")


def rebalance(
    positions: Sequence[Position],
    target: Target,
    currency: str,
    *,
    cash: Decimal = _ZERO,
    sell: bool = True,
    minimum: Decimal = _ZERO,
    fee_rate: Decimal = _ZERO,
) -> Plan:
    """Suggest trades.

    positions: each asset once, also those of the target that are not held; what has no price is
    left out by the caller. cash: held and new money together, in `currency`. minimum: no trade is
    worth less. fee_rate: fraction of what is traded. Raises KnownError for what makes no sense, or
    if an asset of the target is not among the positions.
    """
    _check(positions, target, cash, minimum, fee_rate)
    values = {one.asset: one.value for one in positions}
    total = sum(values.values(), cash)
    if total <= 0:
        raise KnownError("There is nothing to rebalance.", "Import transactions or add cash.")
    weights = {asset: target.weights.get(asset, _ZERO) for asset in values}
    goals, reserve = _with_fees(values, cash, weights, target, sell, fee_rate)
    trades, dropped = _trades(positions, goals, cash, reserve, total, minimum, fee_rate)
    fees = sum((trade.fee for trade in trades.values()), _ZERO)
    after = {
        asset: value + _signed(trades[asset]) if asset in trades else value
        for asset, value in values.items()
    }
    whole = total - fees
    lines = []
    for one in positions:
        low, high = target.band(weights[one.asset])
        line = Line(
            asset=one.asset,
            before=one.value,
            weight=one.value / total,
            target=weights[one.asset],
            low=low,
            high=high,
            trade=trades.get(one.asset),
            after=after[one.asset],
            weight_after=after[one.asset] / whole,
        )
        lines.append(replace(line, why=_why(line, sell, one.asset in dropped)))
    lines.sort(key=lambda line: (-line.target, -line.before, line.asset))
    return Plan(
        currency=currency,
        lines=tuple(lines),
        cash=cash,
        cash_after=whole - sum(after.values(), _ZERO),
        cash_target=target.cash,
        fees=fees,
        total=total,
        notes=tuple(_notes(lines, dropped, minimum, currency)),
    )


def _with_fees(
    values: Mapping[str, Decimal],
    cash: Decimal,
    weights: Mapping[str, Decimal],
    target: Target,
    sell: bool,
    fee_rate: Decimal,
) -> tuple[dict[str, Decimal], Decimal]:
    """The goals when the fees of reaching them are taken off, found by repetition."""
    fees = _ZERO
    for _ in range(_ROUNDS):
        goals, reserve = _goals(values, cash - fees, weights, target, sell)
        traded = sum((abs(goals[asset] - value) for asset, value in values.items()), _ZERO)
        if abs(traded * fee_rate - fees) <= _FINEST:
            break
        fees = traded * fee_rate
    return goals, reserve


def _goals(
    values: Mapping[str, Decimal],
    cash: Decimal,
    weights: Mapping[str, Decimal],
    target: Target,
    sell: bool,
) -> tuple[dict[str, Decimal], Decimal]:
    """What each asset should be worth, and the cash that stays."""
    total = sum(values.values(), cash)
    want = {asset: weight * total for asset, weight in weights.items()}
    goals = dict(values)
    for asset, value in values.items():
        low, high = target.band(weights[asset])
        if value < low * total or (sell and value > high * total):
            goals[asset] = want[asset]
    left = total - sum(goals.values(), _ZERO)
    cash_want = target.cash * total
    if left > cash_want:
        room = {asset: max(want[asset] - goal, _ZERO) for asset, goal in goals.items()}
        _move(goals, room, left - cash_want)
    elif left < target.band(target.cash)[0] * total:
        # Without sales, only what was to be bought can give way.
        floor = want if sell else values
        room = {asset: min(floor[asset] - goal, _ZERO) for asset, goal in goals.items()}
        _move(goals, room, cash_want - left)
    return goals, total - sum(goals.values(), _ZERO)


def _move(goals: dict[str, Decimal], room: Mapping[str, Decimal], amount: Decimal) -> None:
    """Change the goals by their room in proportion, by an amount altogether or all there is."""
    whole = abs(sum(room.values(), _ZERO))
    if whole:
        part = min(amount / whole, Decimal(1))
        for asset, size in room.items():
            goals[asset] += size * part


def _trades(
    positions: Sequence[Position],
    goals: Mapping[str, Decimal],
    cash: Decimal,
    reserve: Decimal,
    total: Decimal,
    minimum: Decimal,
    fee_rate: Decimal,
) -> tuple[dict[str, Trade], set[str]]:
    """Rounded trades by asset, and the assets whose trade is under the minimum."""
    trades: dict[str, Trade] = {}
    dropped: set[str] = set()
    available = cash - reserve
    for one in positions:
        wanted = one.value - goals[one.asset]
        if wanted > 0:
            amount = one.amount
            if goals[one.asset] > 0:
                amount = min(_rounded(wanted / one.price, one, total, ROUND_CEILING), one.amount)
            trade = _trade("sell", amount, one.price, fee_rate)
            if trade.value < minimum:
                dropped.add(one.asset)
                continue
            trades[one.asset] = trade
            available += trade.value - trade.fee
    buys = {one.asset: max(goals[one.asset] - one.value, _ZERO) for one in positions}
    needed = sum(buys.values(), _ZERO) * (1 + fee_rate)
    part = min(max(available, _ZERO) / needed, Decimal(1)) if needed else _ZERO
    for one in positions:
        amount = _rounded(buys[one.asset] * part / one.price, one, total, ROUND_FLOOR)
        trade = _trade("buy", amount, one.price, fee_rate)
        if amount and trade.value >= minimum:
            trades[one.asset] = trade
        elif amount:
            dropped.add(one.asset)
    return trades, dropped


def _trade(side: Literal["buy", "sell"], amount: Decimal, price: Decimal, rate: Decimal) -> Trade:
    value = amount * price
    return Trade(side, amount, price, value, value * rate)


def _rounded(amount: Decimal, one: Position, total: Decimal, rounding: str) -> Decimal:
    """To a step of a power of ten worth at most a ten-thousandth of everything."""
    step = max(Decimal(1).scaleb((total / _PARTS / one.price).adjusted()), _FINEST)
    return (amount / step).to_integral_value(rounding) * step


def _signed(trade: Trade) -> Decimal:
    return trade.value if trade.side == "buy" else -trade.value


def _why(line: Line, sell: bool, dropped: bool) -> str:
    """Why a weight is outside its band after the trades; "" if it is not."""
    over = line.weight_after > line.high + _SLACK
    if not over and line.weight_after >= line.low - _SLACK:
        return ""
    if dropped:
        return "its trade would be under the minimum"
    if over and not sell:
        return "only a sale could lower it"
    return "other trades under the minimum were left out" if sell else "it needs more cash"


def _notes(lines: Sequence[Line], dropped: set[str], minimum: Decimal, currency: str) -> list[str]:
    notes = []
    if not any(line.trade for line in lines):
        notes.append("There is nothing to trade.")
    if dropped:
        notes.append(
            f"Left out as worth less than {format_money(minimum, currency)}: "
            f"{', '.join(sorted(dropped))}."
        )
    strangers = [line.asset for line in lines if line.target == 0 and line.before > 0]
    if strangers:
        notes.append(f"Held without a target weight, so counted as 0 %: {', '.join(strangers)}.")
    return notes


def _check(
    positions: Sequence[Position],
    target: Target,
    cash: Decimal,
    minimum: Decimal,
    fee_rate: Decimal,
) -> None:
    known = {one.asset for one in positions}
    if len(known) != len(positions) or any(one.price <= 0 or one.amount < 0 for one in positions):
        raise ValueError("each asset once, with a price above 0 and an amount not below 0")
    missing = sorted(target.weights.keys() - known)
    if missing:
        raise KnownError(
            f"There is no price for {', '.join(missing)}, which the target names.",
            PRICES_FROM,
        )
    if cash < 0 or minimum < 0:
        raise KnownError("Cash and the minimum trade cannot be negative.", "Give other amounts.")
    if not 0 <= fee_rate <= _HIGHEST_FEE:
        raise KnownError("The fee must be from 0 to 10 % of a trade.", "Give another one.")
