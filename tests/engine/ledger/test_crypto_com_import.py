"""The Crypto.com App: kinds of rows, and swaps in two halves."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from import_samples import all_said, reasons

from engine.ledger.importers import ImportPreview
from engine.ledger.importers import crypto_com_kinds as kinds
from engine.ledger.legs import holdings

Preview = Callable[..., ImportPreview]

HEADER = (
    "\ufeffTimestamp (UTC),Transaction Description,Currency,Amount,To Currency,To Amount,"
    "Native Currency,Native Amount,Native Amount (in USD),Transaction Kind\n"
)
NEWER = HEADER.strip() + ",Transaction Hash\n"


def row(kind: str, what: str, native: str = "EUR,10,12", to: str = ",") -> str:
    return f"2022-05-01 10:00:00,Words,{what},{to},{native},{kind}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (row("viban_purchase", "EUR,-10", to="CRO,50"), ("buy", "50 CRO", "10 EUR", "")),
        (row("crypto_viban_exchange", "CRO,-50", to="EUR,10"), ("sell", "10 EUR", "50 CRO", "")),
        (row("crypto_exchange", "CRO,-50", to="ETH,0.01"), ("trade", "0.01 ETH", "50 CRO", "")),
        (row("crypto_purchase", "CRO,50"), ("buy", "50 CRO", "10 EUR", "")),
        (row("crypto_deposit", "CRO,50"), ("deposit", "50 CRO", "", "")),
        (row("crypto_withdrawal", "CRO,-50"), ("withdrawal", "", "50 CRO", "")),
        (row("crypto_transfer", "CRO,-50"), ("gift", "", "50 CRO", "")),
        (row("crypto_transfer", "CRO,50"), ("gift", "50 CRO", "", "")),
        (row("crypto_payment", "CRO,-50"), ("spend", "", "50 CRO", "")),
        (row("referral_card_cashback", "CRO,5"), ("income other", "5 CRO", "", "")),
        (row("card_cashback_reverted", "CRO,-5"), ("correction", "", "5 CRO", "")),
        (row("mco_stake_reward", "CRO,5"), ("income staking", "5 CRO", "", "")),
        (row("crypto_earn_interest_paid", "BTC,0.1"), ("income interest", "0.1 BTC", "", "")),
    ],
)
def test_kinds_of_rows(preview: Preview, text: str, expected: tuple[str, ...]) -> None:
    result = preview(HEADER + text)
    assert all_said(result) == [expected]
    assert result.source == "Crypto.com App"
    assert all_said(preview(NEWER + text.replace("\n", ",0xab\n"))) == [expected]


def test_what_a_reward_was_worth(preview: Preview) -> None:
    (reward,) = preview(HEADER + row("mco_stake_reward", "CRO,5", "EUR,1.25,1.4")).rows
    assert (reward.value, reward.value_currency) == (Decimal("1.25"), "EUR")
    # The value of a deposit would be taken for its cost.
    (deposit,) = preview(HEADER + row("crypto_deposit", "CRO,5", "EUR,1.25,1.4")).rows
    assert deposit.value is None


def test_a_card_top_up_is_a_sale_and_the_money_goes(preview: Preview) -> None:
    result = preview(HEADER + row("card_top_up", "CRO,-50", "EUR,-10,-12"))
    assert all_said(result) == [
        ("sell", "10 EUR", "50 CRO", ""),
        ("withdrawal", "", "10 EUR", ""),
    ]


def test_halves_of_a_swap(preview: Preview) -> None:
    result = preview(
        HEADER
        + row("dynamic_coin_swap_credited", "CRO,27")
        + row("dynamic_coin_swap_debited", "MCO,-1")
    )
    assert all_said(result) == [("trade", "27 CRO", "1 MCO", "")]


def test_dust_of_several_coins_goes_through_the_money_it_was_worth(preview: Preview) -> None:
    result = preview(
        HEADER
        + row("dust_conversion_credited", "CRO,200", "EUR,10.6,12")
        + row("dust_conversion_debited", "UNI,-1.5", "EUR,-5.8,-7")
        + row("dust_conversion_debited", "DOT,-0.6", "EUR,-4.8,-5")
    )
    assert all_said(result) == [
        ("buy", "200 CRO", "10.6 EUR", ""),
        ("sell", "5.8 EUR", "1.5 UNI", ""),
        ("sell", "4.8 EUR", "0.6 DOT", ""),
    ]
    assert holdings(result.rows)["CRO"] == Decimal(200)


def test_moves_change_nothing(preview: Preview) -> None:
    result = preview(
        HEADER
        + row("lockup_lock", "CRO,-5000")
        + row("crypto_earn_program_created", "BTC,-1")
        + row("supercharger_deposit", "CRO,-1")
    )
    assert all_said(result) == []
    assert result.warnings == ("Left out 3: moves within Crypto.com.",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (row("moon_shot", "CRO,5"), 'the transaction kind "moon_shot" is not known'),
        (row("", "CRO,5"), "no transaction kind"),
        (row("crypto_payment", "CRO,5"), "the amount of a payment is above zero"),
        (row("mco_stake_reward", "CRO,-5"), "the amount of a staking reward is negative"),
        (row("crypto_purchase", "CRO,5", ",,"), "it does not say what it was worth"),
        (row("crypto_exchange", "CRO,-5", to="ETH,0"), "the to amount is zero"),
        (row("dust_conversion_credited", "CRO,5"), "the other half of this trade"),
    ],
)
def test_rows_that_are_refused(preview: Preview, text: str, reason: str) -> None:
    (found,) = reasons(preview(HEADER + text))
    assert reason in found


def test_no_kind_means_two_things() -> None:
    halves = {f"{swap}{half}" for swap in kinds.SWAPS for half in ("_debited", "_credited")}
    groups = [kinds.EXCHANGES, kinds.PURCHASES, {kinds.CARD_TOP_UP}, halves]
    names = [name for group in (*groups, kinds.MEANINGS, kinds.INTERNAL) for name in group]
    assert len(names) == len(set(names))
    assert names == [name.lower() for name in names]
