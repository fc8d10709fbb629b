"""The budget on the screen: windows with bars, and how a task at its cap goes on, never by a single key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from engine import (
    Answer,
    BudgetView,
    CallSettled,
    Command,
    ListGrants,
    Phase,
    Query,
    QuestionAnswered,
    QuestionAsked,
    RaiseBudget,
    Resolve,
    ShowBudget,
    StepsChanged,
    Wait,
)
from engine.errors import AlreadyAnswered
from engine.model.call import Call, Purpose
from engine.testing import ScriptedEngine
from tests.tui import plans
from tests.tui.pilots import picture, until
from tests.tui.spending import ASKED, BEYOND, BUDGET, LIFTED
from tests.tui.stage import LARGE, SMALL, Clock, app, gone, opened, press, settle, show
from tui.screens.budget import BudgetScreen
from tui.screens.inbox import InboxScreen

Compare = Callable[..., bool]


def engine(*, asks: bool = True) -> ScriptedEngine:
    view = plans.asking()
    paused = replace(view.task, phase=Phase.PAUSED, waits=(Wait.BUDGET,))
    made = ScriptedEngine(replace(view, task=paused, questions=(ASKED,)) if asks else view)
    made.budget = BUDGET
    return made


def one(made: ScriptedEngine) -> Command:
    (command,) = made.done
    return replace(command, key="")


async def decided(*keys: str) -> tuple[ScriptedEngine, list[bool]]:
    """What the engine is given by these keys, and whether the screen is gone then."""
    made, clock = engine(), Clock()
    screen = BudgetScreen(12, now=clock)
    async with opened(made, screen) as pilot:
        await press(pilot, clock, *keys)
        return made, [screen not in pilot.app.screen_stack]


@pytest.mark.parametrize(
    ("keys", "command"),
    [
        (("C", "y"), Resolve(question=7, answer=Answer.CHEAP, key="")),
        (("S", "y"), Resolve(question=7, answer=Answer.STOP, key="")),
        (("R", *"1", "full_stop", *"50", "enter"), RaiseBudget(task=12, money=1.5, key="")),
        (("R", "plus", *"10m", "enter"), RaiseBudget(task=12, seconds=600.0, key="")),
    ],
    ids=["cheap", "stop", "money", "time"],
)
async def test_two_keys_or_an_amount_decide(keys: tuple[str, ...], command: Command) -> None:
    made, ended = await decided(*keys)
    assert (one(made), ended) == (command, [True])


async def test_to_finish_cheaply_says_with_which_model() -> None:
    made, clock = engine(), Clock()
    made.views[12] = replace(made.views[12], questions=(replace(ASKED, cheaper="openai/gpt-5-mini"),))
    screen = BudgetScreen(12, now=clock)
    async with opened(made, screen) as pilot:
        await until(pilot, lambda: "cheaper model…" in picture(pilot))
        assert "it goes on with openai/gpt-5-mini" in picture(pilot)
        assert "skip what costs" not in picture(pilot)
        await press(pilot, clock, "C")
        assert "Go on with openai/gpt-5-mini?" in picture(pilot)
        await press(pilot, clock, "y")
        await gone(pilot, screen)
    assert one(made) == Resolve(question=7, answer=Answer.CHEAP, key="")


async def test_an_amount_goes_beyond_the_cap_that_is_asked_about() -> None:
    made, clock = engine(), Clock()
    made.views[12] = replace(made.views[12], questions=(replace(ASKED, cap="day"),))
    screen = BudgetScreen(12, now=clock)
    async with opened(made, screen) as pilot:
        await press(pilot, clock, "R")
        assert "how far beyond the cap of all tasks this day, this task alone" in picture(pilot)
        await press(pilot, clock, "2", "enter")
        await gone(pilot, screen)
    assert one(made) == RaiseBudget(task=12, money=2.0, beyond="day", key="")


@pytest.mark.parametrize("keys", [("C",), ("S",), ("R",), ("U", "y"), ("y",), ("C", "escape"), ("R", *"lots", "enter")])
async def test_one_key_decides_nothing(keys: tuple[str, ...]) -> None:
    made, ended = await decided(*keys)
    assert (made.done, ended) == ([], [False])


@pytest.mark.parametrize("key", ["enter", "escape", "q"])
async def test_later_has_the_focus(key: str) -> None:
    made, ended = await decided(key)
    assert (made.done, ended) == ([], [True])


async def test_who_was_slower_is_told() -> None:
    made, clock = engine(), Clock()
    screen = BudgetScreen(12, now=clock)
    async with opened(made, screen) as pilot:
        made.refusal = AlreadyAnswered(what="Question 7", answer="raise", actor="ben")
        await press(pilot, clock, "S", "y")
        assert "answered before: raise by ben" in picture(pilot)
        view = made.views[12]
        made.views[12] = replace(view, questions=())
        made.emit(QuestionAnswered(replace(ASKED, answer=Answer.RAISE, answered_by="ben")), task=12)
        await until(pilot, lambda: screen.question is None)
        assert "skip what costs" not in picture(pilot)


@pytest.mark.parametrize("keys", [("S",), ("R", "9")], ids=["stop", "raise"])
async def test_what_was_pressed_for_one_question_is_meant_for_no_other(keys: tuple[str, ...]) -> None:
    made, clock = engine(), Clock()
    screen = BudgetScreen(12, now=clock)
    async with opened(made, screen) as pilot:
        await press(pilot, clock, *keys)
        other = replace(ASKED, id=8, cap="day")
        made.views[12] = replace(made.views[12], questions=(other,))
        made.emit(QuestionAsked(other), task=12)
        await until(pilot, lambda: "cap of all tasks this day" in picture(pilot))
        await press(pilot, clock, "y")
        assert made.done == []
        await press(pilot, clock, "R")
        assert screen.query_one("#amount", Input).value == ""


async def test_an_unknown_price_offers_to_go_on_uncounted() -> None:
    made, clock = engine(), Clock()
    made.views[12] = replace(made.views[12], questions=(replace(ASKED, options=("unpriced", "cheap", "stop")),))
    screen = BudgetScreen(12, now=clock)
    async with opened(made, screen) as pilot:
        await press(pilot, clock, "U", "y")
        await gone(pilot, screen)
    assert one(made) == RaiseBudget(task=12, unpriced=True, key="")


async def test_the_inbox_and_a_new_question_open_it() -> None:
    made, clock = engine(), Clock()
    async with opened(made, InboxScreen(now=clock)) as pilot:
        assert "over budget" in picture(pilot)
        await press(pilot, clock, "enter")
        assert isinstance(pilot.app.screen, BudgetScreen)
        await press(pilot, clock, "escape", "escape")
        await settle(pilot)
        pilot.app.ask(ASKED)  # type: ignore[attr-defined]
        await until(pilot, lambda: isinstance(pilot.app.screen, BudgetScreen))


async def test_the_bar_on_top_tells_the_nearest_cap() -> None:
    made = engine(asks=False)
    async with app(made).run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "$4.20/$5" in picture(pilot))
        assert picture(pilot).count("$4.20/$5") == 1


async def test_the_bar_sums_anew_only_where_something_was_spent() -> None:
    made, reads, lists = engine(asks=False), list[Query](), list[Query]()

    def budget(query: Query) -> BudgetView:
        reads.append(query)
        return BUDGET

    def grants(query: Query) -> tuple[()]:
        lists.append(query)
        return ()

    made.answers |= {ShowBudget: budget, ListGrants: grants}
    async with app(made).run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "$4.20/$5" in picture(pilot))
        seen = len(lists)
        made.emit(StepsChanged((), "moved"), task=12)
        await until(pilot, lambda: len(lists) > seen)
        assert len(reads) == 1
        call = Call(id=1, task=12, purpose=Purpose.RESEARCH, model="m", started=0.0)
        made.emit(CallSettled(call), task=12)
        await until(pilot, lambda: len(reads) == 2)


@pytest.mark.parametrize("name", ["asked", "beyond", "raise", "all"])
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
def test_picture(snap_compare: Compare, name: str, size: tuple[int, int]) -> None:
    async def run(pilot: Pilot[Any]) -> None:
        clock = Clock()
        await show(pilot, BudgetScreen(None if name == "all" else 12, now=clock))
        if name == "raise":
            await press(pilot, clock, "R", *"1.5")

    made = engine(asks=name != "all")
    if name == "beyond":
        made.views[12] = replace(made.views[12], questions=(BEYOND,))
        made.budget = LIFTED
    assert snap_compare(app(made), terminal_size=size, run_before=run)
