"""From a request to a revision that people can read: the verb of this room. Its other files are its planners.

A document that is wrong never becomes a task: every fault is told at once and nothing is stored. A request that no
planner can serve stays as a failed task, to be planned again (B2.4). A model writes in the background: the task is
there at once, in phase `planning`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.commands import MakePlan, Planner, Reply, Resume
from engine.errors import Conflict, NoModel, NothingFits, NotTrusted, UsageError
from engine.model.digest import sha256
from engine.model.plan import Action, Plan
from engine.model.state import Phase, advance
from engine.model.task import Task
from engine.overtaken import overtaken
from engine.person import signers
from engine.planning.drafts import Drafts, Order, unwritten
from engine.policies import Policies
from engine.queries import EstimatePlan
from engine.settings import Settings
from engine.storage.store import Store

if TYPE_CHECKING:
    from engine.inference import Inference
    from engine.llm import Estimate
    from engine.planning.derive import Derivation
    from engine.planning.llm import Wish

MAX_CONTENT = 256 * 1024
"""Bytes of a signed file that are kept, so that a later change can be shown as a diff."""

_UNNUMBERED = 0


class Planning:
    """Makes revisions and stores them.

    Args:
        policies: what holds in a directory.
        configured: the actions that can run; a step of another kind is a fault.
        channels: what a `notify` step may send to.
        drafts: the revisions that a model writes.
        hidden: directories that no step may see.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float],
        settings: Settings,
        policies: Policies,
        configured: Container[Action],
        channels: Container[str],
        drafts: Drafts,
        hidden: tuple[Path, ...],
    ) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._policies = policies
        self._configured = configured
        self._channels = channels
        self._drafts = drafts
        self._hidden = hidden

    async def make(self, command: MakePlan, actor: str) -> Reply:
        """Make revision 1 of a new task from a document, a recipe, or the targets of the repository; or have it made by
        a model, which takes its time.

        Raises:
            InvalidPlan: the document has faults; nothing was stored.
            NothingFits: no target serves the request; the task stays as failed.
            NoModel: a model was wanted, and none is configured.
            UsageError: the root is not a directory, or there is no such recipe.
            NotTrusted: nobody trusted what the directory brings, as it is now.
        """
        root = _directory(command.root)
        if command.recipe:
            command = await self._recipe(command, root)
        elif command.variables and command.document is None:
            raise UsageError(problem="Variables belong to a plan file or a recipe; nothing was stored")
        task = Task(
            id=_UNNUMBERED,
            request=command.request,
            root=str(root),
            phase=Phase.PLANNING,
            proposer=actor,
            created=self._clock(),
        )
        if self._by_model(command):
            task = replace(self._numbered(task), planner=self._drafts.planner)
            seq = await self._store.create_task(task, task)
            return await self._ordered(task, seq)
        try:
            plan = await asyncio.to_thread(self._draft, command, task)
        except NothingFits as error:
            task = self._numbered(task)
            self._store.forgo()
            await self._store.create_task(task, self._failed(task, error))
            raise self._to_be_planned_again(task, error) from None
        task = replace(self._numbered(task), request=task.request or plan.request)
        plan = replace(plan, task=task.id)
        contents = await asyncio.to_thread(contents_of, plan, root)
        seq = await self._store.create_planned_task(task, _planned(task, plan), plan, contents)
        return _reply(plan, seq)

    def _numbered(self, task: Task) -> Task:
        """The task with its number, which one that is refused does not take away."""
        return replace(task, id=next(self._store.tasks))

    async def again(self, command: Resume, actor: str) -> Reply:
        """Make revision 1 of a task that has none, from what the repository offers now, or by a model (B2.4).

        Raises:
            NothingFits: still no target serves the request; the attempt is recorded.
            Overtaken: somebody else does so already.
            UsageError: the root is no directory any more.
        """
        before = await self._store.read.task(command.task)
        try:
            return await self._plan_again(before, actor)
        except Conflict:
            raise await overtaken(self._store.read, before) from None

    async def _plan_again(self, before: Task, actor: str) -> Reply:
        root = _directory(before.root)
        phase = advance(before.phase, Phase.PLANNING)
        task = replace(before, phase=phase, attempt=before.attempt + 1, outcome=None, error="", ended=None)
        asked = MakePlan(root=before.root, request=before.request)
        if self._by_model(asked):
            task = replace(task, planner=self._drafts.planner)
            seq = await self._store.set_phase(before, task, actor=actor)
            return await self._ordered(task, seq, before)
        try:
            plan = await asyncio.to_thread(self._draft, asked, task)
        except NothingFits as error:
            self._store.forgo()
            await self._store.plan_again(before, task, self._failed(task, error), None, (), actor)
            raise self._to_be_planned_again(task, error) from None
        contents = await asyncio.to_thread(contents_of, plan, root)
        seq = await self._store.plan_again(before, task, _planned(task, plan), plan, contents, actor)
        return _reply(plan, seq)

    def _failed(self, task: Task, error: NothingFits) -> Task:
        return unwritten(task, str(error), self._clock())

    def _to_be_planned_again(self, task: Task, error: NothingFits) -> NothingFits:
        """The error of a request that stays, saying how to go on with it."""
        model = "" if self._drafts.planner else ", or a model is configured (signoff doctor --model)"
        again = f"once the directory declares it{model}, plan it again: signoff run {task.id}"
        return NothingFits(hint=f"{error.hint}; {again}", **error.facts)

    # By a model

    def _by_model(self, command: MakePlan) -> bool:
        """Whether a model plans this. Raises `NoModel`."""
        told = command.document is not None or command.targets or not command.request.strip()
        if told or command.planner is Planner.REPO:
            return False
        if command.planner is Planner.LLM and not self._drafts.planner:
            raise NoModel
        return bool(self._drafts.planner)

    async def _ordered(self, task: Task, seq: int, before: Task | None = None) -> Reply:
        """Have the first revision of a task written; `before` is the task as its last attempt ended."""

        async def order() -> Order:
            wish, world = _wish(task.request, before), self.derivation(task, 1)
            return Order(task=task, wish=wish, world=world, keep=lambda plan: self._keep(task, plan))

        await self._drafts.order(task, order())
        return Reply(task=task.id, seq=seq, text=f"task {task.id}: a model writes its plan")

    async def _keep(self, task: Task, plan: Plan) -> None:
        contents = await asyncio.to_thread(contents_of, plan, Path(task.root))
        await self._store.write_plan(task, _planned(task, plan), plan, contents)

    async def estimate(self, query: EstimatePlan, inference: Inference) -> Estimate:
        """What planning a request by a model would use at most. Raises `NoModel`."""
        from engine.planning.llm import ask_for_plan

        if not inference.configured:
            raise NoModel
        nobody = Task(id=_UNNUMBERED, request="", root=query.root, phase=Phase.PLANNING, proposer="", created=0.0)
        question = await asyncio.to_thread(ask_for_plan, _wish(query.request), self.derivation(nobody, 1))
        return await inference.estimate(question)

    # From what there is

    async def _recipe(self, command: MakePlan, root: Path) -> MakePlan:
        """The command with the text of its recipe, from the very bytes whose digest was compared."""
        from engine.planning.recipes import FOLDER, read_folder
        from engine.planning.sentences import did_you_mean

        folder = await asyncio.to_thread(read_folder, root)
        trusted = await self._store.read.trusted(str(root))
        holds = trusted is not None and trusted.digest == folder.digest and not folder.refused
        if not holds and (folder.files or folder.refused):
            why = "is not what was trusted any more" if trusted else "is not trusted yet"
            raise NotTrusted(folder=root / FOLDER, why=why)
        recipe = folder.recipes.get(command.recipe)
        if recipe is None:
            known = ", ".join(folder.recipes) or "none"
            guess = did_you_mean(command.recipe, folder.recipes)
            raise UsageError(problem=f"There is no recipe {command.recipe[:64]!r}{guess}; there are: {known}")
        return replace(command, document=recipe.text, name=recipe.path)

    def draft_document(self, document: str, name: str, task: Task, revision: int) -> Plan:
        """A revision of a task from the text of a plan file. Raises `InvalidPlan` with every fault."""
        from engine.planning.derive import plan_from_text

        return plan_from_text(document, name, self.derivation(task, revision))

    def _draft(self, command: MakePlan, task: Task) -> Plan:
        from engine.planning.derive import derive, plan_from_text

        world = self.derivation(task, 1)
        if command.document is not None:
            world = replace(world, planner="recipe" if command.recipe else "file")
            return plan_from_text(command.document, command.name, world, command.variables)
        from engine.planning.repo import find_targets, plan_targets, unread

        targets = find_targets(Path(task.root))
        document = plan_targets(command.request, targets, command.targets)
        plan = derive(document, replace(world, planner="repo"))
        told = () if command.targets else tuple(unread(command.request, document.steps, targets))
        return replace(plan, corrections=told)

    def derivation(self, task: Task, revision: int) -> Derivation:
        """The world that a revision of a task is looked at in."""
        from engine.planning.derive import Derivation

        return Derivation(
            root=Path(task.root),
            policy=self._policies.of(task.root),
            configured=self._configured,
            channels=self._channels,
            hidden=self._hidden,
            task=task.id,
            revision=revision,
            people=len(signers(self._settings.roles)),
        )


def _planned(task: Task, plan: Plan) -> Task:
    phase = advance(task.phase, Phase.AWAITING_APPROVAL)
    return replace(task, phase=phase, revision=plan.revision, digest=plan.digest, planner="")


def _wish(request: str, before: Task | None = None) -> Wish:
    from engine.model.prompt import Passage
    from engine.planning.llm import Wish

    tried = (Passage(source="the attempt before", text=before.error),) if before and before.error else ()
    return Wish(asked=request, request=request, passages=lambda: tried)


def _reply(plan: Plan, seq: int) -> Reply:
    return Reply(task=plan.task, seq=seq, text=f"task {plan.task}: {len(plan.steps)} steps, {plan.digest[:6]}")


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
