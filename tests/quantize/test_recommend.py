"""Which file is recommended, case by case."""

import pytest

from quantize.recommend import Choice, Wish, recommend

GB = 10**9
Q8 = Choice("q8", 0.001, 5 * GB, 6.0)
Q6 = Choice("q6", 0.004, 4 * GB, 7.5)
Q4 = Choice("q4", 0.020, 3 * GB, 11.0)
Q2 = Choice("q2", 0.300, 2 * GB, 9.0)
ALL = (Q8, Q6, Q4, Q2)


@pytest.mark.parametrize(
    ("choices", "free", "speed", "name", "fits"),
    [
        (ALL, 8, 5, "q8", True),  # everything does: the least loss
        (ALL, 8, 7, "q6", True),  # q8 is too slow
        (ALL, 3.5, 5, "q4", True),  # q8 and q6 are too large
        (ALL, 3, 5, "q4", True),  # exactly as large as there is room
        (ALL, 2.9, 5, "q2", True),
        (ALL, 2.9, 10, "q2", False),  # fits, too slow
        (ALL, 8, 20, "q4", False),  # all too slow: the fastest
        (ALL, 1, 5, "q2", False),  # none fits: the smallest
        ((Q8, Choice("same", 0.001, 4 * GB, 5.5)), 8, 5, "same", True),  # equal loss: the smaller
        ((Choice("x", 0.0, 9 * GB, None), Choice("y", 0.1, GB, None)), 2, 50, "y", True),
        ((Choice("x", 0.0, GB, None), Choice("y", 0.1, GB, None)), 2, 50, "x", True),  # not timed
    ],
)
def test_cases(
    choices: tuple[Choice, ...], free: float, speed: float, name: str, fits: bool
) -> None:
    found = recommend(choices, Wish(int(free * GB), 4096, speed))
    assert (found.name, found.fits) == (name, fits)
    assert found.reasons


def test_reasons_are_the_figures() -> None:
    found = recommend(ALL, Wish(int(4.5 * GB), 8192, 8))
    assert found.reasons == (
        "q4 needs 3.0 GB of memory with 8,192 tokens of context; a model may have 4.5 GB now.",
        "It writes 11.0 tokens a second; at least 8 are wanted.",
        "Its mean KL divergence is 0.02000, the least of the 2 files that do that.",
        "q8 loses less (0.00100) but needs 5.0 GB of memory.",
        "q6 loses less (0.00400) but writes only 7.5 tokens a second.",
    )
    (reason,) = recommend(ALL, Wish(GB, 4096, 8)).reasons
    assert "q2 needs least, 2.0 GB, and a model may have 1.0 GB" in reason
