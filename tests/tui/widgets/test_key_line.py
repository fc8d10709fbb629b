"""A line of keys: what answers a question stays in sight, however long the question is."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.content import Content

from tests.tui.pilots import picture
from tui.widgets.key_line import Key, KeyLine

ANSWERS = (Key("y", "sign", "sign"), Key("esc", "back", "back"))


class Asking(App[None]):
    """One line with a question before its keys."""

    ascii_only = False

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        yield KeyLine()

    def on_mount(self) -> None:
        line = self.query_one(KeyLine)
        line.lead, line.keys = Content(self._question), ANSWERS


async def test_a_long_question_gives_way_to_its_answers() -> None:
    async with Asking("Sign rev 3 as root: 6 run, 1 of them held, 4 ask again at run, 2 granted?").run_test(
        size=(80, 4)
    ) as pilot:
        line = picture(pilot).splitlines()[0]
    assert "y sign" in line and "esc back" in line
    assert line.lstrip().startswith("Sign rev 3 as root: 6 run")


async def test_a_short_question_stays_whole() -> None:
    async with Asking("Sign rev 3?").run_test(size=(80, 4)) as pilot:
        assert picture(pilot).splitlines()[0].split() == ["Sign", "rev", "3?", "y", "sign", "esc", "back"]
