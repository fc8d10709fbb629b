"""Reviewing with others: verdicts that all see, quorum, what changed since the last revision, notes, grants, edits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from engine import (
    Command,
    Comment,
    Fact,
    Fault,
    GiveGrant,
    Grant,
    GrantRevoked,
    InvalidPlan,
    Judge,
    Person,
    PhaseChanged,
    Plan,
    PlanSigned,
    PlanWritten,
    Presence,
    Query,
    ReadDocument,
    ResolveComment,
    Revise,
    Role,
    ShowTask,
    Sign,
    SignaturesVoided,
    TaskView,
    Verdict,
    WriteComment,
    grantable,
)
from engine.errors import Refused, StaleRevision
from engine.testing import NOON
from tests.tui import plans
from tests.tui.pilots import picture, until
from tests.tui.screens.shared import Shared, said
from tests.tui.stage import LARGE, SMALL, Clock, app, gone, opened, press, settle, show, utc  # noqa: F401
from tui.app import SignoffApp
from tui.presentation.review_head import granted
from tui.screens.review import ReviewScreen
from tui.widgets.operand_view import OperandView

Compare = Callable[..., bool]

pytestmark = pytest.mark.usefixtures("utc")

BEN = replace(plans.SIGNED, actor="ben")


def _engine(view: TaskView | None = None) -> Shared:
    engine = Shared(view or plans.to_review())
    engine.contents = dict(plans.CONTENTS)
    return engine


def _second() -> Shared:
    """A revision that was written after another one."""
    engine = _engine()
    engine.plans[2] = plans.before()
    return engine


def _flat(pilot: Pilot[Any]) -> str:
    return " ".join(picture(pilot).split())


# Verdicts on steps


async def test_h_holds_a_step_and_releases_it_again() -> None:
    engine, clock = _engine(), Clock()
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        await press(pilot, clock, "h")
        await until(pilot, lambda: "held by ana, the rest goes on" in picture(pilot))
        assert "[=]" in picture(pilot)
        await press(pilot, clock, "h")
        await until(pilot, lambda: "held by" not in picture(pilot))
    assert [c.verdict for c in engine.done if isinstance(c, Judge)] == [Verdict.HOLD, Verdict.RELEASE]


async def test_the_verdict_of_somebody_else_is_seen_at_once_and_signed_with_the_rest() -> None:
    engine, clock = _engine(plans.in_sight()), Clock()
    screen = ReviewScreen(12, now=clock)
    async with opened(engine, screen, LARGE) as pilot:
        engine.judge("docs", Verdict.HOLD)
        engine.judge("bench", Verdict.SKIP)
        await until(pilot, lambda: "held by ben" in picture(pilot) and "skips 8 chart" in picture(pilot))
        await press(pilot, clock, "space", "space", "A", "y")
        await gone(pilot, screen)
    (command,) = engine.done
    assert isinstance(command, Sign)
    assert command.spared == ("docs", "bench")


async def test_a_refused_verdict_is_told_and_nothing_moves() -> None:
    engine, clock = _engine(), Clock()
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        engine.refusal = Refused(problem="migrate is running already; nothing was recorded")
        await press(pilot, clock, "s")
        await until(pilot, lambda: "Migrate is running already; nothing was recorded." in _flat(pilot))
        assert "[-]" not in picture(pilot)


async def test_a_verdict_that_comes_in_before_the_second_key_asks_for_another_look() -> None:
    engine, clock = _engine(plans.without(plans.in_sight(), "bench")), Clock()
    async with opened(engine, ReviewScreen(12, now=clock), LARGE) as pilot:
        await press(pilot, clock, "space", "space", "A")
        engine.judge("bench", Verdict.TAKE_IN)
        await until(pilot, lambda: "look again" in picture(pilot))
        await press(pilot, clock, "y")
    assert engine.done == []


# Another revision, before it is shown


DECISIONS: list[tuple[tuple[str, ...], type[Command]]] = [
    (("A", "y"), Sign),
    (("T", "y"), GiveGrant),
    (("h",), Judge),
    (("c", *"why", "enter"), WriteComment),
]


@pytest.mark.parametrize(("keys", "kind"), DECISIONS)
async def test_what_is_decided_names_the_revision_that_is_shown(keys: tuple[str, ...], kind: type[Command]) -> None:
    engine, clock = _Slow(plans.in_sight()), Clock()
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        await press(pilot, clock, "space", "space")
        engine.slow = True
        task = plans.revised().task
        for fact in (PlanWritten(task, "file", 12), PhaseChanged(task), PhaseChanged(task)):
            await _told(pilot, engine, fact)
        assert "rev 3 · 4f1c9a" in _flat(pilot)
        for key in keys:
            clock.at += 1
            await pilot.press(key)
        await until(pilot, lambda: engine.done)
        assert isinstance(engine.done[0], kind)
        command: Any = engine.done[0]
        assert (command.revision, getattr(command, "digest", plans.DIGEST)) == (3, plans.DIGEST)
        engine.read_on.set()


async def _told(pilot: Pilot[Any], engine: _Slow, fact: Fact) -> None:
    """The screen has heard of it, and asks for the task."""
    before = engine.asked
    engine.emit(fact, task=12, actor="ben")
    await until(pilot, lambda: engine.asked > before)


class _Slow(Shared):
    """From some moment on its task cannot be read, until somebody lets it."""

    def __init__(self, view: TaskView) -> None:
        super().__init__(view)
        self.slow, self.read_on, self.asked = False, asyncio.Event(), 0

    async def read(self, query: Query) -> Any:
        if self.slow and isinstance(query, ShowTask):
            self.asked += 1
            await self.read_on.wait()
        return await super().read(query)


# Quorum


async def test_one_of_two_signatures_leaves_the_screen_open_and_says_what_is_missing() -> None:
    engine, clock = _engine(plans.quorum_of(2, plans.in_sight())), Clock()
    screen = ReviewScreen(12, now=clock)
    async with opened(engine, screen) as pilot:
        assert "signed 0 of 2" in picture(pilot)
        await press(pilot, clock, "space", "space", "A", "y")
        await until(pilot, lambda: "signed 1 of 2  ana ✓" in picture(pilot))
        assert "1 more must sign, besides ana" in _flat(pilot)
        await press(pilot, clock, "A")
        assert "You have signed it already, and count once: 1 more must sign." in _flat(pilot)
        engine.happen(PlanSigned(BEN))
        await until(pilot, lambda: "signed 2 of 2  ana ✓  ben ✓" in picture(pilot))
        assert screen in pilot.app.screen_stack


async def test_the_last_signature_leaves() -> None:
    engine, clock = _engine(plans.quorum_of(2, plans.in_sight(), BEN)), Clock()
    screen = ReviewScreen(12, now=clock)
    async with opened(engine, screen) as pilot:
        assert "signed 1 of 2  ben ✓" in picture(pilot)
        await press(pilot, clock, "space", "space", "A", "y")
        await gone(pilot, screen)


async def test_whoever_proposed_it_is_told_that_others_must_sign() -> None:
    engine, clock = _engine(plans.quorum_of(1, plans.in_sight(), excludes=True)), Clock()
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        assert "not by ana" in picture(pilot)
        await press(pilot, clock, "space", "space", "A", "y")
        assert "its rule wants others to sign it: 1 more must sign" in _flat(pilot)
    assert engine.done == []


async def test_a_voided_signature_is_not_shown_as_one() -> None:
    engine = _engine(plans.quorum_of(2, plans.in_sight(), BEN))
    async with opened(engine, ReviewScreen(12, now=Clock())) as pilot:
        engine.happen(SignaturesVoided(("ben",), "bench is taken in again"))
        await until(pilot, lambda: "signed 0 of 2" in picture(pilot))
        assert "ben ✓" not in picture(pilot)


# Revisions


async def test_a_second_revision_shows_what_changed_and_which_rule_asks() -> None:
    async with opened(_second(), ReviewScreen(12, now=Clock()), LARGE) as pilot:
        assert "since rev 2: ~1 +2 -1" in picture(pilot)
        told = _flat(pilot)
        assert "Asks again since rev 2:" in told
        assert "migrate: another operand (script)" in told
        assert "Dropped: lint." in told
        assert "[ ] ~  9 migrate" in picture(pilot)
        assert "[ ] + 12 notes" in picture(pilot)
        assert "DROP TABLE [-sessions_old-]{+sessions" in picture(pilot)


async def test_why_a_revision_was_written_stands_before_what_changed() -> None:
    engine = _second()
    view = engine.views[12]
    assert view.plan is not None
    engine.views[12] = replace(view, plan=replace(view.plan, author="ben", note="push \x1b[2J at the end"))
    async with opened(engine, ReviewScreen(12, now=Clock()), LARGE) as pilot:
        assert 'ben: "push \\e[2J at the end" Asks again since rev 2:' in _flat(pilot)


@pytest.mark.parametrize(("verdict", "whose"), [("sign", " (yours)"), ("return", "")])
async def test_what_this_person_judged_last_is_what_it_is_compared_with(verdict: str, whose: str) -> None:
    engine = _engine()
    judged = replace(plans.SIGNED, revision=1, actor="ana", verdict=verdict, digest="x")
    engine.views[12] = replace(engine.views[12], signatures=(judged,))
    engine.plans[1] = replace(plans.before(), revision=1)
    async with opened(engine, ReviewScreen(12, now=Clock())) as pilot:
        assert f"since rev 1{whose}: ~1 +2 -1" in picture(pilot)


async def test_a_widened_step_must_be_read_though_it_does_not_ask() -> None:
    engine, clock = _second(), Clock()
    screen = ReviewScreen(12, now=clock)
    async with opened(engine, screen, LARGE) as pilot:
        assert "0 of 3 read" in picture(pilot)
        while not (screen.reading and {"migrate", "push"} <= screen.reading.read):
            await press(pilot, clock, "space")
        await press(pilot, clock, "A", "y")
        assert "Read 12 notes to the end first" in _flat(pilot)
        assert engine.done == []
        await press(pilot, clock, "space", "A", "y")
        await gone(pilot, screen)


async def test_d_hides_what_changed_and_shows_it_again() -> None:
    clock = Clock()
    screen = ReviewScreen(12, now=clock)
    async with opened(_second(), screen, LARGE) as pilot:
        sizes = [screen.query_one(OperandView)._sheet.must]
        for shown in (False, True):
            await press(pilot, clock, "d")
            assert (" changed since rev 2" in picture(pilot)) is shown
            sizes.append(screen.query_one(OperandView)._sheet.must)
    assert sizes[1] < sizes[0] == sizes[2]


async def test_an_approval_that_was_carried_over_says_so() -> None:
    engine = _engine()
    view = engine.views[12]
    assert view.plan is not None
    engine.plans[2] = replace(plans.before(), steps=(*view.plan.steps, plans.before().steps[-1]))
    engine.views[12] = replace(view, signatures=(replace(BEN, means="carried"),))
    async with opened(engine, ReviewScreen(12, now=Clock())) as pilot:
        told = _flat(pilot)
        assert "Nothing widens: the approval of ben was carried over. Dropped: lint." in told
        assert "signed by ben, carried over" in told


# Notes


async def test_a_note_is_written_answered_and_resolved() -> None:
    engine, clock = _engine(plans.in_sight()), Clock()
    async with opened(engine, ReviewScreen(12, now=clock), LARGE) as pilot:
        await press(pilot, clock, "c", *"empty", "enter")
        await until(pilot, lambda: "1 note" in picture(pilot) and "ana: empty" in picture(pilot))
        await press(pilot, clock, "c", *"yes", "enter")
        await until(pilot, lambda: "2 notes" in picture(pilot))
        assert "  ana: yes" in picture(pilot)
        await press(pilot, clock, "C")
        await until(pilot, lambda: "ana: empty" not in picture(pilot))
        await press(pilot, clock, "C")
        assert "Nothing is open here" in picture(pilot)
    first, answer, closed = engine.done
    assert isinstance(first, WriteComment) and isinstance(answer, WriteComment)
    assert (first.step, first.text, first.answers) == ("migrate", "empty", None)
    assert (answer.text, answer.answers) == ("yes", 1)
    assert closed == ResolveComment(comment=1, key=closed.key)


async def test_a_note_of_somebody_else_does_not_move_the_reader() -> None:
    engine, clock = _engine(), Clock()
    screen = ReviewScreen(12, now=clock)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "tab", "j", "j")
        top = screen.query_one(OperandView).top
        assert top
        await engine.do(WriteComment(task=12, text="is it empty?", step="migrate"), actor="ben")
        await until(pilot, lambda: "1 note" in picture(pilot))
        assert screen.query_one(OperandView).top == top


# Grants


async def test_a_grant_covers_what_asks_and_was_read_and_takes_two_keys() -> None:
    engine, clock = _engine(plans.in_sight()), Clock()
    async with opened(engine, ReviewScreen(12, now=clock), LARGE) as pilot:
        await press(pilot, clock, "T")
        assert "Nothing to grant" in _flat(pilot)
        await press(pilot, clock, "space", "T", "n", "T", "y", "left_square_bracket")
        await until(pilot, lambda: "ana lets it run as signed, unasked, until 12:30" in _flat(pilot))
    (command,) = engine.done
    assert isinstance(command, GiveGrant)
    assert (command.steps, command.seconds, command.digest) == (("migrate",), 1800.0, plans.DIGEST)


async def test_what_is_granted_is_not_said_to_ask_again() -> None:
    engine, clock = _engine(plans.in_sight()), Clock()
    async with opened(engine, ReviewScreen(12, now=clock), LARGE) as pilot:
        await press(pilot, clock, "space", "T", "y", "space", "A")
        assert "12 run, 1 asks again, 1 granted?" in _flat(pilot)
        await press(pilot, clock, "n", "left_square_bracket")
        assert "9 migrate · bash · in . · granted: unasked" in _flat(pilot)
        (grant,) = engine.views[12].grants
        engine.happen(GrantRevoked(replace(grant, revoked=grant.given, revoked_by="ben")))
        await until(pilot, lambda: "9 migrate · bash · in . · asks again at run" in _flat(pilot))
        await press(pilot, clock, "A")
        assert "12 run, 2 ask again at run?" in _flat(pilot)


def test_a_grant_covers_what_was_granted_while_it_holds() -> None:
    view = plans.in_sight()
    planned = next(each for each in plans.twelve() if each.id == "push")
    grant = Grant(id=1, task=12, revision=3, steps=grantable([planned]), given_by="ben", given=NOON, expires=NOON + 60)
    assert granted(planned, replace(view, grants=(grant,)), NOON + 59)
    assert not granted(planned, replace(view, grants=(grant,)), NOON + 60)
    assert not granted(planned, replace(view, grants=(replace(grant, revision=2),)), NOON)
    assert not granted(replace(planned, binary="/tmp/git"), replace(view, grants=(grant,)), NOON)


# Editing


def _edited(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    program = folder / "editor"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    monkeypatch.setenv("VISUAL", str(program))
    monkeypatch.setattr(SignoffApp, "suspend", lambda app: nullcontext())


async def test_an_edit_is_the_next_revision(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _edited(monkeypatch, tmp_path, 'echo "more: 1" >> "$1"')
    engine, clock = _engine(), Clock()
    engine.answers[ReadDocument] = lambda query: "request: x\n"
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        await press(pilot, clock, "E")
    (command,) = engine.done
    assert isinstance(command, Revise)
    assert (command.revision, command.document) == (3, "request: x\nmore: 1\n")


async def test_faults_of_an_edit_are_told_and_its_text_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _edited(monkeypatch, tmp_path, 'echo "more: 1" >> "$1"')
    engine, clock = _engine(), Clock()
    engine.answers[ReadDocument] = lambda query: "request: x\n"
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        engine.refusal = InvalidPlan((Fault("there is no such field", field="more", file="plan-12.yaml", line=2),))
        await press(pilot, clock, "E")
        assert "plan-12.yaml:2 more: there is no such field." in _flat(pilot)
        assert "Your text is kept" in _flat(pilot)
        await press(pilot, clock, "E")
    (command,) = engine.done
    assert isinstance(command, Revise)
    assert command.document == "request: x\nmore: 1\nmore: 1\n"


async def test_a_text_of_an_earlier_revision_is_sent_only_after_a_second_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _edited(monkeypatch, tmp_path, 'echo "more: 1" >> "$1"')
    engine, clock = _engine(), Clock()
    engine.answers[ReadDocument] = lambda query: "request: x\n"
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        engine.plans[3], engine.views[12] = engine.views[12].plan or Plan(), _fourth()
        engine.refusal = StaleRevision(task=12, current=4, given=3)
        await press(pilot, clock, "E")
        assert "Your edit of revision 3 was not taken, and is kept: E opens it again." in _flat(pilot)
        for keys in (("E", "n"), ("E", "escape", "y"), ("escape",)):
            await press(pilot, clock, *keys)
            assert engine.done == []
        await show(pilot, ReviewScreen(12, now=clock))
        assert "Your edit of revision 3 was not taken, and is kept" in _flat(pilot)
        await press(pilot, clock, "E")
        told = _flat(pilot)
        assert 'Revision 4 came meanwhile, from ben ("not now"): - notes. Your text was written on revision 3.' in told
        assert "Open it, to replace revision 4?" in told
        await press(pilot, clock, "y")
        assert "is kept" not in _flat(pilot)
    (command,) = engine.done
    assert isinstance(command, Revise)
    assert (command.revision, command.document) == (4, "request: x\nmore: 1\nmore: 1\n")


def _fourth() -> TaskView:
    """Somebody took the last step out meanwhile."""
    view = plans.to_review()
    assert view.plan is not None
    plan = replace(view.plan, revision=4, author="ben", note="not now", digest="e" * 64, steps=view.plan.steps[:-1])
    return replace(view, task=replace(view.task, revision=4, digest=plan.digest), plan=plan, steps=view.steps[:-1])


@pytest.mark.parametrize(
    ("script", "told"), [("exit 0", "Nothing was changed; revision 3 stays"), ("exit 3", "Editor ended with 3")]
)
async def test_an_edit_that_is_called_off_changes_nothing(
    script: str, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _edited(monkeypatch, tmp_path, script)
    engine, clock = _engine(), Clock()
    engine.answers[ReadDocument] = lambda query: "request: x\n"
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        await press(pilot, clock, "E")
        assert told in _flat(pilot)
    assert engine.done == []


# Presence


async def test_others_see_what_is_read_here_and_here_is_seen_what_they_read() -> None:
    engine, clock = _engine(replace(plans.to_review(), signed_before=None)), Clock()
    ben = Person(user="ben", role=Role.REVIEWER, pid=2, since=0.0, task=12, step="pins")
    screen = ReviewScreen(12, now=clock)
    async with opened(engine, screen) as pilot:
        engine.signal(Presence(people=(ben,)))
        await until(pilot, lambda: "ben reads 3" in picture(pilot))
        await press(pilot, clock, "right_square_bracket", "escape")
        await gone(pilot, screen)
    assert [look for look in engine.looked if look[0] in (12, None)][-3:] == [
        (12, "migrate"), (12, "push"), (None, None),
    ]  # fmt: skip


def _noted() -> Shared:
    engine = _engine(plans.in_sight())
    notes: tuple[Comment, ...] = (said("are the sessions empty?"), said("since May", author="cara", answers=1, id=2))
    engine.views[12] = replace(engine.views[12], comments=notes)
    return engine


PICTURES: dict[str, tuple[Callable[[], Shared], tuple[str, ...]]] = {
    "revision": (_second, ("tab", *"jjjjjj")),
    "quorum": (lambda: _engine(plans.quorum_of(2, plans.to_review(), BEN)), ()),
    "judged": (lambda: _engine(plans.without(plans.to_review(), "bench", held="docs")), ("j", "j", "j")),
    "notes": (_noted, ("tab", "G")),
    "compared": (_second, ("tab",)),
    "granted": (lambda: _engine(plans.in_sight()), ("space", "T", "y", "space", "A")),
    "noting": (_noted, ("c", *"No rows left")),
}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
def test_picture_together(snap_compare: Compare, name: str, size: tuple[int, int]) -> None:
    make, keys = PICTURES[name]

    async def run(pilot: Pilot[Any]) -> None:
        clock = Clock()
        await show(pilot, ReviewScreen(12, now=clock))
        await press(pilot, clock, *(key.replace(" ", "space") for key in keys))

    assert snap_compare(app(make()), terminal_size=size, run_before=run)
