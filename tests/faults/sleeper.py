"""A real program with one step that never ends by itself: `python -m tests.faults.sleeper STATE ROOT LEVEL SCRIPT`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from engine import LogGrew, MakePlan, ShowTask, Sign
from engine.composition import Opening
from engine.engine import Engine
from engine.settings import Settings


async def main(state: Path, root: Path, level: str, script: str) -> None:
    engine = await Engine.open(Opening(state=state, settings=Settings(sandbox=level)))
    following = engine.events()
    steps = [{"id": "a", "action": "shell", "script": script}]
    made = await engine.do(MakePlan(root=str(root), document=json.dumps({"request": "sleep", "steps": steps})))
    view = await engine.read(ShowTask(task=made.task or 0))
    await engine.do(Sign(task=view.task.id, revision=1, digest=view.task.digest))
    async for item in following:
        if isinstance(item, LogGrew):
            os.write(1, b"running\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]))
