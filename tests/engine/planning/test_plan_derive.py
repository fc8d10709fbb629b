"""What the engine finds out about a plan before anyone signs it (B2.3, B3, B5.2)."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import InvalidPlan
from engine.model.budget import Budget
from engine.model.digest import plan_digest
from engine.model.plan import Document, Notify, PlannedStep, Research, SignedFile, SigningRule
from engine.model.tier import Tier
from engine.planning.derive import derive, plan_from_text
from engine.planning.explain import explain
from engine.policy import Policy
from tests.engine.planning.plans import derived_faults, plan_of, world


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def only(steps: str, root: Path) -> PlannedStep:
    (planned,) = plan_of(steps, world(root)).steps
    return planned


def test_steps_come_in_topological_order(tmp_path: Path) -> None:
    plan = plan_of(
        """\
- {id: z, action: execute, command: ls}
- {id: join, action: execute, command: ls, needs: [z, b]}
- {id: b, action: execute, command: ls, needs: [a]}
- {id: a, action: execute, command: ls}
""",
        world(tmp_path),
    )

    assert [(step.id, step.rank) for step in plan.steps] == [("a", 0), ("z", 0), ("b", 1), ("join", 2)]
    assert plan.root == str(tmp_path)
    assert plan.digest == plan_digest(replace(plan, digest=""))


@pytest.mark.parametrize(
    ("step", "tier"),
    [
        ("action: execute, command: ls", Tier.READ),
        ("action: execute, command: ls, tier: execute", Tier.EXECUTE),
        ("action: execute, command: rm -rf build, tier: read", Tier.DESTRUCTIVE),
        ("action: execute, command: ls, network: true", Tier.EXTERNAL),
        ("action: execute, command: ls, network: [example.org]", Tier.EXTERNAL),
        ("action: execute, command: ls, sockets: [docker]", Tier.EXTERNAL),
        ("action: execute, command: ls, writes: [out]", Tier.WRITE),
        ("action: execute, command: ls, writes: [../out]", Tier.EXTERNAL),
        ("action: execute, command: ls, env: {LD_PRELOAD: ./x.so}", Tier.DESTRUCTIVE),
        ("action: ask, question: go on?", Tier.READ),
        ("action: notify, message: done", Tier.READ),
        ("action: notify, message: done, channel: mail", Tier.EXTERNAL),
    ],
)
def test_the_tier_is_the_highest_of_derived_and_declared(step: str, tier: Tier, tmp_path: Path) -> None:
    planned = only(f"- {{id: a, {step}}}", tmp_path)

    assert planned.tier is tier
    assert planned.reasons


def test_a_hint_names_the_capability_to_add(tmp_path: Path) -> None:
    assert (
        "git push needs the network: add `network: true`"
        in only("- {id: a, action: shell, script: git push}", tmp_path).hints
    )


LOST = "/tmp is private to a sandboxed step and gone with it: keep files in the work directory"


@pytest.mark.parametrize(
    "step",
    [
        "action: execute, command: cp data.db /tmp/backup.db",
        "action: execute, command: bash -c make > /tmp/x.log",
        "action: test, command: sort --output=/tmp/names names.txt",
        "action: execute, command: sort -o/tmp/sorted names.txt",
        "action: shell, script: 'date >>/tmp/x.log'",
        "action: shell, script: 'cat \"/tmp/x\" | wc -l'",
    ],
)
def test_who_names_tmp_is_told_that_nothing_stays_there(step: str) -> None:
    root = Path("/usr/share")  # not beneath /tmp, as the directories of tests are
    planned = only(f"- {{id: a, {step}}}", root)

    assert planned.hints == (LOST,)
    assert not planned.asks


def test_nothing_is_said_of_what_a_step_keeps_beneath_tmp() -> None:
    kept = only("- {id: a, action: execute, command: cp data.db /tmp/out/x, writes: [/tmp/out]}", Path("/usr/share"))
    beside = only("- {id: a, action: execute, command: cp data.db /tmp/other, writes: [/tmp/out]}", Path("/usr/share"))

    assert (kept.hints, beside.hints) == ((), (LOST,))


def test_nothing_is_said_of_a_root_beneath_tmp(tmp_path: Path) -> None:
    folder = tmp_path if tmp_path.is_relative_to("/tmp") else Path("/tmp")

    assert only(f"- {{id: a, action: execute, command: cp a {folder}/b}}", folder).hints == ()


def test_explain_says_that_nothing_stays_in_tmp() -> None:
    assert LOST in explain("cp data.db /tmp/backup.db", path="/usr/bin").hints
    assert LOST in explain("date > /tmp/x", shell=True, path="/usr/bin").hints
    assert LOST not in explain("mktemp -d", path="/usr/bin").hints


@pytest.mark.parametrize(
    ("writes", "said"),
    [
        ("..", "'..' holds {state}"),
        ("../state", "'../state' holds {state}"),
        ("../state/logs", "'../state/logs' lies in {state}"),
        ("../link/logs", "'../link/logs' lies in {state}"),
    ],
)
def test_no_write_may_be_declared_where_the_tasks_are_kept(writes: str, said: str, tmp_path: Path) -> None:
    root, state = tmp_path / "root", tmp_path / "state"
    root.mkdir()
    state.mkdir()
    (tmp_path / "link").symlink_to(state)
    place = replace(world(root), hidden=(state,))
    steps = f"- id: a\n  action: execute\n  command: ls\n  writes:\n  - ../other\n  - {writes}"

    problem = f"{said.format(state=state)}, where signoff keeps its own; declare another directory"
    assert derived_faults(steps, place) == [f"plan.yaml:8:5  steps[0].writes[1]: {problem}"]


def test_a_root_that_holds_the_state_may_be_written_as_ever(tmp_path: Path) -> None:
    place = replace(world(tmp_path), hidden=(tmp_path / ".state",))

    assert not derived_faults("- {id: a, action: execute, command: ls, writes: [build]}", place)


def test_programs_are_resolved(tmp_path: Path) -> None:
    _script(tmp_path / "build.sh")
    (tmp_path / "sub").mkdir()
    plan = plan_of(
        """\
- {id: a, action: execute, command: ls -l}
- {id: b, action: execute, command: ../build.sh, workdir: sub}
- {id: c, action: shell, script: ls}
""",
        world(tmp_path),
    )

    assert [step.binary for step in plan.steps] == ["/usr/bin/ls", str(tmp_path / "build.sh"), "/bin/bash"]


def test_a_program_in_the_current_directory_is_not_found_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _script(tmp_path / "planted")
    monkeypatch.chdir(tmp_path)

    place = world(tmp_path, path=f":.{os.pathsep}/usr/bin")
    assert derived_faults("- {id: a, action: execute, command: planted}", place) == [
        "plan.yaml:3:37  steps[0].command: `planted` was not found on PATH"
    ]


def test_what_an_ancestor_may_make_need_not_be_there(tmp_path: Path) -> None:
    plan = plan_of(
        """\
- {id: make, action: execute, command: touch made}
- {id: run, action: execute, command: ./made, needs: [make], workdir: new}
""",
        world(tmp_path),
    )
    assert plan.steps[1].binary == ""

    faults = derived_faults(
        """\
- {id: look, action: execute, command: ls}
- {id: run, action: execute, command: ./made, needs: [look], workdir: new}
""",
        world(tmp_path),
    )
    assert len(faults) == 2
    assert "`./made` was not found in new" in "".join(faults)
    assert "'new' does not exist" in "".join(faults)


@pytest.mark.parametrize("workdir", ["..", "/", "link", "../elsewhere"])
def test_a_workdir_lies_inside_the_root_after_its_links(workdir: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)

    (fault,) = derived_faults(f"- {{id: a, action: execute, command: ls, workdir: {workdir}}}", world(root))
    assert "steps[0].workdir" in fault
    assert "outside the root" in fault


HERE = "one of execute, test, shell, notify, ask"


def test_all_faults_of_the_world_come_at_once_with_their_places(tmp_path: Path) -> None:
    text = """\
request: r
policy:
  quorum: 2
  exclude_proposer: true
steps:
  - id: a
    action: execute
    command: no-such-program -x
  - id: b
    action: research
    query: why
  - id: c
    action: shell
    script: curl example.org
    workdir: missing
"""
    with pytest.raises(InvalidPlan) as caught:
        plan_from_text(text, "plan.yaml", world(tmp_path, people=2, policy=Policy(refuse=("curl",))))

    assert [str(fault) for fault in caught.value.faults] == [
        "plan.yaml:3:11  policy.quorum: 2 must sign, but only 1 is eligible",
        "plan.yaml:8:14  steps[0].command: `no-such-program` was not found on PATH",
        f"plan.yaml:10:13  steps[1].action: research needs a model: none is configured; {HERE}",
        "plan.yaml:14:13  steps[2].script: the policy refuses `curl`",
        "plan.yaml:15:14  steps[2].workdir: 'missing' does not exist; write a directory below the root of the task",
    ]


def test_a_document_without_a_file_is_checked_too(tmp_path: Path) -> None:
    document = Document(
        request="r", steps=(Notify(id="a b", message="x"), Research(id="c", query="q")), policy=SigningRule(quorum=0)
    )
    with pytest.raises(InvalidPlan) as caught:
        derive(document, world(tmp_path))

    assert [fault.field for fault in caught.value.faults] == ["policy.quorum", "steps[0].id"]


@pytest.mark.parametrize(
    ("own", "cap", "holds"), [(5.0, 2.0, 2.0), (1.0, 2.0, 1.0), (None, 2.0, 2.0), (5.0, None, 5.0)]
)
def test_the_policy_can_only_lessen_what_a_task_may_cost(
    tmp_path: Path, own: float | None, cap: float | None, holds: float
) -> None:
    document = Document(request="r", steps=(Notify(id="a", message="x"),), budget=Budget(money=own, time=60.0))
    made = derive(document, replace(world(tmp_path), policy=Policy(money=cap)))
    assert made.budget == Budget(money=holds, time=60.0)


def test_a_quorum_that_can_be_reached_passes(tmp_path: Path) -> None:
    document = Document(request="r", steps=(Notify(id="a", message="x"),), policy=SigningRule(quorum=2))

    assert derive(document, world(tmp_path, people=2)).policy.quorum == 2


# The files that an operand names


def test_files_are_signed_by_their_bytes(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("a.py", "b.cfg", "c.txt", "sub/d.py", "e.in"):
        (tmp_path / name).write_text(name)
    planned = only(
        "- {id: a, action: test, command: 'python3 ../a.py --config=../b.cfg -r../c.txt d.py::test @../e.in sub x.py',"
        " workdir: sub}",
        tmp_path,
    )

    assert planned.files == tuple(
        SignedFile(path=name, sha256=sha256(name), size=len(name))
        for name in ("a.py", "b.cfg", "c.txt", "e.in", "sub/d.py")
    )


def test_files_in_a_script_are_signed(tmp_path: Path) -> None:
    for name in ("a.py", "b c.py", "d.py", "out.txt"):
        (tmp_path / name).write_text(name)
    planned = only(
        """\
- id: a
  action: shell
  script: |
    python3 a.py "b c.py" > out.txt 2>/dev/null; bash -c 'python3 d.py'
""",
        tmp_path,
    )

    assert [file.path for file in planned.files] == ["a.py", "b c.py", "d.py"]


def test_only_regular_files_inside_the_root_are_signed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    (tmp_path / "outside").write_text("x")
    (root / "real").write_text("real")
    (root / "inner").symlink_to("real")
    (root / "outer").symlink_to(tmp_path / "outside")
    os.mkfifo(root / "pipe")

    planned = only("- {id: a, action: execute, command: cat folder inner outer pipe ../outside /etc/passwd}", root)
    assert planned.files == (SignedFile(path="inner", sha256=sha256("real"), size=4),)


def test_a_file_that_is_too_large_is_left_out_and_said(tmp_path: Path) -> None:
    with (tmp_path / "big.bin").open("wb") as file:
        file.truncate(65 * 2**20)
    planned = only("- {id: a, action: execute, command: cat big.bin}", tmp_path)

    assert planned.files == ()
    assert planned.hints == ("big.bin is over 64 MiB: its bytes are not in the signature",)


def test_what_an_ancestor_makes_is_signed_as_produced(tmp_path: Path) -> None:
    for name in ("report.txt", "declared.txt", "named.txt"):
        (tmp_path / name).write_text(name)
    plan = plan_of(
        """\
- {id: first, action: execute, command: 'echo x > report.txt'}
- {id: again, action: execute, command: 'echo y >> report.txt', needs: [first]}
- {id: declares, action: execute, command: 'ls', writes: [declared.txt]}
- {id: names, action: execute, command: touch named.txt new.txt}
- id: reads
  action: execute
  command: cat report.txt declared.txt named.txt new.txt unknown.txt
  needs: [again, declares, names]
- {id: beside, action: execute, command: cat report.txt new.txt}
""",
        world(tmp_path),
    )
    files = {step.id: step.files for step in plan.steps}

    assert files["first"] == files["again"] == ()
    assert files["reads"] == (
        SignedFile(path="declared.txt", produced_by="declares"),
        SignedFile(path="named.txt", sha256=sha256("named.txt"), size=9),
        SignedFile(path="new.txt", produced_by="names"),
        SignedFile(path="report.txt", produced_by="again"),
    )
    assert files["beside"] == (SignedFile(path="report.txt", sha256=sha256("report.txt"), size=10),)


def test_words_that_steps_share_are_no_files(tmp_path: Path) -> None:
    plan = plan_of(
        "- {id: a, action: test, command: make test}\n- {id: b, action: test, command: make test, needs: [a]}",
        world(tmp_path),
    )

    assert all(step.files == () for step in plan.steps)


def test_other_bytes_give_another_digest(tmp_path: Path) -> None:
    script = tmp_path / "run.sh"
    _script(script)
    steps = "- {id: a, action: execute, command: ./run.sh}"
    before = plan_of(steps, world(tmp_path)).digest
    assert plan_of(steps, world(tmp_path)).digest == before

    script.write_text("#!/bin/sh\nrm -rf ~\n")
    assert plan_of(steps, world(tmp_path)).digest != before


def test_explain_judges_as_a_run_would() -> None:
    push = explain("git push", path="/usr/bin")
    assert (push.tier, push.verdict) == (Tier.EXTERNAL, "ask")
    assert explain("ls", path="/usr/bin").verdict == "run"
    assert explain("ls | wc").verdict == "refuse"
    assert explain("ls | wc", shell=True, path="/usr/bin").verdict == "run"
    assert "`no-such-program` was not found" in explain("no-such-program", path="/usr/bin").hints


def _script(path: Path) -> None:
    path.write_text("#!/bin/sh\ntrue\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("step", "file"),
    [
        ("{id: a, action: execute, command: make deploy}", "Makefile"),
        ('{id: a, action: shell, script: "cd . && make deploy"}', "Makefile"),
    ],
)
def test_the_file_that_a_program_runs_from_unnamed_is_signed(step: str, file: str, tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("deploy:\n\techo deployed\n")
    plan = plan_of(f"  - {step}", world(tmp_path))
    assert [signed.path for signed in plan.steps[0].files] == [file]
    assert plan.steps[0].files[0].sha256
