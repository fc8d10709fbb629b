"""`run` and `resume` over a scripted engine: what they take words for, whom they ask, what they print, how they end."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine import (
    Answer,
    Command,
    Fault,
    Gap,
    InvalidPlan,
    Item,
    ListTasks,
    MakePlan,
    Need,
    Outcome,
    Phase,
    Question,
    Reply,
    Resolve,
    Resume,
    Sign,
    Stalled,
    StepState,
    StepStatus,
    TaskSummary,
    TaskView,
    Wait,
    step_digest,
)
from engine.errors import AlreadyJudged, Refused, StoreError
from engine.model.events import Fact, Notified, PhaseChanged, QuestionAnswered, QuestionAsked, StepEnded, TaskEnded
from engine.testing import ScriptedEngine, summarise
from tests.tui import plans
from tests.tui.cli.outside import Obedient, Typist, call
from tui.__main__ import main
from tui.cli.call import World

Happens = Callable[[ScriptedEngine, Command], None]
STEPS = plans.twelve()[:2]


def engine_with(view: TaskView) -> Obedient:
    engine = Obedient(view)
    engine.info = replace(engine.info, seq=9, head="abcdef0123456789")
    return engine


def ends(outcome: Outcome, phase: Phase = Phase.COMPLETED) -> Happens:
    """The first step ends, then the task."""

    def happen(engine: ScriptedEngine, command: Command) -> None:
        view = engine.views[12]
        ended = replace(view.task, phase=phase, outcome=outcome)
        first = StepStatus(id="baseline", state=StepState.COMPLETED, started=0.0, ended=31.0, summary="214 passed")
        engine.views[12] = replace(view, task=ended, steps=(first, *view.steps[1:]), seq=2)
        _emit(engine, (StepEnded(first), "baseline"), (TaskEnded(ended), None))

    return happen


def _emit(engine: ScriptedEngine, *facts: tuple[Fact, str | None]) -> None:
    for fact, step in facts:
        engine.emit(fact, task=12, step=step)


def blocked_by_migrate(engine: ScriptedEngine, command: Command) -> None:
    """A destructive step asks, and nothing else can run."""
    view = plans.asking(plans.QUESTION)
    engine.views[12] = replace(view, seq=2, task=replace(view.task, waits=(Wait.CONFIRMATION,)))
    _emit(engine, (QuestionAsked(plans.QUESTION), "migrate"), (PhaseChanged(engine.views[12].task), None))


def answered(engine: ScriptedEngine, command: Command) -> None:
    assert isinstance(command, Resolve)
    closed = replace(plans.QUESTION, answer=command.answer)
    _emit(engine, (QuestionAnswered(closed), "migrate"))
    outcome = Outcome.OK if command.answer is Answer.ONCE else Outcome.DENIED
    ends(outcome, Phase.COMPLETED if outcome is Outcome.OK else Phase.FAILED)(engine, command)


@pytest.mark.parametrize(
    ("outcome", "phase", "code"),
    [
        (Outcome.OK, Phase.COMPLETED, 0),
        (Outcome.PARTIAL, Phase.COMPLETED, 0),
        (Outcome.STEP_FAILED, Phase.FAILED, 1),
        (Outcome.DENIED, Phase.FAILED, 3),
        (Outcome.EXPIRED, Phase.FAILED, 3),
        (Outcome.CANCELLED, Phase.CANCELLED, 4),
        (Outcome.OVER_BUDGET, Phase.BUDGET_EXCEEDED, 5),
        (Outcome.TIMED_OUT, Phase.TIMED_OUT, 6),
        (Outcome.OK, Phase.READY, 7),
    ],
)
def test_the_exit_code_follows_the_outcome(outcome: Outcome, phase: Phase, code: int) -> None:
    engine = engine_with(plans.view_of(*STEPS))
    engine.on[Sign] = ends(outcome, phase)
    said = call(engine, "run", "12", "--yes")
    assert said.code == code
    assert said.needs == [Need.EXECUTE]
    assert "1 baseline 0:31  214 passed" in said.out
    assert "audit: event 9, head abcdef012345" in said.out


def test_each_step_is_told_once() -> None:
    engine = engine_with(plans.view_of(*STEPS))
    engine.on[Sign] = ends(Outcome.OK)
    said = call(engine, "run", "12", "--yes")
    assert said.out.count(" baseline ") == 1
    assert said.out.count(" versions") == 1


def test_steps_that_ended_before_are_told_with_the_end() -> None:
    engine = engine_with(plans.view_of(*STEPS))
    view = engine.views[12]
    before = StepStatus(id="versions", state=StepState.COMPLETED, started=0.0, ended=2.0, summary="kept")
    engine.views[12] = replace(view, steps=(view.steps[0], before))
    engine.on[Sign] = ends(Outcome.OK)
    said = call(engine, "run", "12", "--yes")
    assert said.out.index("1 baseline 0:31") < said.out.index("2 versions 0:02  kept") < said.out.index("task 12")


def test_a_full_disk_is_told_at_once_and_so_is_its_end() -> None:
    engine = engine_with(plans.view_of(*STEPS))

    def refuses(engine: ScriptedEngine, command: Command) -> None:
        engine.signal(Stalled(fault="The disk is full; nothing was lost", hint="free some space"))
        engine.signal(Stalled(fault="The log of it cannot be written", hint="free some", task=12, step="a\x1b[2J"))
        engine.signal(Stalled(task=12, step="a\x1b[2J"))
        engine.signal(Stalled())
        ends(Outcome.OK)(engine, command)

    engine.on[Sign] = refuses
    said = call(engine, "run", "12", "--yes", "--json")
    assert said.err.splitlines()[1:] == [
        "signoff: The disk is full; nothing was lost. Free some space",
        "signoff: task 12: The log of it cannot be written. Free some",
        "signoff: task 12: a\\e[2J waits for the disk no longer",
        "signoff: the engine waits for the disk no longer",
    ]
    assert said.code == 0


PATIENCE = 10.0
"""Seconds after which a task that nobody looked for ends badly."""
OTHER = plans.view_of(*plans.twelve()[2:4])


def queued_behind(phase: Phase, *, ends_by_itself: bool = True) -> Obedient:
    """Task 12 is signed and stays queued while task 11 is in a phase; it ends once somebody has looked why."""
    engine = engine_with(plans.view_of(*STEPS))
    engine.views[11] = replace(OTHER, task=replace(OTHER.task, id=11, phase=phase, request="Fix the pins"))

    def waits(engine: ScriptedEngine, command: Command) -> None:
        view = engine.views[12]
        engine.views[12] = replace(view, task=replace(view.task, phase=Phase.QUEUED), seq=2)
        asyncio.get_running_loop().call_later(PATIENCE, ends(Outcome.STEP_FAILED, Phase.FAILED), engine, command)

    def looked_at(query: ListTasks) -> tuple[TaskSummary, ...]:
        ids = [number for number in (12, 11) if query.before is None or number < query.before]
        if not ids and ends_by_itself:
            asyncio.get_running_loop().call_soon(ends(Outcome.OK), engine, Sign(task=12, revision=1, digest=""))
        return tuple(summarise(engine.views[number]) for number in ids)

    engine.on[Sign] = waits
    engine.answers[ListTasks] = looked_at
    return engine


@pytest.mark.parametrize(
    ("phase", "told"),
    [
        (Phase.EXECUTING, "; it begins by itself when that has ended"),
        (Phase.BLOCKED, ", and waits for a person: signoff inbox; it begins"),
        (Phase.PAUSED, ", and is paused: signoff resume 11; it begins"),
    ],
)
def test_a_queued_task_says_what_it_waits_for(phase: Phase, told: str) -> None:
    said = call(queued_behind(phase), "run", "12", "--yes", "--wait")
    assert said.code == 0
    assert said.err.count("task 12 is queued: task 11 (Fix the pins) writes in ") == 1
    assert told in said.err


@pytest.mark.parametrize("phase", [Phase.BLOCKED, Phase.PAUSED])
def test_behind_a_task_that_waits_for_a_person_nobody_waits_for_ever(phase: Phase) -> None:
    said = call(queued_behind(phase, ends_by_itself=False), "run", "12", "--yes")
    assert said.code == 7
    assert "task 11 (Fix the pins) writes in " in said.err
    assert "task 12 queued" in said.out
    assert "behind task 11, which writes in the same directory; it begins by itself when that has ended" in said.out
    assert "run it:" not in said.out


def test_who_waits_for_nobody_in_sight_is_told_so_too() -> None:
    said = call(queued_behind(Phase.COMPLETED), "run", "12", "--yes")
    assert said.code == 0
    assert "task 12 is queued; it begins by itself as soon as " in said.err


def test_with_json_a_queued_task_waits_in_events() -> None:
    engine = queued_behind(Phase.EXECUTING)
    queued = engine.on[Sign]

    def queues(engine: ScriptedEngine, command: Command) -> None:
        queued(engine, command)
        _emit(engine, (PhaseChanged(engine.views[12].task), None))
        ends(Outcome.OK)(engine, command)

    engine.on[Sign] = queues
    said = call(engine, "run", "12", "--yes", "--json")
    assert json.loads(said.out.splitlines()[0])["data"]["task"]["phase"] == "queued"
    assert said.err == "signoff: task 12\n"


def test_yes_signs_as_the_user_and_is_recorded_so() -> None:
    engine = engine_with(plans.view_of(*STEPS))
    engine.on[Sign] = ends(Outcome.OK)
    call(engine, "run", "12", "--yes")
    (sign,) = engine.done
    assert isinstance(sign, Sign)
    assert (sign.digest, sign.means) == (plans.DIGEST, "run --yes")


def test_who_is_second_to_sign_follows_what_the_first_signed() -> None:
    class Outrun(Obedient):
        async def do(self, command: Command, *, actor: str | None = None) -> Reply:
            view = self.views[12]
            signature = plans.SIGNED
            signed = replace(view.task, signed=plans.DIGEST, phase=Phase.EXECUTING)
            self.views[12] = replace(view, task=signed, signatures=(signature,))
            ends(Outcome.OK)(self, command)
            raise AlreadyJudged(task=12, verdict="signed", actor="ben", when="noon")

    said = call(Outrun(plans.view_of(*STEPS)), "run", "12", "--yes")
    assert said.code == 0
    assert "signed already: 4f1c9a of task 12, by ben at " in said.err
    assert "1 baseline 0:31  214 passed" in said.out


def test_the_policy_can_forbid_yes() -> None:
    engine = engine_with(plans.view_of(*STEPS))
    said = call(engine, "run", "12", "--yes", environ={"SIGNOFF_POLICY_ALLOW_YES": "false"})
    assert said.code == 3
    assert engine.done == []


def test_a_person_reads_and_signs() -> None:
    engine, ana = engine_with(plans.view_of(*STEPS)), Typist("y")
    engine.on[Sign] = ends(Outcome.OK)
    assert call(engine, "run", "12", person=ana).code == 0
    assert "pytest -q" in ana.seen
    assert ana.prompts == ["Sign 4f1c9a and run? [y/N] "]
    (sign,) = engine.done
    assert isinstance(sign, Sign)
    assert sign.means == "command"


def test_not_signed_is_not_run() -> None:
    engine = engine_with(plans.view_of(*STEPS))
    said = call(engine, "run", "12", person=Typist(""))
    assert said.code == 3
    assert engine.done == []
    assert "signoff approve 12" in said.err


def test_nobody_to_ask_for_the_signature() -> None:
    engine = engine_with(plans.view_of(*STEPS))
    said = call(engine, "run", "12")
    assert said.code == 3
    assert engine.done == []
    assert "signoff run 12 --yes" in said.err


def test_with_json_nobody_is_asked_and_every_line_is_an_event() -> None:
    engine = engine_with(plans.view_of(*STEPS))
    engine.on[Sign] = ends(Outcome.OK)
    said = call(engine, "run", "12", "--yes", "--json", person=Typist())
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert [list(line) for line in lines] == [["seq", "time", "actor", "kind", "task", "step", "data"]] * 2
    assert [line["kind"] for line in lines] == ["step_ended", "task_ended"]
    assert lines[0]["data"]["status"]["state"] == "completed"
    assert list(lines[1]["data"])[-1] == "steps"
    assert lines[1]["data"]["outcome"] == "ok"


def test_yes_never_confirms_and_without_a_terminal_the_task_waits() -> None:
    engine = engine_with(plans.view_of(*plans.twelve()))
    engine.on[Sign] = blocked_by_migrate
    said = call(engine, "run", "12", "--yes")
    assert said.code == 3
    assert [type(command) for command in engine.done] == [Sign]
    assert "migrate asks before it runs" in said.err


@pytest.mark.parametrize(("typed", "answer", "code"), [(["y"], Answer.ONCE, 0), (["d", "no"], Answer.DENY, 3)])
def test_on_a_terminal_the_question_is_put(typed: list[str], answer: Answer, code: int) -> None:
    engine, ana = engine_with(plans.view_of(*plans.twelve())), Typist(*typed)
    engine.on.update({Sign: blocked_by_migrate, Resolve: answered})
    assert call(engine, "run", "12", "--yes", person=ana).code == code
    assert "DROP TABLE sessions" in ana.seen
    assert "pins changed 1 file" in ana.seen
    resolve = engine.done[-1]
    assert isinstance(resolve, Resolve)
    assert (resolve.answer, resolve.digest, resolve.means) == (answer, plans.QUESTION.digest, "command")


def test_later_leaves_the_task_waiting() -> None:
    engine = engine_with(plans.view_of(*plans.twelve()))
    engine.on[Sign] = blocked_by_migrate
    said = call(engine, "run", "12", "--yes", person=Typist(""))
    assert said.code == 3
    assert [type(command) for command in engine.done] == [Sign]


PUSH = replace(plans.QUESTION, step="push", digest=step_digest(plans.push()))


def asks_for(question: Question) -> Happens:
    """A step asks, and nothing else can run."""

    def happen(engine: ScriptedEngine, command: Command) -> None:
        view = plans.asking(question)
        engine.views[12] = replace(view, seq=2, task=replace(view.task, waits=(Wait.CONFIRMATION,)))
        _emit(engine, (QuestionAsked(question), question.step), (PhaseChanged(engine.views[12].task), None))

    return happen


class Broken(Obedient):
    """Its events break off as soon as somebody signed."""

    async def events(self, after: int | None = None) -> AsyncIterator[Item]:
        async for _ in super().events(after):
            raise StoreError(reason="the disk is on fire")
            yield  # a generator like any other


def test_events_that_break_off_end_the_waiting_and_are_told() -> None:
    def begins(engine: ScriptedEngine, command: Command) -> None:
        engine.views[12] = plans.view_of(*STEPS, phase=Phase.EXECUTING)
        engine.signal(Gap(seq=0))

    engine = Broken(plans.view_of(*STEPS))
    engine.on[Sign] = begins
    said = call(engine, "run", "12", "--yes")
    assert said.code == 1
    assert "the disk is on fire" in said.err


def test_confirmations_given_ahead_name_their_digests() -> None:
    engine = engine_with(plans.view_of(*plans.twelve()))
    engine.on.update({Sign: asks_for(PUSH), Resolve: answered})
    said = call(engine, "run", "12", "--yes", "--confirm", "destructive,external")
    assert said.code == 0
    assert f"will run unasked: 11 push {PUSH.digest[:6]}" in said.err
    resolve = engine.done[-1]
    assert isinstance(resolve, Resolve)
    assert (resolve.answer, resolve.digest, resolve.means) == (Answer.ONCE, PUSH.digest, "run --confirm")


class Moving(Obedient):
    """The bytes of a step change while a person reads the question about it."""

    async def do(self, command: Command, *, actor: str | None = None) -> Reply:
        if isinstance(command, Resolve) and command.digest != "beef" * 16:
            view = self.views[12]
            self.views[12] = replace(view, questions=(replace(view.questions[0], digest="beef" * 16),))
            raise Refused(problem="What push would run has changed since it was shown; nothing was recorded")
        return await super().do(command, actor=actor)


def test_a_question_whose_bytes_moved_is_shown_again() -> None:
    engine, ana = Moving(plans.view_of(*plans.twelve())), Typist("y", "y")
    engine.on.update({Sign: asks_for(PUSH), Resolve: answered})
    said = call(engine, "run", "12", "--yes", person=ana)
    assert said.code == 0
    assert "has changed since it was shown" in said.err
    assert f"digest {PUSH.digest[:12]}" in ana.seen
    assert "digest beefbeefbeef" in ana.seen
    assert isinstance(engine.done[-1], Resolve)


def test_other_bytes_than_those_given_ahead_are_asked_for() -> None:
    engine = engine_with(plans.view_of(*plans.twelve()))
    engine.on[Sign] = asks_for(replace(PUSH, digest="beef" * 16))
    assert call(engine, "run", "12", "--yes", "--confirm", "external").code == 3
    assert [type(command) for command in engine.done] == [Sign]


def test_a_step_whose_files_are_made_on_the_way_is_not_confirmed_ahead() -> None:
    engine = engine_with(plans.view_of(*plans.twelve()))
    engine.on[Sign] = blocked_by_migrate
    said = call(engine, "run", "12", "--yes", "--confirm", "destructive")
    assert said.code == 3
    assert "unasked" not in said.err


def test_what_a_step_says_is_printed() -> None:
    def says(engine: ScriptedEngine, command: Command) -> None:
        _emit(engine, (Notified("terminal", "half\x1b[2J\ndone"), None))
        ends(Outcome.OK)(engine, command)

    engine = engine_with(plans.view_of(*STEPS))
    engine.on[Sign] = says
    said = call(engine, "run", "12", "--yes")
    assert "says: half\\e[2J\nsays: done\n" in said.out


def test_what_was_given_ahead_is_for_its_tiers_only() -> None:
    engine = engine_with(plans.view_of(*plans.twelve()))
    engine.on[Sign] = blocked_by_migrate
    assert call(engine, "run", "12", "--yes", "--confirm", "external").code == 3
    assert [type(command) for command in engine.done] == [Sign]


def test_changed_bytes_are_never_confirmed_ahead() -> None:
    def drifts(engine: ScriptedEngine, command: Command) -> None:
        view = plans.asking(plans.DRIFT)
        engine.views[12] = replace(view, seq=2, task=replace(view.task, waits=(Wait.DRIFT,)))
        _emit(engine, (QuestionAsked(plans.DRIFT), "migrate"), (PhaseChanged(engine.views[12].task), None))

    engine = engine_with(plans.view_of(*plans.twelve()))
    engine.on[Sign] = drifts
    assert call(engine, "run", "12", "--yes", "--confirm", "destructive").code == 3
    assert [type(command) for command in engine.done] == [Sign]


@pytest.mark.parametrize("phase", [Phase.COMPLETED, Phase.FAILED, Phase.CANCELLED, Phase.PAUSED])
def test_what_run_cannot_go_on_with(phase: Phase) -> None:
    said = call(engine_with(plans.view_of(*STEPS, phase=phase)), "run", "12")
    assert said.code == 2
    assert "nothing was run" in said.err
    assert "signoff resume 12" in said.err or phase is Phase.COMPLETED


def test_resume_makes_another_attempt_and_follows_it() -> None:
    engine = engine_with(plans.view_of(*STEPS, phase=Phase.FAILED))

    def resumes(engine: ScriptedEngine, command: Command) -> None:
        view = engine.views[12]
        engine.views[12] = replace(view, task=replace(view.task, phase=Phase.QUEUED))
        ends(Outcome.OK)(engine, command)

    engine.on[Resume] = resumes
    assert call(engine, "resume", "12", "--from", "2").code == 0
    (resume,) = engine.done
    assert isinstance(resume, Resume)
    assert (resume.task, resume.from_step) == (12, "versions")


class Planner(Obedient):
    """Makes every plan task 12."""

    async def do(self, command: Command, *, actor: str | None = None) -> Reply:
        return replace(await super().do(command, actor=actor), task=12)


def planner() -> Planner:
    engine = Planner(plans.view_of(*STEPS))
    engine.on[Sign] = ends(Outcome.OK)
    return engine


def unplanned() -> Obedient:
    """Task 12 got no plan; planned again it gets one, and signed it ends well."""
    made = plans.view_of(*STEPS)
    task = replace(made.task, phase=Phase.FAILED, outcome=Outcome.NO_PLAN, revision=0, digest="", signed="")
    engine = engine_with(replace(made, task=task, plan=None, steps=()))
    engine.on[Resume] = lambda engine, command: engine.views.update({12: made})
    engine.on[Sign] = ends(Outcome.OK)
    return engine


@pytest.mark.parametrize("words", [["run", "12"], ["resume", "12"]])
def test_a_request_without_a_plan_is_planned_again_and_run(words: list[str]) -> None:
    engine, ana = unplanned(), Typist("y")
    said = call(engine, *words, person=ana)
    assert said.code == 0
    assert "planning again: Upgrade SQLAlchemy" in said.err
    assert "pytest -q" in ana.seen
    assert [type(command) for command in engine.done] == [Resume, Sign]


def test_a_request_without_a_plan_is_planned_again() -> None:
    engine = unplanned()
    said = call(engine, "plan", "12")
    assert said.code == 0
    assert "pytest -q" in said.out
    assert [type(command) for command in engine.done] == [Resume]


def test_what_has_a_plan_is_not_planned_again() -> None:
    engine = engine_with(plans.view_of(*STEPS))
    said = call(engine, "plan", "12")
    assert (said.code, engine.done) == (2, [])
    assert "Task 12 has a plan: it is awaiting_approval" in said.err


def test_what_stays_without_a_plan_says_how_to_plan_it_again() -> None:
    assert "plan it again: signoff run 12" in call(unplanned(), "show", "12").out


def test_run_takes_an_existing_file_for_a_plan(tmp_path: Path) -> None:
    (tmp_path / "up.yaml").write_text("request: x\n")
    engine = planner()
    said = call(engine, "run", "up.yaml", "--yes", cwd=tmp_path)
    assert (said.code, "plan file up.yaml" in said.err) == (0, True)
    make = engine.done[0]
    assert isinstance(make, MakePlan)
    assert (make.document, make.name, make.root) == ("request: x\n", "up.yaml", str(tmp_path))


def test_run_takes_other_words_for_a_request(tmp_path: Path) -> None:
    engine = planner()
    said = call(engine, "run", "fix", "the", "tests", "--yes", cwd=tmp_path)
    assert (said.code, "signoff: request" in said.err) == (0, True)
    make = engine.done[0]
    assert isinstance(make, MakePlan)
    assert (make.document, make.request) == (None, "fix the tests")


def test_a_plan_file_that_is_not_there_is_no_request(tmp_path: Path) -> None:
    engine = planner()
    said = call(engine, "run", "up.yaml", cwd=tmp_path)
    assert said.code == 2
    assert engine.done == []


def test_a_plan_from_stdin() -> None:
    engine = planner()
    assert call(engine, "plan", "-f", "-", stdin="request: x\n").code == 0
    make = engine.done[0]
    assert isinstance(make, MakePlan)
    assert (make.document, make.name) == ("request: x\n", "stdin")


@pytest.mark.parametrize("name", ["-", "plan.yaml"])
def test_what_is_no_text_is_no_plan(name: str, tmp_path: Path) -> None:
    data = "request: é\r\n".encode() + b"x" * 20_000 + b"\xff\xfe"
    (tmp_path / "plan.yaml").write_bytes(data)
    engine = planner()

    said = call(engine, "plan", "-f", name, cwd=tmp_path, stdin=data)

    assert (said.code, engine.done) == (2, [])
    assert "The plan is not UTF-8 text: byte 20,014 is 0xFF; nothing was stored" in said.err


@pytest.mark.parametrize("words", [["plan"], ["plan", "-f", "x.yaml", "and", "words"]])
def test_plan_wants_a_request_or_a_file(words: list[str]) -> None:
    assert call(planner(), *words).code == 2


FAULT = Fault("no step 'prot' (did you mean 'port'?)", "steps[2].needs", "plan.yaml", 14, 12)


def test_all_faults_of_a_plan_are_told_with_their_places() -> None:
    engine = planner()
    engine.refusal = InvalidPlan((FAULT, Fault("a plan needs at least one step", "steps")))
    said = call(engine, "plan", "-f", "-", stdin="x")
    assert said.code == 2
    assert "plan.yaml:14:12  steps[2].needs: no step 'prot' (did you mean 'port'?)\nsteps: a plan" in said.err


def test_faults_as_json() -> None:
    engine = planner()
    engine.refusal = InvalidPlan((FAULT,))
    said = call(engine, "plan", "-f", "-", "--json", stdin="x")
    assert said.code == 2
    assert json.loads(said.out) == {
        "errors": [{"file": "plan.yaml", "line": 14, "column": 12, "field": "steps[2].needs", "message": FAULT.message}]
    }


def test_what_nobody_foresaw_is_one_line_and_a_file(tmp_path: Path) -> None:
    engine = ScriptedEngine()
    said = call(engine, "--state", str(tmp_path), "audit")  # no scripted answer: a TypeError
    assert said.code == 1
    assert "Traceback" not in said.err
    (kept,) = (tmp_path / "crashes").iterdir()
    assert str(kept) in said.err
    assert "no scripted answer to VerifyAudit" in kept.read_text()


class Screen(io.StringIO):
    """A terminal that only shows."""

    def isatty(self) -> bool:
        return True


def test_the_bar_shows_how_long_the_rest_takes_where_earlier_runs_tell() -> None:
    engine, out = engine_with(plans.view_of(*STEPS)), Screen()
    engine.lengths = {planned.id: 65.0 for planned in STEPS}
    engine.info = replace(engine.info, parallel=1)
    engine.on[Sign] = ends(Outcome.OK)
    world = World(environ={"SIGNOFF_STATE": "/dev/null/state"}, out=out, err=io.StringIO(), connect=_to(engine))
    assert main(["run", "12", "--yes"], world) == 0
    assert "1/2  ~1:05 left" in out.getvalue()


def _to(engine: ScriptedEngine) -> Callable[..., Awaitable[ScriptedEngine]]:
    async def connect(*_: object) -> ScriptedEngine:
        return engine

    return connect
