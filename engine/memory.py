"""What earlier runs taught: recalled for planner and agents, its source named, forgotten when a person says so (B13).

It is kept where a task ends, by the store, in one change with the end itself. It is data: it can add no step, lower no
tier and sign nothing.
"""

from __future__ import annotations

from engine.commands import Forget, Reply
from engine.errors import UsageError
from engine.model.memory import Recollection
from engine.model.prompt import Passage
from engine.model.state import StepState
from engine.storage.reader import Reader
from engine.storage.store import Store

RELEVANT = 0.25
"""Against the best match; what is less near is of no use to anybody."""
_DAY = 86400.0


class Memories:
    """Lets people forget."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def forget(self, command: Forget, actor: str) -> Reply:
        """Remember these no more. Raises `UsageError` where none is named."""
        if not command.memories:
            raise UsageError(problem="No memory is named; nothing was forgotten")
        seq = await self._store.forget(command.memories, actor)
        return Reply(seq=seq, text=f"forgotten: {len(command.memories)}")


async def relevant(reader: Reader, text: str, root: str, now: float, limit: int = 8) -> tuple[Passage, ...]:
    """What a model may be told beside a request: the nearest memories of the same directory, as data."""
    found = await reader.memories(text, root, limit)
    return tuple(_passage(each, now) for each in found if each.relevance >= RELEVANT)


def _passage(found: Recollection, now: float) -> Passage:
    memory = found.memory
    days = int((now - memory.time) // _DAY)
    when = "today" if days < 1 else f"{days} day{'s' * (days != 1)} ago"
    ended = "completed" if memory.state is StepState.COMPLETED else f"failed: {memory.error}"
    told = [f"asked: {memory.request}", f"{memory.action}: {memory.operand}", ended]
    told += [memory.result] if memory.result else []
    told += [f"changed: {', '.join(memory.files)}"] if memory.files else []
    return Passage(source=f"an earlier run, task {memory.task} step {memory.step}, {when}", text="\n".join(told))
