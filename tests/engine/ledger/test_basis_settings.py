"""The chosen cost basis as a stored document."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import KnownError
from engine.ledger.basis_settings import basis_from_body, basis_to_body, read_year_start
from engine.ledger.methods import CostBasis, Method

lot_methods = st.sampled_from([m for m in get_args(Method) if m != "uk_pool"])
bases = st.builds(
    CostBasis,
    lot_methods,
    st.booleans(),
    st.dictionaries(st.integers(2009, 2100), lot_methods, max_size=3).map(
        lambda switches: tuple(sorted(switches.items()))
    ),
    st.sampled_from([(1, 1), (4, 6), (7, 1), (12, 31)]),
    st.booleans(),
    st.integers(1, 36_500),
) | st.just(CostBasis("uk_pool", universal=True, year_start=(4, 6)))


@given(bases)
def test_what_is_stored_comes_back(basis: CostBasis) -> None:
    assert basis_from_body(json.loads(json.dumps(basis_to_body(basis)))) == basis


def test_nothing_stored_means_the_defaults() -> None:
    assert basis_from_body(None) == basis_from_body({}) == CostBasis()
    assert basis_from_body({"method": "hifo"}) == CostBasis("hifo")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"method": "best"}, "no cost-basis method called best"),
        ({"method": "uk_pool"}, "UK share pool counts the coins of all accounts"),
        ({"universal": "yes"}, "universal must be true or false"),
        ({"switches": [2025, "hifo"]}, "tax years with a method each"),
        ({"switches": {"soon": "hifo"}}, "soon is not a tax year"),
        ({"switches": {"1066": "hifo"}}, "1066 is not a tax year"),
        ({"switches": {"2025": "best"}}, "no cost-basis method called best"),
        ({"year_start": "02-29"}, "not a day on which every tax year can start"),
        ({"year_start": "13-01"}, "not a day on which every tax year can start"),
        ({"long_days": 0}, "from 1 to 36,500"),
        ({"long_days": True}, "from 1 to 36,500"),
        ({"long_days": 365.5}, "from 1 to 36,500"),
    ],
)
def test_what_cannot_be_is_refused(body: dict[str, Any], sentence: str) -> None:
    with pytest.raises(KnownError, match=sentence):
        basis_from_body(body)


def test_the_start_of_tax_years() -> None:
    assert read_year_start("04-06") == (4, 6)


@pytest.mark.parametrize(
    ("basis", "words"),
    [
        (CostBasis(), "first in, first out"),
        (CostBasis("hifo", universal=True), "highest cost first over all accounts"),
        (CostBasis("uk_pool", universal=True), "UK share pool"),
        (
            CostBasis("fifo", switches=((2025, "average"),), year_start=(4, 6)),
            "first in, first out, average cost from 2025-04-06 on",
        ),
    ],
)
def test_the_rules_in_words(basis: CostBasis, words: str) -> None:
    assert basis.described() == words
