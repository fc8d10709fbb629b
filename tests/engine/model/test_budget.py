"""What a budget says about a call: exact, and on the safe side wherever something is not known."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.amounts import micros, parse_money
from engine.model.budget import Cap, Scope, Spent, Standing, Verdict, Window, refusing, since, verdict, warns


def standing(spent: int = 0, reserved: int = 0, raised: int = 0, cap: int | None = 1_000_000) -> Standing:
    return Standing(
        cap=Cap(scope=Scope.OVERALL, window=Window.DAY, micros=cap),
        spent=Spent(micros=spent, reserved=reserved),
        raised=raised,
    )


MONEY = st.integers(0, 3_000_000)


@given(MONEY, MONEY, MONEY, st.integers(1, 3_000_000))
def test_what_is_let_through_never_exceeds_the_limit(spent: int, reserved: int, raised: int, wanted: int) -> None:
    stands = standing(spent, reserved, raised)
    total, limit = Fraction(stands.used + wanted), Fraction(stands.limit or 0)
    expected = Verdict.OVER if total > limit else Verdict.WARN if total / limit >= Fraction(8, 10) else Verdict.OK
    assert verdict(stands, wanted) is expected


@given(MONEY, MONEY, st.integers(1, 3_000_000), st.integers(1, 3_000_000))
def test_more_is_never_judged_milder(spent: int, more: int, wanted: int, further: int) -> None:
    grave = (Verdict.OK, Verdict.WARN, Verdict.OVER)
    said = grave.index(verdict(standing(spent), wanted))
    assert said <= grave.index(verdict(standing(spent + more), wanted))
    assert said <= grave.index(verdict(standing(spent, more), wanted))
    assert said <= grave.index(verdict(standing(spent), wanted + further))
    assert said >= grave.index(verdict(standing(spent, raised=more), wanted))


def test_the_last_millionth_fits_and_the_next_does_not() -> None:
    assert verdict(standing(400_000, 500_000), 100_000) is Verdict.WARN
    assert verdict(standing(400_000, 500_000), 100_001) is Verdict.OVER
    assert verdict(standing(), 799_999) is Verdict.OK
    assert verdict(standing(), 800_000) is Verdict.WARN


def test_a_raise_counts_on_top() -> None:
    assert verdict(standing(1_000_000), 1) is Verdict.OVER
    assert verdict(standing(1_000_000, raised=2), 2) is not Verdict.OVER


def test_an_unknown_price_fits_under_no_cap_and_is_no_matter_without_one() -> None:
    assert verdict(standing(), None) is Verdict.UNPRICED
    assert verdict(standing(cap=None), None) is Verdict.OK


def test_what_costs_nothing_always_fits() -> None:
    assert verdict(standing(5_000_000), 0) is Verdict.OK


def test_every_cap_that_refuses_is_told() -> None:
    roomy, full = standing(), standing(1_000_000)
    assert refusing((roomy, full, full), 1) == (full, full)
    assert refusing((roomy, roomy), 1) == ()


def test_a_warning_is_about_what_was_spent_and_not_about_what_is_reserved() -> None:
    assert not warns(standing(799_999, 200_000))
    assert warns(standing(800_000))
    assert not warns(standing(800_000, raised=1))
    assert not warns(standing(800_000, cap=None))


def utc(*parts: int) -> float:
    return datetime(*parts, tzinfo=UTC).timestamp()  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("window", "began"),
    [
        (Window.HOUR, utc(2028, 2, 29, 23)),
        (Window.DAY, utc(2028, 2, 29)),
        (Window.MONTH, utc(2028, 2, 1)),
        (Window.WHOLE, 0.0),
    ],
)
def test_windows_are_those_of_the_calendar(window: Window, began: float) -> None:
    last = utc(2028, 2, 29, 23, 59, 59)
    assert since(window, last) == since(window, began) == began


def test_the_edge_of_a_month_begins_the_next() -> None:
    edge = utc(2028, 3, 1)
    assert since(Window.MONTH, edge - 0.001) == utc(2028, 2, 1)
    assert since(Window.MONTH, edge) == since(Window.DAY, edge) == since(Window.HOUR, edge) == edge
    assert since(Window.MONTH, utc(2028, 12, 31, 23)) == utc(2028, 12, 1)


def test_sums_of_dollars_are_exact() -> None:
    assert sum(micros(0.1) for _ in range(10)) == micros(1.0) == 1_000_000
    assert micros(0.1 + 0.2) == 300_000
    assert micros(0.0000001) == 1, "what is finer than a millionth is not for nothing"


@pytest.mark.parametrize(("text", "dollars"), [("2.50", 2.5), ("$2", 2.0), ("+1.50", 1.5), (3, 3.0), (0.1, 0.1)])
def test_money_as_people_write_it(text: object, dollars: float) -> None:
    assert parse_money(text) == dollars


@pytest.mark.parametrize("text", ["", "1,50", "-1", "1e3", "0", 0, True, None, float("inf"), "1.0000001", "2000000"])
def test_what_is_no_money(text: object) -> None:
    with pytest.raises(ValueError, match="amount of money"):
        parse_money(text)
