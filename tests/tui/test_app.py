"""The app around the screens: leaving, themes, questions in their turn, the bridge."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from engine import Gap, LogGrew, LogSlice, Person, Presence, Role, StepState
from engine.errors import StoreError, Unforeseen
from engine.model.events import Notified, QuestionAsked, StepEnded, StepStarted
from engine.testing import ScriptedEngine
from tests.tui import plans, scenes
from tests.tui.pilots import bench, opened, picture, shown, until
from tui.app import SignoffApp
from tui.screens.confirm import ConfirmScreen
from tui.screens.inbox import InboxScreen
from tui.screens.workbench import Workbench
from tui.theme import Colours, colours_of

SIZE = (80, 24)


def _engine() -> ScriptedEngine:
    return scenes.engine(scenes.running(), *scenes.others())


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_leaving_says_that_work_goes_on_and_how_to_come_back(key: str) -> None:
    app = scenes.app(_engine())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press(key)
        await until(pilot, lambda: app.return_value is not None)
    assert app.return_value == "2 steps go on. Come back with: signoff"


async def test_ctrl_c_hints_and_does_not_leave() -> None:
    app = scenes.app(_engine())
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "q leaves" in picture(pilot))
        assert app.is_running


async def test_what_is_told_is_a_line_above_the_footer_until_the_next_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.app.SEEN", 0.0)
    async with scenes.app(_engine()).run_test(size=SIZE, notifications=True) as pilot:
        await opened(pilot)
        before = shown(pilot)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: "q leaves" in picture(pilot))
        changed = [row for row, (was, now) in enumerate(zip(before, shown(pilot), strict=True)) if was != now]
        assert changed == [22]
        await pilot.press("3")
        await until(pilot, lambda: "q leaves" not in picture(pilot))
        assert shown(pilot)[22] == before[22]


async def test_what_is_told_covers_no_answer_of_a_question() -> None:
    view = plans.asking(plans.QUESTION)
    app = scenes.app(ScriptedEngine(view))
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await until(pilot, lambda: isinstance(app.screen, Workbench))
        app.push_screen(ConfirmScreen(plans.QUESTION, view))
        await until(pilot, lambda: "run once" in picture(pilot))
        answers = [row for row in shown(pilot) if "run once" in row or "Later" in row]
        app.say("Signed revision 3 (4f1c9a)")
        await until(pilot, lambda: "Signed revision 3" in picture(pilot))
        assert [row for row in shown(pilot) if "run once" in row or "Later" in row] == answers


async def test_what_is_told_stays_until_it_could_be_seen() -> None:
    async with scenes.app(_engine()).run_test(size=SIZE, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("ctrl+c", "3", "2")
        await pilot.pause()
        assert "q leaves" in picture(pilot)


async def test_help_says_that_there_is_more_and_what_marks_mean() -> None:
    async with scenes.app(_engine()).run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: "more below: space and j read on" in picture(pilot))
        await pilot.press("space", "space")
        await until(pilot, lambda: "» skipped" in picture(pilot))
        await pilot.press("G")
        await until(pilot, lambda: "the end: g goes to the top" in picture(pilot))
        assert "Light or dark" in picture(pilot)


async def test_a_closed_engine_ends_the_screen_with_a_sentence() -> None:
    engine = _engine()
    app = scenes.app(engine)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await engine.close()
        await until(pilot, lambda: app.return_value is not None)
    assert "closed" in (app.return_value or "")


async def test_an_engine_that_goes_away_under_work_says_what_was_interrupted() -> None:
    engine = _engine()
    app = scenes.app(engine)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await engine.close()
        await until(pilot, lambda: app.return_value is not None)
    told = app.return_value or ""
    assert "12" in told
    assert "under way: interrupted; what was recorded is kept. Go on with: signoff" in told


async def test_a_defect_of_the_engine_is_told_and_kept_and_ends_no_screen(tmp_path: Path) -> None:
    engine = _engine()
    app = scenes.app(engine, state=tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        engine.refusal = Unforeseen(kind="ZeroDivisionError")
        engine.refusal.__cause__ = ZeroDivisionError("nobody foresaw this")
        await pilot.press("p")
        await app.workers.wait_for_complete()
        (kept,) = (tmp_path / "crashes").iterdir()
        assert any(str(kept) in notification.message for notification in app._notifications)
        assert app.is_running
    assert "nobody foresaw this" in kept.read_text()


async def test_the_inbox_has_a_key_of_its_own() -> None:
    app = scenes.app(_engine())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("I")
        await until(pilot, lambda: isinstance(app.screen, InboxScreen))


async def test_the_palette_runs_a_command_where_it_is_heard() -> None:
    app = scenes.app(_engine())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("colon")
        await until(pilot, lambda: app.screen is not bench(pilot))
        await pilot.press(*"list or graph")
        await until(pilot, lambda: "List or graph" in picture(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is bench(pilot) and bench(pilot).graph.list_mode)
        assert "← baseline" in picture(pilot)


async def test_the_theme_turns_over() -> None:
    app = scenes.app(_engine())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        await app.run_action("theme")
        assert app.theme == Colours.LIGHT


@pytest.mark.parametrize(
    ("environment", "colours"),
    [
        ({"TERM": "xterm-256color"}, Colours.DARK),
        ({"COLORTERM": "truecolor", "COLORFGBG": "0;15"}, Colours.LIGHT),
        ({"TERM": "linux"}, Colours.ANSI_DARK),
        ({"TERM": "xterm", "COLORFGBG": "0;7"}, Colours.ANSI_LIGHT),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, Colours.NONE),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, Colours.DARK),
    ],
)
def test_colours_of_a_terminal(environment: dict[str, str], colours: Colours) -> None:
    assert colours_of(environment) is colours


async def test_after_a_gap_everything_is_read_again() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        await opened(pilot)
        engine.views[12] = scenes.done()
        engine.signal(Gap(seq=40))
        await until(pilot, lambda: "✓ done" in picture(pilot))
        assert "● tests" not in picture(pilot)


async def test_a_storm_of_events_costs_frames_and_loses_none() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        for exit_code in range(2000):
            status = replace(scenes.status("tests", StepState.RUNNING, 41, run=4), exit_code=exit_code)
            engine.emit(StepEnded(status), task=12, step="tests")
        await until(pilot, lambda: screen.view is not None and screen.view.seq == 2000)
        status = screen.status_of("tests")  # type: ignore[assignment]
        assert status.exit_code == 1999


async def test_a_log_that_grows_is_followed() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        await opened(pilot)
        engine.logs[4] += b"and one more line\n"
        engine.signal(LogGrew(task=12, step="tests", run=4, size=len(engine.logs[4])))
        await until(pilot, lambda: "and one more line" in picture(pilot))
        assert "following" in picture(pilot)


async def test_who_else_is_here_is_said_and_what_they_review() -> None:
    engine = _engine()
    ben = Person(user="ben", role=Role.REVIEWER, pid=7, since=0.0)
    engine.people = (ben,)
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "ben is here" in picture(pilot))
        engine.signal(Presence(people=(replace(ben, task=12, step="pins"),)))
        await until(pilot, lambda: "ben reads 3" in picture(pilot))
        engine.signal(Presence(people=(ben, replace(ben, user="cara"))))
        await until(pilot, lambda: "ben and cara are here" in picture(pilot))
        engine.signal(Presence(people=()))
        await until(pilot, lambda: "are here" not in picture(pilot))
        assert "ben" not in shown(pilot)[0]


async def test_only_an_open_review_tells_the_others_what_is_read() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("l", "j", "E")
        assert set(engine.looked) == {(None, None)}
        await pilot.press("F", "r")
        await until(pilot, lambda: engine.looked[-1] == (12, "migrate"))
        begun = replace(scenes.status("tell", StepState.RUNNING, 1), run=9)
        ended = scenes.status("tests", StepState.COMPLETED, 41, 40, 4)
        engine.emit(StepEnded(ended), task=12, step="tests")
        engine.emit(StepStarted(begun, "9.log"), task=12, step="tell")
        await until(pilot, lambda: bench(pilot).step == "tell")
        assert engine.looked[-1] == (12, "migrate")
        await pilot.press("question_mark", "escape")
        assert engine.looked[-1] == (12, "migrate")
        await pilot.press("escape")
        await until(pilot, lambda: engine.looked[-1] == (None, None))


async def _questions(pilot: Pilot[Any], engine: ScriptedEngine) -> list[int]:
    opened_questions: list[int] = []
    app = pilot.app
    assert isinstance(app, SignoffApp)
    app.ask = lambda question: opened_questions.append(question.id)  # type: ignore[method-assign]
    engine.emit(QuestionAsked(scenes.QUESTION), task=12, step="migrate")
    await until(pilot, lambda: bench(pilot).questions)
    await pilot.pause()
    return opened_questions


async def test_a_question_opens_when_nobody_types() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        await opened(pilot)
        assert await _questions(pilot, engine) == [1]


@pytest.mark.parametrize("keys", [("j",), ("slash", "a")])
async def test_a_question_waits_for_who_types(keys: tuple[str, ...]) -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press(*keys)
        assert await _questions(pilot, engine) == []


async def test_what_a_step_says_rings_and_shows_whatever_task_it_is_of() -> None:
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE, notifications=True) as pilot:
        await opened(pilot)
        engine.emit(Notified("terminal", "Migration \x1b[2Jended"), task=11)
        await until(pilot, lambda: "task 11 says:" in picture(pilot))
        assert "Migration \\e[2Jended" in picture(pilot)


async def _paged(pilot: Pilot[Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the toasts say after `v`, on a terminal that can be given away."""
    monkeypatch.setattr(SignoffApp, "suspend", lambda app: nullcontext())
    await opened(pilot)
    await pilot.press("v")
    await pilot.app.workers.wait_for_complete()
    return [notification.message for notification in pilot.app._notifications]


@pytest.mark.parametrize(
    ("pager", "told"), [("'less", "$PAGER is no command line"), ("/no/such/pager", "could not be started")]
)
async def test_a_pager_that_cannot_be_started_is_told(pager: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGER", pager)
    async with scenes.app(_engine()).run_test(size=SIZE) as pilot:
        assert any(told in said for said in await _paged(pilot, monkeypatch))


async def test_a_log_that_cannot_be_read_ends_the_pager_and_not_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGER", "timeout 20 cat")
    engine = _engine()
    async with scenes.app(engine).run_test(size=SIZE) as pilot:
        await opened(pilot)

        async def broken(run: int, offset: int, n: int) -> LogSlice:
            raise StoreError(reason="the disk is on fire")

        monkeypatch.setattr(engine, "read_log", broken)
        assert any("the disk is on fire" in said for said in await _paged(pilot, monkeypatch))


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (StoreError(reason="the disk is on fire"), "the disk is on fire"),
        (OSError(5, "Input/output error"), "tests could not have this terminal: Input/output error"),
    ],
)
async def test_a_terminal_that_cannot_be_handed_over_is_told(
    failure: Exception, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(engine: object, task: int, step: str, file: int) -> None:
        raise failure

    monkeypatch.setattr(SignoffApp, "suspend", lambda app: nullcontext())
    monkeypatch.setattr("tui.app._terminal", lambda: nullcontext(-1))
    monkeypatch.setattr("tui.handover.hand_over", refused)
    app = scenes.app(_engine())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        app.hand_over(12, "tests")
        await app.workers.wait_for_complete()
        assert any(told in notification.message for notification in app._notifications)
        assert app.is_running


async def test_a_process_without_a_terminal_hands_nothing_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> int:
        raise OSError(6, "No such device or address")

    monkeypatch.setattr(SignoffApp, "suspend", lambda app: nullcontext())
    app = scenes.app(_engine())
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot)
        monkeypatch.setattr("tui.app.os.open", none)
        app.hand_over(12, "tests")
        await app.workers.wait_for_complete()
        assert any("No such device" in notification.message for notification in app._notifications)


async def test_no_pager_named_is_less(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []

    async def page(read: object, pager: str) -> int:
        started.append(pager)
        return 0

    monkeypatch.setenv("PAGER", "")
    monkeypatch.setattr("tui.pager.page", page)
    async with scenes.app(_engine()).run_test(size=SIZE) as pilot:
        assert await _paged(pilot, monkeypatch) == []
    assert started == ["less"]


async def test_what_nobody_foresaw_is_one_sentence_and_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = scenes.app(_engine(), state=tmp_path)

    def broken() -> None:
        raise ZeroDivisionError("nobody [foresaw] this")

    with pytest.raises(ZeroDivisionError):
        async with app.run_test(size=SIZE) as pilot:
            await opened(pilot)
            monkeypatch.setattr(app, "action_help", broken)
            await pilot.press("question_mark")
    (kept,) = (tmp_path / "crashes").iterdir()
    assert "nobody [foresaw] this" in kept.read_text()
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert f"the screen failed (ZeroDivisionError); what runs goes on and the traceback is in {kept}." in told
