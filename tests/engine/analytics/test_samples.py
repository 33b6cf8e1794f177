"""Below the stated number of returns a measure is refused or called rough."""

import numpy as np
import pytest

from engine.analytics.samples import SAMPLES, Sample, checked, sample_warning
from engine.core.errors import KnownError


@pytest.mark.parametrize("measure", SAMPLES)
def test_each_measure_is_refused_warned_of_and_silent(measure: str) -> None:
    needs = SAMPLES[measure]
    assert 2 <= needs.least < needs.enough
    with pytest.raises(KnownError, match=f"only {needs.least - 1} daily returns for the {measure}"):
        sample_warning(measure, needs.least - 1)
    assert f"only {needs.least} daily" in sample_warning(measure, needs.least)
    assert f"from {needs.enough} on" in sample_warning(measure, needs.enough - 1)
    assert sample_warning(measure, needs.enough) == ""


def test_a_measure_may_bring_its_own_sample() -> None:
    assert sample_warning("width", 5, Sample(2, 5)) == ""
    with pytest.raises(KnownError, match="at least 6 are needed"):
        sample_warning("width", 5, Sample(6, 9))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_return_must_be_a_number(bad: float) -> None:
    returns = np.full(70, 0.01)
    assert checked("beta", returns) == ""
    returns[3] = bad
    with pytest.raises(KnownError, match="zero or missing"):
        checked("beta", returns)
