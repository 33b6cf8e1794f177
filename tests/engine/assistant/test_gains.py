"""Realised or unrealised gains, by the words people use."""

import pytest

from engine.assistant.gains import which_gains


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("coins i flogged in q4", "realised"),
        ("the money I have pocketed, not the theoretical stuff", "realised"),
        ("what did i clear by selling stuff", "realised"),
        ("made off flogging sol", "realised"),
        ("profit from closed positions", "realised"),
        ("avax im still sat on", "unrealised"),
        ("coins i havent let go of yet", "unrealised"),
        ("profit on coins i haven't sold", "unrealised"),
        ("gains i have not realised", "unrealised"),
        ("the ones i still hold", "unrealised"),
        ("without the sold ones", "unrealised"),
        ("upnl", "unrealised"),
        ("nothing sold yet, how far up", "unrealised"),
        ("the gain that I have not yet crystallised", "unrealised"),
    ],
)
def test_one_kind(text: str, kind: str) -> None:
    assert which_gains(text) == (kind,)


@pytest.mark.parametrize(
    "text",
    ["profit overall", "would you give me my gain", "am i up", "both realised and unrealised"],
)
def test_no_kind(text: str) -> None:
    assert which_gains(text) == ()
