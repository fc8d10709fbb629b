"""Several users of the machine at one engine: each is who the kernel says, and does what their role allows (B14)."""

from __future__ import annotations

import asyncio
import grp
import pwd
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import pytest

from engine.client import Item, Person, Presence
from engine.commands import Cancel, MakePlan, Pause, Reject, Resolve, Return, Revise, Shutdown, Sign, Trust
from engine.errors import NotAllowed, Refused
from engine.host import Roles
from engine.model.events import ClientRefused, Event, PlanSigned, TaskRequested
from engine.model.question import Answer
from engine.model.role import Role
from engine.model.state import Phase
from engine.model.task import TaskView
from engine.person import signers, user_name
from engine.queries import Explain, ListEvents, ListPeople, ListTargets, ListTasks, ShowDirectory, ShowEngine, ShowTask
from tests.engine.desk import Desk, step
from tests.engine.host.shop import Shop
from tests.engine.host.users import Town, herald, needs_users
from tests.patience import PATIENCE

OpenShop = Callable[[Mapping[str, Role]], Awaitable[Shop]]
VIEWED = [ListTasks(), ListEvents(), ListPeople(), ShowEngine(), Explain(operand="ls")]
REVIEWED = [
    Sign(task=1, revision=1, digest="x"),
    Reject(task=1, revision=1, reason="no"),
    Return(task=1, revision=1, note="no"),
    Resolve(question=1, answer=Answer.ONCE),
]
OPERATED = [
    MakePlan(root="/"),
    Revise(task=1, revision=1, document="{}"),
    Trust(root="/", digest="x"),
    Cancel(task=1),
    Pause(task=1),
    Shutdown(),
]


@pytest.fixture
async def open_shop(desk: Desk) -> AsyncIterator[OpenShop]:
    shops: list[Shop] = []

    async def open_shop(roles: Mapping[str, Role]) -> Shop:
        shops.append(await Shop.open(desk, roles))
        return shops[-1]

    yield open_shop
    for shop in shops:
        await shop.close()


@pytest.fixture
async def shop(open_shop: OpenShop, town: Town) -> Shop:
    """Ana operates, ben reviews, cara views."""
    return await open_shop({town.ana.name: Role.OPERATOR, town.ben.name: Role.REVIEWER, town.cara.name: Role.VIEWER})


@needs_users
async def test_everybody_acts_in_their_own_name(shop: Shop, town: Town) -> None:
    ana, ben = await shop.attach(town.ana), await shop.attach(town.ben, label=town.cara.name)
    document = '{"request": "try it", "steps": [{"id": "a", "action": "plan", "text": "a"}]}'
    made = await ana.do(MakePlan(root=str(shop.desk.root), document=document))
    assert made.task is not None
    view: TaskView = await ben.read(ShowTask(task=made.task))
    await ben.do(Sign(task=made.task, revision=1, digest=view.task.digest))
    ended = await shop.desk.ended(made.task)
    assert (ended.task.phase, ended.task.proposer) == (Phase.COMPLETED, town.ana.name)
    assert [signature.actor for signature in ended.signatures] == [town.ben.name]
    actors = {event.kind: event.actor for event in shop.desk.heard}
    assert actors[TaskRequested.kind] == town.ana.name
    assert actors[PlanSigned.kind] == town.ben.name


@needs_users
@pytest.mark.parametrize("command", REVIEWED, ids=lambda command: type(command).__name__)
async def test_a_viewer_decides_nothing(shop: Shop, town: Town, command: Sign) -> None:
    await shop.desk.plan(step("a"))
    cara, before = await shop.attach(town.cara), await shop.desk.seq()
    refusal = f"{command.words} needs the role reviewer; you are viewer"
    with pytest.raises(NotAllowed, match=refusal):
        await cara.do(command)
    assert await shop.desk.seq() == before


@needs_users
@pytest.mark.parametrize("command", OPERATED, ids=lambda command: type(command).__name__)
async def test_a_reviewer_starts_and_ends_nothing(shop: Shop, town: Town, command: Cancel) -> None:
    await shop.desk.plan(step("a"))
    ben, before = await shop.attach(town.ben), await shop.desk.seq()
    with pytest.raises(NotAllowed, match=f"{command.words} needs the role operator; you are reviewer"):
        await ben.do(command)
    for query in (ListTargets(root="/root"), ShowDirectory(root="/root")):
        with pytest.raises(NotAllowed, match=f"{query.words} needs the role operator; you are reviewer"):
            await ben.read(query)
    assert await shop.desk.seq() == before
    assert not shop.desk.engine.closing.is_set()


@needs_users
async def test_a_viewer_reads_and_follows(shop: Shop, town: Town) -> None:
    cara = await shop.attach(town.cara)
    following = cara.events()
    for query in VIEWED:
        await cara.read(query)
    task = await shop.desk.plan(step("a"))
    async for item in following:
        if isinstance(item, Event) and item.task == task:
            break
    assert [summary.task.id for summary in await cara.read(ListTasks())] == [task]


@needs_users
async def test_who_has_no_role_is_refused_and_that_is_recorded(open_shop: OpenShop, town: Town) -> None:
    shop = await open_shop({town.ana.name: Role.OPERATOR})
    for _ in range(3):
        with pytest.raises(Refused, match=f"{town.ben.name} has no role here"):
            await shop.attach(town.ben)
    events = [event for event in shop.desk.heard if isinstance(event.fact, ClientRefused)]
    while not events:
        events = [event for event in await shop.desk.engine.read(ListEvents()) if isinstance(event.fact, ClientRefused)]
    assert [event.fact for event in events] == [
        ClientRefused(user=town.ben.name, reason=f"{town.ben.name} has no role here")
    ]
    assert await shop.people() == ()


@needs_users
async def test_nobody_else_reaches_the_socket_of_the_state_directory(shop: Shop, town: Town) -> None:
    shop.desk.state.chmod(0o755)
    with pytest.raises(ConnectionError, match="PermissionError"):
        town.ana.dial(shop.desk.state / "socket")


@needs_users
async def test_a_group_gives_a_role_and_a_line_about_the_user_counts_before_it(open_shop: OpenShop, town: Town) -> None:
    shop = await open_shop({f"@{town.staff}": Role.REVIEWER, town.cara.name: Role.VIEWER})
    await shop.attach(town.ben)
    await shop.attach(town.cara)
    assert {person.user: person.role for person in await shop.people()} == {
        town.ben.name: Role.REVIEWER,
        town.cara.name: Role.VIEWER,
    }
    with pytest.raises(Refused, match="has no role here"):
        await shop.attach(town.ana)


@needs_users
def test_who_can_sign_is_counted_by_the_same_table(town: Town) -> None:
    roles = {f"@{town.staff}": Role.REVIEWER, town.cara.name: Role.VIEWER, town.ana.name: Role.OPERATOR}
    assert signers(roles) == {user_name(), town.ana.name, town.ben.name}


@needs_users
def test_of_several_groups_the_highest_role_counts(town: Town) -> None:
    entry = pwd.getpwnam(town.ben.name)
    primary = grp.getgrgid(entry.pw_gid).gr_name
    assert Roles({f"@{town.staff}": Role.VIEWER, f"@{primary}": Role.OPERATOR})(entry.pw_uid) is Role.OPERATOR


def test_root_is_a_user_like_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getuid", lambda: 4_000_000_001)
    assert Roles({})(0) is None
    assert Roles({user_name(0): Role.VIEWER})(0) is Role.VIEWER
    assert Roles({})(4_000_000_001) is Role.OPERATOR
    assert Roles({"uid-4000000002": Role.OPERATOR})(4_000_000_002) is None


@needs_users
async def test_everybody_sees_who_is_here_and_what_they_read(shop: Shop, town: Town) -> None:
    ana, ben = await shop.attach(town.ana, "pts/1"), await shop.attach(town.ben, "pts/2")
    following = ana.events()
    ben.look(12, "migrate")
    seen = [(p.user, p.label, p.task, p.step) for p in await told(following, lambda p: p[-1].step == "migrate")]
    assert seen == [(town.ana.name, "pts/1", None, None), (town.ben.name, "pts/2", 12, "migrate")]
    assert await ana.read(ListPeople()) == await shop.people()
    await ben.close()
    assert [p.user for p in await told(following, lambda p: len(p) == 1)] == [town.ana.name]


async def told(following: AsyncIterator[Item], holds: Callable[[tuple[Person, ...]], bool]) -> tuple[Person, ...]:
    """The people of the first signal that holds."""
    async with asyncio.timeout(PATIENCE):
        async for item in following:
            if isinstance(item, Presence) and holds(item.people):
                return item.people
    raise AssertionError("the stream has ended")


@needs_users
async def test_one_user_cannot_take_all_the_room(shop: Shop, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.host.server.CLIENTS", 20)
    many = [await shop.attach(town.ben) for _ in range(16)]
    with pytest.raises(Refused, match="16 clients of yours are attached already"):
        await shop.attach(town.ben)
    for _ in range(4):
        await shop.attach(town.cara)
    with pytest.raises(Refused, match="20 clients are attached already"):
        await shop.attach(town.ana)
    ours = await shop.attach()
    assert await ours.read(ListTasks()) == ()
    await many[0].close()
    while True:
        try:
            await shop.attach(town.ana)
        except Refused:
            continue  # the door is closing
        break


@needs_users
async def test_a_line_of_a_gigabyte_of_another_user_is_cut_off_early(shop: Shop, town: Town) -> None:
    cara, dials = await shop.attach(town.cara), 0
    connection = town.ben.dial(shop.path)
    reader, writer = await asyncio.open_unix_connection(sock=connection)
    await reader.readline()
    with pytest.raises(ConnectionError):
        while dials < 1024:
            writer.write(b"x" * 2**20)
            await writer.drain()
            dials += 1
    assert dials < 8
    assert await cara.read(ListTasks()) == ()


@needs_users
@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare is not installed")
async def test_who_comes_out_of_a_sandbox_may_be_a_step_of_another_engine(shop: Shop, town: Town) -> None:
    with herald(town.ana.name, "unshare", "--pid", "--fork", "--kill-child") as enclosed:
        with pytest.raises(Refused, match=f"{town.ana.name} comes out of a sandbox or a container"):
            await shop.attach(enclosed)
    await shop.attach(town.ana)
