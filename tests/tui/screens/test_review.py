"""The review: what may be signed, and by which presses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from engine import Command, Judge, Query, ReadContent, Reject, Return, Sign, SignedFile, TaskView, Verdict
from engine.errors import StaleRevision, StoreFull
from engine.model.digest import sha256
from engine.model.events import PlanSigned, PlanWritten
from engine.model.plan import Execute, Shell
from engine.testing import ScriptedEngine
from tests.hostile import HOSTILE, is_control
from tests.tui import plans
from tests.tui.pilots import picture, shown, until
from tests.tui.screens.shared import Shared
from tests.tui.screens.test_workbench_hostile import poisoned
from tests.tui.stage import LARGE, SMALL, TRICKS, Clock, Restless, app, gone, opened, press, settle, show, utc  # noqa: F401
from tui.screens.review import ReviewScreen
from tui.widgets.operand_view import OperandView
from tui.widgets.step_list import StepList

Compare = Callable[..., bool]
LONG = "\n".join(f"echo {number}" for number in range(60)).encode()


pytestmark = pytest.mark.usefixtures("utc")


def _engine(view: TaskView | None = None) -> Shared:
    """With what was kept of the signed files."""
    engine = Shared(view or plans.to_review())
    engine.contents = dict(plans.CONTENTS)
    return engine


def _deploying(script: bytes) -> ScriptedEngine:
    """One step that asks, and the script that it executes."""
    step = Execute(id="deploy", command="bash deploy.sh")
    files = (SignedFile(path="deploy.sh", sha256=sha256(script), size=len(script)),)
    engine = _engine(plans.view_of(replace(plans.migrate(), step=step, reasons=(), files=files)))
    engine.contents = {sha256(script): script}
    return engine


def _one(engine: ScriptedEngine) -> Any:
    (command,) = engine.done
    return command


async def test_the_footer_of_a_small_screen_has_what_a_reader_needs_most() -> None:
    async with opened(_engine(), ReviewScreen(12)) as pilot:
        keys = shown(pilot)[-1].split()
        needed = "space read A sign R return x reject e edit E file c note s skip ? more"
        assert keys == needed.split()


async def test_the_safe_path_for_two_risky_steps_of_twelve_takes_five_keys_with_the_one_that_opens_it() -> None:
    engine, clock = _engine(plans.in_sight()), Clock()
    screen = ReviewScreen(12, now=clock)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "space", "space", "A", "y")
        await gone(pilot, screen)
    command = _one(engine)
    assert isinstance(command, Sign)
    assert (command.task, command.revision, command.digest, command.skip) == (12, 3, plans.DIGEST, ())


async def test_an_unread_step_that_asks_blocks_signing_and_is_named() -> None:
    engine, clock = _engine(), Clock()
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        await press(pilot, clock, "space", "A", "y")
        assert "Read 11 push to the end first" in picture(pilot)
    assert engine.done == []


async def test_earlier_runs_tell_how_long_what_is_left_in_would_take() -> None:
    engine, clock = _engine(), Clock()
    engine.lengths = {planned.id: 45.0 for planned in plans.twelve()}
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        assert "routine 10 · ≈9 min" in picture(pilot)
        await press(pilot, clock, "s")
        assert "≈6 min · skipped 4" in picture(pilot)


async def test_a_long_operand_counts_as_read_only_after_its_last_line_was_shown() -> None:
    script = "\n".join(f"echo {number}" for number in range(60))
    long = replace(plans.migrate(), step=Shell(id="migrate", script=script))
    engine, clock = ScriptedEngine(plans.view_of(long)), Clock()
    screen = ReviewScreen(12, now=clock)
    async with opened(engine, screen) as pilot:
        view = screen.query_one(OperandView)
        pages = 0
        while not view.seen:
            await press(pilot, clock, "A", "y")
            assert engine.done == []
            await press(pilot, clock, "space")
            pages += 1
        assert pages > 2
        assert "echo 59" in picture(pilot)
        await press(pilot, clock, "A", "y")
        await gone(pilot, screen)
    assert isinstance(_one(engine), Sign)


async def test_the_text_of_a_signed_file_is_shown_and_must_be_read() -> None:
    engine, clock = _deploying(LONG), Clock()
    screen = ReviewScreen(12, now=clock)
    async with opened(engine, screen) as pilot:
        view = screen.query_one(OperandView)
        assert "deploy.sh ─" in picture(pilot)
        assert "  1  echo 0" in picture(pilot)
        pages = 0
        while not view.seen:
            await press(pilot, clock, "A", "y", "a")
            assert engine.done == []
            assert "0 of 1 read" in picture(pilot)
            await press(pilot, clock, "space")
            pages += 1
        assert pages > 2
        assert " 60  echo 59" in picture(pilot)
        await press(pilot, clock, "A", "y")
        await gone(pilot, screen)
    assert isinstance(_one(engine), Sign)


async def test_nothing_counts_as_read_before_the_text_of_its_files_is_here() -> None:
    engine, clock, here = _deploying(b"echo late"), Clock(), asyncio.Event()
    read = engine.read

    async def slow(query: Query) -> Any:
        if isinstance(query, ReadContent):
            await here.wait()
        return await read(query)

    engine.read = slow  # type: ignore[method-assign]
    made = app(engine)
    async with made.run_test(size=SMALL) as pilot:
        screen = ReviewScreen(12, now=clock)
        await made.push_screen(screen)
        await until(pilot, lambda: "reading it" in picture(pilot))
        for key in ("space", "a", "A", "y"):
            clock.at += 1
            await pilot.press(key)
        assert "0 of 1 read" in picture(pilot)
        here.set()
        await until(pilot, lambda: "echo late" in picture(pilot))
        await press(pilot, clock, "space", "A", "y")
        await gone(pilot, screen)
    assert isinstance(_one(engine), Sign)


async def test_a_store_that_cannot_be_read_is_told_and_nothing_is_signed() -> None:
    engine, clock = _deploying(b"echo x"), Clock()

    def broken(query: ReadContent) -> bytes:
        raise StoreFull()

    engine.answers[ReadContent] = broken
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        assert "free some space" in " ".join(picture(pilot).split())
        await press(pilot, clock, "space", "A", "y")
    assert engine.done == []


async def test_a_file_that_is_not_kept_says_so_with_its_digest() -> None:
    engine = _deploying(LONG)
    engine.contents = {}
    async with opened(engine, ReviewScreen(12, now=Clock())) as pilot:
        text = " ".join(picture(pilot).split())
        assert "Its text is not shown" in text
        assert sha256(LONG) in text


async def test_marks_are_there_again_when_the_reader_comes_back() -> None:
    engine, clock = _engine(plans.in_sight()), Clock()
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        await press(pilot, clock, "space", "s")
        assert "1 of 1 read" in picture(pilot)
        assert "skipped 2" in picture(pilot)
        await press(pilot, clock, "escape")
        await show(pilot, ReviewScreen(12, now=clock))
        assert "1 of 1 read" in picture(pilot)
        assert "skipped 2" in picture(pilot)


async def test_marks_of_another_digest_are_gone() -> None:
    engine, clock = _engine(plans.in_sight()), Clock()
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        await press(pilot, clock, "space", "space", "escape")
        engine.views[12] = plans.revised()
        await show(pilot, ReviewScreen(12, now=clock))
        assert "0 of 2 read" in picture(pilot)


async def test_brackets_go_from_step_to_step_wherever_the_focus_is() -> None:
    clock = Clock()
    screen = ReviewScreen(12, now=clock)
    async with opened(_engine(), screen) as pilot:
        await press(pilot, clock, "tab", "right_square_bracket")
        assert screen.shown is not None and screen.shown.id == "push"
        assert screen.query_one(OperandView).has_focus
        await press(pilot, clock, "left_square_bracket")
        assert screen.shown is not None and screen.shown.id == "migrate"


async def test_scrolling_to_the_end_by_wheel_counts_as_reading() -> None:
    engine, clock = _engine(), Clock()
    screen = ReviewScreen(12, now=clock)
    async with opened(engine, screen, (80, 18)) as pilot:
        view = screen.query_one(OperandView)
        assert not view.seen
        for _ in range(12):
            await pilot._post_mouse_events([events.MouseScrollDown], view, button=0)
        await settle(pilot)
        assert "1 of 2 read" in picture(pilot)


async def test_keys_of_the_first_300_ms_never_sign() -> None:
    engine, clock = ScriptedEngine(plans.view_of(*plans.twelve()[:3])), Clock()
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        clock.at = 0.29
        await pilot.press("A", "y")
        await settle(pilot)
        assert engine.done == []
        await press(pilot, clock, "A", "y")
    assert isinstance(_one(engine), Sign)


async def test_what_was_typed_before_the_screen_appeared_never_signs() -> None:
    engine, clock = ScriptedEngine(plans.view_of(*plans.twelve()[:3])), Clock(10.0)
    screen = ReviewScreen(12, now=clock)
    async with opened(engine, screen) as pilot:
        clock.at = 20.0
        for key in "Ay":
            early = events.Key(key, key)
            early.time = 9.5
            pilot.app.post_message(early)
            await settle(pilot)
        assert engine.done == []
        assert screen in pilot.app.screen_stack


async def test_keys_that_come_in_one_burst_never_sign() -> None:
    engine, clock = ScriptedEngine(plans.view_of(*plans.twelve()[:3])), Clock()
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        clock.at = 5.0
        await pilot.press("A", "y")
        await settle(pilot)
        assert engine.done == []
        assert "too quickly" in picture(pilot)


async def test_pasted_text_never_signs() -> None:
    engine, clock = ScriptedEngine(plans.view_of(*plans.twelve()[:3])), Clock()
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        await press(pilot, clock, "A")
        clock.at += 1
        pilot.app.post_message(events.Paste("y"))
        await settle(pilot)
        assert engine.done == []
        assert "Sign rev 3" in picture(pilot)


async def test_any_key_but_y_goes_back_to_reading() -> None:
    engine, clock = ScriptedEngine(plans.view_of(*plans.twelve()[:3])), Clock()
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        await press(pilot, clock, "A", "n", "y")
        assert "Sign rev 3" not in picture(pilot)
    assert engine.done == []


@pytest.mark.parametrize(("key", "kind", "field"), [("R", Return, "note"), ("x", Reject, "reason")])
async def test_feedback_takes_words_and_is_never_an_approval(key: str, kind: type[Command], field: str) -> None:
    engine, clock = _engine(), Clock()
    screen = ReviewScreen(12, now=clock)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, key, "enter")
        assert engine.done == []
        await press(pilot, clock, *"yAy", "enter")
        await gone(pilot, screen)
    command = _one(engine)
    assert (type(command), command.revision, getattr(command, field)) == (kind, 3, "yAy")


async def test_a_quick_writer_of_a_reason_is_heard_and_a_paste_as_keys_is_not() -> None:
    engine, clock = _engine(), Clock()
    screen = ReviewScreen(12, now=clock)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "x")
        await pilot.press(*"no", "enter")
        await settle(pilot)
        assert engine.done == [] and screen.words == "no"
        assert "too quickly" in picture(pilot)
        clock.at += 0.06
        await pilot.press("!")
        await settle(pilot)
        clock.at += 0.06
        await pilot.press("enter")
        await gone(pilot, screen)
    assert (type(_one(engine)), _one(engine).reason) == (Reject, "no!")


async def test_a_skip_shows_what_it_takes_along_and_is_signed_with_the_rest() -> None:
    engine, clock = _engine(plans.in_sight()), Clock()
    screen = ReviewScreen(12, now=clock)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "space", "space", "o")
        steps = screen.query_one(StepList)
        while steps.chosen is None or steps.chosen.number != 7:
            await press(pilot, clock, "j")
        await press(pilot, clock, "s")
        assert "skip → skips 8 chart" in picture(pilot)
        assert "skipped 2" in picture(pilot)
        await press(pilot, clock, "A", "y")
        await gone(pilot, screen)
    judged, signed = engine.done
    assert isinstance(judged, Judge) and isinstance(signed, Sign)
    assert (judged.task, judged.step, judged.verdict) == (12, "bench", Verdict.SKIP)
    assert (signed.skip, signed.spared) == ((), ("bench",))


async def test_a_second_s_takes_the_step_in_again() -> None:
    engine, clock = _engine(), Clock()
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        await press(pilot, clock, "s")
        assert "skipped 4" in picture(pilot)
        await press(pilot, clock, "s")
        assert "skipped" not in picture(pilot)
    assert [command.verdict for command in engine.done if isinstance(command, Judge)] == [
        Verdict.SKIP, Verdict.TAKE_IN,
    ]  # fmt: skip


async def test_a_plan_of_which_nothing_is_left_is_not_signed() -> None:
    engine, clock = _engine(plans.view_of(plans.twelve()[0])), Clock()
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        await press(pilot, clock, "enter", "j", "s", "A")
        assert "nothing is left to sign" in picture(pilot)


async def test_another_revision_takes_the_marks_away_and_says_so() -> None:
    engine, clock = _engine(), Clock()
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        await press(pilot, clock, "space", "space", "A")
        revised = plans.revised()
        engine.views[12] = revised
        engine.emit(PlanWritten(revised.task, "file", 12), task=12, actor="ben")
        await until(pilot, lambda: "Revision 4 was written while you read 3" in picture(pilot).replace("\n", " "))
        assert "0 of 2 read" in picture(pilot)
        await press(pilot, clock, "y", "A", "y")
    assert engine.done == []


async def test_a_refusal_says_what_was_kept_and_what_is_next() -> None:
    engine, clock = _engine(plans.in_sight()), Clock()
    screen = ReviewScreen(12, now=clock)
    async with opened(engine, screen) as pilot:
        await press(pilot, clock, "space", "space")
        engine.refusal = StaleRevision(task=12, current=4, given=3)
        await press(pilot, clock, "A", "y")
        text = " ".join(picture(pilot).split())
        assert "nothing was recorded. Your marks are kept. Next: read the present revision" in text
        assert screen in pilot.app.screen_stack


async def test_a_signature_of_somebody_else_is_shown_and_nothing_is_left_to_sign() -> None:
    engine, clock = _engine(), Clock()
    async with opened(engine, ReviewScreen(12, now=clock)) as pilot:
        engine.emit(PlanSigned(plans.SIGNED), task=12, actor="ben")
        await until(pilot, lambda: "signed by ben" in picture(pilot).splitlines()[0])
        await press(pilot, clock, "space", "space", "A", "y")
    assert engine.done == []


async def test_everything_can_be_clicked() -> None:
    engine, clock = _engine(), Restless()
    screen = ReviewScreen(12, now=clock)
    async with opened(engine, screen, LARGE) as pilot:
        for label in ("space", "space", "A", "y"):
            row = picture(pilot).splitlines()[-1]
            await pilot.click("#keys", offset=(row.index(f" {label} ") + 1, 0))
            await settle(pilot)
        await gone(pilot, screen)
    assert isinstance(_one(engine), Sign)


@pytest.mark.parametrize("tricks", TRICKS, ids="+".join)
async def test_hostile_text_in_every_field_reaches_no_terminal(tricks: tuple[str, ...]) -> None:
    view: TaskView = poisoned(plans.to_review(), "".join(HOSTILE[trick] for trick in tricks))
    engine = ScriptedEngine(view)
    engine.answers[ReadContent] = lambda query: query.sha256.encode("utf-8", "surrogatepass")
    async with opened(engine, ReviewScreen(12, now=Restless()), LARGE) as pilot:
        pilot.app._filters.clear()
        for key in ("o", "s", "tab", "G", "A"):
            await pilot.press(key)
            assert not any(map(is_control, picture(pilot).replace("\n", "")))


def _after(*keys: str, view: Callable[[], TaskView] = plans.to_review) -> Callable[[Pilot[Any]], Any]:
    async def run(pilot: Pilot[Any]) -> None:
        clock = Clock()
        await show(pilot, ReviewScreen(12, now=clock))
        await press(pilot, clock, *(key.replace(" ", "space") for key in keys))

    return run


PICTURES: dict[str, tuple[str, ...]] = {
    "opened": (),
    "skipped": ("o", "j", "j", "j", "j", "j", "j", "j", "s"),
    "signing": ("space", "space", "space", "A"),
    "file": ("space",),
    "unread": ("A",),
    "returning": ("R", *"Keep the old column"),
}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
def test_picture(snap_compare: Compare, name: str, size: tuple[int, int]) -> None:
    made = app(_engine())
    assert snap_compare(made, terminal_size=size, run_before=_after(*PICTURES[name]))


def test_picture_of_what_it_may_cost(snap_compare: Compare) -> None:
    engine = _engine()
    engine.lengths = {planned.id: 45.0 for planned in plans.twelve()}
    engine.costs = {"port": 400_000, "look": None}
    assert snap_compare(app(engine), terminal_size=SMALL, run_before=_after())


def test_picture_in_ascii(snap_compare: Compare) -> None:
    made = app(_engine(), ascii_only=True)
    assert snap_compare(made, terminal_size=SMALL, run_before=_after("space"))


async def test_keys_before_the_plan_is_there_do_nothing() -> None:
    engine, clock = ScriptedEngine(), Clock()
    async with opened(engine, ReviewScreen(99, now=clock)) as pilot:
        await press(pilot, clock, "space", "space", "a", "s", "A", "y")
        assert isinstance(pilot.app.screen, ReviewScreen)
    assert engine.done == []
