"""Reading the store: snapshots and pages on a connection of their own, so that no reader waits for the writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import asynccontextmanager, nullcontext
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import KeyTaken, StoreError, UnknownStep, UnknownTask
from engine.model.comment import Comment
from engine.model.digest import sha256 as digest_of
from engine.model.effect import Made
from engine.model.grant import Grant
from engine.model.memory import Recollection
from engine.model.plan import Plan
from engine.model.question import Question
from engine.model.run import Run, StepStatus
from engine.model.state import Phase, StepState
from engine.model.task import Signature, Task, TaskSummary, TaskView
from engine.model.trust import Trusted
from engine.storage import rows
from engine.storage.connect import translate
from engine.storage.spent import USUAL_COST, LedgerReader

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from engine.commands import Command, Reply
    from engine.model.events import Event
    from engine.storage.asking import Asking

CACHED_PLANS = 8
NUMBERED = ("runs", "questions", "grants", "comments")
"""Tables whose rows people call by number."""
RUNS_COMPARED = 5
"""Latest runs of a step of which the middle length counts."""
_RECENT = """
WITH own AS (SELECT root, digest, id AS task, revision FROM tasks WHERE id = ?1), recent AS (
    SELECT tasks.id, tasks.digest, tasks.revision FROM tasks JOIN own USING (root)
    WHERE started IS NOT NULL AND id > (SELECT MAX(id) FROM tasks) - 1000 ORDER BY id DESC LIMIT 20
)"""
_OF_SAME_PLAN = f"""{_RECENT}
SELECT runs.step, {{what}} AS much FROM recent JOIN own USING (digest)
    JOIN runs ON runs.task = recent.id AND runs.state = 'completed' ORDER BY runs.id DESC
"""
"""The runs that ended well of the same plan, by the last tasks in its directory."""
_SAME = "json_remove(json_extract(value, '$.step'), '$.needs', '$.when', '$.description', '$.tier', '$.timeout')"
_OF_SAME_STEPS = f"""{_RECENT}, other AS (
    SELECT digest, MAX(id) AS task, revision FROM recent GROUP BY digest ORDER BY task DESC LIMIT 4
), made AS MATERIALIZED (
    SELECT other.digest, {_SAME} AS same FROM other JOIN plans USING (task, revision), json_each(body, '$.steps')
    WHERE length(body) < 500000
), wanted AS MATERIALIZED (
    SELECT json_extract(value, '$.step.id') AS step, {_SAME} AS same
    FROM own JOIN plans USING (task, revision), json_each(body, '$.steps') WHERE length(body) < 500000
)
SELECT runs.step, {{what}} AS much FROM wanted JOIN made USING (same) JOIN recent USING (digest)
    JOIN runs ON runs.task = recent.id AND runs.step = wanted.step AND runs.state = 'completed' ORDER BY runs.id DESC
"""
"""As above, also of other plans: of each step that stood there too, whatever it needed. Very large plans are left out:
to compare them would keep other readers waiting."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The rows that an attempt goes on from."""

    statuses: tuple[StepStatus, ...]
    produced: dict[tuple[str, str], Made]
    """Each file that a step made for later ones, by step and path."""
    answered: tuple[Question, ...]
    """The questions of this attempt that were answered."""
    questions: tuple[Question, ...]
    """The open ones."""


class Reader:
    """Answers from the database; rows become nouns in `rows`."""

    def __init__(self, connection: Asking) -> None:
        self._connection = connection
        self._turn = connection.turn
        self.ledger = LedgerReader(self._all)
        self._plans: dict[tuple[int, int], Plan] = {}
        """The revisions read last; a revision never changes, and numbers of tasks are not given twice."""

    async def _all(self, sql: str, *parameters: object) -> list[Any]:
        try:
            async with self._turn:
                return await self._connection.rows(sql, parameters)
        except sqlite3.Error as error:
            raise translate(error) from error
        except ValueError as error:  # the driver's word for a connection that was closed meanwhile
            raise StoreError(reason=error) from error

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[Reader]:
        """A reader of one moment; all other reads wait, for inside it they would see that moment too."""
        inside = copy(self)
        inside._turn = nullcontext()
        async with self._turn:
            try:
                await inside._all("BEGIN")
                yield inside
            finally:  # also where whoever asked gave up during the BEGIN: it is on its way to the database
                await inside._all("COMMIT")

    async def task(self, task: int) -> Task:
        """One task row. Raises `UnknownTask`."""
        found = await self._all(f"SELECT {rows.TASK_COLUMNS} FROM tasks WHERE id = ?", task)
        if not found:
            raise UnknownTask(task=task)
        return rows.task_of(found[0])

    async def tasks(self, before: int | None, limit: int) -> tuple[TaskSummary, ...]:
        """A page, newest first, with the counts of step states."""
        page = await self._all(
            f"SELECT {rows.TASK_COLUMNS} FROM tasks WHERE id < ? ORDER BY id DESC LIMIT ?", before or 2**62, limit
        )
        tasks = [rows.task_of(row) for row in page]
        counts = await self._counts([task.id for task in tasks])
        return tuple(TaskSummary(task=task, counts=counts.get(task.id, {})) for task in tasks)

    async def _counts(self, tasks: list[int]) -> dict[int, dict[StepState, int]]:
        counts: dict[int, dict[StepState, int]] = {}
        if tasks:
            marks = ", ".join("?" for _ in tasks)
            sql = f"SELECT task, state, COUNT(*) AS n FROM steps WHERE task IN ({marks}) GROUP BY task, state"
            for row in await self._all(sql, *tasks):
                counts.setdefault(row["task"], {})[rows.state_of(row["state"])] = row["n"]
        return counts

    async def active_tasks(self) -> list[Task]:
        """Tasks that an executing owner has work with, oldest first; paused ones wait for a person."""
        sql = (
            f"SELECT {rows.TASK_COLUMNS} FROM tasks"
            " WHERE phase IN ('queued', 'executing', 'blocked', 'reconciling') ORDER BY id"
        )
        return [rows.task_of(row) for row in await self._all(sql)]

    async def drafts(self) -> list[Task]:
        """Tasks whose next revision somebody was writing, oldest first."""
        sql = f"SELECT {rows.TASK_COLUMNS} FROM tasks WHERE planner <> '' ORDER BY id"
        return [rows.task_of(row) for row in await self._all(sql)]

    async def waiting_tasks(self) -> list[Task]:
        """Tasks that wait to be signed or accepted, also those that go on meanwhile; oldest first."""
        sql = (
            f"SELECT {rows.TASK_COLUMNS} FROM tasks"
            " WHERE phase IN ('awaiting_approval', 'ready') OR pending <> 0 ORDER BY id"
        )
        return [rows.task_of(row) for row in await self._all(sql)]

    async def cleanups(self) -> list[tuple[int, int, StepStatus]]:
        """Steps of cancelled tasks that have not ended: task, position, status."""
        sql = (
            f"SELECT {rows.STEP_COLUMNS}, task, position FROM steps"
            " WHERE task IN (SELECT id FROM tasks WHERE phase IN ('cancelled', 'timed_out', 'budget_exceeded'))"
            " AND state NOT IN ('completed', 'failed', 'skipped', 'cancelled') ORDER BY task, position"
        )
        return [(row["task"], row["position"], rows.status_of(row)) for row in await self._all(sql)]

    async def plan(self, task: int, revision: int) -> Plan | None:
        """A revision, or None if there is none."""
        if (task, revision) not in self._plans:
            found = await self._all("SELECT body FROM plans WHERE task = ? AND revision = ?", task, revision)
            if not found:
                return None
            while len(self._plans) >= CACHED_PLANS:
                del self._plans[next(iter(self._plans))]
            self._plans[task, revision] = rows.plan_of(found[0]["body"])
        return self._plans[task, revision]

    async def last_revision(self, task: int) -> int:
        """The highest number that a revision of a task was given, 0 for none; one that nobody took up counts too."""
        found = await self._all("SELECT COALESCE(MAX(revision), 0) AS n FROM plans WHERE task = ?", task)
        return int(found[0]["n"])

    async def statuses(self, task: int) -> tuple[StepStatus, ...]:
        """The steps of a task, in the order of its plan."""
        sql = f"SELECT {rows.STEP_COLUMNS} FROM steps WHERE task = ? ORDER BY position"
        return tuple(rows.status_of(row) for row in await self._all(sql, task))

    async def spared(self, task: int) -> tuple[StepStatus, ...]:
        """The steps of a task that people skipped or hold."""
        sql = (
            f"SELECT {rows.STEP_COLUMNS} FROM steps WHERE task = ? AND (cause = 'verdict' OR held_by <> '')"
            " ORDER BY position"
        )
        return tuple(rows.status_of(row) for row in await self._all(sql, task))

    async def step(self, task: int, step: str) -> tuple[int, StepStatus]:
        """One step with its position in the plan. Raises `UnknownStep`."""
        sql = f"SELECT {rows.STEP_COLUMNS}, position FROM steps WHERE task = ? AND id = ?"
        found = await self._all(sql, task, step)
        if not found:
            raise UnknownStep(task=task, step=step)
        return found[0]["position"], rows.status_of(found[0])

    async def signatures(self, task: int) -> tuple[Signature, ...]:
        sql = f"SELECT {rows.SIGNATURE_COLUMNS} FROM signatures WHERE task = ? ORDER BY id"
        return tuple(rows.signature_of(row) for row in await self._all(sql, task))

    async def comments(self, task: int) -> tuple[Comment, ...]:
        """What was said about a task, first written first."""
        sql = f"SELECT {rows.COMMENT_COLUMNS} FROM comments WHERE task = ? ORDER BY id"
        return tuple(rows.comment_of(row) for row in await self._all(sql, task))

    async def comment(self, comment: int) -> Comment | None:
        found = await self._all(f"SELECT {rows.COMMENT_COLUMNS} FROM comments WHERE id = ?", comment)
        return rows.comment_of(found[0]) if found else None

    async def grants(self, task: int | None = None, revision: int | None = None) -> tuple[Grant, ...]:
        """The grants that nobody revoked, of one revision or of all present ones, first given first."""
        where = "grants.revision = tasks.revision" if task is None else "grants.task = ? AND grants.revision = ?"
        columns = ", ".join(f"grants.{column}" for column in rows.GRANT_COLUMNS.split(", "))
        sql = (
            f"SELECT {columns} FROM grants JOIN tasks ON tasks.id = grants.task"
            f" WHERE grants.revoked IS NULL AND {where} ORDER BY grants.id"
        )
        found = await self._all(sql, *(() if task is None else (task, revision)))
        return tuple(rows.grant_of(row) for row in found)

    async def grant(self, grant: int) -> Grant | None:
        found = await self._all(f"SELECT {rows.GRANT_COLUMNS} FROM grants WHERE id = ?", grant)
        return rows.grant_of(found[0]) if found else None

    async def questions(self, task: int | None = None) -> tuple[Question, ...]:
        """The open questions of a task, or of all; first asked first."""
        where = "answer IS NULL" + ("" if task is None else " AND task = ?")
        sql = f"SELECT {rows.QUESTION_COLUMNS} FROM questions WHERE {where} ORDER BY id"
        return tuple(rows.question_of(row) for row in await self._all(sql, *(() if task is None else (task,))))

    async def question(self, question: int) -> Question | None:
        found = await self._all(f"SELECT {rows.QUESTION_COLUMNS} FROM questions WHERE id = ?", question)
        return rows.question_of(found[0]) if found else None

    async def answered(self, task: int, attempt: int) -> tuple[Question, ...]:
        """The questions that were answered in one attempt of a task."""
        where = "task = ? AND attempt = ? AND answer IS NOT NULL"
        sql = f"SELECT {rows.QUESTION_COLUMNS} FROM questions WHERE {where} ORDER BY id"
        return tuple(rows.question_of(row) for row in await self._all(sql, task, attempt))

    async def decided(self) -> tuple[Question, ...]:
        """What people said about tasks at their cap that are paused all the same, each the last of its attempt."""
        sql = (
            f"SELECT {rows.QUESTION_COLUMNS} FROM questions AS asked WHERE kind = 'budget'"
            " AND answer IN ('raise', 'cheap', 'stop') AND EXISTS (SELECT 1 FROM tasks WHERE tasks.id = asked.task"
            " AND tasks.attempt = asked.attempt AND phase = 'paused') AND NOT EXISTS (SELECT 1 FROM questions AS later"
            " WHERE later.task = asked.task AND later.kind = 'budget' AND later.id > asked.id) ORDER BY id"
        )
        return tuple(rows.question_of(row) for row in await self._all(sql))

    async def runs(self, task: int, step: str | None = None) -> tuple[Run, ...]:
        where = "task = ?" + ("" if step is None else " AND step = ?")
        sql = f"SELECT {rows.RUN_COLUMNS} FROM runs WHERE {where} ORDER BY id"
        return tuple(rows.run_of(row) for row in await self._all(sql, task, *(() if step is None else (step,))))

    async def lengths(self, task: int) -> dict[str, float]:
        """The middle of the last lengths of each step that ended well before, in seconds."""
        return await self._usual("runs.ended - runs.started", task)

    async def costs(self, task: int) -> dict[str, int]:
        """As `lengths`, what each step cost in calls, in millionths of a US dollar."""
        return {step: int(cost) for step, cost in (await self._usual(USUAL_COST, task)).items()}

    async def _usual(self, what: str, task: int) -> dict[str, float]:
        found = await self._middle(_OF_SAME_PLAN.format(what=what), task)
        if len(found) < (await self._all("SELECT COUNT(*) AS n FROM steps WHERE task = ?", task))[0]["n"]:
            found = await self._middle(_OF_SAME_STEPS.format(what=what), task) | found
        return found

    async def _middle(self, sql: str, task: int) -> dict[str, float]:
        found: dict[str, list[float]] = {}
        for row in await self._all(sql, task):
            if row["much"] is not None:
                found.setdefault(row["step"], []).append(max(0.0, row["much"]))
        middle = {step: sorted(lengths[:RUNS_COMPARED]) for step, lengths in found.items()}
        return {step: lengths[len(lengths) // 2] for step, lengths in middle.items()}

    async def run(self, run: int) -> Run | None:
        found = await self._all(f"SELECT {rows.RUN_COLUMNS} FROM runs WHERE id = ?", run)
        return rows.run_of(found[0]) if found else None

    async def produced(self, task: int) -> dict[tuple[str, str], Made]:
        """Each file that a step made for later ones, by step and path, as its latest run left it."""
        sql = (
            "SELECT steps.id, runs.produced FROM steps JOIN runs ON runs.id = steps.run"
            " WHERE steps.task = ? AND runs.produced <> '{}'"
        )
        found = [(row["id"], rows.produced_of(row["produced"])) for row in await self._all(sql, task)]
        return {(step, path): made for step, files in found for path, made in files.items()}

    async def standing(self, task: Task) -> Standing:
        """Where a task stands that is gone on with, of one moment."""
        async with self._snapshot() as moment:
            return Standing(
                statuses=await moment.statuses(task.id),
                produced=await moment.produced(task.id),
                answered=await moment.answered(task.id, task.attempt),
                questions=await moment.questions(task.id),
            )

    async def unfinished_runs(self) -> list[Run]:
        """Runs without an end record."""
        sql = f"SELECT {rows.RUN_COLUMNS} FROM runs WHERE state IN ('running', 'cancelling') ORDER BY id"
        return [rows.run_of(row) for row in await self._all(sql)]

    async def content(self, sha256: str) -> bytes | None:
        """The bytes of a signed file, where they were small enough to keep and are those bytes still."""
        found = await self._all("SELECT body FROM contents WHERE sha256 = ?", sha256)
        return found[0]["body"] if found and digest_of(found[0]["body"]) == sha256 else None

    async def view(self, task: int) -> TaskView:
        """Everything about one task, of one moment. Raises `UnknownTask`."""
        async with self._snapshot() as moment:
            row = await moment.task(task)
            return TaskView(
                task=row,
                plan=await moment.plan(task, row.revision),
                pending=await moment.plan(task, row.pending) if row.pending else None,
                steps=await moment.statuses(task),
                signatures=await moment.signatures(task),
                questions=await moment.questions(task),
                comments=await moment.comments(task),
                grants=await moment.grants(task, row.revision),
                logs=await moment._logs(task),
                seq=await moment.seq(),
                signed_before=await moment._signed_before(row),
            )

    async def _logs(self, task: int) -> dict[str, str]:
        sql = "SELECT steps.id, log FROM steps JOIN runs ON runs.id = steps.run WHERE steps.task = ?"
        return {row["id"]: row["log"] for row in await self._all(sql, task)}

    async def _signed_before(self, task: Task) -> tuple[int, float, str] | None:
        """How often the same digest completed in other tasks, when last, and who signed it then."""
        sql = (
            "SELECT COUNT(DISTINCT tasks.id) AS n, MAX(tasks.ended) AS last, signatures.actor FROM tasks"
            " JOIN signatures ON signatures.task = tasks.id AND signatures.verdict = 'sign'"
            " WHERE tasks.digest = ? AND tasks.phase = 'completed' AND tasks.id <> ?"
        )
        row = (await self._all(sql, task.digest, task.id))[0]
        return (row["n"], row["last"], row["actor"]) if task.digest and row["n"] else None

    async def memories(self, text: str, root: str, limit: int) -> tuple[Recollection, ...]:
        """What is remembered: of these words, the nearest first; without words, the latest first.

        `root` keeps to one directory; empty for all.
        """
        from engine.storage import memories

        if wanted := memories.words(text):
            return memories.recollections(await self._all(memories.FIND, wanted, root, root, limit))
        return memories.recollections(await self._all(memories.LIST, root, root, limit))

    async def trusted(self, root: str) -> Trusted | None:
        """What a person trusted of a directory."""
        found = await self._all(f"SELECT {rows.TRUSTED_COLUMNS} FROM trusted WHERE root = ?", root)
        return rows.trusted_of(found[0]) if found else None

    async def all_trusted(self) -> tuple[Trusted, ...]:
        """Every directory that is trusted, by path."""
        found = await self._all(f"SELECT {rows.TRUSTED_COLUMNS} FROM trusted ORDER BY root")
        return tuple(map(rows.trusted_of, found))

    async def events(self, after: int, limit: int, task: int | None = None) -> tuple[Event, ...]:
        """Events after a number, oldest first; rows that retention emptied are left out."""
        where = "seq > ?" + ("" if task is None else " AND task = ?")
        parameters: Iterable[object] = (after,) if task is None else (after, task)
        sql = f"SELECT seq, time, actor, kind, task, step, payload FROM events WHERE {where} ORDER BY seq LIMIT ?"
        found = [rows.event_of(row) for row in await self._all(sql, *parameters, limit)]
        return tuple(event for event in found if event is not None)

    async def working(self, task: Task) -> list[tuple[float, bool]]:
        """When the present attempt of a task began and ceased to work, in order: Unix time, and whether it works then.

        Where an engine came after another, the one before was there until it closed, or began something for the last
        time; what is written between that and the opening is the new one taking up.
        """
        sql = (
            "SELECT time, kind, payload, (SELECT last.time FROM events AS last WHERE last.seq < events.seq"
            " AND last.kind IN ('engine_closed', 'engine_opened', 'step_started')"
            " ORDER BY last.seq DESC LIMIT 1) AS last FROM events"
            " WHERE seq >= (SELECT MIN(seq) FROM events WHERE task = ?)"
            " AND (kind = 'engine_opened' OR (task = ? AND kind = 'phase_changed')) ORDER BY seq"
        )
        moments: list[tuple[float, bool]] = []
        works = False
        for row in await self._all(sql, task.id, task.id):
            if row["kind"] == "engine_opened":
                moments.append((row["last"] or row["time"], False))
            else:
                told = rows.json_of(row["payload"] or "{}").get("task", {})
                works = told.get("phase") == Phase.EXECUTING and told.get("attempt", 1) == task.attempt
            moments.append((row["time"], works))
        return moments

    async def raw_events(self, after: int, limit: int) -> list[Any]:
        """Event rows as they stand, for verifying the chain."""
        return await self._all("SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?", after, limit)

    async def reply(self, command: Command, actor: str) -> Reply | None:
        """What this command of `actor` was answered, if it was carried out. Raises `KeyTaken` where its key is that of
        another kind of command, or of somebody else."""
        from engine.commands import Reply

        found = await self._all("SELECT actor, kind, reply FROM commands WHERE key = ?", command.key)
        if not found:
            return None
        if (found[0]["actor"], found[0]["kind"]) != (actor, type(command).__name__):
            raise KeyTaken
        return Reply(**rows.json_of(found[0]["reply"]))

    async def last_numbers(self) -> dict[str, int]:
        """The highest number ever given to a noun, by its table; those of removed tasks are not given again."""
        tasks = "SELECT 'tasks' AS noun, COALESCE(MAX(task), 0) AS n FROM events WHERE task IS NOT NULL"
        others = [
            f"SELECT '{noun}', COALESCE(MAX(n), 0) FROM"
            f" (SELECT MAX(id) AS n FROM {noun} UNION SELECT number FROM given WHERE noun = '{noun}')"
            for noun in NUMBERED
        ]
        calls = "SELECT 'calls', COALESCE(MAX(id), 0) FROM calls"
        return {row["noun"]: row["n"] for row in await self._all(" UNION ALL ".join([tasks, *others, calls]))}

    async def seq(self) -> int:
        """The number of the last event."""
        return int((await self._all("SELECT COALESCE(MAX(seq), 0) AS seq FROM events"))[0]["seq"])

    async def close(self) -> None:
        await self._connection.close()
