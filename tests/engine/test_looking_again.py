"""An open question follows the bytes that it asks about: what changes on disk is asked about, never what was shown."""

from __future__ import annotations

import pytest

from engine import Answer, LookAgain, Outcome, Question, QuestionChanged, QuestionKind, Wait
from engine.errors import AlreadyAnswered, Refused, StaleQuestion, UsageError
from engine.model.events import PhaseChanged
from engine.model.run import StepStatus
from engine.storage.reader import Reader
from tests.engine.desk import Desk

TOOL = {"id": "run", "action": "execute", "command": "bash tool.sh", "tier": "destructive"}


def write(desk: Desk, word: str) -> None:
    (desk.root / "tool.sh").write_text(f"echo {word} >> out.txt\n")


async def begun(desk: Desk) -> Question:
    """A step that asks, as it was signed."""
    await desk.open(real=True, sandbox="group")
    write(desk, "first")
    question = await desk.asked(await desk.begin(TOOL))
    assert question.kind is QuestionKind.CONFIRMATION
    return question


async def look(desk: Desk, question: Question) -> Question:
    await desk.do(LookAgain(question=question.id))
    (present,) = await desk.questions()
    return present


async def test_bytes_that_did_not_change_are_asked_about_as_before_and_nothing_is_recorded(desk: Desk) -> None:
    question = await begun(desk)
    before = await desk.seq()
    assert await look(desk, question) == question
    assert await desk.seq() == before


async def test_changed_bytes_are_asked_about_with_their_difference_and_the_shown_ones_are_refused(desk: Desk) -> None:
    question = await begun(desk)
    write(desk, "second")
    present = await look(desk, question)
    assert (present.id, present.kind, present.deadline) == (question.id, QuestionKind.DRIFT, question.deadline)
    assert "-echo first" in present.diff and "+echo second" in present.diff
    assert present.news[0] == "tool.sh is not what was signed"
    fact = await desk.fact(QuestionChanged, question.task, "run")
    assert fact.question == present
    with pytest.raises(Refused, match="changed since it was shown"):
        await desk.answer(question, Answer.ONCE)
    await desk.answer(present, Answer.ONCE)
    assert (await desk.ended(question.task)).task.outcome is Outcome.OK
    assert (desk.root / "out.txt").read_text() == "second\n"


async def test_a_task_that_waits_for_changed_bytes_says_so(desk: Desk) -> None:
    question = await begun(desk)
    write(desk, "second")
    await look(desk, question)
    await desk.until(lambda event: isinstance(event.fact, PhaseChanged) and event.fact.task.waits == (Wait.DRIFT,))
    assert (await desk.show(question.task)).task.waits == (Wait.DRIFT,)


async def test_bytes_that_are_put_back_are_the_signed_ones_again(desk: Desk) -> None:
    question = await begun(desk)
    write(desk, "second")
    await look(desk, question)
    write(desk, "first")
    present = await look(desk, question)
    assert (present.kind, present.digest, present.diff) == (QuestionKind.CONFIRMATION, question.digest, "")


async def test_what_changed_is_still_known_after_a_restart(desk: Desk) -> None:
    question = await begun(desk)
    write(desk, "second")
    present = await look(desk, question)
    await desk.reopen(real=True, sandbox="group")
    assert await desk.questions() == (present,)
    assert await look(desk, question) == present


async def test_a_file_that_is_gone_or_leads_elsewhere_is_no_silent_yes(desk: Desk) -> None:
    question = await begun(desk)
    path = desk.root / "tool.sh"
    path.unlink()
    assert "-echo first" in (await look(desk, question)).diff
    path.symlink_to("/etc/hostname")
    with pytest.raises(Refused, match="cannot be looked at"):
        await desk.do(LookAgain(question=question.id))


async def test_there_must_be_an_open_question(desk: Desk) -> None:
    question = await begun(desk)
    await desk.answer(question, Answer.DENY, "no")
    with pytest.raises(AlreadyAnswered):
        await desk.do(LookAgain(question=question.id))
    with pytest.raises(UsageError, match="no question"):
        await desk.do(LookAgain(question=99))


def changes_before_it_is_written(desk: Desk, question: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes change, and somebody looks at them, after an answer was checked and before it is recorded."""
    read = Reader.step

    async def late(reader: Reader, task: int, step: str) -> tuple[int, StepStatus]:
        monkeypatch.setattr(Reader, "step", read)
        write(desk, "second")
        await desk.do(LookAgain(question=question.id), "ben")
        return await read(reader, task, step)

    monkeypatch.setattr(Reader, "step", late)


async def test_bytes_that_change_while_a_yes_is_recorded_do_not_run_also_after_a_restart(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = await begun(desk)
    changes_before_it_is_written(desk, question, monkeypatch)
    with pytest.raises(StaleQuestion, match="What run would run has changed since it was shown; nothing was recorded"):
        await desk.answer(question, Answer.ONCE)
    (present,) = await desk.questions()
    assert (present.id, present.kind) == (question.id, QuestionKind.DRIFT) and present.digest != question.digest
    await desk.reopen(real=True, sandbox="group")
    assert await desk.questions() == (present,)
    assert not (desk.root / "out.txt").exists()
    await desk.answer(present, Answer.ONCE)
    assert (await desk.ended(question.task)).task.outcome is Outcome.OK
    assert (desk.root / "out.txt").read_text() == "second\n"


async def test_a_no_is_one_to_the_bytes_that_came_in_between_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    question = await begun(desk)
    changes_before_it_is_written(desk, question, monkeypatch)
    await desk.answer(question, Answer.DENY, "not now")
    assert (await desk.ended(question.task)).task.outcome is not Outcome.OK
    assert await desk.questions() == ()
    assert not (desk.root / "out.txt").exists()
