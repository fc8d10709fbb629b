"""The form of one step: what is saved is another revision, what is refused stands beside its field, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from engine import Fault, InvalidPlan, Phase, Reply, Revise, TaskView
from engine.errors import Refused, StaleRevision
from engine.model.plan import Execute, Shell
from tests.engine.planning.plans import parse_document
from tests.hostile import HOSTILE, is_control
from tests.tui import plans
from tests.tui.pilots import picture
from tests.tui.screens.shared import Shared
from tests.tui.screens.test_workbench_hostile import poisoned
from tests.tui.stage import LARGE, SMALL, TRICKS, Clock, Restless, app, gone, opened, press, settle, show
from tui.screens.review import ReviewScreen
from tui.screens.step_form import StepForm

Compare = Callable[..., bool]


SCRIPT = "set -euo pipefail\nalembic upgrade head\n\npsql \"$DSN\" -c 'DROP TABLE sessions'\n"


def _view(phase: Phase = Phase.AWAITING_APPROVAL) -> TaskView:
    """Twelve steps that a plan file can hold."""
    whole = plans.migrate()
    assert isinstance(whole.step, Shell)
    migrate = replace(whole, step=replace(whole.step, script=SCRIPT), files=())
    return plans.view_of(*(migrate if each.id == "migrate" else each for each in plans.twelve()), phase=phase)


def _engine(view: TaskView | None = None) -> Shared:
    engine = Shared(view or _view())
    engine.contents = dict(plans.CONTENTS)
    return engine


async def _form(pilot: Pilot[Any], engine: Shared, step: str = "push") -> tuple[StepForm, list[Reply | None]]:
    """The form of a step, and what it will have answered."""
    form, answers = StepForm(engine.views[12], step), list[Reply | None]()
    await pilot.app.push_screen(form, answers.append)
    await settle(pilot)
    return form, answers


def _steps(engine: Shared) -> dict[str, Any]:
    """The steps of the document that was handed in."""
    (command,) = engine.done
    assert isinstance(command, Revise)
    assert (command.task, command.revision) == (12, 3)
    return {step.id: step for step in parse_document(command.document, "plan").steps}


def _flat(pilot: Pilot[Any]) -> str:
    return " ".join(picture(pilot).split())


async def test_the_cursor_stands_at_the_end_of_every_field() -> None:
    engine = _engine()
    async with opened(engine, ReviewScreen(12, now=Restless())) as pilot:
        form, _ = await _form(pilot, engine, "migrate")
        area = form.query_one("#operand", TextArea)
        assert area.cursor_location == area.document.end
        await pilot.press(*"x")
        assert form.typed()["operand"] == SCRIPT + "x"
        for entry in form.query(Input):
            assert entry.cursor_position == len(entry.value)


async def test_e_opens_the_step_in_sight_and_saving_makes_a_revision() -> None:
    engine, clock = _engine(), Clock()
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        await press(pilot, clock, "right_square_bracket", "e")
        form = pilot.app.screen
        assert isinstance(form, StepForm)
        assert "Edit push" in picture(pilot)
        assert "git push origin release/2.1" in picture(pilot)
        await pilot.press("ctrl+e", *" --dry-run", "ctrl+s")
        await gone(pilot, form)
    plan = _view().plan
    assert plan is not None
    before = {planned.id: planned.step for planned in plan.steps}
    steps = _steps(engine)
    push = before["push"]
    assert isinstance(push, Execute)
    assert steps["push"] == replace(push, command="git push origin release/2.1 --dry-run")
    assert {name: step for name, step in steps.items() if name != "push"} == {
        name: step for name, step in before.items() if name != "push"
    }


async def test_every_field_can_be_typed_and_chosen_by_keys() -> None:
    engine = _engine()
    async with opened(engine, ReviewScreen(12, now=Clock())) as pilot:
        form, answers = await _form(pilot, engine, "docs")
        await pilot.press("home", *"time ", "tab", "ctrl+u", *"base", "right", "tab", *"any", "tab", *"/srv", "tab")
        await pilot.press(*"DSN", "tab", *"do", "right", "tab", "right", "tab", "space", "tab", "right", "ctrl+s")
        await gone(pilot, form)
    step = _steps(engine)["docs"]
    assert (step.command, step.needs, step.network, step.writes) == ("time make docs", ("baseline",), True, ("/srv",))
    assert (step.secrets, step.sockets, step.when, step.tty) == (("DSN",), ("docker",), "always", True)
    assert step.tier == "destructive"
    assert len(answers) == 1 and answers[0] is not None


async def test_it_is_edited_by_mouse_too() -> None:
    engine = _engine()
    async with opened(engine, ReviewScreen(12, now=Clock())) as pilot:
        form, _ = await _form(pilot, engine, "docs")
        await pilot.click("#when", offset=(12, 0))
        await pilot.click("#keys", offset=(2, 0))
        await gone(pilot, form)
    assert _steps(engine)["docs"].when == "always"


async def test_a_tier_can_only_go_up() -> None:
    engine = _engine()
    async with opened(engine, ReviewScreen(12, now=Clock())) as pilot:
        form, _ = await _form(pilot, engine, "migrate")
        assert form.typed()["tier"] == "destructive"
        tier = next(row for row in picture(pilot).splitlines() if row.lstrip().startswith("tier"))
        assert tier.split() == ["tier", "[destructive]", "external"]


async def test_faults_stand_beside_their_fields_and_nothing_typed_is_lost() -> None:
    engine = _engine()
    async with opened(engine, ReviewScreen(12, now=Clock())) as pilot:
        form, answers = await _form(pilot, engine)
        await pilot.press("ctrl+e", *" x", "tab", *" tets")
        engine.refusal = InvalidPlan(
            (
                Fault("no step 'tets' (did you mean 'tests'?)", "steps[10].needs", "plan-12.yaml", 41, 12),
                Fault("no step 'push'", "steps[11].needs", "plan-12.yaml", 50, 12),
            )
        )
        await pilot.press("ctrl+s")
        await settle(pilot)
        rows = [row.strip() for row in picture(pilot).splitlines()]
        needs = next(at for at, row in enumerate(rows) if row.startswith("needs"))
        assert rows[needs] == "needs     migrate tets"
        assert rows[needs + 1] == "✗ no step 'tets' (did you mean 'tests'?)"
        assert "notes needs: no step 'push'" in _flat(pilot)
        assert "What you wrote is still here" in _flat(pilot)
        assert form.typed()["operand"] == "git push origin release/2.1 x"
        assert form.query_one("#needs", Input).has_focus
        await pilot.press("ctrl+u", *"migrate tests", "ctrl+s")
        await gone(pilot, form)
    assert _steps(engine)["push"].needs == ("migrate", "tests")
    assert len(answers) == 1


async def test_a_refusal_of_another_kind_is_told_and_nothing_is_lost() -> None:
    engine = _engine()
    async with opened(engine, ReviewScreen(12, now=Clock())) as pilot:
        form, answers = await _form(pilot, engine)
        await pilot.press("x")
        engine.refusal = Refused(problem="Task 12 is executing: its plan cannot be edited", hint="cancel it first")
        await pilot.press("ctrl+s")
        await settle(pilot)
        told = "Task 12 is executing: its plan cannot be edited. What you wrote is still here. Next: cancel it first."
        assert told in _flat(pilot)
        assert form.typed()["operand"].endswith("x")
    assert answers == [] and engine.done == []


async def test_leaving_with_something_written_takes_two_keys() -> None:
    engine = _engine()
    async with opened(engine, ReviewScreen(12, now=Clock())) as pilot:
        form, answers = await _form(pilot, engine)
        await pilot.press("x", "escape")
        assert "esc again leaves and drops what you wrote" in _flat(pilot)
        await pilot.press("x", "escape")
        assert answers == []
        await pilot.press("escape")
        await gone(pilot, form)
        form, answers = await _form(pilot, engine)
        await pilot.press("escape")
        await gone(pilot, form)
    assert answers == [None] and engine.done == []


async def test_saving_what_is_unchanged_says_so() -> None:
    engine = _engine()
    async with opened(engine, ReviewScreen(12, now=Clock())) as pilot:
        await _form(pilot, engine)
        await pilot.press("ctrl+s")
        assert "Nothing was changed; revision 3 stays." in _flat(pilot)
    assert engine.done == []


async def test_dropping_says_what_becomes_of_the_others_and_takes_two_presses() -> None:
    engine = _engine()
    async with opened(engine, ReviewScreen(12, now=Clock())) as pilot:
        form, _ = await _form(pilot, engine, "migrate")
        await pilot.press("ctrl+r")
        assert "Drop migrate: schema, push will need tests, codemod instead." in _flat(pilot)
        await pilot.press("x", "backspace", "ctrl+r")
        assert engine.done == []
        await pilot.press("ctrl+r")
        await gone(pilot, form)
    steps = _steps(engine)
    assert "migrate" not in steps and len(steps) == 11
    assert steps["push"].needs == steps["schema"].needs == ("tests", "codemod")


async def test_a_step_is_added_after_the_one_in_sight() -> None:
    engine = _engine()
    async with opened(engine, ReviewScreen(12, now=Clock())) as pilot:
        form, answers = await _form(pilot, engine, "migrate")
        await pilot.press("ctrl+n")
        await settle(pilot)
        added = pilot.app.screen
        assert "New step after migrate" in picture(pilot)
        await pilot.press(*"vacuum", "tab", "right", "right")
        assert "script" in picture(pilot)
        await pilot.press("tab", *"vacuumdb", "enter", "ctrl+s")
        await gone(pilot, added)
        await gone(pilot, form)
    steps = _steps(engine)
    assert steps["vacuum"] == Shell(id="vacuum", script="vacuumdb\n", needs=("migrate",))
    assert list(steps)[8:10] == ["migrate", "vacuum"]
    assert len(answers) == 1 and answers[0] is not None


async def test_a_step_that_is_written_on_is_saved_before_another_is_added() -> None:
    engine = _engine()
    async with opened(engine, ReviewScreen(12, now=Clock())) as pilot:
        form, _ = await _form(pilot, engine)
        await pilot.press("x", "ctrl+n")
        assert "ctrl+s saves this step first" in _flat(pilot)
        assert pilot.app.screen is form


async def test_a_revision_that_came_meanwhile_is_told_before_anything_is_put_onto_it() -> None:
    engine = _engine()
    view = engine.views[12]
    assert view.plan is not None
    steps = tuple(
        replace(each, step=replace(each.step, network=True)) if each.id == "push" else each for each in view.plan.steps
    )
    newer = replace(view.plan, revision=4, author="ben", note="any host", digest="e" * 64, steps=steps)
    async with opened(engine, ReviewScreen(12, now=Clock())) as pilot:
        form, _ = await _form(pilot, engine)
        await pilot.press("ctrl+e", *" -n")
        engine.plans[3] = view.plan
        engine.views[12] = replace(view, task=replace(view.task, revision=4, digest=newer.digest), plan=newer)
        engine.refusal = StaleRevision(task=12, current=4, given=3)
        await pilot.press("ctrl+s")
        await settle(pilot)
        told = _flat(pilot)
        assert 'Revision 4 came meanwhile, from ben ("any host"): ~ push.' in told
        assert "ctrl+s puts it onto revision 4" in told
        assert engine.done == []
        assert (form.typed()["operand"], form.typed()["network"]) == ("git push origin release/2.1 -n", "any")
        await pilot.press("ctrl+s")
        await gone(pilot, form)
    (command,) = engine.done
    assert isinstance(command, Revise) and command.revision == 4
    push = next(step for step in parse_document(command.document, "plan").steps if step.id == "push")
    assert (push.operand, push.network) == ("git push origin release/2.1 -n", True)


async def test_a_step_that_is_gone_by_now_is_not_brought_back() -> None:
    engine = _engine()
    view = engine.views[12]
    assert view.plan is not None
    newer = replace(view.plan, revision=4, steps=view.plan.steps[:8])
    async with opened(engine, ReviewScreen(12, now=Clock())) as pilot:
        form, _ = await _form(pilot, engine)
        await pilot.press("x")
        engine.plans[3] = view.plan
        engine.views[12] = replace(view, task=replace(view.task, revision=4), plan=newer)
        engine.refusal = StaleRevision(task=12, current=4, given=3)
        await pilot.press("ctrl+s", "ctrl+s")
        await settle(pilot)
        assert "Revision 4 has no step push to put it onto" in _flat(pilot)
        assert form.typed()["operand"].endswith("x")
    assert engine.done == []


async def test_what_cannot_be_seen_is_not_edited_here_but_the_rest_is() -> None:
    engine = _engine(plans.to_review())
    async with opened(engine, ReviewScreen(12, now=Clock())) as pilot:
        form, _ = await _form(pilot, engine, "migrate")
        assert form.query_one("#operand", TextArea).read_only
        assert "It holds characters that cannot be seen here" in _flat(pilot)
        await pilot.press("x")
        assert form.typed()["operand"] == plans.SCRIPT


@pytest.mark.parametrize("phase", [Phase.EXECUTING, Phase.COMPLETED])
async def test_a_plan_that_cannot_be_edited_any_more_says_so_at_once(phase: Phase) -> None:
    clock = Clock()
    async with opened(_engine(_view(phase)), ReviewScreen(12, now=clock)) as pilot:
        await press(pilot, clock, "e")
        assert isinstance(pilot.app.screen, ReviewScreen)
        assert f"The task is {phase}" in _flat(pilot)


async def test_a_folded_tier_is_no_step_to_edit() -> None:
    clock = Clock()
    async with opened(_engine(), ReviewScreen(12, now=clock)) as pilot:
        await press(pilot, clock, "G", "e")
        assert "enter shows the steps of this tier; e edits one of them" in _flat(pilot)


@pytest.mark.parametrize("tricks", TRICKS, ids="+".join)
async def test_hostile_text_in_every_field_reaches_no_terminal(tricks: tuple[str, ...]) -> None:
    view: TaskView = poisoned(plans.to_review(), "".join(HOSTILE[trick] for trick in tricks))
    engine = Shared(view)
    assert view.plan is not None
    async with opened(engine, ReviewScreen(view.task.id, now=Restless()), LARGE) as pilot:
        form = StepForm(view, view.plan.steps[8].id)
        await pilot.app.push_screen(form)
        await settle(pilot)
        for key in ("tab", "tab", "ctrl+r"):
            await pilot.press(key)
            assert not any(map(is_control, picture(pilot).replace("\n", "")))


FAULTS = InvalidPlan(
    (
        Fault("no step 'tets' (did you mean 'tests'?)", "steps[10].needs", "plan-12.yaml", 41, 12),
        Fault("no program 'gti' (did you mean 'git'?)", "steps[10].command", "plan-12.yaml", 40, 14),
        Fault("no step 'push'", "steps[11].needs", "plan-12.yaml", 50, 12),
    )
)
PICTURES: dict[str, tuple[str, tuple[str, ...]]] = {
    "script": ("migrate", ()),
    "command": ("push", ()),
    "faults": ("push", ("ctrl+s",)),
    "drop": ("push", ("ctrl+r",)),
    "add": ("push", ("ctrl+n", *"tag", "tab", "right")),
}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
def test_picture(snap_compare: Compare, name: str, size: tuple[int, int]) -> None:
    step, keys = PICTURES[name]
    engine = _engine()

    async def run(pilot: Pilot[Any]) -> None:
        await show(pilot, ReviewScreen(12, now=Clock()))
        await _form(pilot, engine, step)
        if name == "faults":
            await pilot.press("ctrl+left", "backspace", "tab", *" tets")
            engine.refusal = FAULTS
        await pilot.press(*keys)
        await settle(pilot)

    assert snap_compare(app(engine), terminal_size=size, run_before=run)
