"""The net catches at the last moment what passed every other measure, and keeps every line as wide as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color
from textual.widgets import Static

from tui.renderer_net import Net

BLACK = Color(0, 0, 0)
STYLE = Style(bold=True)


def caught(text: str, style: Style = STYLE) -> Segment:
    return Net().apply([Segment("ok"), Segment(text, style)], BLACK)[1]


@given(st.text(st.one_of(st.characters(), st.characters(categories=("Cc", "Cf", "Cs", "Mn", "Zs")))))
def test_nothing_unprintable_passes_and_no_width_changes(text: str) -> None:
    segment = caught(text)
    assert segment.text.isprintable()
    assert cell_len(segment.text) == cell_len(text)
    assert segment.style == STYLE


@pytest.mark.parametrize("text", ["naïve café", "日本語", "हिन्दी", "━┳━ ✓ ●", ""])
def test_clean_lines_pass_untouched(text: str) -> None:
    segments = [Segment(text, STYLE), Segment(" ")]
    assert Net().apply(segments, BLACK) is segments


def test_a_link_that_carries_control_characters_is_dropped() -> None:
    assert caught("x", Style(link="https://a.example/")).style == Style(link="https://a.example/")
    unlinked = caught("x", Style(link="https://a\x1b]52;c;cm0=\x07")).style
    assert unlinked is not None and unlinked.link is None


class Careless(App[None]):
    """An app that forgets every rule."""

    def __init__(self) -> None:
        super().__init__()
        self._filters.insert(0, Net())

    def compose(self) -> ComposeResult:
        yield Static("a\x1b]52;c;cm0=\x07b\u202ec\u200bd\x9be", markup=False)


async def test_a_careless_widget_sends_nothing_raw() -> None:
    app = Careless()
    async with app.run_test(size=(40, 3)) as pilot:
        await pilot.pause()
        strips = app.screen._compositor.render_strips()
        text = "".join(segment.text for strip in strips for segment in strip)
        assert text.isprintable()
        assert "a]52;c;cm0=bcde" in text
