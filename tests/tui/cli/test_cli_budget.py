"""`signoff budget`: what was spent, and how a task at its cap goes on."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest

from engine import Answer, Command, Need, Outcome, Phase, RaiseBudget, Resolve, TaskView, Wait
from engine.testing import ScriptedEngine
from tests.tui import plans
from tests.tui.cli.outside import Typist, call
from tests.tui.spending import ASKED, BUDGET
from tui.cli.console import Console
from tui.cli.exits import of_task
from tui.cli.people import put


def at_the_cap() -> TaskView:
    view = plans.asking()
    return replace(view, task=replace(view.task, phase=Phase.PAUSED, waits=(Wait.BUDGET,)), questions=(ASKED,))


def given(engine: ScriptedEngine) -> Command:
    (command,) = engine.done
    return replace(command, key="")


def test_the_windows_are_told_with_their_bars() -> None:
    engine = ScriptedEngine(plans.asking())
    engine.budget = BUDGET
    said = call(engine, "budget", "12")
    lines = said.out.splitlines()
    assert lines[0].strip() == "all tasks"
    assert lines[2].split()[:4] == ["day", "$4.20", "of", "$5.00"]
    assert "84%" in lines[2] and "$0.60 reserved" in lines[2]
    assert "no cap" in lines[3] and "2 calls of unknown price" in lines[3]
    assert said.code == 0


def test_what_an_engine_counts_is_told_where_one_runs() -> None:
    engine = ScriptedEngine(plans.asking())
    engine.budget = BUDGET
    engine.info = replace(engine.info, settings="another", pid=4711)
    said = call(engine, "budget")
    assert said.needs == [Need.ATTACH]
    assert "engine process 4711 began with another configuration" in said.err
    assert "$4.20" in said.out
    assert call(engine, "budget", owned=False).needs == [Need.READ]


def test_the_same_as_json_in_dollars() -> None:
    engine = ScriptedEngine(plans.asking())
    engine.budget = BUDGET
    (_, day, month, *_) = json.loads(call(engine, "budget", "--json").out)
    assert (day["window"], day["cap"], day["spent"], day["reserved"]) == ("day", 5.0, 4.2, 0.6)
    assert (month["cap"], month["limit"], month["unpriced_calls"]) == (None, None, 2)


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["raise", "12", "+1.50"], RaiseBudget(task=12, money=1.5, means="command", key="")),
        (["raise", "12", "+10m", "$2"], RaiseBudget(task=12, money=2.0, seconds=600.0, means="command", key="")),
        (
            ["raise", "12", "+1", "--beyond", "openai/gpt-5 day"],
            RaiseBudget(task=12, money=1.0, beyond="openai/gpt-5 day", means="command", key=""),
        ),
        (["raise", "12", "--unpriced"], RaiseBudget(task=12, unpriced=True, means="command", key="")),
        (["cheap", "12"], Resolve(question=7, answer=Answer.CHEAP, means="command", key="")),
        (
            ["stop", "12", "--reason", "too dear"],
            Resolve(question=7, answer=Answer.STOP, reason="too dear", means="command", key=""),
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_a_person_decides_is_given_as_it_was_typed(words: list[str], command: Command) -> None:
    engine = ScriptedEngine(at_the_cap())
    assert call(engine, "budget", *words, person=Typist()).code == 0
    assert given(engine) == command


def test_a_cap_that_is_not_its_own_is_named_in_the_question_and_every_hint() -> None:
    view = at_the_cap()
    view = replace(view, questions=(replace(ASKED, cap="day"),))
    told = call(ScriptedEngine(view), "inbox").out
    assert "signoff budget raise 12 +1.50 --beyond day" in told
    assert "it is at a cap: signoff budget raise 12 +1.50 --beyond day" in call(ScriptedEngine(view), "show", "12").out


async def test_at_the_prompt_an_amount_goes_beyond_the_cap_that_is_asked_about() -> None:
    ana: Any = Typist("+1.50")
    question = replace(ASKED, cap="openai/gpt-5 day")
    answer = await put(ana, question, at_the_cap(), Console(io.StringIO(), io.StringIO(), {}))
    assert answer is not None
    assert replace(answer, key="") == RaiseBudget(
        task=12, money=1.5, beyond="openai/gpt-5 day", means="command", key=""
    )
    assert "this task alone goes that much beyond the cap of openai/gpt-5 this day" in ana.seen


def test_who_may_go_beyond_a_cap_is_told_beside_it() -> None:
    engine = ScriptedEngine(plans.asking())
    hour, day, *others = BUDGET.standings
    engine.budget = replace(
        BUDGET, standings=(hour, replace(day, beyond=((12, 1_500_000),), raised=1_500_000), *others)
    )
    told = call(engine, "budget", "12").out.splitlines()
    assert "of $5.00" in told[2]
    assert told[3].strip() == "task 12 may go $1.50 beyond it"
    assert json.loads(call(engine, "budget", "--json").out)[1]["beyond"] == {"12": 1.5}


def test_without_a_person_at_a_terminal_nothing_is_raised() -> None:
    engine = ScriptedEngine(at_the_cap())
    said = call(engine, "budget", "raise", "12", "+1.50")
    assert (said.code, engine.done) == (3, [])
    assert "in a terminal of your own" in said.err
    assert "run --yes" not in said.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["raise"], "Which task?"),
        (["raise", "12", "lots"], "neither money, such as +1.50, nor time"),
        (["much"], "'much' is not a number"),
        (["12", "13"], "signoff budget [ID]"),
    ],
)
def test_what_is_typed_wrong_is_told(words: list[str], told: str) -> None:
    said = call(ScriptedEngine(at_the_cap()), "budget", *words, person=Typist())
    assert said.code == 2
    assert told in said.err


def test_to_stop_what_is_at_no_cap_is_told() -> None:
    said = call(ScriptedEngine(plans.asking()), "budget", "stop", "12", person=Typist())
    assert (said.code, "at no cap" in said.err) == (2, True)


def test_show_and_inbox_say_how_it_goes_on() -> None:
    said = call(ScriptedEngine(at_the_cap()), "inbox")
    assert "is at a cap of its budget: signoff budget raise 12 +1.50" in said.out
    engine = ScriptedEngine(at_the_cap())
    engine.costs = {"port": 400_000, "look": None}
    assert "expected to cost ~$0.40 and 1 step of unknown cost" in call(engine, "show", "12").out
    assert json.loads(call(engine, "show", "12", "--json").out)["costs"] == {"port": 0.4, "look": None}


def test_a_task_at_its_cap_is_five_to_the_shell_whether_it_waits_or_was_stopped() -> None:
    waits = at_the_cap().task
    stopped = replace(waits, phase=Phase.BUDGET_EXCEEDED, outcome=Outcome.OVER_BUDGET, waits=())
    assert of_task(waits) == of_task(stopped) == 5


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("+1.50", RaiseBudget(task=12, money=1.5, means="command", key="")),
        ("+10m", RaiseBudget(task=12, seconds=600.0, means="command", key="")),
        ("cheap", Resolve(question=7, answer=Answer.CHEAP, means="command", key="")),
        ("stop", Resolve(question=7, answer=Answer.STOP, means="command", key="")),
        ("", None),
        ("raise", None),
        ("yes", None),
    ],
)
async def test_at_the_prompt_an_amount_raises_words_decide_and_the_rest_is_later(
    typed: str, command: Command | None
) -> None:
    ana: Any = Typist(typed)
    answer = await put(ana, ASKED, at_the_cap(), Console(io.StringIO(), io.StringIO(), {}))
    assert (answer and replace(answer, key="")) == command
    assert "may take $0.81" in " ".join(ana.seen.split())
