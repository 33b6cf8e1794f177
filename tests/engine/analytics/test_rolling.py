"""Rolling forms against empyrical-reloaded 0.7.1 and pandas 3.1.1, and against the whole series.

The literals are what these print, run beside risk_series.py with e = empyrical, S, B =
pd.Series(own()), pd.Series(market()), rf = 1.05 ** (1 / 365) - 1:
    S.rolling(30).std() * 365**0.5      e.roll_sharpe_ratio(S, 90, risk_free=rf, annualization=365)
    e.roll_beta(S, B, 60)               S.rolling(60).corr(B)
    w = lambda x: x.ewm(alpha=0.06, adjust=True).mean()
    w(S * S) ** 0.5 * 365**0.5          (w(S) - rf) / w(S * S) ** 0.5 * 365**0.5
    w(S * B) / w(B * B)                 w(S * B) / (w(B * B) * w(S * S)) ** 0.5
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from risk_series import market, own

from engine.analytics.benchmark import beta
from engine.analytics.ratios import sharpe
from engine.analytics.risk import volatility
from engine.analytics.rolling import (
    WARM_UP,
    ewma_beta,
    ewma_correlation,
    ewma_sharpe,
    ewma_volatility,
    rolling_beta,
    rolling_correlation,
    rolling_sharpe,
    rolling_volatility,
)
from engine.core.errors import KnownError


def test_windows_equal_the_libraries() -> None:
    r, b = own(), market()
    found = rolling_volatility(r, 30)
    assert len(found) == 371
    assert found[[0, 171, 370]].tolist() == pytest.approx(
        [0.4889790294536794, 0.5189135623042984, 0.46634803987205303], abs=1e-9
    )
    assert rolling_sharpe(r, 90, 0.05)[[0, 100, 310]].tolist() == pytest.approx(
        [4.85140764742477, 0.76945246942044, 0.24400700058519778], abs=1e-9
    )
    assert rolling_beta(r, b, 60)[[0, 100, 340]].tolist() == pytest.approx(
        [0.8898439192328765, 0.8790762365767695, 0.7384740376397686], abs=1e-9
    )
    assert rolling_correlation(r, b, 60)[[0, 100, 340]].tolist() == pytest.approx(
        [0.7120098769665633, 0.718558118273836, 0.6333151331844151], abs=1e-9
    )


def test_weighted_forms_equal_the_library() -> None:
    r, b = own(), market()
    picked = [0, 181, 380]
    assert len(ewma_volatility(r)) == 400 - WARM_UP + 1
    assert ewma_volatility(r)[picked].tolist() == pytest.approx(
        [0.4233672601160782, 0.5491870084033321, 0.4580316956251033], abs=1e-9
    )
    assert ewma_sharpe(r, risk_free=0.05)[picked].tolist() == pytest.approx(
        [-1.9440370614160698, 3.2248707420447187, 1.1913314968869753], abs=1e-9
    )
    assert ewma_beta(r, b)[picked].tolist() == pytest.approx(
        [0.6191273645343368, 0.9023390638750434, 0.5887407100370968], abs=1e-9
    )
    assert ewma_correlation(r, b)[picked].tolist() == pytest.approx(
        [0.6483223182583469, 0.7589237335794454, 0.6259802886597574], abs=1e-9
    )


def test_a_window_as_long_as_the_series_is_the_plain_measure() -> None:
    r, b = own(), market()
    assert rolling_volatility(r, 400).tolist() == pytest.approx([volatility(r)], abs=1e-12)
    assert rolling_sharpe(r, 400, 0.02).tolist() == pytest.approx([sharpe(r, 0.02).value])
    assert rolling_beta(r, b, 400).tolist() == pytest.approx([beta(r, b).value], abs=1e-12)
    assert rolling_correlation(r, b, 400)[0] == pytest.approx(np.corrcoef(r, b)[0, 1], abs=1e-12)


def test_where_nothing_moves_there_is_no_ratio() -> None:
    # 30 days that differ, then 30 of exactly 1 % each.
    r = np.concatenate((own()[:30], np.full(30, 0.01)))
    b = market()[:60]
    assert rolling_volatility(r, 30)[-1] == pytest.approx(0.0, abs=1e-12)
    for found in (
        rolling_sharpe(r, 30),
        rolling_beta(b, r, 30),
        rolling_correlation(b, r, 30),
        rolling_correlation(r, b, 30),
    ):
        assert np.isfinite(found[:-1]).all()
        assert np.isnan(found[-1])
    still = np.zeros(40)
    assert ewma_volatility(still).tolist() == [0.0] * 21
    assert np.isnan(ewma_sharpe(still)).all()
    assert np.isnan(ewma_beta(b[:40], still)).all()
    assert np.isnan(ewma_correlation(still, b[:40])).all()


def test_refusals() -> None:
    r, b = own(), market()
    with pytest.raises(KnownError, match="too short"):
        rolling_volatility(r, 19)
    with pytest.raises(KnownError, match="longer than the 400"):
        rolling_sharpe(r, 401)
    with pytest.raises(KnownError, match="only 19"):
        ewma_volatility(r[:19])
    for decay in (0.0, 1.0):
        with pytest.raises(KnownError, match="decay"):
            ewma_volatility(r, decay)
    for measure in (ewma_beta, ewma_correlation):
        with pytest.raises(ValueError, match="same days"):
            measure(r, b[1:])
    with pytest.raises(ValueError, match="same days"):
        rolling_beta(r, b[1:], 30)


@given(st.lists(st.floats(-0.5, 0.5), min_size=20, max_size=70), st.floats(0.05, 0.999))
def test_weights_follow_the_recursion(moves: list[float], decay: float) -> None:
    total = weight = 0.0
    expected = []
    for move in moves:
        total = decay * total + move * move
        weight = decay * weight + 1.0
        expected.append((total / weight * 365) ** 0.5)
    found = ewma_volatility(np.array(moves), decay).tolist()
    assert found == pytest.approx(expected[WARM_UP - 1 :], rel=1e-9, abs=1e-12)
