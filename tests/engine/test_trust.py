"""Nothing of a directory is used before a person trusted it, by digest; then its policy tightens, whatever changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import (
    DirectoryTrusted,
    Explain,
    InvalidPlan,
    ListTargets,
    ListTrusted,
    MakePlan,
    Novelty,
    Phase,
    RevokeTrust,
    ShowDirectory,
    ShowTask,
    StepState,
    Trust,
    TrustRevoked,
    Variable,
)
from engine.errors import NotTrusted, Refused, UsageError
from engine.model.policy import Policy
from engine.opening import open_reader
from engine.settings import Settings
from engine.views import DirectoryView
from tests.engine.desk import Desk, step

RECIPE = """\
request: Deploy the site to ${vars.env}
vars: {env: staging}
steps:
- {id: go, action: execute, command: 'echo ${vars.env}'}
"""


def bring(root: Path, *, policy: str = "", **recipes: str) -> None:
    folder = root / ".signoff" / "recipes"
    folder.mkdir(parents=True, exist_ok=True)
    if policy:
        (root / ".signoff" / "policy.yaml").write_text(policy)
    for name, text in recipes.items():
        (folder / f"{name}.yaml").write_text(text)


async def look(desk: Desk) -> DirectoryView:
    found: DirectoryView = await desk.engine.read(ShowDirectory(root=str(desk.root)))
    return found


async def trust(desk: Desk) -> DirectoryView:
    seen = await look(desk)
    await desk.do(Trust(root=str(desk.root), digest=seen.digest))
    return await look(desk)


async def run_recipe(desk: Desk, name: str = "deploy", **variables: str) -> str:
    reply = await desk.do(MakePlan(root=str(desk.root), recipe=name, variables=variables))
    assert reply.task is not None
    plan = (await desk.show(reply.task)).plan
    assert plan is not None
    return plan.steps[0].step.operand


async def test_a_recipe_runs_only_when_it_was_trusted(desk: Desk) -> None:
    await desk.open()
    bring(desk.root, deploy=RECIPE)
    with pytest.raises(NotTrusted, match="is not trusted yet; nothing of it was used") as refusal:
        await run_recipe(desk)
    assert "signoff trust" in refusal.value.hint
    seen = await look(desk)
    assert (seen.wants_trust, seen.holds, [file.novelty for file in seen.files]) == (True, False, [Novelty.NEW])
    seen = await trust(desk)
    assert (seen.wants_trust, seen.holds) == (False, True)
    assert await run_recipe(desk) == "echo staging"
    assert await run_recipe(desk, env="two words") == "echo 'two words'"


async def test_a_recipe_is_offered_with_the_variables_that_it_declares(desk: Desk) -> None:
    await desk.open()
    more = RECIPE.replace("{env: staging}", "{env: staging, region: null, empty: ''}")
    bring(desk.root, deploy=more, plain="request: x\nsteps: []\n", broken="vars: [\n")
    await trust(desk)
    offered = {target.name: target for target in await desk.engine.read(ListTargets(root=str(desk.root)))}
    assert offered["deploy"].variables == (
        Variable(name="env", default="staging"),
        Variable(name="region"),
        Variable(name="empty", default=""),
    )
    assert offered["plain"].variables == offered["broken"].variables == ()


async def test_a_plan_of_a_recipe_says_where_it_came_from(desk: Desk) -> None:
    await desk.open()
    bring(desk.root, deploy=RECIPE)
    await trust(desk)
    reply = await desk.do(MakePlan(root=str(desk.root), recipe="deploy", variables={"env": "prod"}))
    view = await desk.engine.read(ShowTask(task=reply.task or 0))
    assert (view.plan.planner, view.plan.vars, view.task.request) == (
        "recipe",
        {"env": "prod"},
        "Deploy the site to prod",
    )


async def test_a_changed_file_asks_again(desk: Desk) -> None:
    await desk.open()
    bring(desk.root, deploy=RECIPE, other=RECIPE)
    await trust(desk)
    bring(desk.root, deploy=RECIPE.replace("echo", "rm -rf"))
    for name in ("deploy", "other"):
        with pytest.raises(NotTrusted, match="not what was trusted any more"):
            await run_recipe(desk, name)
    seen = await look(desk)
    assert [file.novelty for file in seen.files] == [Novelty.CHANGED, Novelty.SAME]
    await trust(desk)
    assert await run_recipe(desk) == "rm -rf staging"


async def test_what_was_shown_is_what_is_trusted(desk: Desk) -> None:
    await desk.open()
    bring(desk.root, deploy=RECIPE)
    seen = await look(desk)
    bring(desk.root, deploy=RECIPE.replace("echo", "rm -rf"))
    with pytest.raises(Refused, match="not what was shown any more; nothing was trusted"):
        await desk.do(Trust(root=str(desk.root), digest=seen.digest))
    assert (await look(desk)).trusted is None


async def test_trust_is_a_recorded_decision_that_survives_and_can_be_revoked(desk: Desk) -> None:
    await desk.open()
    bring(desk.root, deploy=RECIPE)
    await trust(desk)
    await desk.reopen()
    (kept,) = await desk.engine.read(ListTrusted())
    assert (kept.root, kept.actor, [file.path for file in kept.files]) == (
        str(desk.root),
        "ana",
        [".signoff/recipes/deploy.yaml"],
    )
    assert await run_recipe(desk) == "echo staging"
    await desk.do(RevokeTrust(root=str(desk.root)))
    with pytest.raises(NotTrusted):
        await run_recipe(desk)
    with pytest.raises(UsageError, match="is not trusted"):
        await desk.do(RevokeTrust(root=str(desk.root)))
    decisions = [event.fact for event in desk.heard if isinstance(event.fact, DirectoryTrusted | TrustRevoked)]
    assert [type(fact) for fact in decisions] == [DirectoryTrusted, TrustRevoked]
    assert isinstance(decisions[0], DirectoryTrusted)
    assert decisions[0].trusted.digest == kept.digest


async def test_what_cannot_be_used_cannot_be_trusted(desk: Desk) -> None:
    await desk.open()
    bring(desk.root, deploy=RECIPE, policy="network: true\n")
    seen = await look(desk)
    assert seen.refused[0].startswith(".signoff/policy.yaml:1:10  network: true would loosen")
    with pytest.raises(Refused, match=r"would loosen.*nothing of .* was trusted"):
        await desk.do(Trust(root=str(desk.root), digest=seen.digest))
    (desk.root / ".signoff" / "policy.yaml").unlink()
    (desk.root / ".signoff" / "recipes" / "x.yaml").symlink_to("/etc/passwd")
    seen = await look(desk)
    with pytest.raises(Refused, match=r"x\.yaml is a link"):
        await desk.do(Trust(root=str(desk.root), digest=seen.digest))


async def test_there_must_be_something_to_trust(desk: Desk) -> None:
    await desk.open()
    with pytest.raises(UsageError, match="nothing to trust"):
        await desk.do(Trust(root=str(desk.root), digest=""))


async def test_what_changed_since_it_was_trusted_is_told_line_by_line(desk: Desk) -> None:
    await desk.open()
    bring(desk.root, policy="refuse: [curl]\n", deploy=RECIPE, old="request: old\nsteps: []\n")
    await trust(desk)
    bring(desk.root, deploy=RECIPE.replace("staging", "prod"), new="request: new\nsteps: []\n")
    (desk.root / ".signoff" / "recipes" / "old.yaml").unlink()
    await desk.reopen()
    seen = await look(desk)
    diffs = {file.recipe: file.diff for file in seen.files}
    assert "-vars: {env: staging}" in diffs["deploy"] and "+vars: {env: prod}" in diffs["deploy"]
    assert (diffs["new"], diffs[""]) == ("", "")
    assert "-request: old" in seen.gone_diff and seen.gone == (".signoff/recipes/old.yaml",)
    seen = await trust(desk)
    assert (seen.holds, [file.diff for file in seen.files], seen.gone_diff) == (True, ["", "", ""], "")


async def test_an_unknown_recipe_is_told_with_what_there_is(desk: Desk) -> None:
    await desk.open()
    bring(desk.root, deploy=RECIPE)
    await trust(desk)
    with pytest.raises(UsageError, match=r"no recipe 'deplyo' \(did you mean 'deploy'\?\); there are: deploy"):
        await run_recipe(desk, "deplyo")


async def test_variables_need_a_document(desk: Desk) -> None:
    await desk.open()
    with pytest.raises(UsageError, match="belong to a plan file or a recipe"):
        await desk.do(MakePlan(root=str(desk.root), request="run the tests", variables={"env": "prod"}))


async def test_a_wrong_recipe_names_its_file_and_line(desk: Desk) -> None:
    await desk.open()
    bring(desk.root, deploy=RECIPE)
    await trust(desk)
    with pytest.raises(InvalidPlan) as refusal:
        await run_recipe(desk, envv="prod")
    assert str(refusal.value.faults[0]).startswith(".signoff/recipes/deploy.yaml:2:7  vars: no variable 'envv'")


async def test_trusted_recipes_are_targets(desk: Desk) -> None:
    await desk.open()
    (desk.root / "Makefile").write_text("test:\n\ttrue\n")
    bring(desk.root, deploy=RECIPE)

    async def targets() -> list[tuple[str, str]]:
        return [(target.tool, target.name) for target in await desk.engine.read(ListTargets(root=str(desk.root)))]

    assert await targets() == [("make", "test")]
    await trust(desk)
    assert await targets() == [("recipe", "deploy"), ("make", "test")]


# The policy


async def test_an_untrusted_policy_does_nothing(desk: Desk) -> None:
    await desk.open()
    bring(desk.root, policy="refuse: [echo]\n")
    assert (
        await desk.run(step("a"), {"id": "e", "action": "execute", "command": "echo hi"})
    ).task.phase is Phase.COMPLETED


async def test_a_trusted_policy_holds_when_planning(desk: Desk) -> None:
    await desk.open()
    bring(desk.root, policy="refuse: [echo]\nnetwork: false\nask: [execute]\n")
    await trust(desk)
    with pytest.raises(InvalidPlan) as refusal:
        await desk.plan({"id": "e", "action": "execute", "command": "echo hi", "network": True})
    told = [f"{fault.field}: {fault.message}" for fault in refusal.value.faults]
    assert told == [
        "steps[0].command: the policy refuses `echo`",
        "steps[0].network: the policy lets no step have a network or sockets; leave `network` out",
    ]
    view = await desk.show(await desk.plan({"id": "e", "action": "execute", "command": "make"}))
    assert view.plan is not None
    assert view.plan.steps[0].asks


async def test_a_quorum_of_the_directory_is_the_plans(desk: Desk) -> None:
    await desk.open()
    bring(desk.root, policy="quorum: 2\n")
    await trust(desk)
    with pytest.raises(InvalidPlan) as refusal:
        await desk.plan(step("a"))
    assert "policy.quorum: 2 must sign" in str(refusal.value.faults[0])


async def test_a_policy_holds_at_the_run_whatever_held_when_planning(desk: Desk) -> None:
    await desk.open()
    echo = {"id": "e", "action": "execute", "command": "echo hi"}
    net = {"id": "n", "action": "execute", "command": "true", "sockets": ["docker"]}
    refused, withheld = await desk.plan(echo), await desk.plan(net)
    bring(desk.root, policy="refuse: [echo]\nnetwork: false\n")
    await trust(desk)
    for task, told in ((refused, "The policy refuses `echo`; the step was not run"), (withheld, "declares `sockets`")):
        await desk.sign(task)
        view = await desk.ended(task)
        assert view.steps[0].state is StepState.FAILED
        assert told in view.steps[0].error
    assert desk.script.ran == []


async def test_a_policy_that_asks_asks_at_the_run(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan({"id": "e", "action": "execute", "command": "make"})
    bring(desk.root, policy="ask: [execute]\n")
    await trust(desk)
    await desk.sign(task)
    question = await desk.asked(task)
    assert question.step == "e"


async def test_a_level_that_is_not_reached_runs_nothing(desk: Desk) -> None:
    await desk.open()
    bring(desk.root, policy="minimum_level: bubblewrap\n")
    await trust(desk)
    view = await desk.run(step("a"))
    assert "works at level group; the policy accepts bubblewrap or better" in view.steps[0].error


async def test_run_yes_can_be_forbidden(desk: Desk) -> None:
    await desk.open()
    task = await desk.plan(step("a"))
    bring(desk.root, policy="allow_yes: false\n")
    await trust(desk)
    with pytest.raises(Refused, match="does not let run --yes sign"):
        await desk.sign(task, means="run --yes")
    await desk.sign(task)


@pytest.mark.parametrize("change", ["refuse: []\n", "network: true\n", None], ids=["loosened", "broken", "deleted"])
async def test_a_policy_that_changes_after_it_was_trusted_loosens_nothing(desk: Desk, change: str | None) -> None:
    await desk.open()
    bring(desk.root, policy="refuse: [echo]\n")
    await trust(desk)
    file = desk.root / ".signoff" / "policy.yaml"
    file.unlink() if change is None else file.write_text(change)
    await desk.reopen()
    with pytest.raises(InvalidPlan):
        await desk.plan({"id": "e", "action": "execute", "command": "echo hi"})


async def test_a_policy_holds_below_its_directory_and_not_beside_it(desk: Desk) -> None:
    await desk.open()
    bring(desk.root, policy="refuse: [echo]\n")
    await trust(desk)
    below, beside = desk.root / "web", desk.root.with_name(f"{desk.root.name}-other")
    below.mkdir()
    beside.mkdir()
    echo = {"id": "e", "action": "execute", "command": "echo hi"}
    with pytest.raises(InvalidPlan):
        await desk.plan(echo, root=below)
    await desk.plan(echo, root=beside)


async def test_a_policy_only_tightens_what_the_person_configured(desk: Desk) -> None:
    await desk.open(policy=Policy(allow=("make", "echo"), ask=("write",)))
    bring(desk.root, policy="allow: [echo, curl]\nask: [execute]\n")
    await trust(desk)
    for command in ("make", "curl example.org"):
        with pytest.raises(InvalidPlan):
            await desk.plan({"id": "e", "action": "execute", "command": command})
    view = await desk.show(await desk.plan({"id": "e", "action": "execute", "command": "echo hi", "tier": "write"}))
    assert view.plan is not None
    assert view.plan.steps[0].asks


async def test_explain_knows_the_policy_of_a_directory_with_and_without_an_owner(desk: Desk) -> None:
    engine = await desk.open()
    bring(desk.root, policy="refuse: [echo]\n")
    await trust(desk)
    query = Explain(operand="echo hi", root=str(desk.root))
    reader = await open_reader(desk.state, Settings())
    try:
        assert {(await each.read(query)).verdict for each in (engine, reader)} == {"refuse"}
    finally:
        await reader.close()
    assert (await engine.read(Explain(operand="echo hi"))).verdict == "run"


async def test_revoking_lets_go_of_the_policy_too(desk: Desk) -> None:
    await desk.open()
    bring(desk.root, policy="refuse: [echo]\n")
    await trust(desk)
    echo = {"id": "e", "action": "execute", "command": "echo hi"}
    with pytest.raises(InvalidPlan):
        await desk.plan(echo)
    await desk.do(RevokeTrust(root=str(desk.root)))
    assert (await desk.show(await desk.plan(echo))).task.phase is Phase.AWAITING_APPROVAL
