"""What the workbench does with keys, clicks and events."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from engine import (
    Cancel,
    Comment,
    CommentResolved,
    CommentWritten,
    Event,
    Kill,
    ListEvents,
    ListTasks,
    LogSlice,
    Pause,
    Phase,
    QuestionKind,
    Resume,
    Stalled,
    StepsChanged,
    StepState,
    TaskView,
)
from engine.errors import Refused, StoreError
from engine.model.events import PhaseChanged, QuestionAnswered, QuestionAsked, StepEnded, StepStarted, TaskRequested
from engine.model.question import Answer
from engine.testing import NOON, ScriptedEngine
from tests.tui import scenes
from tests.tui.pilots import bench, opened, picture, shown, until
from tests.tui.stage import said
from tui.widgets.log_window import CHUNK

S = StepState
SIZE = (80, 24)


def _engine(view: TaskView | None = None) -> ScriptedEngine:
    return scenes.engine(view or scenes.running(), *scenes.others())


async def test_opens_on_what_runs() -> None:
    async with scenes.app(_engine()).run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        assert screen.step == "tests"
        assert "tests/test_query.py" in picture(pilot)
        assert shown(pilot)[0].strip().endswith("●2")


async def test_a_queued_task_names_the_one_that_it_waits_for() -> None:
    writing = scenes.running()
    waiting = tuple(scenes.status(each.id, S.PENDING) for each in writing.steps)
    queued = replace(writing, task=replace(writing.task, phase=Phase.QUEUED), steps=waiting)
    engine = ScriptedEngine(replace(writing, task=replace(writing.task, id=11)), queued)
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        await until(pilot, lambda: "queued behind task 11, which writes in the same directory" in picture(pilot))
        assert screen.view is not None and screen.view.task.id == 12


async def test_a_full_disk_is_said_at_once_and_stays_in_sight_until_it_is_over() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        await opened(pilot)
        engine.info = replace(engine.info, fault="The disk is full; nothing was lost")
        engine.signal(Stalled(fault="The disk is full; nothing was lost", hint="free some space"))
        await until(pilot, lambda: said(pilot) == ["The disk is full; nothing was lost. Free some space"])
        await until(pilot, lambda: "The disk is full" in shown(pilot)[0])
        engine.info = replace(engine.info, fault="")
        engine.signal(Stalled())
        await until(pilot, lambda: said(pilot)[1:] == ["the engine waits for the disk no longer"])
        await until(pilot, lambda: "The disk is full" not in shown(pilot)[0])
        assert len(said(pilot)) == 2


async def test_an_event_changes_the_graph_and_the_selection_follows() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        ended = scenes.status("tests", S.COMPLETED, 41, 41, 4)
        engine.emit(StepEnded(ended), task=12, step="tests")
        begun = scenes.status("migrate", S.RUNNING, 0.5, run=5)
        engine.emit(StepStarted(begun, "/logs/5"), task=12, step="migrate")
        await until(pilot, lambda: screen.step == "migrate")
        assert "● migrate" in picture(pilot)
        assert screen.log_view.run_id == 5


async def test_a_hold_and_a_note_mark_their_steps_until_they_are_gone() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        await opened(pilot)
        waiting = scenes.status("tell", S.PENDING)
        engine.emit(StepsChanged((replace(waiting, held_by="ben"),), "held"), task=12, step="tell")
        note = Comment(id=1, task=12, revision=3, step="pins", author="ben", time=0.0, text="why?")
        engine.emit(CommentWritten(note), task=12, step="pins")
        await until(pilot, lambda: "‖ tell" in picture(pilot) and "✓ pins ✎" in picture(pilot))
        engine.emit(StepsChanged((waiting,), "released"), task=12, step="tell")
        engine.emit(CommentResolved(replace(note, resolved=1.0, resolved_by="ana")), task=12, step="pins")
        await until(pilot, lambda: "○ tell" in picture(pilot) and "✎" not in picture(pilot))
        assert "✓ pins" in picture(pilot)


async def test_a_chosen_step_stays_chosen() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        await pilot.press("left")
        assert screen.step in ("codemod", "pins")
        chosen = screen.step
        engine.emit(StepEnded(scenes.status("tests", S.FAILED, 41, 41, 4)), task=12, step="tests")
        await until(pilot, lambda: "✗ tests" in picture(pilot))
        assert screen.step == chosen
        await pilot.press("E")
        assert screen.step == "tests"


async def test_keys_walk_along_edges() -> None:
    async with scenes.app(_engine()).run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        await pilot.press("g")
        assert screen.step == "baseline"
        await pilot.press("l", "j")
        assert screen.step == "pins"
        await pilot.press("k", "l", "l")
        assert screen.step == "migrate"
        await pilot.press("G")
        assert screen.step == "tell"
        await pilot.press("full_stop")
        assert screen.step == "tests"


async def test_a_click_chooses_a_step() -> None:
    async with scenes.app(_engine()).run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        rows = shown(pilot)
        row = next(y for y, text in enumerate(rows) if "baseline" in text)
        await pilot.click(offset=(rows[row].index("migrate"), row))
        await until(pilot, lambda: screen.step == "migrate")
        assert "migrate · log" in picture(pilot)


async def test_x_names_what_dies_and_only_the_second_one_cancels() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("x")
        assert "skips migrate, tell" in shown(pilot)[-1]
        assert not engine.done
        await pilot.press("j")
        assert "again" not in shown(pilot)[-1]
        await pilot.press("x", "x")
        await until(pilot, lambda: engine.done)
        command = engine.done[0]
        assert isinstance(command, Cancel)
        assert (command.task, command.step) == (12, "tests")


async def test_the_task_is_cancelled_from_anywhere() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("3", "X")
        assert "task 12" in shown(pilot)[-1]
        await pilot.press("X")
        await until(pilot, lambda: engine.done)
        command = engine.done[0]
        assert isinstance(command, Cancel)
        assert (command.task, command.step) == (12, None)


async def test_what_has_ended_is_not_cancelled() -> None:
    engine = _engine(scenes.done())
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("X", "X", "x", "x")
        assert not engine.done


async def test_a_cleanup_that_still_runs_is_killed_by_the_same_keys() -> None:
    ended = scenes.cancelled()
    tell = scenes.status("tell", StepState.RUNNING, 3, run=5)
    engine = _engine(replace(ended, steps=(*ended.steps[:-1], tell)))
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("X")
        assert "X again kills the cleanup too: tell" in shown(pilot)[-1]
        assert not engine.done
        await pilot.press("X")
        await until(pilot, lambda: engine.done)
        assert isinstance(engine.done[0], Kill)


async def test_pause_and_go_on() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        await pilot.press("p")
        await until(pilot, lambda: len(engine.done) == 1)
        assert isinstance(engine.done[0], Pause)
        assert screen.view is not None
        engine.emit(PhaseChanged(replace(screen.view.task, phase=Phase.PAUSED)), task=12)
        await until(pilot, lambda: "paused" in picture(pilot))
        await pilot.press("p")
        await until(pilot, lambda: len(engine.done) == 2)
        assert isinstance(engine.done[1], Resume)


async def test_a_refusal_is_told() -> None:
    engine = _engine()
    engine.refusal = Refused(problem="nothing can be paused now", hint="wait [for] it")
    async with scenes.app(engine).run_test(size=SIZE, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("p")
        await until(pilot, lambda: "nothing can be paused now" in picture(pilot))
        assert "wait [for] it" in picture(pilot)


async def test_a_store_that_cannot_be_read_is_told_and_the_screen_stays() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE, notifications=True) as pilot:
        await opened(pilot)

        def broken(query: ListTasks) -> None:
            raise StoreError(reason="the disk is on fire")

        engine.answers[ListTasks] = broken
        engine.emit(TaskRequested(scenes.task(20)), task=20)
        await until(pilot, lambda: "the disk is on fire" in picture(pilot))
        assert "tests/test_query.py" in picture(pilot)


async def test_a_question_rings_and_shows_a_banner_to_who_types() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        await pilot.press("j")
        engine.emit(QuestionAsked(scenes.QUESTION), task=12, step="migrate")
        await until(pilot, lambda: "migrate waits for you: i opens" in shown(pilot)[-1])
        assert pilot.app.screen is screen
        answered = replace(scenes.QUESTION, answer=Answer.DENY, answered_by="ben", answered=NOON)
        engine.emit(QuestionAnswered(answered), task=12, step="migrate")
        await until(pilot, lambda: "waits" not in shown(pilot)[-1])


async def test_the_diff_of_changed_bytes() -> None:
    view = replace(scenes.waiting(), questions=(scenes.DRIFT,))
    async with scenes.app(_engine(view)).run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("3", "right_square_bracket", "right_square_bracket")
        await until(pilot, lambda: "+rm -rf ~" in picture(pilot))
        assert scenes.DRIFT.kind is QuestionKind.DRIFT


async def test_notes_tell_the_events_of_the_task() -> None:
    engine = _engine()
    event = engine.emit(StepStarted(scenes.status("tests", S.RUNNING, 41, run=4), "/l"), task=12, step="tests")
    engine.answers[ListEvents] = lambda query: (event,)
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "tests  started" in picture(pilot))
        assert screen.tab == "notes"


async def test_notes_are_read_to_their_end_and_then_only_what_is_new() -> None:
    engine = _engine()
    started = StepStarted(scenes.status("tests", S.RUNNING, 41, run=4), "/l")
    events = [engine.emit(started, task=12, step="tests") for _ in range(2500)]
    asked: list[int] = []

    def page(query: ListEvents) -> tuple[Event, ...]:
        asked.append(query.after)
        return tuple(event for event in events if event.seq > query.after)[: query.limit]

    engine.answers[ListEvents] = page
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: len(screen.text.paragraphs) == 2500)
        assert asked == [0, 1000, 2000]
        events.append(engine.emit(started, task=12, step="tests"))
        await until(pilot, lambda: len(screen.text.paragraphs) == 2501)
        assert asked[3:] == [2500]


async def test_panes_and_tabs_by_key() -> None:
    async with scenes.app(_engine()).run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        order = []
        for _ in range(3):
            await pilot.press("tab")
            order.append(screen.focused.id if screen.focused else None)
        assert order == ["log", "strip", "graph"]
        await pilot.press("4")
        assert (screen.tab, screen.focused) == ("detail", screen.text)
        await pilot.press("escape")
        assert screen.focused is screen.graph


async def test_a_wide_screen_has_a_column_of_tasks() -> None:
    async with scenes.app(_engine()).run_test(size=(120, 36)) as pilot:
        screen = await opened(pilot)
        assert screen.column.size.height > 1
        await pilot.press("1", "j")
        await until(pilot, lambda: screen.view is not None and screen.view.task.id == 11)


async def test_a_new_task_joins_the_list() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        fresh = scenes.task(20, "Fresh work")
        engine.views[20] = TaskView(task=fresh)
        engine.emit(TaskRequested(fresh), task=20)
        await until(pilot, lambda: any(row.task.id == 20 for row in screen.window.rows))
        assert screen.view is not None
        assert screen.view.task.id == 12


async def test_find_in_the_log() -> None:
    async with scenes.app(_engine()).run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        await pilot.press("slash", *"deprecation", "enter")
        await until(pilot, lambda: screen.log_view.finding and not screen.log_view.following)
        assert screen.focused is screen.log_view
        assert not screen.query("FindBar")
        await pilot.press("n", "escape")
        assert not screen.log_view.finding


@pytest.mark.parametrize("key", ["escape", "G"])
async def test_a_long_search_says_how_far_it_is_and_ends_when_somebody_wants_to_go_elsewhere(key: str) -> None:
    engine = _engine()
    engine.logs[4] = b"a line\n" * 1_000_000
    read, searches, stuck = engine.read_log, asyncio.Event(), asyncio.Event()

    async def slow(run: int, offset: int, n: int) -> LogSlice:
        if searches.is_set() and offset > 3 * CHUNK and n >= CHUNK:
            stuck.set()
            await asyncio.Event().wait()
        return await read(run, offset, n)

    engine.read_log = slow  # type: ignore[method-assign]
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        searches.set()
        await pilot.press("slash", *"nowhere", "enter")
        await until(pilot, lambda: "searching" in picture(pilot) and stuck.is_set())
        assert "esc stops" in picture(pilot)
        await pilot.press(key)
        await until(pilot, lambda: "searching" not in picture(pilot))
        assert screen.log_view.following == (key == "G")


async def test_copy_takes_the_operand_byte_for_byte() -> None:
    async with scenes.app(_engine(scenes.waiting())).run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        await pilot.press("4", "y")
        await until(pilot, lambda: pilot.app.clipboard == scenes.SCRIPT)
        assert screen.step == "migrate"


async def test_the_way_that_a_copy_went_is_told(tmp_path: Path) -> None:
    async with scenes.app(_engine(), state=tmp_path).run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("y")
        await until(pilot, lambda: any("to the clipboard of the terminal" in told for told in said(pilot)))
        assert "tests/test_models.py" in pilot.app.clipboard


async def test_earlier_runs_tell_how_long_it_takes() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=(160, 36)) as pilot:
        screen = await opened(pilot)
        await until(pilot, lambda: "of ≈5:11" in picture(pilot))  # 2:40 so far, 31 s of tests, two minutes of migrate
        assert "● tests 0:41/1:12 ━ ○ migrate ━ ○ tell" in picture(pilot)
        assert "━┯━ ✓ codemod 0:09 ━┯━" in picture(pilot)
        assert "critical ━ tests → migrate → tell" in picture(pilot)
        await pilot.press("w")
        await until(pilot, lambda: "0:41/1:12  ████▌░░░" in picture(pilot))
        await pilot.press("4")
        await until(pilot, lambda: "usually  ≈1:12" in picture(pilot))
        engine.emit(StepEnded(scenes.status("tests", S.COMPLETED, 41, 41, 4)), task=12, step="tests")
        await until(pilot, lambda: screen.step != "tests" or "✓ tests" in picture(pilot))
        assert "1:12" not in next(row for row in shown(pilot) if "tests  " in row)


async def test_without_earlier_runs_nothing_is_estimated() -> None:
    engine = _engine()
    engine.lengths = {"baseline": 30, "tests": 72}
    async with scenes.app(engine).run_test(size=(160, 36)) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "0:41/1:12" in picture(pilot))
        assert "≈" not in picture(pilot)
        assert "critical" not in picture(pilot)


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (40, 9), (200, 3), (110, 10)])
async def test_small_screens_do_not_crash(size: tuple[int, int]) -> None:
    async with scenes.app(_engine()).run_test(size=size) as pilot:
        await opened(pilot)
        await pilot.press("j", "w", "4", "tab", "x")
        assert len(shown(pilot)) == size[1]


async def test_a_storm_of_sizes() -> None:
    async with scenes.app(_engine()).run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        for width, height in [(20, 5), (200, 60), (1, 1), (109, 24), (110, 24), (80, 24)] * 3:
            await pilot.resize_terminal(width, height)
        await until(pilot, lambda: "tests · log" in picture(pilot))
        assert bench(pilot) is screen
