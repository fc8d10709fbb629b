"""A plan as a plan file again: what is written is read back as exactly the same document."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.model.plan import Document, Notify, Plan, PlannedStep, Shell, Step
from engine.planning.file import parse_document
from engine.planning.writing import plan_text

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
    ]
)
WORDS = (TEXT | ODD).filter(str.strip)


@given(request=WORDS, script=WORDS, message=WORDS, value=TEXT | ODD | st.just(""))
def test_any_text_comes_back_as_it_was(request: str, script: str, message: str, value: str) -> None:
    steps: tuple[Step, ...] = (
        Shell(id="a", script=script, env={"N": value}, network=("example.org",), timeout=90.5),
        Notify(id="b", message=message, needs=("a",)),
    )
    plan = Plan(request=request, steps=tuple(PlannedStep(step=step) for step in steps), timeout=3600.0)
    assert parse_document(plan_text(plan), "plan") == Document(request=request, steps=steps, timeout=3600.0)


def test_a_script_stands_as_it_is_written() -> None:
    step: Any = Shell(id="a", script="set -e\nmake\n")
    text = plan_text(Plan(request="try", steps=(PlannedStep(step=step),)))
    assert text == "request: try\nsteps:\n- id: a\n  action: shell\n  script: |\n    set -e\n    make\n"
