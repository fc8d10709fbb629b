"""What the pictures and the tests of the screens show: one task in each of its states, made of nouns alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from engine import (
    ChangeKind,
    Changes,
    FileChange,
    Outcome,
    Phase,
    Plan,
    PlannedStep,
    Question,
    QuestionKind,
    Reason,
    Run,
    RunState,
    Signature,
    StepState,
    StepStatus,
    Task,
    TaskView,
    TestSummary,
    Tier,
)
from engine.model.plan import Execute, Notify, Shell, Step, Test
from engine.model.run import Cause
from engine.testing import NOON, ScriptedEngine
from tui.app import Options, SignoffApp
from tui.theme import Colours

DIGEST = "4f1c9a" + "0" * 58
S = StepState
LOG = b"".join(
    [
        b"============================= test session starts ==============================\n",
        b"platform linux -- Python 3.12.1, pytest-9.2.0\n",
        b"collected 214 items\n\n",
        b"tests/test_models.py \x1b[32m........................................\x1b[0m [ 18%]\n",
        b"tests/test_query.py \x1b[32m.....\x1b[31mF\x1b[32m..................................\x1b[0m [ 37%]\n",
        b"tests/test_session.py \x1b[32m..........................\x1b[0m [ 49%]\n",
        b"\x1b[33mDeprecationWarning\x1b[0m: Query.get() is legacy, use Session.get()\n",
    ]
)
SCRIPT = """set -euo pipefail
alembic -x env="$ENV" upgrade head
psql "$DSN" -c 'DROP TABLE sessions'
"""


def steps() -> tuple[PlannedStep, ...]:
    drop = Reason(Tier.DESTRUCTIVE, "DROP TABLE destroys rows", "sql-drop", 3)
    migrate = Shell(
        id="migrate",
        script=SCRIPT,
        needs=("pins", "codemod"),
        writes=("~/api",),
        secrets=("DSN",),
        env={"ENV": "staging"},
        description="The schema follows the code",
    )
    plain: tuple[tuple[Step, int, Tier], ...] = (
        (Test(id="baseline", command="pytest -q"), 0, Tier.EXECUTE),
        (Execute(id="codemod", command="python tools/codemod.py src", needs=("baseline",)), 1, Tier.EXECUTE),
        (Execute(id="pins", command="uv lock --upgrade-package sqlalchemy", needs=("baseline",)), 1, Tier.EXECUTE),
        (Test(id="tests", command="pytest -q tests", needs=("pins", "codemod")), 2, Tier.EXECUTE),
    )
    return (
        *(PlannedStep(step=step, rank=rank, tier=tier, binary="/usr/bin/true") for step, rank, tier in plain),
        PlannedStep(step=replace(migrate, needs=("tests",)), rank=3, tier=Tier.DESTRUCTIVE, asks=True, reasons=(drop,)),
        PlannedStep(step=Notify(id="tell", message="Migration ended", needs=("migrate",)), rank=4),
    )


def task(number: int = 12, request: str = "Upgrade SQLAlchemy", phase: Phase = Phase.EXECUTING) -> Task:
    signed = phase not in (Phase.PLANNING, Phase.AWAITING_APPROVAL)
    return Task(
        id=number,
        request=request,
        root="/home/ana/api-gateway",
        phase=phase,
        proposer="ana",
        created=NOON - 600,
        revision=3,
        digest=DIGEST,
        signed=DIGEST if signed else "",
        started=NOON - 160 if signed else None,
    )


def status(step: str, state: StepState, started: float = 0, took: float | None = None, run: int = 0) -> StepStatus:
    """`started` is seconds before noon."""
    begun = NOON - started if started else None
    return StepStatus(
        id=step,
        state=state,
        run=run or None,
        attempt=1 if run else 0,
        started=begun,
        ended=begun + took if begun is not None and took is not None else None,
        exit_code={S.COMPLETED: 0, S.FAILED: 2}.get(state),
        error={S.FAILED: "exit 2: 1 failed, 213 passed", S.SKIPPED: "dependency tests failed"}.get(state, ""),
    )


BEGUN = (
    status("baseline", S.COMPLETED, 160, 31, 1),
    status("codemod", S.COMPLETED, 128, 9, 2),
    status("pins", S.COMPLETED, 128, 4, 3),
)
SIGNED = tuple(
    Signature(task=12, revision=3, digest=DIGEST, actor=who, verdict="sign", time=NOON - 200) for who in ("ana", "ben")
)


def view(
    phase: Phase, tail: Sequence[StepStatus], *, questions: Sequence[Question] = (), outcome: Outcome | None = None
) -> TaskView:
    made = replace(task(phase=phase), outcome=outcome, ended=NOON - 5 if phase.ended else None)
    return TaskView(
        task=made,
        plan=Plan(task=12, revision=3, request=made.request, root=made.root, steps=steps(), digest=DIGEST),
        steps=(*BEGUN, *tail),
        signatures=SIGNED,
        questions=tuple(questions),
        seq=0,
    )


QUESTION = Question(
    id=1,
    task=12,
    step="migrate",
    kind=QuestionKind.CONFIRMATION,
    asked=NOON - 30,
    deadline=NOON + 86400,
    digest=DIGEST,
    news=("tests passed",),
)
DRIFT = replace(
    QUESTION, id=2, kind=QuestionKind.DRIFT, diff="--- signed\n+++ now\n@@ -1,2 +1,2 @@\n set -e\n-ls\n+rm -rf ~\n"
)


def running() -> TaskView:
    tail = (status("tests", S.RUNNING, 41, run=4), status("migrate", S.PENDING), status("tell", S.PENDING))
    return view(Phase.EXECUTING, tail)


def waiting() -> TaskView:
    tail = (
        status("tests", S.COMPLETED, 110, 72, 4),
        status("migrate", S.AWAITING_CONFIRMATION),
        status("tell", S.PENDING),
    )
    return view(Phase.BLOCKED, tail, questions=[QUESTION])


def failed() -> TaskView:
    tail = (status("tests", S.FAILED, 110, 72, 4), status("migrate", S.SKIPPED), status("tell", S.SKIPPED))
    return view(Phase.FAILED, tail, outcome=Outcome.STEP_FAILED)


def repairing() -> TaskView:
    """The pins failed while the codemod runs on; a model has written a step in their place, which waits."""
    begun = view(Phase.EXECUTING, ())
    assert begun.plan is not None
    relock = Execute(id="relock", command="uv lock --refresh-package sqlalchemy", needs=("baseline",))
    written = (
        replace(each, step=relock) if each.id == "pins" else _needing(each, pins="relock") for each in begun.plan.steps
    )
    pending = replace(
        begun.plan,
        revision=4,
        steps=tuple(written),
        digest="9be1d7" + "0" * 58,
        planner="llm",
        model="anthropic/claude-sonnet-4-5",
        author="engine",
        failure="pins failed: exit 2: no network",
        replans=1,
    )
    return replace(
        begun,
        task=replace(begun.task, pending=4),
        pending=pending,
        steps=(
            BEGUN[0],
            status("codemod", S.RUNNING, 12, run=2),
            replace(status("pins", S.FAILED, 12, 4, 3), cause=Cause.FAILED, error="exit 2: no network"),
            *(status(step, S.SKIPPED) for step in ("tests", "migrate", "tell")),
        ),
    )


def _needing(planned: PlannedStep, **other: str) -> PlannedStep:
    needs = tuple(other.get(need, need) for need in planned.step.needs)
    return replace(planned, step=replace(planned.step, needs=needs))


def done() -> TaskView:
    tail = (
        status("tests", S.COMPLETED, 110, 72, 4),
        status("migrate", S.COMPLETED, 30, 12, 5),
        status("tell", S.COMPLETED, 18, 1, 6),
    )
    return view(Phase.COMPLETED, tail, outcome=Outcome.OK)


CHANGED = Changes(
    files=(
        FileChange(path="src/api/models.py", kind=ChangeKind.MODIFIED, added=12, removed=3),
        FileChange(path="src/api/session.py", kind=ChangeKind.ADDED, added=41, removed=0),
        FileChange(path="src/legacy/query.py", kind=ChangeKind.DELETED, added=0, removed=118),
        FileChange(path="static/logo.png", kind=ChangeKind.MODIFIED),
        FileChange(path="\\xff\x1b[2Jevil\u202e.py", kind=ChangeKind.ADDED, added=1, removed=0),
    ),
    count=212,
    beside=2,
)


def reported() -> TaskView:
    """The tests failed, and changed files while others ran."""
    made = failed()
    counted = TestSummary(passed=213, failed=1, skipped=3)
    tests = replace(made.steps[3], tests=counted, changed=replace(CHANGED, files=()), summary="===== test session")
    return replace(made, steps=(*made.steps[:3], tests, *made.steps[4:]))


def report() -> Run:
    """The run of the tests that `reported` tells of."""
    return Run(id=4, task=12, step="tests", task_attempt=1, attempt=1, state=RunState.FAILED, started=NOON - 110,
               ended=NOON - 38, exit_code=2, level="bubblewrap", changed=CHANGED)  # fmt: skip


def cancelled() -> TaskView:
    tail = (status("tests", S.CANCELLED, 41, 30, 4), status("migrate", S.CANCELLED), status("tell", S.CANCELLED))
    return view(Phase.CANCELLED, tail, outcome=Outcome.CANCELLED)


def many(count: int = 10_000, hot: Mapping[int, StepState] | None = None) -> TaskView:
    """A plan of layers of a hundred steps; the first half is done, some run, one waits, two failed."""
    hot = hot or {5001: S.RUNNING, 5002: S.RUNNING, 5070: S.FAILED, 5071: S.FAILED, 5100: S.AWAITING_CONFIRMATION}
    ids = [f"web-{number}" for number in range(count)]
    planned = []
    statuses = []
    for number, step in enumerate(ids):
        needs = (ids[number - 100],) if number >= 100 else ()
        planned.append(PlannedStep(step=Execute(id=step, command=f"make {step}", needs=needs), rank=number // 100))
        state = hot.get(number, S.COMPLETED if number < 5000 else S.PENDING)
        statuses.append(
            status(step, state, 120 if state is not S.PENDING else 0, 7 if state is S.COMPLETED else None, number + 1)
        )
    made = replace(task(request="Nightly"), id=12)
    plan = Plan(task=12, revision=3, request="Nightly", root=made.root, steps=tuple(planned), digest=DIGEST)
    return TaskView(task=made, plan=plan, steps=tuple(statuses), signatures=SIGNED)


def others() -> tuple[TaskView, ...]:
    """Two more tasks, so that the list is one."""
    flaky = TaskView(
        task=replace(task(11, "Fix flaky tests"), started=NOON - 60),
        steps=(status("a", S.COMPLETED, 60, 20, 7), status("b", S.RUNNING, 40, run=8), status("c", S.PENDING)),
    )
    rotate = TaskView(task=task(10, "Rotate logs", Phase.COMPLETED), steps=(status("a", S.COMPLETED, 900, 20, 9),))
    return flaky, rotate


def engine(*views: TaskView) -> ScriptedEngine:
    """An engine that shows these tasks, the runs of task 12, how long they took before, and a log for each run."""
    made = ScriptedEngine(*views, logs=dict.fromkeys((s.run for v in views for s in v.steps if s.run), LOG))
    runs = (
        Run(id=1, task=12, step="tests", task_attempt=1, attempt=1, state=RunState.FAILED, started=NOON - 300,
            ended=NOON - 260, exit_code=2, level="bubblewrap"),
    )  # fmt: skip
    made.runs = runs
    made.lengths = {"baseline": 30, "codemod": 9, "pins": 4, "tests": 72, "migrate": 120, "tell": 0}
    made.info = replace(made.info, running=sum(s.state is S.RUNNING for v in views for s in v.steps))
    return made


def app(
    engine: ScriptedEngine,
    *,
    ascii_only: bool = False,
    colours: Colours = Colours.DARK,
    state: Path = Path("/nowhere"),
) -> SignoffApp:
    """The app over a scripted engine, its clock standing at noon."""
    options = Options(
        root="/home/ana/api-gateway",
        user="ana",
        state=state,
        ascii_only=ascii_only,
        colours=colours,
        clock=lambda: engine.now,
    )
    return SignoffApp(engine, options)
