"""What may be taken up while an attempt goes on: nothing that has started is another step then, whatever the plan."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from engine.model.frontier import Frontier
from engine.model.joining import joined, unchanged
from engine.model.plan import Plan, PlannedStep, SignedFile, When, Write
from engine.model.run import Cause, StepStatus
from engine.model.state import StepState
from engine.planning.repairing import MOST_STEPS

STARTED = frozenset({StepState.RUNNING, StepState.COMPLETED, StepState.FAILED, StepState.INTERRUPTED})


def step(step_id: str, *needs: str, when: When = When.SUCCESS, text: str = "x") -> PlannedStep:
    return PlannedStep(step=Write(id=step_id, text=text, needs=needs, when=when))


def plan(*steps: PlannedStep, revision: int = 1) -> Plan:
    return Plan(task=1, revision=revision, root="/srv", steps=steps)


def at(step_id: str, state: StepState, cause: Cause | None = None) -> StepStatus:
    return StepStatus(id=step_id, state=state, cause=cause, attempt=1, run=7)


def standing(*statuses: StepStatus) -> dict[str, StepStatus]:
    return {status.id: status for status in statuses}


OLD = plan(step("broken"), step("last", "broken"))
NEW = plan(step("mend"), step("last", "mend"), revision=2)
BROKEN = at("broken", StepState.FAILED, Cause.FAILED)


def test_what_was_only_skipped_because_of_the_failure_begins_anew() -> None:
    stands = joined(OLD, NEW, standing(BROKEN, at("last", StepState.SKIPPED, Cause.DEPENDENCY)), ())
    assert stands == [StepStatus(id="mend"), StepStatus(id="last", attempt=1, run=7)]


@pytest.mark.parametrize("cause", [Cause.VERDICT, Cause.CANCELLED, Cause.DENIED, Cause.EXPIRED, Cause.BUDGET])
def test_what_a_person_decided_about_a_step_holds(cause: Cause) -> None:
    last = at("last", StepState.SKIPPED, cause)
    assert joined(OLD, NEW, standing(BROKEN, last), ()) == [StepStatus(id="mend"), last]


@pytest.mark.parametrize(
    "state", [*sorted(STARTED), StepState.READY, StepState.AWAITING_CONFIRMATION, StepState.BLOCKED], ids=str
)
def test_what_has_started_or_asks_is_not_changed(state: StepState) -> None:
    assert joined(OLD, NEW, standing(BROKEN, at("last", state)), ()) is None


def test_what_is_about_to_start_is_not_changed() -> None:
    waits = standing(BROKEN, at("last", StepState.PENDING))
    assert joined(OLD, NEW, waits, ("last",)) is None
    assert joined(OLD, NEW, waits, ()) is not None


@pytest.mark.parametrize("state", [each for each in StepState if each is not StepState.FAILED], ids=str)
def test_only_what_failed_is_dropped(state: StepState) -> None:
    assert joined(OLD, NEW, standing(at("broken", state), at("last", StepState.PENDING)), ()) is None


def test_a_step_is_as_it_was_signed_where_its_document_is() -> None:
    file = SignedFile(path="run.sh", sha256="a" * 64)
    old = plan(replace(step("a"), binary="/bin/sh", files=(file,)), step("b"))
    new = plan(replace(step("a"), rank=1, files=(replace(file, sha256="b" * 64),)), step("b", text="y"), revision=2)
    made = unchanged(old, new)
    assert made.steps == (replace(old.steps[0], rank=1), new.steps[1])
    assert made.digest != unchanged(old, plan(*new.steps[:1])).digest


def test_whatever_the_plan_and_wherever_it_stands() -> None:
    """Ten thousand random repairs: what has started keeps bytes and place in the world, what is new begins as new."""
    chance = random.Random(7)
    taken_up = 0
    for _ in range(10_000):
        old, statuses = _under_way(chance)
        new = _repaired(chance, old, statuses)
        stands = joined(old, new, statuses, frozenset())
        if stands is None:
            continue
        taken_up += 1
        was, now = ({each.id: each for each in known.steps} for known in (old, new))
        assert [status.id for status in stands] == [planned.id for planned in new.steps]
        made = standing(*stands)
        for step_id, status in statuses.items():
            if status.state in STARTED and step_id in now:
                assert made[step_id] is status and now[step_id].step == was[step_id].step
            if status.state in STARTED - {StepState.FAILED}:
                assert step_id in now
        for planned in new.steps:
            if made[planned.id].state is StepState.RUNNING and planned.step.when is When.SUCCESS:
                assert all(made[need].state is StepState.COMPLETED for need in planned.step.needs)
        ended = {step_id: status.state for step_id, status in made.items() if status.state.ended}
        decision = Frontier((planned.step for planned in new.steps), ended).start()
        assert not {step_id for step_id, _, _ in decision.skipped if made[step_id].state in STARTED}
    assert taken_up > 3_000


def _under_way(chance: random.Random) -> tuple[Plan, dict[str, StepStatus]]:
    """A plan somewhere in the middle of an attempt in which something failed, as a frontier would have led it there."""
    steps: list[PlannedStep] = []
    for number in range(chance.randint(2, 9)):
        needs = chance.sample([planned.id for planned in steps], min(len(steps), chance.choice((0, 1, 1, 2))))
        when = chance.choice((When.SUCCESS,) * 6 + (When.ALWAYS, When.FAILURE))
        steps.append(step(f"s{number}", *needs, when=when if needs else When.SUCCESS))
    frontier = Frontier((planned.step for planned in steps), {})
    statuses = {planned.id: StepStatus(id=planned.id) for planned in steps}
    decision, ready = frontier.start(), list[str]()
    failed = False
    for _ in range(chance.randint(2, 12)):
        ready += decision.ready
        for step_id, cause, error in decision.skipped:
            statuses[step_id] = StepStatus(id=step_id, state=StepState.SKIPPED, cause=cause, error=error)
        if not ready:
            break
        step_id = ready.pop(chance.randrange(len(ready)))
        state = StepState.FAILED if chance.random() < (0.3 if failed else 0.6) else StepState.COMPLETED
        failed |= state is StepState.FAILED
        cause_of = Cause.FAILED if state is StepState.FAILED else None
        statuses[step_id] = StepStatus(id=step_id, state=state, cause=cause_of, attempt=1, run=1)
        decision = frontier.end(step_id, state)
    for step_id in (*ready, *decision.ready):
        if chance.random() < 0.7:
            statuses[step_id] = StepStatus(id=step_id, state=StepState.RUNNING, attempt=1, run=2)
    for step_id, cause, error in decision.skipped:
        statuses[step_id] = StepStatus(id=step_id, state=StepState.SKIPPED, cause=cause, error=error)
    return plan(*steps), statuses


def _repaired(chance: random.Random, old: Plan, statuses: dict[str, StepStatus]) -> Plan:
    """As the assembly of a repair does: what failed is dropped, what needed it needs the last of the new steps."""
    failed = {status.id for status in statuses.values() if status.state is StepState.FAILED}
    if failed and chance.random() < 0.2:
        failed.discard(chance.choice(sorted(failed)))
    new = [step(f"n{number}") for number in range(chance.randint(1, MOST_STEPS))]
    kept = [
        replace(
            planned,
            step=replace(
                planned.step,
                needs=(*(need for need in planned.step.needs if need not in failed), new[-1].id)
                if failed.intersection(planned.step.needs)
                else planned.step.needs,
            ),
        )
        for planned in old.steps
        if planned.id not in failed
    ]
    return plan(*new, *kept, revision=2)
