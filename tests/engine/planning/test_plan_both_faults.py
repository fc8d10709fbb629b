"""Faults of the text and faults of the world are told at once; what the text leaves open is not called a fault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import InvalidPlan
from engine.model.plan import Action
from engine.planning.derive import plan_from_text
from tests.engine.planning.plans import COMMANDS, derived_faults, world

MISSING = "- {id: a, action: execute, command: no-such-program}\n"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("- {id: b, action: execute, command: ls, needs: [aa]}", "steps[1].needs: no step 'aa' (did you mean 'a'?)"),
        ("- {id: b, action: execute, comand: ls}", "steps[1].comand: unknown field `comand`"),
        ("- {id: b, action: execute, command: ls | wc}", "steps[1].command: a pipe needs a shell"),
        ("- {id: b, action: execute, command: ls, needs: [b]}", "steps[1].needs: a step cannot need itself"),
        ("- {id: b, action: execute, command: ls, needs: [1]}", "steps[1].needs[0]: write text"),
        ("- {id: b, action: shell, script: !!x ls}", "steps[1].script: tag"),
        ("- {id: a, action: execute, command: ls}", "steps[1].id: step id 'a' is used by steps[0] already"),
        ("- 7", "steps[1]: write a mapping"),
    ],
)
def test_a_fault_of_the_text_hides_no_fault_of_the_world(wrong: str, told: str, tmp_path: Path) -> None:
    first, *others = derived_faults(MISSING + wrong, world(tmp_path))
    assert first == "plan.yaml:3:37  steps[0].command: `no-such-program` was not found on PATH"
    assert any(told in fault for fault in others)


def test_without_a_request_the_steps_are_looked_at_too(tmp_path: Path) -> None:
    with pytest.raises(InvalidPlan) as caught:
        plan_from_text(f"steps:\n{MISSING}", "plan.yaml", world(tmp_path))
    assert [fault.field for fault in caught.value.faults] == ["request", "steps[0].command"]


def test_the_quorum_is_looked_at_too(tmp_path: Path) -> None:
    text = "request: r\npolicy: {quorum: 3}\nsteps:\n- {id: b, action: execute, command: ls, needs: [c]}\n"
    with pytest.raises(InvalidPlan) as caught:
        plan_from_text(text, "plan.yaml", world(tmp_path, people=2))
    assert [fault.field for fault in caught.value.faults] == ["policy.quorum", "steps[0].needs"]


MADE = "- {id: use, action: execute, command: ./made, workdir: out, needs: [%s]}\n"


@pytest.mark.parametrize(
    "steps",
    [
        MADE % "mkae" + "- {id: make, action: shell, script: make}",
        MADE % "make" + "- {id: make, action: shell, scirpt: make}",
        MADE % "make" + "- {id: make, action: shell, script: make, needs: [nowhere]}",
        MADE % "make" + "- {id: make, action: execute, command: ls, needs: [nowhere]}",
        MADE % "look" + "- {id: look, action: execute, command: ls, needs: [make]}\n- {id: make, action: shell}",
        MADE % "a"
        + "- {id: a, action: execute, command: ls, needs: [b]}\n- {id: b, action: ask, question: q, needs: [a]}",
        MADE % "a" + "- {id: a, action: execute, command: ls}\n- {id: a, action: shell, script: make}",
        MADE % "'a b'" + "- {id: a b, action: shell, script: make}",
    ],
)
def test_what_a_step_that_cannot_be_read_may_make_is_not_missing(steps: str, tmp_path: Path) -> None:
    faults = derived_faults(steps, world(tmp_path))
    assert faults
    assert not [fault for fault in faults if "not found" in fault or "does not exist" in fault]


def test_what_nothing_before_it_can_make_is_missing_beside_a_cycle(tmp_path: Path) -> None:
    cycle = "- {id: x, action: ask, question: q, needs: [y]}\n- {id: y, action: ask, question: q, needs: [x]}\n"
    look = "- {id: look, action: execute, command: ls}\n"
    use = "- {id: use, action: execute, command: no-such-program, needs: [look]}\n"
    faults = derived_faults(cycle + look + use, world(tmp_path))
    assert [fault.split("  ")[1].split(": ")[0] for fault in faults] == ["steps[1].needs", "steps[3].command"]


def test_an_action_that_cannot_run_here_is_told_beside_a_wrong_need(tmp_path: Path) -> None:
    faults = derived_faults("- {id: a, action: implement, prompt: do it, needs: [b]}", world(tmp_path))
    assert [fault.split("  ")[1].split(": ")[0] for fault in faults] == ["steps[0].action", "steps[0].needs"]


def fields_of(steps: str, folder: Path) -> list[str]:
    return [fault.split("  ")[1].split(": ")[0] for fault in derived_faults(steps, world(folder))]


@pytest.mark.parametrize("action", ["action: exec,", "action: [x],", ""])
def test_a_step_of_no_known_action_tells_its_other_faults_too(action: str, tmp_path: Path) -> None:
    first = f"- {{id: a b, {action} command: ls | wc, timeout: soon, foo: 1, needs: [b]}}\n"
    second = "- {id: b, action: shell, script: ls, needs: [a b]}"
    wrong = {"steps[0].id", "steps[0].command", "steps[0].timeout", "steps[0].foo", "steps[1].needs"}
    assert set(fields_of(first + second, tmp_path)) == wrong | {"steps[0].action" if action else "steps[0]"}


@pytest.mark.parametrize("given", ["exec", "nothing like it", "shel"])
def test_the_fields_of_an_unknown_action_are_those_of_the_likeliest(given: str, tmp_path: Path) -> None:
    assert fields_of(f"- {{id: a, action: {given}, script: ls}}", tmp_path) == ["steps[0].action"]
    assert fields_of(f"- {{id: a, action: {given}}}", tmp_path) == ["steps[0].action"]
    assert fields_of(f"- {{id: a, action: {given}, channel: c, message: m}}", tmp_path) == ["steps[0].action"]


def test_cycles_are_told_beside_every_other_fault_of_the_graph_and_each_of_them(tmp_path: Path) -> None:
    needs = {"a": "[b]", "b": "[a, nowhere]", "c": "[d, c]", "d": "[e]", "e": "[c]"}
    steps = "".join(f"- {{id: {step}, action: shell, script: ls, needs: {some}}}\n" for step, some in needs.items())
    faults = [fault.split(": ", 1)[1] for fault in derived_faults(steps, world(tmp_path))]
    assert sorted(faults) == [
        "a step cannot need itself",
        "no step 'nowhere'",
        "the needs form a cycle: a → b → a",
        "the needs form a cycle: c → d → e → c",
    ]


HERE = "one of execute, test, shell, plan, notify, ask"
WHY = f"{HERE} (not configured here: a model, for research and review; a coding agent, for implement)"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("exec", f"no action 'exec' (did you mean 'execute'?); {WHY}"),
        ("7", f"no action 7; {WHY}"),
        ("research", f"research needs a model: none is configured; {HERE}"),
    ],
)
def test_the_actions_that_are_offered_are_those_that_can_run_and_the_others_say_why_not(
    given: str, told: str, tmp_path: Path
) -> None:
    place = replace(world(tmp_path), configured=COMMANDS | {Action.PLAN})
    (fault,) = derived_faults(f"- {{id: a, action: {given}, query: why}}", place)
    assert fault.endswith(f"  steps[0].action: {told}")


def test_a_secret_that_is_not_set_is_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SET_TOKEN", "x")
    text = "request: r\nsteps:\n- {id: a, action: shell, script: make, secrets: [SET_TOKEN, MISSING_TOKEN]}\n"
    (planned,) = plan_from_text(text, "plan.yaml", world(tmp_path)).steps
    assert planned.hints == (
        "the secret MISSING_TOKEN was not set when this was planned; it must be where signoff runs",
    )
