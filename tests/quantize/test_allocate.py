"""The allocation against trying everything."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantize import allocate as module
from quantize.allocate import allocate

Options = list[tuple[int, int]]
things = st.lists(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 1000)), min_size=1, max_size=4),
    min_size=1,
    max_size=6,
)


def total(options: list[Options], chosen: tuple[int, ...] | list[int]) -> tuple[int, int]:
    pairs = [one[index] for one, index in zip(options, chosen, strict=True)]
    return sum(size for size, _ in pairs), sum(cost for _, cost in pairs)


def run(options: list[Options], budget: int) -> list[int] | None:
    sizes = [[size for size, _ in one] for one in options]
    return allocate(sizes, [[float(cost) for _, cost in one] for one in options], budget)


@given(things, st.integers(0, 200))
def test_equals_brute_force(options: list[Options], budget: int) -> None:
    every = itertools.product(*(range(len(one)) for one in options))
    costs = [cost for size, cost in (total(options, one) for one in every) if size <= budget]
    found = run(options, budget)
    if not costs:
        assert found is None
        return
    assert found is not None
    size, cost = total(options, found)
    assert size <= budget
    assert cost == min(costs)


@given(things, st.integers(0, 200))
def test_few_states_still_fit(options: list[Options], budget: int) -> None:
    """Cut to three states it may miss the best and never the budget."""
    exact = run(options, budget)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST", 3)
        found = run(options, budget)
    assert (found is None) == (exact is None)
    if found is not None and exact is not None:
        assert total(options, found)[0] <= budget
        assert total(options, found)[1] >= total(options, exact)[1]


def test_many_things_are_near_the_bound() -> None:
    """300 tensors of 40 sizes: within a thousandth of what fractions of options would reach."""
    sizes = [[(10 + i % 40) * bits for bits in (2, 3, 4, 5, 6, 8)] for i in range(300)]
    costs = [[(1 + i % 7) * 4.0**-bits for bits in (2, 3, 4, 5, 6, 8)] for i in range(300)]
    budget = sum(one[2] for one in sizes)
    found = allocate(sizes, costs, budget)
    assert found is not None
    assert sum(one[k] for one, k in zip(sizes, found, strict=True)) <= budget
    cost = sum(one[k] for one, k in zip(costs, found, strict=True))
    bound = max(_dual(sizes, costs, budget, 2.0 ** (-power / 16)) for power in range(64, 384))
    assert bound <= cost
    assert cost < 1.001 * bound


def _dual(sizes: list[list[int]], costs: list[list[float]], budget: int, price: float) -> float:
    """Lagrange's lower bound on the cost for a price per byte."""
    least = sum(
        min(c + price * s for s, c in zip(ss, cc, strict=True))
        for ss, cc in zip(sizes, costs, strict=True)
    )
    return least - price * budget
