"""Refinement against a divergence that is known."""

import itertools

from quantize.refine import refine

KINDS = {"small": (10, 3.0), "middle": (20, 2.0), "large": (30, 1.5), "poor": (25, 2.5)}
TABLE = dict.fromkeys("abcd", KINDS)
TRUE = {"a": 8.0, "b": 4.0, "c": 2.0, "d": 1.0}  # how much each really matters


def measure(choice: dict[str, str]) -> float:
    return sum(TRUE[name] * KINDS[kind][1] for name, kind in choice.items())


def size(choice: dict[str, str]) -> int:
    return sum(KINDS[kind][0] for kind in choice.values())


def test_measured_changes_find_what_the_prediction_did_not_know() -> None:
    start = dict.fromkeys("abcd", "middle")
    seen: list[dict[str, str]] = []

    def watched(choice: dict[str, str]) -> float:
        seen.append(choice)
        return measure(choice)

    found, cost = refine(start, TABLE, 0, 40, watched)
    assert cost == measure(found) < measure(start)
    assert all(size(one) <= size(start) for one in seen)
    assert all("poor" not in one.values() for one in seen)
    every = (dict(zip("abcd", kinds, strict=True)) for kinds in itertools.product(KINDS, repeat=4))
    assert cost == min(measure(one) for one in every if size(one) <= size(start))


def test_nothing_better_leaves_it_as_it_is() -> None:
    best = {"a": "large", "b": "middle", "c": "middle", "d": "small"}
    assert refine(best, TABLE, 0, 5, measure) == (best, measure(best))
    assert refine(best, TABLE, 0, 0, measure) == (best, measure(best))
