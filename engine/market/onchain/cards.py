"""What was read on chains, as cards for the chat, the command line and the screens."""

from collections.abc import Mapping
from decimal import Decimal

from engine.analytics.scorecard.score import Scorecard
from engine.core.cards import Card, Column, FactsCard, TableCard
from engine.core.money import format_amount, format_percent
from engine.market.onchain.address import short
from engine.market.onchain.balances import ChainBalances
from engine.market.onchain.checks import TokenChecks
from engine.market.onchain.erc20 import Token
from engine.market.onchain.facts import ChainFacts
from engine.market.onchain.pairs import Pair, PairShare
from engine.market.onchain.positions import Position


def balances_card(found: Mapping[str, ChainBalances | str]) -> Card:
    """Balances of all chains in one table; a chain that failed is a row that says so."""
    rows: list[tuple[str, ...]] = []
    for name, chain in found.items():
        if isinstance(chain, str):
            rows.append((name, "", chain, ""))
            continue
        rows += [
            (name, short(row.address), row.symbol, _amount(row.amount))
            for row in chain.rows
            if row.amount != 0
        ]
    read = [f"{name} {c.source}" for name, c in found.items() if isinstance(c, ChainBalances)]
    titles = (("Chain", "text"), ("Address", "text"), ("Coin", "text"), ("Amount", "amount"))
    return TableCard(
        "Balances on chains",
        tuple(Column(title, "amount" if kind == "amount" else "text") for title, kind in titles),
        tuple(rows),
        None,
        f"Read: {'; '.join(read) or 'nothing'}. Balances of zero are left out.",
        simulated=False,
    )


def token_cards(checks: TokenChecks, found: ChainFacts, score: Scorecard) -> tuple[Card, ...]:
    """What a token is, what its contract can do, and its points."""
    token = checks.token
    days = "unknown" if checks.age_days is None else f"{checks.age_days} days"
    facts = FactsCard(
        f"{_name(token)} on chain",
        (
            ("Address", token.address),
            ("Supply", f"{_amount(token.total)} {token.symbol}".strip()),
            ("Age", days),
            *found.says,
        ),
        f"{found.method} Source: {found.source}.",
        simulated=False,
    )
    points = TableCard(
        f"Scorecard: {score.level} ({score.low} to {score.high} of 100 points)",
        (Column("Criterion", "text"), Column("Points", "amount"), Column("Reason", "text")),
        tuple(
            (one.criterion, f"{one.low} to {one.high} of {one.maximum}", one.reason)
            for one in score.findings
        ),
        None,
        score.method,
        simulated=False,
    )
    return facts, points


def pair_card(pair: Pair, share: PairShare | None) -> Card:
    """A pool of the Uniswap v2 kind, and a holder's part of it."""
    first, second = _name(pair.token0), _name(pair.token1)
    price = "none" if pair.price is None else f"{format_amount(pair.price)} {second}"
    facts = [
        ("Pool", pair.address),
        (f"Reserve of {first}", format_amount(pair.reserve0)),
        (f"Reserve of {second}", format_amount(pair.reserve1)),
        (f"Price of {first}", price),
    ]
    if share is not None:
        facts += [
            ("Share", f"{format_percent(share.share, 4)} of {short(share.holder)}"),
            (f"Stands for {first}", format_amount(share.amount0)),
            (f"Stands for {second}", format_amount(share.amount1)),
        ]
    method = f"A share of the pool is that share of both reserves. Source: {pair.source}."
    return FactsCard(f"Pool {first}/{second}", tuple(facts), method, simulated=False)


def position_card(position: Position) -> Card:
    """A position of the Uniswap v3 kind."""
    first, second = _name(position.token0), _name(position.token1)
    low, high = position.limits.low, position.limits.high
    facts = (
        ("Pool", f"{position.pool}, {format_percent(position.fee)} fee"),
        ("Range", f"{format_amount(low)} to {format_amount(high)} {second} per {first}"),
        ("Price", f"{format_amount(position.price)} {second} per {first}"),
        ("State", "in range" if position.in_range else "out of range: it earns no fees"),
        (f"Holds {first}", format_amount(position.amount0)),
        (f"Holds {second}", format_amount(position.amount1)),
        (f"Fees in {first}", format_amount(position.fees0)),
        (f"Fees in {second}", format_amount(position.fees1)),
    )
    method = (
        "Amounts from liquidity and range, fees from their growth inside the range, as in the "
        f"Uniswap v3 paper. Source: {position.source}."
    )
    title = f"Position {position.token_id}: {first}/{second}"
    return FactsCard(title, facts, method, simulated=False)


def _name(token: Token) -> str:
    return token.symbol or token.name or short(token.address)


def _amount(amount: Decimal | None) -> str:
    return "unknown" if amount is None else format_amount(amount)
