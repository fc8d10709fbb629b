"""Variables of plan files: a value is data wherever it lands, whatever it holds; every fault has its place (B2.6)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidPlan
from engine.model.plan import Document, Execute
from engine.planning.derive import plan_from_text
from engine.policy import parse_command
from tests.engine.planning.plans import parse_document, world

HOSTILE = {
    "spaces": "two words",
    "flag": "--delete",
    "substitution": "$(touch pwned)",
    "backticks": "`touch pwned`",
    "variable": "$HOME ${HOME} $1 $$",
    "separators": "a; rm -rf / && b | c > d & e",
    "single quotes": "it's 'quoted' '",
    "double quotes": 'a "b" \\" \\\\" c',
    "backslashes": "\\ \\\\ \\\\\\",
    "newline": "one\ntwo\\\nthree",
    "glob": "* ? [a-z] ~ #x",
    "another variable": "${vars.other}",
    "empty": "",
    "wide": "日本語 é\u0301 \U0001f680",
}
WHERE = {
    "bare": ("printf ${vars.x}", "{}"),
    "inside a word": ("printf pre-${vars.x}.tar", "pre-{}.tar"),
    "in double quotes": ('printf "pre ${vars.x} post"', "pre {} post"),
    "in single quotes": ("printf 'pre ${vars.x} post'", "pre {} post"),
    "after other quotes": ("""printf "it's"'a "b'${vars.x}""", "it'sa \"b{}"),
    "behind an escaped quote": ("printf \\'${vars.x}\\'", "'{}'"),
    "behind an escaped quote in quotes": ('printf "\\"${vars.x}\\""', '"{}"'),
}


def document(command: str = "true", given: dict[str, str] | None = None, **fields: Any) -> Document:
    step = {"id": "a", "action": "execute", "command": command} | fields.pop("step", {})
    return parse_document(json.dumps({"request": "try", "steps": [step], **fields}), "plan.yaml", given or {})


def faults(text: str, **given: str) -> list[str]:
    with pytest.raises(InvalidPlan) as raised:
        parse_document(text, "plan.yaml", given)
    return [str(fault) for fault in raised.value.faults]


def argv(found: Document) -> tuple[str, ...]:
    step = found.steps[0]
    assert isinstance(step, Execute)
    return parse_command(step.command).argv


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize(("command", "expected"), WHERE.values(), ids=WHERE)
def test_one_argument_stays_one_argument(command: str, expected: str, value: str) -> None:
    assert argv(document(command, vars={"x": value})) == ("printf", expected.replace("{}", value))


@given(st.text(st.sampled_from("ab '\"\\$`(){}\n;&|<>#~*=%é"), max_size=12), st.sampled_from(sorted(WHERE)))
def test_no_value_splits_or_joins_arguments(value: str, where: str) -> None:
    command, expected = WHERE[where]
    assert argv(document(command, vars={"x": value})) == ("printf", expected.replace("{}", value))


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_environment_and_texts_hold_the_value_as_it_is(value: str) -> None:
    found = parse_document(
        json.dumps(
            {
                "request": "deploy ${vars.x}",
                "vars": {"x": value},
                "steps": [
                    {"id": "a", "action": "shell", "script": 'echo "$X"', "env": {"X": "<${vars.x}>"}},
                    {"id": "b", "action": "notify", "message": "did ${vars.x}"},
                    {"id": "c", "action": "ask", "question": "${vars.x}?", "options": ["${vars.x}", "no"]},
                ],
            }
        ),
        "plan.yaml",
    )
    shell, notify, ask = found.steps
    assert (found.request, shell.env["X"]) == (f"deploy {value}", f"<{value}>")
    assert (notify.operand, ask.operand, vars(ask)["options"][0]) == (f"did {value}", f"{value}?", value)


def test_a_given_value_wins_and_the_plan_keeps_what_holds() -> None:
    found = document("echo ${vars.env} ${vars.n}", {"env": "prod"}, vars={"env": "staging", "n": "1"})
    assert argv(found) == ("echo", "prod", "1")
    assert found.vars == {"env": "prod", "n": "1"}


def test_a_value_decides_the_digest(tmp_path: Path) -> None:
    text = "request: try\nvars: {env: staging}\nsteps:\n- {id: a, action: execute, command: 'echo ${vars.env}'}\n"
    one, same, other = (
        plan_from_text(text, "plan.yaml", world(tmp_path), given).digest
        for given in ({}, {"env": "staging"}, {"env": "prod"})
    )
    assert one == same != other


def test_two_dollars_write_it_as_text() -> None:
    found = document("echo $${vars.env} '$${vars.env}'", vars={"env": "staging"}, request="of $${vars.env}")
    assert argv(found) == ("echo", "${vars.env}", "${vars.env}")
    assert found.request == "of ${vars.env}"


def test_a_script_gets_none() -> None:
    text = (
        "request: try\nvars: {env: a}\nsteps:\n- id: a\n  action: shell\n  script: |\n    true\n    ./d ${vars.env}\n"
    )
    (fault,) = faults(text)
    assert fault.startswith("plan.yaml:6:11  steps[0].script: `${vars.env}` in line 2 of a script")
    assert 'env: {NAME: "${vars.env}"}' in fault


@pytest.mark.parametrize(
    "field", ["id: '${vars.e}'", "needs: ['${vars.e}']", "workdir: '${vars.e}'", "secrets: ['${vars.e}']"]
)
def test_nothing_else_gets_one_either(field: str) -> None:
    start = "" if field.startswith("id") else "id: a, "
    found = faults(f"request: t\nvars: {{e: x}}\nsteps:\n- {{{start}{field}, action: notify, message: hi}}\n")
    assert any("no variable can stand here" in fault and "plan.yaml:4:" in fault for fault in found)


def test_an_unknown_variable_is_named_with_its_place() -> None:
    text = "request: try\nvars: {env: a}\nsteps:\n- {id: a, action: execute, command: 'echo ${vars.enf}'}\n"
    assert faults(text) == [
        "plan.yaml:4:37  steps[0].command: no variable 'enf' (did you mean 'env'?); declare it under `vars`"
    ]


def test_an_unclosed_one_is_named() -> None:
    (fault,) = faults("request: try\nvars: {env: a}\nsteps:\n- {id: a, action: notify, message: 'to ${vars.env'}\n")
    assert "is not closed" in fault


def test_an_unknown_given_name_is_an_error() -> None:
    text = "request: try\nvars: {env: a, region: b}\nsteps:\n- {id: a, action: notify, message: hi}\n"
    (fault,) = faults(text, envv="prod")
    assert fault == "plan.yaml:2:7  vars: no variable 'envv' (did you mean 'env'?); the plan has env, region"
    (fault,) = faults("request: try\nsteps:\n- {id: a, action: notify, message: hi}\n", env="prod")
    assert "the plan has no `vars`" in fault


@pytest.mark.parametrize("nothing", ["null", "~", ""])
def test_a_variable_without_a_value_must_be_given(nothing: str) -> None:
    text = (
        f"request: try\nvars:\n  env: {nothing}\nsteps:\n- {{id: a, action: execute, command: 'echo ${{vars.env}}'}}\n"
    )
    assert [fault.partition("  ")[2] for fault in faults(text)] == [
        "vars.env: has no value: give it one with --var env=VALUE"
    ]
    assert argv(parse_document(text, "plan.yaml", {"env": "prod"})) == ("echo", "prod")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("\x1b[2J", "control character U+001B in its value"),
        ("a\0b", "control character U+0000 in its value"),
        ("x" * 2**20, "its value is longer than 256 KiB"),
        ("ghp_" + "a1B2" * 9, "holds"),
    ],
    ids=["escape", "nul", "a megabyte", "secret"],
)
def test_a_given_value_is_held_to_what_a_plan_may_hold(value: str, told: str) -> None:
    text = "request: try\nvars: {env: a}\nsteps:\n- {id: a, action: execute, command: 'echo ${vars.env}'}\n"
    assert any("vars.env: " in fault and told in fault for fault in faults(text, env=value))


def test_values_cannot_make_a_small_plan_huge() -> None:
    steps = [{"id": f"s{n}", "action": "notify", "message": "${vars.x}" * 50} for n in range(200)]
    text = json.dumps({"request": "try", "vars": {"x": "y" * 2**18}, "steps": steps})
    found = faults(text)
    assert any("too long" in fault for fault in found)


def test_a_number_needs_its_quotes_and_a_name_its_letters() -> None:
    text = "request: try\nvars: {n: 3, 'a b': x}\nsteps:\n- {id: a, action: execute, command: 'echo ${vars.n}'}\n"
    first, second = faults(text)
    assert first.endswith('vars.n: write text: put it in quotes, "3"')
    assert "vars.a b: name it with letters" in second
