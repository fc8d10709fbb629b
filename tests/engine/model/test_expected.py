"""What earlier runs let expect: the longest path, the work that runs at once, silence where a length is unknown."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine import Plan, PlannedStep, StepState, StepStatus, When, longest_path, seconds_left
from engine.model.plan import Ask, Execute

S = StepState
NOW = 1000.0


def step(step_id: str, *needs: str, when: When = When.SUCCESS) -> PlannedStep:
    return PlannedStep(step=Execute(id=step_id, command="true", needs=needs, when=when))


PLAN = Plan(steps=(step("build"), step("auth", "build"), step("web", "build"), step("gate", "auth", "web")))
LENGTHS = {"build": 60.0, "auth": 10.0, "web": 30.0, "gate": 5.0}


def left(plan: Plan, *statuses: StepStatus, lengths: dict[str, float] = LENGTHS, parallel: int = 8) -> float | None:
    return seconds_left(plan, statuses, lengths, NOW, parallel)


def test_nothing_begun_takes_the_longest_path() -> None:
    assert left(PLAN) == 60 + 30 + 5


def test_what_ran_already_is_taken_off() -> None:
    done = StepStatus(id="build", state=S.COMPLETED, started=NOW - 70, ended=NOW - 10)
    runs = StepStatus(id="web", state=S.RUNNING, started=NOW - 10)
    assert left(PLAN, done, runs) == 20 + 5


def test_who_takes_longer_than_usual_is_about_to_end() -> None:
    late = StepStatus(id="gate", state=S.RUNNING, started=NOW - 100)
    others = (StepStatus(id=name, state=S.COMPLETED) for name in ("build", "auth", "web"))
    assert left(PLAN, *others, late) == 0


def test_one_unknown_step_leaves_the_whole_unknown() -> None:
    known = {name: length for name, length in LENGTHS.items() if name != "auth"}
    assert left(PLAN, lengths=known) is None
    assert left(PLAN, StepStatus(id="auth", state=S.SKIPPED), lengths=known) == 95


def test_people_and_failures_take_no_time() -> None:
    ask = PlannedStep(step=Ask(id="ask", question="which?", needs=("gate",)))
    more = replace(PLAN, steps=(*PLAN.steps, ask, step("clean", "gate", when=When.FAILURE)))
    assert left(more) == 95


def test_more_work_than_runs_at_once_takes_its_turns() -> None:
    fan = Plan(steps=tuple(step(f"s{n}") for n in range(100)))
    lengths = {planned.id: 10.0 for planned in fan.steps}
    assert left(fan, lengths=lengths, parallel=4) == 250
    assert left(fan, lengths=lengths, parallel=1000) == 10


@given(st.lists(st.tuples(st.integers(0, 9), st.frozensets(st.integers(0, 9), max_size=3)), max_size=10))
def test_no_path_is_longer(drawn: list[tuple[int, frozenset[int]]]) -> None:
    needs = {str(n): tuple(str(m) for m in sorted(below) if m < n) for n, (_, below) in enumerate(drawn)}
    lengths = {str(n): float(length) for n, (length, _) in enumerate(drawn)}
    path, total = longest_path(needs, lengths)
    assert sum(lengths[name] for name in path) == total
    assert all(need in needs[name] for need, name in pairwise(path))

    def ending(name: str) -> float:
        return lengths[name] + max(map(ending, needs[name]), default=0.0)

    assert total == max(map(ending, needs), default=0.0)
