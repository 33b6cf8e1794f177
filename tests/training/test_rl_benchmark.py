"""What the benchmark of reinforcement learning calls complete, beside the rewards it trains on."""

import random

import pytest

pytest.importorskip("torch")

from benchmarks.training.rl import REWARDS, complete, report
from training.rewards import Sample, build

GOOD = (
    "## Summary\nBTC is a well known asset.\n\n## Analysis\nThe code has been audited. The team is "
    "known. TVL has grown.\n\n## Recommendation\nKeep the position small.\n\n## Risk warning\n"
    "High risk: prices can fall fast."
)


def test_on_honest_reports_it_agrees_with_the_rewards() -> None:
    rng, scorer = random.Random(7), build(REWARDS)
    reports = [report(rng, "Should I buy BTC?") for _ in range(500)]
    best = [row["reward"] > 2 - 1e-6 for row in scorer.score([Sample("", r) for r in reports])]
    assert [complete(report) for report in reports] == best
    assert 0.05 < sum(best) / 500 < 0.2, "one in ten is complete"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("## Analysis\nThe code has been audited.", "## Analysis\nTVL has grown."),
        ("The code has been audited. The team is known.", "The audited team is known."),
        ("TVL has grown.", "TVL."),
        ("Keep the position small.", "Yes."),
        ("Keep the position small.", "The price will double."),
        ("High risk: prices can fall fast.", "Prices can fall fast."),
        ("## Recommendation", "Recommendation:"),
        ("## Summary", "Well.\n## Summary"),
        ("## Risk warning", "## Summary\nAgain and again.\n\n## Risk warning"),
    ],
)
def test_a_report_that_lacks_something_is_not_complete(old: str, new: str) -> None:
    assert complete(GOOD)
    assert old in GOOD
    assert not complete(GOOD.replace(old, new))
