"""Reviewing with others from the command line: diff, edit, verdicts on steps, comments, grants."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from engine import (
    Answer,
    Command,
    Comment,
    Fault,
    GiveGrant,
    Grant,
    InvalidPlan,
    Judge,
    ListGrants,
    Need,
    Phase,
    ReadDocument,
    ReadPlan,
    Resolve,
    ResolveComment,
    Revise,
    RevokeGrant,
    TaskView,
    Verdict,
    WriteComment,
)
from engine.errors import StaleRevision
from engine.testing import ScriptedEngine
from tests.tui import plans
from tests.tui.cli.outside import Obedient, Typist, call

GRANT = Grant(id=2, task=12, revision=3, steps={"migrate": "d" * 64}, given_by="ben", given=-60.0, expires=540.0)


def given(engine: ScriptedEngine) -> Command:
    (command,) = engine.done
    return replace(command, key="")


def commented() -> TaskView:
    first = Comment(id=1, task=12, revision=3, step="migrate", author="ben", time=0, text="sessions\nempty?")
    answer = replace(first, id=2, author="ana", text="yes", answers=1)
    return replace(plans.to_review(), comments=(first, answer))


def two_revisions() -> ScriptedEngine:
    engine = ScriptedEngine(plans.to_review())
    plan = plans.to_review().plan
    assert plan is not None
    before = replace(plan, revision=2, steps=plan.steps[:-1])
    engine.answers[ReadPlan] = lambda query: {2: before, 3: plan}[query.revision]
    return engine


def test_diff_compares_with_the_revision_before() -> None:
    said = call(two_revisions(), "diff", "12")
    assert (said.code, said.needs) == (0, [Need.READ])
    assert said.out.startswith("revision 2 -> 3: 1 added, 0 changed, 0 dropped\nasks again, because of\n")
    assert json.loads(call(two_revisions(), "diff", "12", "2..", "--json").out)["changes"][0]["change"] == "+"
    assert call(two_revisions(), "diff", "12", "two").code == 2


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (["hold", "12", "docs"], Verdict.HOLD),
        (["release", "12", "docs"], Verdict.RELEASE),
        (["skip", "12", "docs"], Verdict.SKIP),
        (["skip", "12", "docs", "--undo"], Verdict.TAKE_IN),
    ],
)
def test_verdicts_on_steps(words: list[str], verdict: Verdict) -> None:
    engine = ScriptedEngine(plans.to_review())
    assert call(engine, *words).code == 0
    assert given(engine) == Judge(task=12, revision=3, step="docs", verdict=verdict, key="")


def test_comments_are_listed_as_threads() -> None:
    said = call(ScriptedEngine(commented()), "comment", "12")
    assert said.out.splitlines() == [
        "1 ben on migrate (rev 3):",
        "  sessions",
        "  empty?",
        "  2 ana (rev 3):",
        "    yes",
    ]


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["well done"], WriteComment(task=12, text="well done", key="")),
        (["migrate", "is it", "empty?"], WriteComment(task=12, step="migrate", text="is it empty?", key="")),
        (["yes", "it is", "--answer", "1"], WriteComment(task=12, text="yes it is", answers=1, key="")),
        (["--resolve", "1"], ResolveComment(comment=1, key="")),
    ],
)
def test_comments_are_written_answered_and_resolved(words: list[str], command: Command) -> None:
    engine = ScriptedEngine(commented())
    assert call(engine, "comment", "12", *words).code == 0
    assert given(engine) == command


def test_a_comment_on_no_step_names_the_fault() -> None:
    said = call(ScriptedEngine(commented()), "comment", "12", "nowhere", "hello")
    assert (said.code, "no step 'nowhere'" in said.err) == (2, True)


def test_grants_are_listed_with_the_time_they_have_left() -> None:
    engine = ScriptedEngine(plans.to_review())
    engine.answers[ListGrants] = lambda _: (GRANT, replace(GRANT, id=3, expires=-1.0))
    assert call(engine, "grants").out == "    2  task 12: migrate  9:00 left, by ben\n"
    assert json.loads(call(engine, "grants", "--json").out)[0]["given_by"] == "ben"


def test_a_grant_takes_a_person_who_was_shown_what_it_lets_run() -> None:
    engine, ana = ScriptedEngine(plans.to_review()), Typist("y")
    assert call(engine, "grants", "give", "12", "migrate", "--for", "10m", person=ana).code == 0
    assert "DROP TABLE sessions" in ana.seen
    assert given(engine) == GiveGrant(
        task=12, revision=3, digest=plans.DIGEST, steps=("migrate",), seconds=600.0, means="command", key=""
    )
    assert call(ScriptedEngine(plans.to_review()), "grants", "give", "12").code == 3


def test_a_grant_is_revoked_by_its_number() -> None:
    engine = ScriptedEngine(plans.to_review())
    assert call(engine, "grants", "revoke", "2").code == 0
    assert given(engine) == RevokeGrant(grant=2, key="")
    assert call(engine, "grants", "revoke").code == 2


@pytest.mark.parametrize(("longer", "answer", "seconds"), [("plan", Answer.PLAN, None), ("10m", Answer.TIMED, 600.0)])
def test_a_confirmation_can_hold_longer(longer: str, answer: Answer, seconds: float | None) -> None:
    engine = ScriptedEngine(plans.asking(plans.QUESTION))
    assert call(engine, "confirm", "12", "migrate", "--for", longer, person=Typist("y")).code == 0
    resolve = given(engine)
    assert isinstance(resolve, Resolve)
    assert (resolve.answer, resolve.seconds) == (answer, seconds)


def editor(folder: Path, script: str) -> dict[str, str]:
    program = folder / "editor"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {"EDITOR": str(program)}


def editable() -> Obedient:
    engine = Obedient(plans.to_review())
    engine.answers[ReadDocument] = lambda _: "request: try\n"
    return engine


def test_an_edit_in_the_persons_editor_is_the_next_revision(tmp_path: Path) -> None:
    engine = editable()
    environ = editor(tmp_path, 'echo "steps: []" >> "$1"')
    assert call(engine, "edit", "12", "--note", "less", person=Typist(), environ=environ).code == 0
    command = given(engine)
    assert command == Revise(
        task=12, revision=3, document="request: try\nsteps: []\n", name="plan-12.yaml", note="less", key=""
    )


def test_an_edit_that_changed_nothing_records_nothing(tmp_path: Path) -> None:
    engine = editable()
    said = call(engine, "edit", "12", person=Typist(), environ=editor(tmp_path, "true"))
    assert (said.code, engine.done, "nothing was changed" in said.err) == (0, [], True)


def test_an_edit_with_faults_is_offered_again_with_what_was_written(tmp_path: Path) -> None:
    engine, ana = editable(), Typist("y")
    engine.refusal = InvalidPlan((Fault("no step 'z'", "steps[0].needs", "plan-12.yaml", 3, 1),))
    environ = editor(tmp_path, 'echo "# once more" >> "$1"')
    assert call(engine, "edit", "12", person=ana, environ=environ).code == 0
    assert "plan-12.yaml:3:1  steps[0].needs: no step 'z'" in ana.seen
    command = given(engine)
    assert isinstance(command, Revise)
    assert command.document.count("# once more") == 2


def test_an_edit_that_is_refused_is_kept(tmp_path: Path) -> None:
    engine = editable()
    engine.refusal = StaleRevision(task=12, current=4, given=3)
    said = call(engine, "edit", "12", person=Typist(), environ=editor(tmp_path, 'echo "# mine" >> "$1"'))
    kept = Path(said.err.split(" -f ")[1].split()[0])
    assert (said.code, kept.read_text()) == (1, "request: try\n# mine\n")
    kept.unlink()


def test_an_editor_that_fails_or_is_not_there_changes_nothing(tmp_path: Path) -> None:
    for environ in (editor(tmp_path, "exit 3"), {"EDITOR": "/nowhere/ed"}):
        engine = editable()
        said = call(engine, "edit", "12", person=Typist(), environ=environ)
        assert (said.code, engine.done, "nothing was changed" in said.err) == (2, [], True)


def test_who_edits_without_a_terminal_is_told_of_the_file() -> None:
    said = call(editable(), "edit", "12")
    assert said.code == 3
    assert "signoff edit ID -f FILE" in said.err
    assert "run --yes" not in said.err


def test_an_edited_file_needs_no_editor(tmp_path: Path) -> None:
    (tmp_path / "new.yaml").write_text("request: other\n")
    engine = editable()
    assert call(engine, "edit", "12", "-f", "new.yaml", cwd=tmp_path).code == 0
    command = given(engine)
    assert isinstance(command, Revise)
    assert (command.document, command.name) == ("request: other\n", "new.yaml")
    assert call(editable(), "edit", "12", "-f", "none.yaml", cwd=tmp_path).code == 2


def test_show_says_what_is_held_and_with_which_words_a_plan_was_returned() -> None:
    held = plans.without(plans.to_review(), held="docs")
    assert "docs  held by ben until it is released" in call(ScriptedEngine(held), "show", "12").out
    note = replace(plans.SIGNED, verdict="return", reason="test before\nthe push")
    returned = replace(held, task=plans.task(Phase.PLANNING), signatures=(note,))
    said = call(ScriptedEngine(returned), "show", "12").out
    assert "returned by ben: test before\\nthe push" in said
    assert "it was returned; write its next revision: signoff edit 12" in said
