"""One contract, two engines: what holds for the embedded engine holds for the one behind a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from engine.actions import Act, Context, Result
from engine.broker import Broker
from engine.client import EngineClient, Gap, Item, LogGrew, Presence
from engine.commands import Cancel, MakePlan, Reject, Reply, Resolve, Return, Shutdown, Sign, Trust
from engine.composition import Opening
from engine.engine import Engine
from engine.errors import (
    AlreadyAnswered,
    AlreadyJudged,
    InvalidPlan,
    SignoffError,
    StaleRevision,
    UnknownTask,
    UsageError,
)
from engine.host import Host, RemoteEngine
from engine.model.events import Event, TaskEnded
from engine.model.plan import Action
from engine.model.question import Answer, Question
from engine.model.role import Role
from engine.model.state import Outcome, Phase, StepState
from engine.model.task import TaskView
from engine.person import user_name
from engine.queries import (
    Explain,
    ListEvents,
    ListPeople,
    ListQuestions,
    ListRuns,
    ListTargets,
    ListTasks,
    ListTrusted,
    Query,
    ReadContent,
    ShowDirectory,
    ShowEngine,
    ShowTask,
    VerifyAudit,
)
from engine.settings import Settings
from engine.views import EngineInfo

PLAN = """
request: greet everybody
steps:
  - {id: first, action: execute, command: echo first}
  - {id: second, action: execute, command: echo second, needs: [first], timeout: 90s, env: {A: "é"}}
"""
BACKLOG = 64
GRAVE = "{request: clean, steps: [{id: gone, action: execute, command: rm -rf build}]}"
WRONG = """
request: wrong
steps:
  - {id: a, action: execute, command: echo, needs: [b]}
  - {id: a, action: dance}
"""


@dataclass
class House:
    """An engine with scripted actions, and the client under test."""

    engine: Engine
    client: EngineClient
    root: Path
    ran: list[str]
    held: asyncio.Event

    async def plan(self, document: str = PLAN) -> TaskView:
        reply = await self.client.do(MakePlan(root=str(self.root), document=document, name="plan.yaml"))
        assert reply.task is not None
        view: TaskView = await self.client.read(ShowTask(task=reply.task))
        return view

    async def sign(self, view: TaskView) -> Reply:
        return await self.client.do(sign(view))

    async def ended(self, after: int) -> list[Event]:
        """Every event up to the end of a task."""
        seen = []
        async for item in self.client.events(after):
            if isinstance(item, Event):
                seen.append(item)
                if isinstance(item.fact, TaskEnded):
                    break
        return seen


def sign(view: TaskView) -> Sign:
    return Sign(task=view.task.id, revision=view.task.revision, digest=view.task.digest)


def write_log(path: str, line: str) -> int:
    return Path(path).write_bytes(line.encode() + b"\n\xff\x00end\n")


def scripted(ran: list[str], held: asyncio.Event) -> Act:
    async def act(context: Context) -> Result:
        command = context.planned.step.operand
        ran.append(command)
        context.grew(write_log(context.log, command))
        await held.wait()
        return Result(exit_code=0, summary=command)

    return act


@pytest.fixture(params=["embedded", "remote"])
async def house(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    monkeypatch.setattr("engine.engine.Broker", partial(Broker, BACKLOG))
    monkeypatch.setattr("engine.host.client.BACKLOG", BACKLOG)
    monkeypatch.setattr("engine.roster.PAUSE", 3600.0)
    (tmp_path / "root").mkdir()
    ran: list[str] = []
    held = asyncio.Event()
    held.set()
    actions = {Action.EXECUTE: scripted(ran, held)}
    opening = Opening(state=tmp_path / "state", settings=Settings(sandbox="group"), actions=actions)
    engine = await Engine.open(opening)
    host = await Host.serve(engine, tmp_path / "state" / "socket")
    client: EngineClient = engine
    if request.param == "remote":
        client = await RemoteEngine.connect(tmp_path / "state" / "socket", "conformance")
    yield House(engine, client, tmp_path / "root", ran, held)
    if client is not engine:
        await client.close()
    await host.close()
    await engine.close()


async def test_a_plan_is_signed_run_and_done(house: House) -> None:
    view = await house.plan()
    assert view.task.phase is Phase.AWAITING_APPROVAL
    assert view.plan is not None
    assert [planned.id for planned in view.plan.steps] == ["first", "second"]
    reply = await house.sign(view)
    assert reply.task == view.task.id
    await house.ended(view.seq)
    done = await house.client.read(ShowTask(task=view.task.id))
    assert (done.task.phase, done.task.outcome) == (Phase.COMPLETED, Outcome.OK)
    assert [(status.state, status.summary) for status in done.steps] == [
        (StepState.COMPLETED, "echo first"),
        (StepState.COMPLETED, "echo second"),
    ]
    assert house.ran == ["echo first", "echo second"]


QUERIES: list[Callable[[int, Path], Query]] = [
    lambda task, root: ListTasks(),
    lambda task, root: ListTasks(before=task),
    lambda task, root: ShowTask(task=task),
    lambda task, root: ReadContent(sha256="0" * 64),
    lambda task, root: ListRuns(task=task),
    lambda task, root: ListQuestions(),
    lambda task, root: ListEvents(),
    lambda task, root: ListEvents(after=3, limit=2, task=task),
    lambda task, root: ListTargets(root=str(root)),
    lambda task, root: ShowDirectory(root=str(root)),
    lambda task, root: ListTrusted(),
    lambda task, root: Explain(operand="git push --force"),
    lambda task, root: VerifyAudit(),
    lambda task, root: ShowEngine(),
    lambda task, root: ListPeople(),
]


async def test_every_query_is_answered_with_the_same_nouns(house: House) -> None:
    (house.root / "Makefile").write_text("test: # run the tests\n\ttrue\n")
    (house.root / ".signoff").mkdir()
    (house.root / ".signoff" / "policy.yaml").write_text("ask: [execute]\nquorum: 1\n")
    shown = await house.client.read(ShowDirectory(root=str(house.root)))
    await house.client.do(Trust(root=str(house.root), digest=shown.digest))
    view = await house.plan()
    await house.sign(view)
    await house.ended(view.seq)
    await house.plan(GRAVE)
    for make in QUERIES:
        query = make(view.task.id, house.root)
        assert await house.client.read(query) == await house.engine.read(query), query


async def test_signed_bytes_are_read_as_they_were_signed(house: House) -> None:
    script, large = b"echo \xff\x00\xe9\n", b"#" * (256 * 1024 + 1)
    (house.root / "deploy.sh").write_bytes(script)
    (house.root / "large.sh").write_bytes(large)
    view = await house.plan("{request: go, steps: [{id: go, action: execute, command: cat deploy.sh large.sh}]}")
    (house.root / "deploy.sh").write_bytes(b"rm -rf /\n")
    assert view.plan is not None
    (small, big) = view.plan.steps[0].files
    assert (small.path, small.size, big.path, big.size) == ("deploy.sh", len(script), "large.sh", len(large))
    assert await house.client.read(ReadContent(sha256=small.sha256)) == script
    assert await house.client.read(ReadContent(sha256=big.sha256)) is None


async def test_a_wrong_plan_names_the_same_faults(house: House) -> None:
    faults = []
    for client in (house.client, house.engine):
        with pytest.raises(InvalidPlan) as refusal:
            await client.do(MakePlan(root=str(house.root), document=WRONG, name="plan.yaml"))
        faults.append((refusal.value.faults, str(refusal.value)))
    assert faults[0] == faults[1]
    assert faults[0][0][0].file == "plan.yaml"
    assert await house.client.read(ListTasks()) == ()


async def test_a_verdict_on_other_bytes_is_refused(house: House) -> None:
    view = await house.plan()
    for stale in (replace(sign(view), revision=9, key="a"), replace(sign(view), digest="0" * 64, key="b")):
        with pytest.raises(StaleRevision):
            await house.client.do(stale)
    assert house.ran == []


async def test_an_illegal_verdict_changes_nothing(house: House) -> None:
    view = await house.plan()
    await house.client.do(Reject(task=view.task.id, revision=1, reason="not today"))
    with pytest.raises(AlreadyJudged, match=r"was rejected already, by .*; nothing was recorded"):
        await house.sign(view)
    with pytest.raises(UsageError, match="needs a note"):
        await house.client.do(Return(task=view.task.id, revision=1, note=" "))


async def test_a_question_is_answered_once(house: House) -> None:
    view = await house.plan(GRAVE)
    await house.sign(view)
    (question,) = await wait_for_question(house)
    answer = Resolve(question=question.id, answer=Answer.ONCE, digest=question.digest)
    await house.client.do(answer)
    with pytest.raises(AlreadyAnswered):
        await house.client.do(replace(answer, answer=Answer.DENY, key="another"))
    await house.ended(view.seq)
    assert house.ran == ["rm -rf build"]


async def wait_for_question(house: House) -> tuple[Question, ...]:
    items = house.client.events(0)
    while not (questions := await house.client.read(ListQuestions())):
        await anext(items)
    return tuple(questions)


async def test_an_unknown_task_is_told(house: House) -> None:
    for request in (house.client.read(ShowTask(task=77)), house.client.do(Cancel(task=77))):
        with pytest.raises(UnknownTask, match="There is no task 77") as refusal:
            await request
        assert refusal.value.hint == UnknownTask.hint


async def test_the_same_key_is_done_once(house: House) -> None:
    command = MakePlan(root=str(house.root), document=PLAN)
    replies = await asyncio.gather(*(house.client.do(command) for _ in range(5)))
    assert {*replies, await house.client.do(command)} == {replies[0]}
    assert len(await house.client.read(ListTasks())) == 1


async def test_events_are_those_of_the_store_in_order(house: House) -> None:
    view = await house.plan()
    await house.sign(view)
    seen = await house.ended(0)
    assert [event.seq for event in seen] == list(range(1, len(seen) + 1))
    assert tuple(seen) == await house.engine.read(ListEvents(limit=len(seen)))


async def test_following_begins_after_an_event(house: House) -> None:
    view = await house.plan()
    await house.sign(view)
    everything = await house.ended(0)
    assert await house.ended(2) == everything[2:]


async def test_following_from_now_on_leaves_out_what_was(house: House) -> None:
    view = await house.plan()
    items = house.client.events()
    reply = await house.sign(view)
    first = await anext(items)
    assert isinstance(first, Event)
    assert first.seq == view.seq + 1 <= reply.seq


async def test_a_follower_that_falls_behind_gets_a_gap(house: House) -> None:
    items = house.client.events()
    views = [await house.plan() for _ in range(BACKLOG)]
    item = await anext(items)
    while isinstance(item, Event):
        item = await anext(items)
    assert isinstance(item, Gap)
    assert item.seq <= views[-1].seq


async def test_a_log_is_read_by_the_byte(house: House) -> None:
    view = await house.plan()
    await house.sign(view)
    await house.ended(view.seq)
    (run, _) = await house.client.read(ListRuns(task=view.task.id))
    whole = b"echo first\n\xff\x00end\n"
    pieces = [await house.client.read_log(run.id, *at) for at in ((0, 99), (3, 4), (-5, 99), (99, 9))]
    assert [(piece.data, piece.offset, piece.size) for piece in pieces] == [
        (whole, 0, len(whole)),
        (whole[3:7], 3, len(whole)),
        (whole[-5:], len(whole) - 5, len(whole)),
        (b"", len(whole), len(whole)),
    ]
    with pytest.raises(UsageError, match="no run 99"):
        await house.client.read_log(99, 0, 1)


async def test_a_growing_log_is_signalled(house: House) -> None:
    view = await house.plan()
    house.held.clear()
    items = house.client.events()
    await house.sign(view)
    grown = [item async for item in until_grown(items)][-1]
    assert isinstance(grown, LogGrew)
    assert (await house.client.read_log(grown.run, 0, 99)).size == grown.size
    house.held.set()
    await house.ended(view.seq)


async def until_grown(items: AsyncIterator[Item]) -> AsyncIterator[Item]:
    async for item in items:
        yield item
        if isinstance(item, LogGrew):
            return


async def test_shutting_down_is_asked_for_and_answered(house: House) -> None:
    reply = await house.client.do(Shutdown())
    assert reply.text
    assert house.engine.closing.is_set()


async def test_what_is_read_here_is_seen_by_others_and_stored_nowhere(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.roster.PAUSE", 0.01)
    house.engine.roster.close()  # it would wait for an hour
    before: EngineInfo = await house.client.read(ShowEngine())
    following = house.client.events()
    house.client.look(12, "migrate")
    seen = [item async for item in until_present(following)][-1]
    assert isinstance(seen, Presence)
    (person,) = (person for person in seen.people if person.task == 12)
    assert (person.user, person.step, person.role) == (user_name(), "migrate", Role.OPERATOR)
    assert await house.client.read(ListPeople()) == seen.people
    assert (await house.client.read(ShowEngine())).seq == before.seq


async def until_present(items: AsyncIterator[Item]) -> AsyncIterator[Item]:
    async for item in items:
        yield item
        if isinstance(item, Presence) and any(person.task for person in item.people):
            return


async def test_looking_away_is_looking_at_nothing(house: House) -> None:
    house.client.look(12, "migrate")
    house.client.look()
    people = await house.client.read(ListPeople())
    assert [(person.task, person.step) for person in people] == [(None, None)]


async def test_what_nobody_foresaw_is_an_error_of_the_tree(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("nobody foresaw this")

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    monkeypatch.setattr(house.engine._parts.queries, "answer", broken)
    monkeypatch.setattr(house.engine._parts.queries, "read_log", broken)
    monkeypatch.setattr(house.engine._dispatch, "do", broken)
    with pytest.raises(SignoffError, match="went wrong"):
        await house.client.read(ListTasks())
    with pytest.raises(SignoffError, match="went wrong"):
        await house.client.read_log(1, 0, 10)
    with pytest.raises(SignoffError, match="went wrong"):
        await house.client.do(Cancel(task=1))
