"""The line of the tour follows what happens in the engine, and the hand that tampers really changes the signed file."""

from __future__ import annotations

import asyncio
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from engine import Answer, Question, QuestionKind
from engine.model.events import PlanSigned, QuestionAnswered, QuestionAsked, TaskEnded
from engine.model.task import Signature
from engine.testing import NOON, ScriptedEngine
from tests.tui import scenes
from tests.tui.pilots import picture, until
from tui.app import Options
from tui.tour.guided import LINES, Act, Tour
from tui.tour.scene import DEPLOY, RELEASE, Scene, set_up

DRIFT = Question(id=1, task=1, step="deploy", kind=QuestionKind.DRIFT, asked=NOON, deadline=None)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    made = Scene(tmp_path)
    made.root.mkdir()
    made.mend()
    return made


@pytest.fixture
def engine() -> ScriptedEngine:
    view = scenes.running()
    return ScriptedEngine(replace(view, task=replace(view.task, id=1), questions=()))


def tour(engine: ScriptedEngine, scene: Scene, act: Act) -> Tour:
    options = Options(root=str(scene.root), user="ana", state=scene.state, clock=lambda: engine.now)
    return Tour(engine, options, scene, act)


async def turns(pilot: Pilot[Any], app: Tour, act: Act) -> None:
    """Wait until an act is on."""
    await until(pilot, lambda: app.act is act and LINES[act][1] in picture(pilot))


@pytest.mark.parametrize("act", list(LINES))
def test_every_line_fits_into_80_columns(act: Act) -> None:
    name, line = LINES[act]
    assert len(f" tour {act} of 6  {name} · {line}") <= 80


async def test_the_acts_follow_the_engine(engine: ScriptedEngine, scene: Scene) -> None:
    app = tour(engine, scene, Act.SIGN)
    signature = Signature(task=1, revision=1, digest="d", actor="ana", verdict="sign", time=NOON)
    view = engine.views[1]
    async with app.run_test(size=(80, 24)) as pilot:
        await turns(pilot, app, Act.SIGN)
        for act, fact in (
            (Act.TAMPER, PlanSigned(signature)),
            (Act.DENY, QuestionAsked(DRIFT)),
            (Act.CANCEL, QuestionAnswered(replace(DRIFT, answer=Answer.DENY, answered_by="ana"))),
            (Act.LEAVE, TaskEnded(view.task)),
        ):
            engine.emit(fact, task=1)
            await turns(pilot, app, act)
        assert f"tour {Act.LEAVE} of 6" in picture(pilot)


async def test_the_end_of_another_task_is_no_act(engine: ScriptedEngine, scene: Scene) -> None:
    app = tour(engine, scene, Act.CANCEL)
    async with app.run_test(size=(80, 24)) as pilot:
        await turns(pilot, app, Act.CANCEL)
        engine.emit(TaskEnded(replace(engine.views[1].task, id=2)), task=2)
        engine.emit(QuestionAsked(DRIFT), task=1)
        await until(pilot, lambda: not app._message_queue.qsize())
        assert app.act is Act.CANCEL


async def test_nothing_is_tampered_with_before_it_is_signed(engine: ScriptedEngine, scene: Scene) -> None:
    app = tour(engine, scene, Act.SIGN)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await turns(pilot, app, Act.SIGN)
        await pilot.press("t")
        await until(pilot, lambda: "sign first, then tamper" in picture(pilot))
        assert (scene.root / "deploy.sh").read_text() == DEPLOY


async def test_t_changes_the_signed_script(engine: ScriptedEngine, scene: Scene) -> None:
    app = tour(engine, scene, Act.TAMPER)
    async with app.run_test(size=(80, 24)) as pilot:
        await turns(pilot, app, Act.TAMPER)
        await pilot.press("t")
        await until(pilot, lambda: (scene.root / "deploy.sh").read_text() != DEPLOY)
        scene.mend()
        assert (scene.root / "deploy.sh").read_text() == DEPLOY


async def test_the_stage_is_a_repository_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    async with set_up() as made:
        assert made.folder.parent == tmp_path
        tracked = await asyncio.to_thread(
            subprocess.run, ["git", "ls-files"], cwd=made.root, capture_output=True, text=True, timeout=20, check=True
        )
        assert {"deploy.sh", "tests/unit.sh"} <= set(tracked.stdout.split())
    assert os.listdir(tmp_path) == []
    assert "bash deploy.sh" in RELEASE


def test_what_is_to_be_cancelled_outlasts_a_slow_reader() -> None:
    assert "sleep 600" in RELEASE
    assert "seq 1 600" in RELEASE
