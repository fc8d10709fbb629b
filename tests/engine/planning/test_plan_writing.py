"""A plan as a plan file again: what is written is read back as exactly the same document."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.model.budget import Budget
from engine.model.plan import Document, Notify, Plan, PlannedStep, Shell, Step
from engine.planning.writing import plan_text
from tests.engine.planning.plans import parse_document

TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Cn", "Co"], whitelist_characters="\n\t"), min_size=1)
ODD = st.sampled_from(
    [
        "0o14",
        "yes",
        "null",
        "~",
        "1:30",
        "1e5",
        ".inf",
        "-",
        "- a",
        "a: b",
        "#",
        "&x",
        "*x",
        "!x",
        "|",
        " x",
        "x ",
        "x\n\n",
        "${vars.",
        "$${vars.x}",
        "${vars.${vars.x}",
    ]
)
WORDS = (TEXT | ODD).filter(str.strip)


@given(
    request=WORDS,
    script=WORDS.filter(lambda text: "${vars." not in text),
    message=WORDS,
    value=TEXT | ODD | st.just(""),
)
def test_any_text_comes_back_as_it_was(request: str, script: str, message: str, value: str) -> None:
    steps: tuple[Step, ...] = (
        Shell(id="a", script=script, env={"N": value}, network=("example.org",), timeout=90.5),
        Notify(id="b", message=message, needs=("a",)),
    )
    plan = Plan(
        request=request,
        steps=tuple(PlannedStep(step=step) for step in steps),
        timeout=3600.0,
        budget=Budget(money=2.5, day=1.0, time=1800.0),
    )
    assert parse_document(plan_text(plan), "plan") == Document(
        request=request, steps=steps, timeout=3600.0, budget=plan.budget
    )


PARTS = st.sampled_from([*"a$'\"\\ {}", "${vars.x}", "$${vars.x}"])
USES = """echo ${vars.x} "${vars.x}" '${vars.x}' \\${vars.x} $${vars.x}"""


@given(value=st.lists(PARTS, max_size=6).map("".join))
def test_what_looks_like_a_variable_and_is_none_comes_back_as_it_was(value: str) -> None:
    written = {
        "request": "to $${vars.x} <${vars.x}>",
        "vars": {"x": value},
        "steps": [
            {"id": "a", "action": "execute", "command": USES},
            {"id": "b", "action": "shell", "script": "echo $${vars.x}", "env": {"X": "${vars.x}"}},
            {"id": "c", "action": "ask", "question": "$$${vars.x}?", "options": ["${vars.x}", "no"]},
        ],
    }
    read = parse_document(json.dumps(written), "plan")
    plan = Plan(request=read.request, steps=tuple(PlannedStep(step=step) for step in read.steps), vars={"x": value})
    again = parse_document(plan_text(plan), "plan")
    assert (again.request, again.steps, again.vars) == (read.request, read.steps, {"x": value})


def test_a_script_stands_as_it_is_written() -> None:
    step: Any = Shell(id="a", script="set -e\nmake\n")
    text = plan_text(Plan(request="try", steps=(PlannedStep(step=step),)))
    assert text == "request: try\nsteps:\n- id: a\n  action: shell\n  script: |\n    set -e\n    make\n"
