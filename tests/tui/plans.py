"""Plans to review and questions to answer, made of nouns alone: what the tests and pictures of those screens show."""

from __future__ import annotations

from dataclasses import replace

from engine import (
    Phase,
    Plan,
    PlannedStep,
    Question,
    QuestionKind,
    Reason,
    Signature,
    SignedFile,
    StepState,
    StepStatus,
    Task,
    TaskView,
    Tier,
)
from engine.model.plan import Ask, Execute, Shell, SigningRule, Step, Test
from engine.model.run import Cause
from engine.testing import NOON

DIGEST = "4f1c9a" + "0" * 58
SCRIPT = (
    "set -euo pipefail\n"
    'pg_dump "$DSN" -Fc -f backup/pre21.dump\n'
    "alembic upgrade head --sql > out.sql\n"
    "\n"
    "psql \"$DSN\" -c 'DROP TABLE sessions'\n"
    "printf '\x1b[2J'" + " " * 38 + "# hidden bytes shown\n"
    "vacuumdb -d api -t users -t orders -t invoices -t lines -t stock -t audit -t prices -t customers\n"
    "if true; then\n"
    "\techo tabs are arrows\n"
    "fi\n"
    "echo done\n"
)


INI = "9b2fd4" + "1" * 58
CONTENTS = {INI: b"[alembic]\nscript_location = migrations\nprepend_sys_path = .\n"}
"""What was kept of the signed files."""


def _execute(name: str, command: str, *needs: str, tier: Tier = Tier.EXECUTE) -> PlannedStep:
    return PlannedStep(
        step=Execute(id=name, command=command, needs=needs), tier=tier, binary=f"/usr/bin/{command.split()[0]}"
    )


def migrate() -> PlannedStep:
    step = Shell(
        id="migrate",
        script=SCRIPT,
        needs=("tests", "codemod"),
        secrets=("DSN",),
        env={"ENV": "staging"},
        timeout=1200,
        description="The schema follows the code",
    )
    return PlannedStep(
        step=step,
        rank=4,
        tier=Tier.DESTRUCTIVE,
        asks=True,
        reasons=(
            Reason(Tier.WRITE, "pg_dump writes backup/pre21.dump", "dump", 2),
            Reason(Tier.DESTRUCTIVE, "DROP TABLE drops a table", "sql-drop", 5),
        ),
        binary="/usr/bin/bash",
        files=(
            SignedFile(path="alembic.ini", sha256=INI, size=60),
            SignedFile(path="migrations/21.py", produced_by="codemod"),
        ),
        hints=("psql needs the network: add network: [db.internal]",),
    )


def push() -> PlannedStep:
    step = Execute(id="push", command="git push origin release/2.1", needs=("migrate",), network=("github.com",))
    reason = Reason(Tier.EXTERNAL, "git push sends commits to a remote", "git-push")
    return PlannedStep(step=step, rank=5, tier=Tier.EXTERNAL, asks=True, reasons=(reason,), binary="/usr/bin/git")


def twelve() -> tuple[PlannedStep, ...]:
    return (
        PlannedStep(step=Test(id="baseline", command="pytest -q"), tier=Tier.EXECUTE, binary="/usr/bin/pytest"),
        _execute("versions", "uv tree", tier=Tier.READ),
        _execute("pins", "uv lock --upgrade-package sqlalchemy", "baseline", tier=Tier.WRITE),
        _execute("codemod", "python tools/codemod.py src", "baseline"),
        _execute("docs", "make docs", "codemod"),
        _execute("tests", "pytest -q tests", "pins", "codemod"),
        _execute("bench", "make bench", "tests"),
        _execute("chart", "python tools/chart.py", "bench"),
        migrate(),
        _execute("schema", "cat schema.sql", "migrate", tier=Tier.READ),
        push(),
        _execute("notes", "cat CHANGES.md", "push", tier=Tier.READ),
    )


def task(phase: Phase = Phase.AWAITING_APPROVAL, **fields: object) -> Task:
    made = Task(
        id=12,
        request="Upgrade SQLAlchemy to 2.1",
        root="/home/ana/api",
        phase=phase,
        proposer="ana",
        created=NOON - 600,
        revision=3,
        digest=DIGEST,
        signed="" if phase is Phase.AWAITING_APPROVAL else DIGEST,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def view_of(*steps: PlannedStep, phase: Phase = Phase.AWAITING_APPROVAL) -> TaskView:
    made = task(phase)
    plan = Plan(task=12, revision=3, request=made.request, root=made.root, steps=steps, digest=DIGEST)
    return TaskView(task=made, plan=plan, steps=tuple(StepStatus(id=planned.id) for planned in steps))


def to_review() -> TaskView:
    """Twelve steps, two of which ask; signed before."""
    return replace(view_of(*twelve()), signed_before=(3, NOON - 2 * 86_400 - 60, "ben"))


def in_sight() -> TaskView:
    """The same plan where nothing that asks names a file: each of it fits the smallest screen."""
    made = to_review()
    return view_of(*(replace(planned, files=()) for planned in twelve()), phase=made.task.phase)


def without(view: TaskView, *skipped: str, held: str = "", by: str = "ben") -> TaskView:
    """The view after somebody left steps out, and held one."""
    out = {step: skip(step, by) for step in skipped}
    if held:
        out[held] = StepStatus(id=held, held_by=by)
    return replace(view, steps=tuple(out.get(status.id, status) for status in view.steps))


def skip(step: str, by: str = "ben") -> StepStatus:
    """A step that somebody left out."""
    return StepStatus(id=step, state=StepState.SKIPPED, cause=Cause.VERDICT, error=f"left out by {by}", ended=NOON)


def before() -> Plan:
    """The revision before the one to review: `migrate` did less, `push` was not there, `lint` was."""
    made = to_review().plan
    assert made is not None
    script = SCRIPT.replace(" --sql > out.sql", "").replace("TABLE sessions", "TABLE sessions_old")
    was = replace(migrate(), step=Shell(id="migrate", script=script, needs=("tests", "codemod"), secrets=("DSN",)))
    steps = [was if each.id == "migrate" else each for each in made.steps if each.id not in ("push", "notes")]
    return replace(made, revision=2, digest="aa00aa" + "0" * 58, steps=(*steps, _execute("lint", "make lint")))


def quorum_of(needed: int, view: TaskView, *signatures: Signature, excludes: bool = False) -> TaskView:
    """The view where several people must sign."""
    assert view.plan is not None
    plan = replace(view.plan, policy=SigningRule(quorum=needed, exclude_proposer=excludes))
    return replace(view, plan=plan, signatures=signatures)


def revised() -> TaskView:
    """Another revision of the same plan: its first step is new."""
    made = to_review()
    assert made.plan is not None
    digest = "beef01" + "0" * 58
    plan = replace(made.plan, revision=4, digest=digest)
    return replace(made, task=task(revision=4, digest=digest), plan=plan, signed_before=None)


QUESTION = Question(
    id=7,
    task=12,
    step="migrate",
    kind=QuestionKind.CONFIRMATION,
    asked=NOON - 300,
    deadline=NOON + 86_400 - 300,
    digest="4f1c9a" + "2" * 58,
    news=("tests ✓ 214 passed 1:12", "pins changed 1 file, codemod 6 files", "nothing failed"),
)
DIFF = (
    "--- signed: alembic.ini\n+++ present: alembic.ini\n@@ -3,3 +3,3 @@\n [alembic]\n"
    "-script_location = migrations\n+script_location = /tmp/other\n prepend_sys_path = .\n"
)
DRIFT = replace(
    QUESTION,
    id=8,
    kind=QuestionKind.DRIFT,
    digest="c0ffee" + "2" * 58,
    diff=DIFF,
    news=("alembic.ini changed at 11:52",),
)
MADE = replace(
    QUESTION,
    id=11,
    diff="--- migrations/21.py (before codemod)\n+++ migrations/21.py (after codemod)\n@@ -1,2 +1,2 @@\n"
    " def upgrade():\n-    pass\n+    drop('sessions')\n",
    news=("migrations/21.py is as codemod left it", *QUESTION.news),
)
ASK = Question(
    id=9,
    task=12,
    step="which",
    kind=QuestionKind.ASK,
    asked=NOON - 60,
    deadline=None,
    options=("staging", "production", "neither"),
)
INTERRUPTED = replace(QUESTION, id=10, kind=QuestionKind.INTERRUPTED, news=(), deadline=None)
TERMINAL = replace(QUESTION, id=11, step="push", kind=QuestionKind.TERMINAL)
SIGNED = Signature(task=12, revision=3, digest=DIGEST, actor="ben", verdict="sign", time=NOON - 3600)


def in_terminal(view: TaskView, step: str) -> TaskView:
    """The same with a step that needs the person's terminal."""
    assert view.plan is not None
    steps = tuple(
        replace(planned, step=replace(planned.step, tty=True)) if planned.id == step else planned
        for planned in view.plan.steps
    )
    return replace(view, plan=replace(view.plan, steps=steps))


def asking(*questions: Question, state: StepState = StepState.AWAITING_CONFIRMATION) -> TaskView:
    """The plan under way: the first eight steps are done, the ninth waits."""
    step: Step = Ask(
        id="which", question="Which database shall be migrated?", options=("staging", "production", "neither")
    )
    made = view_of(*twelve(), PlannedStep(step=step), phase=Phase.BLOCKED)
    waits = {question.step for question in questions}
    done = [replace(s, state=StepState.COMPLETED, started=NOON - 900, ended=NOON - 840) for s in made.steps[:8]]
    rest = [replace(s, state=state, started=NOON - 700, run=4) if s.id in waits else s for s in made.steps[8:]]
    return replace(made, steps=(*done, *rest), questions=questions, signatures=(SIGNED,))
