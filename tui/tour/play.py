"""The tour from its first screen to its last: plans, acts, leaving, coming back."""

from __future__ import annotations

import asyncio
import sys

from engine import EngineClient, Event, MakePlan, ShowTask, Sign, TaskEnded
from tui.app import Options
from tui.tour.guided import Act, Tour
from tui.tour.headless import MEANS
from tui.tour.scene import NIGHTLY, RELEASE, Scene


async def play(engine: EngineClient, scene: Scene, options: Options) -> int:
    """Play it on the terminal of this process; returns the exit code."""
    await engine.do(MakePlan(root=str(scene.root), document=RELEASE))
    running_on = asyncio.create_task(_begin_another(engine, scene), name="a task to come back to")
    act = await _sit(engine, scene, options, Act.READ)
    if act >= Act.LEAVE:
        print("You left. The engine works on without your terminal. Enter comes back, ctrl+d stays away.")  # noqa: T201
        if await asyncio.to_thread(sys.stdin.readline):
            await _sit(engine, scene, options, Act.END)
    running_on.cancel()
    print("Nothing of the tour stays behind. In your own repository: signoff")  # noqa: T201
    return 0


async def _sit(engine: EngineClient, scene: Scene, options: Options, act: Act) -> Act:
    tour = Tour(engine, options, scene, act)
    await tour.run_async()
    return tour.act


async def _begin_another(engine: EngineClient, scene: Scene) -> None:
    """When the first task has ended, sign and start one that runs for a while, recorded as the tour's own doing."""
    async for item in engine.events():
        if isinstance(item, Event) and isinstance(item.fact, TaskEnded):
            reply = await engine.do(MakePlan(root=str(scene.root), document=NIGHTLY))
            view = await engine.read(ShowTask(task=reply.task or 0))
            await engine.do(Sign(task=view.task.id, revision=1, digest=view.task.digest, means=MEANS))
            return
