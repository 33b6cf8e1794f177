"""Random users: plausible, whole, and the same for the same seed."""

import random
from datetime import timedelta

import pytest

from engine.assistant.tools import TOOLS
from engine.core.errors import KnownError
from engine.ledger.legs import holdings
from training.assistant.market import RandomUser, random_user


@pytest.fixture(scope="module")
def users() -> list[RandomUser]:
    return [random_user(random.Random(seed)) for seed in range(12)]


def test_the_same_seed_gives_the_same_user(users: list[RandomUser]) -> None:
    again = random_user(random.Random(0))
    assert again.world == users[0].world
    assert again.context.transactions == users[0].context.transactions
    day = again.world.today - timedelta(9)
    for asset in again.world.assets:
        assert again.context.prices.quote(asset, again.world.currency, day) == users[
            0
        ].context.prices.quote(asset, again.world.currency, day)


def test_nobody_sells_what_they_do_not_have(users: list[RandomUser]) -> None:
    for user in users:
        assert user.context.transactions
        for account in user.context.accounts:
            own = [t for t in user.context.transactions if t.account == account]
            assert all(amount >= 0 for amount in holdings(own).values())


def test_users_buy_sell_and_earn(users: list[RandomUser]) -> None:
    kinds = {t.kind for user in users for t in user.context.transactions}
    assert kinds == {"buy", "sell", "income"}


def test_world_and_portfolio_are_of_the_same_user(users: list[RandomUser]) -> None:
    for user in users:
        assert set(user.context.assets) <= set(user.world.assets)
        assert set(user.context.accounts) <= set(user.world.accounts)
        assert user.context.today == user.world.today
        assert user.context.currency == user.world.currency
        assert all(t.time.date() < user.world.today for t in user.context.transactions)


def test_prices_are_positive_and_current(users: list[RandomUser]) -> None:
    for user in users:
        for asset in user.world.assets:
            days, closes = user.context.prices.closes(
                asset, user.world.currency, user.world.today - timedelta(365), user.world.today
            )
            assert len(days) == 366
            assert closes.min() > 0
        assert user.context.last_price("NOTACOIN") is None


def test_most_tools_can_answer_most_users(users: list[RandomUser]) -> None:
    answered = 0
    names = ("portfolio_value", "profit_loss", "best_worst", "period_return", "volatility",
             "max_drawdown", "list_alerts", "transactions")  # fmt: skip
    for user in users:
        for name in names:
            try:
                TOOLS[name].run(user.context, {})
            except KnownError:
                continue
            answered += 1
    assert answered / (len(users) * len(names)) > 0.9
