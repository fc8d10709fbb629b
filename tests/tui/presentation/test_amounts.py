"""Numbers read as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.presentation import amounts


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (31.9, "0:31"), (160, "2:40"), (3723, "1:02:03"), (-1, "0:00")]
)
def test_clock(seconds: float, text: str) -> None:
    assert amounts.clock(seconds) == text


def test_an_estimate_is_marked_as_one() -> None:
    assert amounts.about_clock(580) == "≈9:40"
    assert amounts.about_clock(580, ascii_only=True) == "~9:40"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (3, "just now"),
        (40, "40 s ago"),
        (300, "5 min ago"),
        (10_800, "3 h ago"),
        (90_000, "1 day ago"),
        (2e5, "2 days ago"),
    ],
)
def test_ago(seconds: float, text: str) -> None:
    assert amounts.ago(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(812, "812 B"), (1200, "1.2 kB"), (999_600, "1.0 MB"), (14_200_000, "14 MB"), (0, "0 B")]
)
def test_size(count: int, text: str) -> None:
    assert amounts.size(count) == text


def test_number() -> None:
    assert amounts.number(1204) == "1,204"


@given(st.floats(0, 1), st.integers(1, 60), st.booleans())
def test_a_bar_is_full_only_when_done_and_empty_only_before(share: float, width: int, ascii_only: bool) -> None:
    drawn = amounts.bar(share, width, ascii_only=ascii_only)
    full, empty = ("#", ".") if ascii_only else ("█", "░")
    assert cell_len(drawn) == width
    assert width == 1 or (drawn == full * width) == (share == 1)
    assert width == 1 or (drawn == empty * width) == (share == 0)


def test_bar_in_eighths() -> None:
    assert amounts.bar(85 / 118, 20) == "██████████████▍░░░░░"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "≈1 s"), (40, "≈40 s"), (95, "≈2 min"), (540, "≈9 min"), (7000, "≈2 h")]
)
def test_about(seconds: float, text: str) -> None:
    assert amounts.about(seconds) == text
    assert amounts.about(seconds, ascii_only=True) == text.replace("≈", "~")
