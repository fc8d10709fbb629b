"""Commands that decide: what exactly they give the engine, and that only a person at a terminal can sign or confirm."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from engine import (
    AcceptResult,
    Answer,
    Cancel,
    Command,
    Kill,
    Need,
    Outcome,
    Pause,
    Phase,
    QuestionKind,
    Reject,
    Remove,
    Reply,
    Resolve,
    Return,
    Sign,
    Signature,
    TaskView,
)
from engine.errors import AlreadyJudged, IllegalTransition, StaleRevision
from engine.testing import NOON, ScriptedEngine
from tests.tui import plans
from tests.tui.cli.outside import Obedient, Typist, call


def given(engine: ScriptedEngine) -> Command:
    (command,) = engine.done
    return replace(command, key="")


def test_signing_shows_the_plan_and_signs_what_was_shown() -> None:
    engine, ana = ScriptedEngine(plans.to_review()), Typist("y")
    said = call(engine, "approve", "12", "--skip", "7,bench", "--skip", "notes", person=ana)
    assert said.code == 0
    assert said.needs == [Need.READ, Need.DECIDE]
    assert "DROP TABLE sessions" in ana.seen
    assert ana.prompts == ["Sign 4f1c9a of task 12 (without bench, bench, notes)? [y/N] "]
    assert given(engine) == Sign(
        task=12, revision=3, digest=plans.DIGEST, skip=("bench", "bench", "notes"), means="command", key=""
    )


def test_a_plan_that_asks_is_not_signed_unread() -> None:
    engine, hasty = ScriptedEngine(plans.to_review()), Typist()
    hasty.impatient = True
    said = call(engine, "approve", "12", person=hasty)
    assert (said.code, engine.done, hasty.prompts) == (3, [], [])
    assert "not signed: some of its steps ask, and it was not shown to its end" in said.err


def test_who_may_not_sign_is_told_before_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    view = plans.quorum_of(2, plans.to_review(), excludes=True)
    monkeypatch.setattr("tui.cli.verdicts.user_name", lambda: view.task.proposer)
    engine, proposer = ScriptedEngine(view), Typist()
    said = call(engine, "approve", "12", person=proposer)
    assert said.code == 1
    assert "proposed this plan, and its rule wants others to sign it" in said.err
    assert (proposer.seen, proposer.prompts, engine.done) == ("", [], [])


@pytest.mark.parametrize(
    ("words", "view"),
    [(["approve", "12"], plans.to_review()), (["confirm", "12", "migrate"], plans.asking(plans.QUESTION))],
    ids=["approve", "confirm"],
)
def test_nothing_is_owned_while_a_person_thinks(words: list[str], view: TaskView) -> None:
    said = call(ScriptedEngine(view), *words, person=Typist(""))
    assert said.code == 3
    assert said.needs == [Need.READ]


def test_a_plan_that_was_returned_says_how_to_go_on() -> None:
    engine = Obedient(plans.to_review())

    def returned(engine: ScriptedEngine, command: Command) -> None:
        view = engine.views[12]
        engine.views[12] = replace(view, task=replace(view.task, phase=Phase.PLANNING))

    engine.on[Return] = returned
    assert (
        "it was returned; write its next revision: signoff edit 12"
        in call(engine, "return", "12", "--note", "test first").out
    )


def signed_by_ben(view: TaskView, *skipped: str) -> TaskView:
    """The task as it stands when ben was first."""
    task = replace(view.task, phase=Phase.QUEUED, signed=view.task.digest)
    signature = Signature(
        task=12, revision=3, digest=task.digest, actor="ben", verdict="sign", time=NOON, skipped=skipped
    )
    return replace(view, task=task, signatures=(*view.signatures, signature))


LATE = AlreadyJudged(task=12, verdict="signed", actor="ben", when="12:00 on 2026-01-01")
SAID = f"signed already: 4f1c9a of task 12, by ben at {time.strftime('%H:%M on %Y-%m-%d', time.localtime(NOON))}"


class Outrun(ScriptedEngine):
    """While ana reads, ben signs, and leaves these steps out."""

    def __init__(self, *skipped: str) -> None:
        super().__init__(plans.to_review())
        self._skipped = skipped

    async def do(self, command: Command, *, actor: str | None = None) -> Reply:
        self.views[12] = signed_by_ben(self.views[12], *self._skipped)
        raise LATE


@pytest.mark.parametrize("words", [[], ["--skip", "bench"]])
def test_who_is_second_to_sign_the_same_is_told_who_was_first(words: list[str]) -> None:
    said = call(Outrun(*words[1:]), "approve", "12", *words, person=Typist("y"))
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(SAID)


@pytest.mark.parametrize(("words", "left_out"), [([], ["bench"]), (["--skip", "bench"], [])])
def test_what_was_signed_by_another_is_not_what_was_meant(words: list[str], left_out: list[str]) -> None:
    said = call(Outrun(*left_out), "approve", "12", *words, person=Typist("y"))
    assert said.code == 1
    assert "Task 12 was signed already, by ben at 12:00 on 2026-01-01" in said.err


def test_what_is_signed_is_not_asked_for_again() -> None:
    engine, ana = ScriptedEngine(signed_by_ben(plans.to_review())), Typist()
    said = call(engine, "approve", "12", person=ana)
    assert (said.code, said.out.startswith(SAID), ana.seen) == (0, True, "")
    assert engine.done == []


def test_what_cannot_be_signed_any_more_is_not_shown() -> None:
    engine, ana = ScriptedEngine(plans.view_of(*plans.twelve(), phase=Phase.COMPLETED)), Typist()
    said = call(engine, "approve", "12", person=ana)
    assert (said.code, ana.seen) == (1, "")
    assert "Task 12 is completed; nothing to sign" in said.err


@pytest.mark.parametrize("typed", ["", "n", "yess", "ja"])
def test_everything_but_a_yes_is_a_no(typed: str) -> None:
    engine = ScriptedEngine(plans.to_review())
    assert call(engine, "approve", "12", person=Typist(typed)).code == 3
    assert engine.done == []


DECIDING = [
    (["approve", "12"], plans.to_review()),
    (["confirm", "12", "migrate"], plans.asking(plans.QUESTION)),
    (["deny", "12", "migrate", "--reason", "no"], plans.asking(plans.QUESTION)),
    (["answer", "12", "which", "staging"], plans.asking(plans.ASK)),
]


@pytest.mark.parametrize(("words", "view"), DECIDING, ids=[words[0] for words, _ in DECIDING])
def test_without_a_terminal_nobody_decides(words: list[str], view: TaskView) -> None:
    engine = ScriptedEngine(view)
    said = call(engine, *words)
    assert said.code == 3
    assert engine.done == []
    assert said.needs == []
    assert "needs a person at a terminal" in said.err
    assert "run --yes" in said.err


def test_a_revision_that_is_not_the_present_one_is_refused_before_it_is_shown() -> None:
    engine, ana = ScriptedEngine(plans.to_review()), Typist()
    said = call(engine, "approve", "12", "--revision", "2", person=ana)
    assert said.code == 1
    assert ana.seen == ""
    assert "at revision 3, not 2" in said.err


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (
            ["reject", "12", "--reason", "wrong branch"],
            Reject(task=12, revision=3, reason="wrong branch", means="command", key=""),
        ),
        (
            ["return", "12", "--note", "test first"],
            Return(task=12, revision=3, note="test first", means="command", key=""),
        ),
        (["pause", "12"], Pause(task=12, key="")),
        (["accept", "12"], AcceptResult(task=12, key="")),
        (["rm", "12"], Remove(task=12, key="")),
        (["cancel", "12", "9", "--reason", "late"], Cancel(task=12, step="migrate", reason="late", key="")),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_what_each_command_gives_the_engine(words: list[str], command: Command) -> None:
    engine = ScriptedEngine(plans.to_review())
    assert call(engine, *words).code == 0
    assert given(engine) == command


def test_killing_is_asked_for_in_so_many_words() -> None:
    engine = ScriptedEngine(plans.to_review())
    call(engine, "cancel", "12", "--kill")
    assert given(engine) == Kill(task=12, key="")
    said = call(ScriptedEngine(plans.to_review()), "cancel", "12", "9", "--kill")
    assert (said.code, "step alone" in said.err) == (2, True)


def test_cancelling_a_task_exits_as_its_outcome() -> None:
    done = plans.view_of(phase=Phase.CANCELLED)
    cancelled = replace(done, task=replace(done.task, outcome=Outcome.CANCELLED))
    said = call(ScriptedEngine(cancelled), "cancel", "12")
    assert said.code == 4
    assert "task 12 cancelled" in said.out


def test_what_changed_while_a_person_read_is_shown_and_not_run() -> None:
    engine = ScriptedEngine(plans.asking(plans.QUESTION))

    class Slow(Typist):
        async def ask(self, prompt: str) -> str:
            moved = replace(plans.QUESTION, kind=QuestionKind.DRIFT, digest="0" * 64, diff="-safe\n+rm -rf /")
            engine.views[12] = plans.asking(moved)
            return await super().ask(prompt)

    ana = Slow("y")
    said = call(engine, "confirm", "12", "migrate", person=ana)
    assert (said.code, engine.done) == (3, [])
    assert engine.looked_at == [plans.QUESTION.id]
    assert "it changed while you looked at it" in said.err
    assert "+rm -rf /" in ana.seen


def test_confirming_shows_what_the_signer_could_not_know() -> None:
    engine, ana = ScriptedEngine(plans.asking(plans.QUESTION)), Typist("y")
    assert call(engine, "confirm", "12", "9", person=ana).code == 0
    assert "pins changed 1 file" in ana.seen
    assert "DROP TABLE sessions" in ana.seen
    assert "\x1b" not in ana.seen
    assert given(engine) == Resolve(
        question=7, answer=Answer.ONCE, digest=plans.QUESTION.digest, means="command", key=""
    )


def test_later_is_the_safe_answer() -> None:
    engine = ScriptedEngine(plans.asking(plans.QUESTION))
    said = call(engine, "confirm", "12", "migrate", person=Typist(""))
    assert said.code == 3
    assert engine.done == []
    assert "the question stays" in said.err


def test_denying_records_the_reason() -> None:
    engine = ScriptedEngine(plans.asking(plans.QUESTION))
    assert call(engine, "deny", "12", "migrate", "--reason", "not on a Friday", person=Typist()).code == 0
    command = given(engine)
    assert isinstance(command, Resolve)
    assert (command.answer, command.reason) == (Answer.DENY, "not on a Friday")


@pytest.mark.parametrize(
    ("view", "step", "text", "answer"),
    [
        (plans.asking(plans.ASK), "which", "staging please", Answer.TEXT),
        (plans.asking(plans.INTERRUPTED), "migrate", "again", Answer.AGAIN),
        (plans.asking(plans.INTERRUPTED), "migrate", "done", Answer.DONE),
        (plans.asking(plans.INTERRUPTED), "migrate", "fail", Answer.FAIL),
    ],
)
def test_answers_by_kind_of_question(view: TaskView, step: str, text: str, answer: Answer) -> None:
    engine = ScriptedEngine(view)
    assert call(engine, "answer", "12", step, *text.split(), person=Typist()).code == 0
    command = given(engine)
    assert isinstance(command, Resolve)
    assert command.answer is answer
    assert command.reason == (text if answer is Answer.TEXT else "")


def test_an_answer_that_does_not_fit_says_what_does() -> None:
    engine = ScriptedEngine(plans.asking(plans.INTERRUPTED))
    said = call(engine, "confirm", "12", "migrate", person=Typist())
    assert said.code == 2
    assert "signoff answer 12 migrate again|done|fail" in said.err
    assert engine.done == []


def test_a_step_that_asks_nothing() -> None:
    said = call(ScriptedEngine(plans.asking(plans.ASK)), "confirm", "12", "tests", person=Typist())
    assert said.code == 2
    assert "asks nothing" in said.err


def test_a_refusal_of_the_engine_is_told_with_its_hint() -> None:
    engine = ScriptedEngine(plans.to_review())
    engine.refusal = StaleRevision(task=12, current=4, given=3)
    said = call(engine, "approve", "12", person=Typist("yes"))
    assert said.code == 1
    assert "is at revision 4, not 3" in said.err
    assert "read the present revision" in said.err


def test_what_cannot_be_done_now_says_what_can() -> None:
    engine = ScriptedEngine(plans.to_review())
    engine.refusal = IllegalTransition(noun="task", source="awaiting_approval", target="paused")
    said = call(engine, "pause", "12")
    assert said.code == 1
    assert "cannot become paused; nothing was changed" in said.err
    assert "signoff approve 12" in said.err


# What waits beside a running attempt


def beside() -> TaskView:
    """Revision 4 waits while revision 3 runs."""
    running = plans.to_review()
    task = plans.task(Phase.EXECUTING, signed=plans.DIGEST, pending=4)
    return replace(running, task=task, pending=plans.revised().plan)


def test_what_waits_beside_a_running_attempt_is_what_is_read_and_signed() -> None:
    engine, ana = ScriptedEngine(beside()), Typist("y")
    assert call(engine, "approve", "12", person=ana).code == 0
    assert ana.prompts == ["Sign beef01 of task 12? [y/N] "]
    digest = plans.revised().task.digest
    assert given(engine) == Sign(task=12, revision=4, digest=digest, means="command", key="")


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["reject", "12", "--reason", "no"], Reject(task=12, revision=4, reason="no", means="command", key="")),
        (["return", "12", "--note", "more"], Return(task=12, revision=4, note="more", means="command", key="")),
    ],
)
def test_what_waits_beside_a_running_attempt_is_what_a_no_is_about(words: list[str], command: Command) -> None:
    engine = ScriptedEngine(beside())
    assert call(engine, *words).code == 0
    assert given(engine) == command


@pytest.mark.parametrize("word", ["show", "inbox"])
def test_what_waits_beside_a_running_attempt_is_told_with_what_to_do(word: str) -> None:
    said = call(ScriptedEngine(beside()), *([word, "12"] if word == "show" else [word]))
    assert "steps in the place of what failed wait to be signed: signoff approve 12" in said.out
    assert "signoff diff 12" in said.out


def test_a_writer_beside_a_running_attempt_keeps_nobody_waiting() -> None:
    view = beside()
    engine = ScriptedEngine(replace(view, task=replace(view.task, planner="llm")))
    assert call(engine, "return", "12", "--note", "more").code == 0
