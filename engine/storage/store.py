"""The store as the verbs see it: one method per intention, each one guarded change with its events.

Every method returns at once with a future that resolves when the change is durable. Numbers of tasks, runs and
questions are given here, because the number of a run is part of the path of its log, which is stored before the process
starts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

from engine.commands import Command, Reply
from engine.errors import StoreError
from engine.model.events import (
    DirectoryTrusted,
    Event,
    Fact,
    PhaseChanged,
    QuestionAnswered,
    QuestionAsked,
    QuestionChanged,
    RunCancelled,
    StepEnded,
    StepsChanged,
    StepStarted,
    TaskEnded,
    TaskRemoved,
    TaskRequested,
    TrustRevoked,
)
from engine.model.grant import Grant
from engine.model.memory import Memory
from engine.model.plan import Plan
from engine.model.question import Question
from engine.model.run import Receipt, Run, StepStatus
from engine.model.state import StepState
from engine.model.task import ENGINE, Task
from engine.model.trust import Trusted
from engine.storage import connect
from engine.storage.changes import UPDATE_STEP, add_steps, optional, step_values, transition
from engine.storage.decisions import KEEP_CONTENT, Decisions, Durable, grant_change, plan_rows, plan_written
from engine.storage.ledger import Ledger
from engine.storage.lock import OwnerLock
from engine.storage.memories import forgetting, kept
from engine.storage.reader import NUMBERED, Reader
from engine.storage.rows import TASK_COLUMNS, TRUSTED_COLUMNS, task_row
from engine.storage.writer import CARRIED, Change, Statement, Told, Writer
from engine.wire import encode

_INSERT_TASK = f"INSERT INTO tasks ({TASK_COLUMNS}) VALUES ({', '.join('?' * len(TASK_COLUMNS.split(', ')))})"
_START_STEP = (
    "UPDATE steps SET state='running', attempt=?, run=?, exit_code=NULL, error='', cause=NULL, summary='', started=?,"
    " ended=NULL, changed=NULL, tests=NULL WHERE task=? AND position=? AND state IN ('pending', 'ready')"
    " AND EXISTS (SELECT 1 FROM tasks WHERE id=? AND signed=? AND signed <> ''"
    " AND phase IN ('executing', 'cancelled', 'timed_out', 'budget_exceeded'))"
)
_INSERT_RUN = (
    "INSERT INTO runs (id, task, step, task_attempt, attempt, state, started, log, level)"
    " VALUES (?, ?, ?, ?, ?, 'running', ?, ?, ?)"
)
_END_STEP = UPDATE_STEP + " AND state = 'running'"
_END_RUN = (
    "UPDATE runs SET state=?, ended=?, exit_code=?, error=?, failure=?, summary=?, receipt=?,"
    " produced=?, changed=?, tests=? WHERE id=? AND state IN ('running', 'cancelling')"
)
_DELETE_TASK = (
    "DELETE FROM tasks WHERE id=? AND phase=?"
    " AND NOT EXISTS (SELECT 1 FROM runs WHERE task=? AND state IN ('running', 'cancelling'))"
)
_GIVEN = (
    "INSERT OR REPLACE INTO given SELECT '{table}', MAX(id) FROM {table}"
    " HAVING MAX(id) > COALESCE((SELECT number FROM given WHERE noun = '{table}'), 0)"
)
_ASK = (
    "INSERT INTO questions (id, task, step, kind, attempt, asked, deadline, digest, news, diff, options, cap, cheaper)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
ENDED_STATES = tuple(state.value for state in StepState if state.ended)
_MOOT = "UPDATE questions SET answer='moot', answered_by=?, answered=? WHERE task=? AND step=? AND answer IS NULL"
_ANSWERED = "UPDATE steps SET state=?, error=?, cause=?, summary=?, ended=? WHERE task=? AND id=?"
"""Not who holds it: somebody may have begun or ended that meanwhile. By id: another revision may be the present one."""
_HOLD = "UPDATE steps SET held_by=? WHERE task=? AND position=?"
_CHANGE = "UPDATE questions SET kind=?, digest=?, news=?, diff=? WHERE id=? AND digest=? AND answer IS NULL"
_ANSWER = (
    "UPDATE questions SET answer=?, answered_by=?, answered=?, reason=?, means=?"
    " WHERE id=? AND digest=? AND answer IS NULL"
)


class Store:
    """The owner's door to the database of one state directory."""

    def __init__(self, writer: Writer, reader: Reader, lock: OwnerLock, clock: Callable[[], float]) -> None:
        self._writer = writer
        self._clock = clock
        self.read = reader
        self._lock = lock
        self.decisions = Decisions(writer)
        self.ledger = Ledger(writer)

    @classmethod
    async def open(
        cls,
        state: Path,
        clock: Callable[[], float],
        publish: Callable[[list[Event]], None],
        stalled: Callable[[StoreError | None], None] = lambda error: None,
    ) -> Store:
        """Become the owner of `state` and open its database.

        Args:
            stalled: told when nothing can be written any more and why, and with None when it can again.

        Raises:
            Owned: another process owns it.
            StoreError: the database cannot be used; it was left as it is.
        """
        lock = OwnerLock(state)
        lock.take()
        async with AsyncExitStack() as undo:
            undo.callback(lock.release)
            writer = Writer(await connect.open_writer(state), clock, publish, stalled)
            undo.push_async_callback(writer.close)
            await writer.load()
            store = cls(writer, Reader(await connect.open_reader(state)), lock, clock)
            undo.push_async_callback(store.read.close)
            last = await store.read.last_numbers()
            undo.pop_all()
        store.tasks, store.runs, store.questions = (count(last[noun] + 1) for noun in ("tasks", "runs", "questions"))
        store.ledger.calls = count(last["calls"] + 1)
        store.decisions.grants, store.decisions.comments = count(last["grants"] + 1), count(last["comments"] + 1)
        return store

    tasks: count[int]
    runs: count[int]
    questions: count[int]

    @property
    def seq(self) -> int:
        return self._writer.seq

    @property
    def head(self) -> bytes:
        return self._writer.head

    def check(self) -> None:
        """Raise the fault, if there is one."""
        if self._writer.fault is not None:
            raise self._writer.fault

    def record(
        self,
        *facts: Fact,
        actor: str = ENGINE,
        task: int | None = None,
        step: str | None = None,
        patient: bool = True,
    ) -> Durable:
        """Write facts that change no row."""
        facts_of = [(fact, task, step) for fact in facts]
        return self._writer.apply(Change(facts=list(facts_of), actor=actor, patient=patient))

    # Tasks and plans

    def create_task(self, requested: Task, present: Task, *more: Fact) -> Durable:
        """A new task, with what became of its request at once."""
        return self._writer.apply(self._new_task(requested, present, *more))

    def create_planned_task(
        self, requested: Task, planned: Task, plan: Plan, contents: Iterable[tuple[str, bytes]]
    ) -> Durable:
        """A new task with its first revision, its steps all pending."""
        change = self._new_task(requested, planned, plan_written(planned, plan))
        return self._writer.apply(self._with_plan(change, plan, contents))

    def plan_again(
        self,
        before: Task,
        planning: Task,
        after: Task,
        plan: Plan | None,
        contents: Iterable[tuple[str, bytes]],
        actor: str,
    ) -> Durable:
        """Another attempt at planning, with what came of it at once: the first revision, or again none."""
        change = transition(before, after, actor=actor)
        written = [plan_written(after, plan)] if plan else []
        change.facts[:0] = [(fact, after.id, None) for fact in (PhaseChanged(planning), *written)]
        return self._writer.apply(self._with_plan(change, plan, contents) if plan else change)

    def write_plan(self, before: Task, after: Task, plan: Plan, contents: Iterable[tuple[str, bytes]]) -> Durable:
        """The first revision of a task that is there already, its steps all pending."""
        change = transition(before, after)
        change.facts.insert(0, (plan_written(after, plan), after.id, None))
        return self._writer.apply(self._with_plan(change, plan, contents))

    @staticmethod
    def _with_plan(change: Change, plan: Plan, contents: Iterable[tuple[str, bytes]]) -> Change:
        rows = plan_rows(plan, [StepStatus(id=planned.id) for planned in plan.steps], contents)
        change.writes += rows.writes
        change.many += rows.many
        return change

    def _new_task(self, requested: Task, present: Task, *more: Fact) -> Change:
        change = Change(actor=requested.proposer, patient=False)
        change.writes.append((_INSERT_TASK, task_row(present)))
        change.facts += [(fact, present.id, None) for fact in (TaskRequested(requested), *more, PhaseChanged(present))]
        return change

    def set_phase(self, before: Task, after: Task, *extra: Fact, actor: str = ENGINE, patient: bool = False) -> Durable:
        """A transition of a task, refused if its phase, attempt or revision is another by now."""
        change = transition(before, after, actor=actor, patient=patient or actor == ENGINE)
        change.facts += [(fact, after.id, None) for fact in extra]
        return self._writer.apply(change)

    def restart(self, before: Task, after: Task, statuses: Sequence[tuple[int, StepStatus]], actor: str) -> Durable:
        """Another attempt: reset these steps."""
        change = transition(before, after, actor=actor, patient=False)
        add_steps(change, after.id, statuses, "reset for another attempt")
        return self._writer.apply(change)

    def end_task(self, task: Task, memories: Iterable[Memory]) -> Durable:
        """Nothing of an attempt is alive any more; what is worth remembering of it."""
        return self._writer.apply(Change(many=[kept(memories)], facts=[(TaskEnded(task), task.id, None)]))

    def forget(self, memories: Sequence[int], actor: str) -> Durable:
        """Remember these no more."""
        return self._writer.apply(forgetting(memories, actor))

    def remove_task(self, task: Task, actor: str) -> Durable:
        """Forget the rows of an ended task; its events stay."""
        guard: Statement = (_DELETE_TASK, (task.id, task.phase, task.id))
        change = Change(guard=guard, actor=actor, what=f"task {task.id}", patient=False)
        for table in NUMBERED:
            change.writes.append((_GIVEN.format(table=table), ()))
        for table in ("plans", "signatures", "steps", "memories", *NUMBERED):
            change.writes.append((f"DELETE FROM {table} WHERE task = ?", (task.id,)))
        change.writes.append(("UPDATE calls SET preview = '' WHERE task = ?", (task.id,)))
        change.facts.append((TaskRemoved(task.request), task.id, None))
        return self._writer.apply(change)

    # Steps and runs

    def start_step(self, position: int, status: StepStatus, run: Run, signed: str) -> Durable:
        """Intent before effect: the running row, refused unless the step may start and `signed` is what is signed."""
        values = (status.attempt, run.id, run.started, run.task, position, run.task, signed)
        row = (run.id, run.task, run.step, run.task_attempt, run.attempt, run.started, run.log, run.level)
        told: list[Told] = [(StepStarted(status, run.log), run.task, run.step)]
        return self._writer.apply(
            Change([(_INSERT_RUN, row)], told, guard=(_START_STEP, values), what=f"step {run.step}")
        )

    def end_step(self, position: int, status: StepStatus, run: Run) -> Durable:
        """The end of a run and of its step."""
        guard: Statement = (_END_STEP, step_values(run.task, position, status))
        told: list[Told] = [(StepEnded(status), run.task, run.step)]
        return self._writer.apply(Change([self._end_run(run)], told, guard=guard, what=f"step {run.step}"))

    def end_run(self, run: Run) -> Durable:
        """The end of a run whose step was decided already: by a cancellation, or by recovery."""
        change = Change(guard=self._end_run(run), what=f"run {run.id}")
        receipt = run.receipt or Receipt(level=run.level)
        change.facts.append((RunCancelled(run.id, receipt), run.task, run.step))
        return self._writer.apply(change)

    @staticmethod
    def _end_run(run: Run) -> Statement:
        values = (run.state, run.ended, run.exit_code, run.error, run.failure, run.summary, optional(run.receipt))
        produced = encode(run.produced) if run.produced else "{}"
        return _END_RUN, (*values, produced, optional(run.changed), optional(run.tests), run.id)

    def change_steps(
        self, task: int, statuses: Sequence[tuple[int, StepStatus]], reason: str, actor: str = ENGINE
    ) -> Durable:
        """Several steps at once, each with its position in the plan."""
        change = Change(actor=actor)
        add_steps(change, task, statuses, reason)
        return self._writer.apply(change)

    def cancel(
        self,
        before: Task,
        after: Task,
        statuses: Sequence[tuple[int, StepStatus]],
        runs: Sequence[int],
        actor: str,
        *extra: Fact,
    ) -> Durable:
        """Flip these steps; those of `runs` become `cancelling`, their open questions moot.

        It waits for space on a full disk, as all that is done whether it can be written or not.
        """
        change = Change(actor=actor) if after is before else transition(before, after, actor=actor, patient=True)
        add_steps(change, after.id, statuses, "cancelled")
        self._mark_cancelling(change, runs)
        about_all = [(actor, after.ended, after.id, "")] if after.phase.ended else []
        change.many.append((_MOOT, [*((actor, each.ended, after.id, each.id) for _, each in statuses), *about_all]))
        change.facts += [(fact, after.id, None) for fact in extra]
        return self._writer.apply(change)

    def cancel_step(
        self, task: int, step: tuple[int, StepStatus], runs: Sequence[int], actor: str, reason: str = "cancelled"
    ) -> Durable:
        """Flip one step that has not ended; its run becomes `cancelling`, its open question moot."""
        position, status = step
        values = (*step_values(task, position, status), *ENDED_STATES)
        marks = ", ".join("?" for _ in ENDED_STATES)
        change = Change(
            guard=(f"{UPDATE_STEP} AND state NOT IN ({marks})", values), actor=actor, what=f"step {status.id}"
        )
        change.facts.append((StepsChanged((status,), reason), task, status.id))
        self._mark_cancelling(change, runs)
        change.writes.append((_MOOT, (actor, status.ended, task, status.id)))
        return self._writer.apply(change)

    def hold_step(self, task: int, step: tuple[int, StepStatus], reason: str, actor: str) -> Durable:
        """A person holds or releases a step; where it is stays as it is."""
        position, status = step
        change = Change(writes=[(_HOLD, (status.held_by, task, position))], actor=actor)
        change.facts.append((StepsChanged((status,), reason), task, status.id))
        return self._writer.apply(change)

    @staticmethod
    def _mark_cancelling(change: Change, runs: Sequence[int]) -> None:
        sql = "UPDATE runs SET state='cancelling' WHERE id=? AND state='running'"
        change.many.append((sql, [(run,) for run in runs]))

    # Questions

    def ask(self, question: Question, attempt: int, position: int = 0, status: StepStatus | None = None) -> Durable:
        """A question, and the step that waits for it, if one does."""
        q = question
        lists = (json.dumps(q.news), q.diff, json.dumps(q.options), q.cap, q.cheaper)
        values = (q.id, q.task, q.step, q.kind, attempt, q.asked, q.deadline, q.digest, *lists)
        change = Change(writes=[(_ASK, values)])
        add_steps(change, q.task, [(position, status)] if status else [], f"waits: {q.kind.value}")
        change.facts.append((QuestionAsked(q), q.task, q.step or None))
        return self._writer.apply(change)

    def change_question(self, question: Question, before: str) -> Durable:
        """An open question that asked about the digest `before` asks about other bytes now."""
        q = question
        guard: Statement = (_CHANGE, (q.kind, q.digest, json.dumps(q.news), q.diff, q.id, before))
        change = Change(guard=guard, what=f"question {q.id}", patient=False)
        change.facts.append((QuestionChanged(q), q.task, q.step))
        return self._writer.apply(change)

    def answer(self, question: Question, status: StepStatus | None = None, grant: Grant | None = None) -> Durable:
        """Close a question if it is still open and asks about these bytes: the one choke point where the first answer
        wins.

        `grant` is what the answer allows besides.
        """
        q = question
        guard: Statement = (_ANSWER, (q.answer, q.answered_by, q.answered, q.reason, q.means, q.id, q.digest))
        change = Change(guard=guard, actor=q.answered_by, what=f"question {q.id}", patient=q.answered_by == ENGINE)
        change.facts.append((QuestionAnswered(q), q.task, q.step or None))
        if status is not None:
            values = (status.state, status.error, status.cause, status.summary, status.ended, q.task, status.id)
            change.writes.append((_ANSWERED, values))
            change.facts.append((StepsChanged((status,), f"answered: {q.answer}"), q.task, None))
        if grant is not None:
            given = grant_change(grant)
            change.writes += given.writes
            change.facts += given.facts
        return self._writer.apply(change)

    # Trust

    def trust(self, trusted: Trusted, contents: Iterable[tuple[str, bytes]]) -> Durable:
        """What a person trusts of a directory from now on, with the bytes of its files by digest."""
        row = (trusted.root, trusted.digest, encode(trusted.files), encode(trusted.policy), trusted.actor, trusted.time)
        change = Change(actor=trusted.actor, patient=False)
        change.writes.append((f"INSERT OR REPLACE INTO trusted ({TRUSTED_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", row))
        change.many.append((KEEP_CONTENT, list(contents)))
        change.facts.append((DirectoryTrusted(trusted), None, None))
        return self._writer.apply(change)

    def revoke_trust(self, trusted: Trusted, actor: str) -> Durable:
        """Forget what was trusted of a directory."""
        guard: Statement = ("DELETE FROM trusted WHERE root = ?", (trusted.root,))
        change = Change(guard=guard, actor=actor, what=trusted.root, patient=False)
        change.facts.append((TrustRevoked(trusted.root, trusted.digest), None, None))
        return self._writer.apply(change)

    # Commands

    def carry(self, command: Command, actor: str) -> None:
        """Let the first change of this command keep its key, so that it is done once or not at all."""
        CARRIED.set([self._kept("INSERT", command, actor, Reply(text="carried out before"))])

    def forgo(self) -> None:
        """What is written from here on is not what the command was given for: sent again, it is refused again."""
        if carried := CARRIED.get():
            carried.clear()

    def remember(self, command: Command, actor: str, reply: Reply) -> Durable:
        """Keep the reply to a command under its key."""
        if carried := CARRIED.get():
            carried.clear()  # it changed nothing: there was nothing to carry the key
        return self._writer.apply(Change(writes=[self._kept("INSERT OR REPLACE", command, actor, reply)]))

    def _kept(self, verb: str, command: Command, actor: str, reply: Reply) -> Statement:
        row = (command.key, self._clock(), actor, type(command).__name__, encode(reply))
        return f"{verb} INTO commands (key, time, actor, kind, reply) VALUES (?, ?, ?, ?, ?)", row

    async def close(self) -> None:
        await self.read.close()
        await self._writer.close()  # last: only who can write leaves a whole database file behind
        self._lock.release()
