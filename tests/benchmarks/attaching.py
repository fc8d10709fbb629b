"""A program that attaches to the owner of a state directory and reads what a first frame shows: `bench_host` times it.

It imports what a client imports and nothing else, so that its whole process is a fair figure.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from engine import ListPeople, ListQuestions, ListTasks, Need, ShowEngine, ShowTask, connect
from engine.settings import Settings


async def first_data(state: Path) -> None:
    """Tell how long it took, in milliseconds."""
    begun = time.perf_counter()
    client = await connect(state, Need.EXECUTE, Settings())
    await client.read(ShowEngine())
    await client.read(ListPeople())
    await client.read(ListQuestions())
    page = await client.read(ListTasks())
    await client.read(ShowTask(task=page[0].task.id))
    print((time.perf_counter() - begun) * 1000, flush=True)  # noqa: T201
    await client.close()


if __name__ == "__main__":
    asyncio.run(first_data(Path(sys.argv[1])))
