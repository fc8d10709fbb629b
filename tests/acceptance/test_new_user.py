"""Somebody begins: an empty workbench says how, the repository's targets become a plan, it is signed and watched."""

from __future__ import annotations

import pytest

from tests.acceptance.place import Place


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=str)
def test_from_nothing_to_a_task_that_is_done(place: Place, size: tuple[int, int]) -> None:
    terminal = place.terminal(size)
    terminal.command(place.signoff())
    terminal.see("No tasks yet", "sandbox", "signoff demo", "signoff run plan.yaml", "n new", "? help")
    terminal.press("n")
    terminal.see("What shall be done?", "make test", "make lint", "0 of 2 ticked")
    terminal.press("Tab", "Space", "Down", "Space")
    terminal.see("2 of 2 ticked")
    terminal.press("C-s")
    terminal.see("to review", "not signed: r")
    terminal.press("r")
    terminal.see("Review", "2 steps", "make test", "make lint")
    terminal.decide("A")
    terminal.see("y sign")
    terminal.decide("y")
    terminal.see("done", "2/2", "test 3 ok")
    terminal.press("2", "k")
    terminal.see("2 files are clean")
    terminal.press("q")
    assert terminal.prompt(before=1) == 0
    assert place.states() == {"lint": "completed", "test": "completed"}


def test_a_request_in_words_picks_the_target_it_names(place: Place) -> None:
    terminal = place.terminal()
    terminal.command(place.signoff())
    terminal.see("No tasks yet", "sandbox")
    terminal.press("n")
    terminal.see("What shall be done?")
    terminal.type("run the tests")
    terminal.press("C-s")
    terminal.see("not signed: r", "run the tests")
    assert [step["operand"] for step in place.task()["steps"]] == ["make test"]


def test_what_cannot_be_understood_says_what_the_repository_offers(place: Place) -> None:
    terminal = place.terminal()
    terminal.command(place.signoff())
    terminal.see("No tasks yet", "sandbox")
    terminal.press("n")
    terminal.see("What shall be done?")
    terminal.type("paint the fence")
    terminal.press("C-s")
    terminal.see("make test", "make lint", "paint the fence", "ctrl+s plan")
    terminal.press("Escape")
    terminal.see("esc again")
    terminal.press("Escape")
    terminal.see("paint the fence", "failed", "No target of this repository serves")
    assert place.task()["outcome"] == "no_plan"


def test_help_and_the_palette_know_every_key_of_the_footer(place: Place) -> None:
    terminal = place.terminal()
    terminal.command(place.signoff())
    terminal.see("No tasks yet", "sandbox")
    terminal.press("?")
    terminal.see("New task", "Review the plan", "Cancel the task")
    terminal.press("Escape", ":")
    terminal.see("Search")
    terminal.type("forget")
    assert "Review the plan" not in terminal.see("Forget the task")


@pytest.mark.parametrize("pipe", ["", " | cat"], ids=["terminal", "pipe"])
def test_lines_break_between_words_and_operands_where_they_must(place: Place, pipe: str) -> None:
    command = "echo " + " ".join(f"word{n}" for n in range(30))
    place.run("plan", "-f", place.plan({"id": "long", "action": "execute", "command": command}))
    terminal = place.terminal((50, 50))
    terminal.run(place.signoff("show", "1") + pipe)
    _, *plan = terminal.text.split("   1  Release it")[1].split("read it:")[0].splitlines()
    assert max(map(len, plan)) <= 50
    first = next(number for number, row in enumerate(plan) if "echo" in row)
    last = next(number for number, row in enumerate(plan) if "why" in row)
    assert "".join(row[9:] for row in plan[first:last]) == command
    if not pipe:
        assert "sign it: signoff approve\n  1" in terminal.text
