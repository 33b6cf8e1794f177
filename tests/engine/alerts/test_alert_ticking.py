"""Ticks, restarts, sleep and clock changes: the same firings, and none twice."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.alerts.conditions import AllOf, AnyOf
from engine.alerts.evaluation import firings
from engine.alerts.firing import Firing, Recorded
from engine.alerts.panel import Panel, SeriesId
from engine.alerts.rule import Rule
from engine.alerts.ticking import Ticker
from tests.engine.alerts.alert_data import (
    NAN,
    above,
    below,
    check,
    day,
    panel,
    rows,
    rule,
)


def _told(found: list[Firing], recorded: Recorded) -> list[tuple[int, date, str]]:
    keys = [(one.rule_id, one.day, one.key) for one in found]
    for key in keys:
        recorded.add(*key)
    return keys


def test_what_is_not_recorded_is_given_again_and_what_is_recorded_is_not() -> None:
    data = panel(rows("BTC", [90, 101, 90, 101]))
    ticker, recorded = Ticker([rule(above("100"))], data), Recorded()
    first = ticker.tick(recorded, day(3))
    assert [one.day for one in first] == [day(1), day(3)]
    assert ticker.tick(recorded, day(3)) == first
    recorded.add(1, first[0].day, first[0].key)
    assert ticker.tick(recorded, day(3)) == first[1:]
    _told(first[1:], recorded)
    assert ticker.tick(recorded, day(3)) == []
    assert Ticker([rule(above("100"))], data).tick(recorded, day(3)) == []


def test_the_running_day_fires_once_while_its_row_grows() -> None:
    data = panel(rows("BTC", [90, 95]))
    ticker, recorded = Ticker([rule(above("100"))], data), Recorded()
    assert ticker.tick(recorded, day(1)) == []
    story = [(96, 99, 0), (97, 101, 1), (103, 104, 0), (80, 104, 0)]
    for close, high, count in story:
        data.put([rows("BTC", [close], highs=[high], first=1)], day(1))
        assert len(_told(ticker.tick(recorded, day(1)), recorded)) == count
    data.put([rows("BTC", [102], first=2)], day(2))
    # The day before closed at 80, so that this is a new rise.
    assert len(_told(ticker.tick(recorded, day(2)), recorded)) == 0
    data.put([rows("BTC", [90, 102], first=2)], day(3))
    assert len(_told(ticker.tick(recorded, day(3)), recorded)) == 1


def test_sleep_misses_nothing() -> None:
    data = panel(rows("BTC", [90]))
    ticker, recorded = Ticker([rule(above("100"))], data), Recorded()
    ticker.tick(recorded, day(0))
    data.put([rows("BTC", [101, 90, 101, 90, 90], first=1)], day(5))
    assert [one.day for one in ticker.tick(recorded, day(5))] == [day(1), day(3)]


def test_a_clock_that_was_ahead_neither_hides_nor_repeats() -> None:
    stale_or_high = AnyOf((check("stale", name="BTC/USD", days="3"), above("100")))
    data = panel(rows("BTC", [90, 90]))
    recorded = Recorded()
    wrong = Panel(data.start, data.series)
    wrong.put([rows("BTC", [90, 90])], day(400))
    (early,) = _told(Ticker([rule(stale_or_high)], wrong).tick(recorded, day(400)), recorded)
    assert early[2] == "price BTC/USD 2024-01-02"
    ticker = Ticker([rule(stale_or_high)], data)
    assert ticker.tick(recorded, day(1)) == []
    data.put([rows("BTC", [NAN, NAN, NAN], first=2)], day(4))
    # The same last row went stale: told already.
    assert ticker.tick(recorded, day(4)) == []
    data.put([rows("BTC", [90, 101], first=5)], day(6))
    assert [one.day for one in ticker.tick(recorded, day(6))] == [day(6)]


def test_a_correction_of_the_past_tells_nothing_of_before_the_last_firing() -> None:
    data = panel(rows("BTC", [90, 90, 90, 101, 90, 90]))
    ticker, recorded = Ticker([rule(above("100"))], data), Recorded()
    _told(ticker.tick(recorded, day(5)), recorded)
    data.put([rows("BTC", [105], first=1)], day(5))
    assert ticker.tick(recorded, day(5)) == []
    data.put([rows("BTC", [105], first=5)], day(5))
    assert [one.day for one in ticker.tick(recorded, day(5))] == [day(5)]


def test_what_fired_counts_for_once_and_cooldown_even_if_the_data_is_corrected() -> None:
    for more, expected in (({"once": True}, []), ({"cooldown_days": 4}, [day(5)])):
        data = panel(rows("BTC", [90, 101]))
        ticker, recorded = Ticker([rule(above("100"), **more)], data), Recorded()
        assert len(_told(ticker.tick(recorded, day(1)), recorded)) == 1
        data.put([rows("BTC", [90, 90, 101, 90, 101], first=1)], day(5))
        found = ticker.tick(recorded, day(5))
        assert [one.day for one in found] == expected


RULES: list[Rule] = [
    rule(above("100"), rule_id=1),
    rule(below("97", "ETH"), made=2, rule_id=2, cooldown_days=3),
    rule(check("move", asset="BTC", direction="up", percent="3"), rule_id=3),
    rule(check("drawdown", asset="ETH", percent="5", days="5"), made=1, rule_id=4),
    rule(AllOf((above("101"), below("99", "ETH"))), rule_id=5),
    rule(AnyOf((above("104"), check("red_flag", token="BTC"))), rule_id=6),
    rule(check("stale", name="ETH/USD", days="2"), rule_id=7),
    rule(check("range", asset="ETH", lower="97", upper="103"), rule_id=8, once=True),
]
BAR = st.tuples(*[st.integers(94, 106).map(float)] * 3)
FLAGS = SeriesId("flags", "BTC")


@st.composite
def _histories(draw: st.DrawFn) -> list[list[tuple[int, tuple[float, ...]]]]:
    """Days; of each, the rows that came in: which series, and close, high and low."""
    bars = st.lists(st.tuples(st.integers(0, 1), BAR), max_size=3)
    return draw(st.lists(bars, min_size=1, max_size=12))


def _put(data: Panel, number: int, which: int, bar: tuple[float, ...]) -> None:
    name = ("BTC", "ETH")[which]
    one = rows(name, [bar[0]], [max(bar)], [min(bar)], first=number)
    data.put([one], day(number))


def _empty() -> Panel:
    return panel(rows("BTC", [100]), rows("ETH", [100]), rows(FLAGS, [0]))


@settings(deadline=None)
@given(_histories(), st.sets(st.integers(0, 11)))
def test_ticks_and_restarts_give_what_working_it_out_anew_gives(
    history: list[list[tuple[int, tuple[float, ...]]]], restarts: set[int]
) -> None:
    """One row a day and series: then every day's rows are final at its end."""
    data, recorded = _empty(), Recorded()
    ticker, told = Ticker(RULES, data), []
    for number, arrived in enumerate(history, 1):
        if number in restarts:
            ticker = Ticker(RULES, data)
        for which, bar in dict(arrived).items():
            _put(data, number, which, bar)
        data.put([], day(number))
        told += _told(ticker.tick(recorded, day(number)), recorded)
        assert ticker.tick(recorded, day(number)) == []
    anew = {(one.rule_id, one.day, one.key) for one in firings(RULES, data)}
    assert set(told) == anew
    assert len(told) == len(anew)


@settings(deadline=None)
@given(_histories(), st.sets(st.integers(0, 11)), st.randoms(use_true_random=False))
def test_no_day_and_no_row_fires_a_rule_twice_however_rows_change(
    history: list[list[tuple[int, tuple[float, ...]]]],
    restarts: set[int],
    chance,  # type: ignore[no-untyped-def]
) -> None:
    data, recorded = _empty(), Recorded()
    ticker, told = Ticker(RULES, data), []
    for number, arrived in enumerate(history, 1):
        if number in restarts:
            ticker = Ticker(RULES, data)
        for which, bar in arrived:
            _put(data, chance.randint(max(0, number - 3), number), which, bar)
            told += _told(ticker.tick(recorded, day(number)), recorded)
    assert len({(rule_id, when) for rule_id, when, _ in told}) == len(told)
    assert len({(rule_id, key) for rule_id, _, key in told}) == len(told)


@settings(deadline=None)
@given(_histories(), st.sets(st.integers(0, 11)))
def test_a_ticker_is_as_good_as_new_after_any_change(
    history: list[list[tuple[int, tuple[float, ...]]]], late: set[int]
) -> None:
    data = _empty()
    ticker = Ticker(RULES, data)
    for number, arrived in enumerate(history, 1):
        for which, bar in arrived:
            _put(data, 0 if number in late else number, which, bar)
            kept = ticker.tick(Recorded(), day(number))
            assert kept == Ticker(RULES, data).tick(Recorded(), day(number))
