"""What a command that only recorded a decision says last: who runs it, or how to."""

from __future__ import annotations

import os

from engine import EngineClient, EngineInfo, Phase, ShowEngine, ShowTask, TaskView
from tui.cli import lines
from tui.cli.call import Call

_RECORDED = "recorded; nothing runs yet. Run it with"
_MOVES = frozenset({Phase.QUEUED, Phase.EXECUTING, Phase.BLOCKED})


async def advise(call: Call, engine: EngineClient, task: int) -> None:
    """Tell how the task goes on: its owner runs it, or nobody does yet (B11.1)."""
    if call.world.sitting:
        return
    view: TaskView = await engine.read(ShowTask(task=task))
    info: EngineInfo = await engine.read(ShowEngine())
    if view.task.phase in _MOVES:
        runs = f"process {info.pid} runs it; follow it with" if info.pid != os.getpid() else _RECORDED
        call.console.say(f"{runs}: signoff run {task}")
    elif hint := lines.how_to_go_on(view.task, view.questions):
        call.console.say(hint)
