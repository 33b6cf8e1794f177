"""Questions whose answer is a sum over the transactions or the first of them."""

import pytest

from engine.assistant.ledger_questions import asks_for_sums


@pytest.mark.parametrize(
    "question",
    [
        "how much have I paid in fees",
        "fees paid on btc",
        "total fees 2025",
        "my fees",
        "what did the exchange fees cost me so far",
        "how much money did i put in",
        "what have i invested so far",
        "how much did i spend on solana",
        "when did i first buy ether",
        "date of my first btc purchase? which day",
        "when did we start",
    ],
)
def test_sums(question: str) -> None:
    assert asks_for_sums(question)


@pytest.mark.parametrize(
    "question",
    [
        "what is a gas fee",
        "explain maker fees",
        "impermanent loss before fees if eth doubles",
        "how many fees do i need to cover the il",
        "did i get back more than i put in",
        "how much do i gain if i invest 500",
        "how much have i gained since i first bought",
        "average price i paid per eth",
        "list my trades",
        "first tell me what i own",
    ],
)
def test_other_questions(question: str) -> None:
    assert not asks_for_sums(question)
