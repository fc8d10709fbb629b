"""From a request to a revision that people can read: the verb of this room. Its other files are its planners.

A document that is wrong never becomes a task: every fault is told at once and nothing is stored. A request that no
planner can serve stays as a failed task, to be planned again (B2.4).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.commands import MakePlan, Reply
from engine.errors import NothingFits, UsageError
from engine.model.digest import sha256
from engine.model.plan import Action, Plan
from engine.model.state import Phase, advance
from engine.model.task import Task
from engine.person import signers
from engine.settings import Settings
from engine.storage.store import Store

if TYPE_CHECKING:
    from engine.planning.derive import Derivation

MAX_CONTENT = 256 * 1024
"""Bytes of a signed file that are kept, so that a later change can be shown as a diff."""


class Planning:
    """Makes revisions and stores them.

    Args:
        configured: the actions that can run; a step of another kind is a fault.
    """

    def __init__(
        self, store: Store, clock: Callable[[], float], settings: Settings, configured: Container[Action]
    ) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._configured = configured

    async def make(self, command: MakePlan, actor: str) -> Reply:
        """Make revision 1 of a new task from a document, or from the targets of the repository.

        Raises:
            InvalidPlan: the document has faults; nothing was stored.
            NothingFits: no target serves the request; the task stays as failed.
            UsageError: the root is not a directory.
        """
        root = _directory(command.root)
        task = Task(
            id=next(self._store.tasks),
            request=command.request,
            root=str(root),
            phase=Phase.PLANNING,
            proposer=actor,
            created=self._clock(),
        )
        try:
            plan = await asyncio.to_thread(self._draft, command, task)
        except NothingFits as error:
            failed = replace(task, phase=advance(task.phase, Phase.FAILED), error=str(error), ended=self._clock())
            await self._store.create_task(task, failed)
            raise
        return await self._keep(task, plan, root)

    def draft_document(self, document: str, name: str, task: Task, revision: int) -> Plan:
        """A revision of a task from the text of a plan file. Raises `InvalidPlan` with every fault."""
        from engine.planning.derive import plan_from_text

        return plan_from_text(document, name, self._derivation(task, revision))

    def _draft(self, command: MakePlan, task: Task) -> Plan:
        if command.document is not None:
            return self.draft_document(command.document, command.name, task, 1)
        from engine.planning.derive import derive
        from engine.planning.repo import find_targets, plan_targets

        document = plan_targets(command.request, find_targets(Path(task.root)), command.targets)
        return derive(document, replace(self._derivation(task, 1), planner="repo"))

    def _derivation(self, task: Task, revision: int) -> Derivation:
        from engine.planning.derive import Derivation

        return Derivation(
            root=Path(task.root),
            policy=self._settings.policy,
            configured=self._configured,
            task=task.id,
            revision=revision,
            people=len(signers(self._settings.roles)),
        )

    async def _keep(self, task: Task, plan: Plan, root: Path) -> Reply:
        task = replace(task, request=task.request or plan.request)
        planned = replace(
            task, phase=advance(task.phase, Phase.AWAITING_APPROVAL), revision=plan.revision, digest=plan.digest
        )
        contents = await asyncio.to_thread(contents_of, plan, root)
        seq = await self._store.create_planned_task(task, planned, plan, contents)
        return Reply(task=task.id, seq=seq, text=f"task {task.id}: {len(plan.steps)} steps, {plan.digest[:6]}")


def _directory(root: str) -> Path:
    path = Path(root).resolve()
    if not path.is_dir():
        raise UsageError(problem=f"{path} is not a directory; nothing was stored")
    return path


def contents_of(plan: Plan, root: Path) -> list[tuple[str, bytes]]:
    """The bytes of the signed files that are small enough to keep."""
    wanted = {file.sha256: root / file.path for planned in plan.steps for file in planned.files if file.sha256}
    kept = []
    for digest, path in wanted.items():
        if path.is_file() and path.stat().st_size <= MAX_CONTENT and sha256(data := path.read_bytes()) == digest:
            kept.append((digest, data))
    return kept
