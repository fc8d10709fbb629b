"""The plan as text and as markdown: everything in it, and nothing that acts."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import PlannedStep, Signature, SignedFile, TaskView
from engine.model.plan import Shell, SigningRule
from tests.hostile import HOSTILE, is_control
from tests.tui import plans
from tests.tui.screens.test_workbench_hostile import poisoned
from tui.presentation.plan import code, markdown, plan_text, signing_rule
from tui.presentation.safe import is_safe
from tui.presentation.wrap import cells


def test_every_step_stands_in_order_with_operand_tier_and_reasons() -> None:
    view = plans.to_review()
    assert view.plan is not None
    text = plan_text(view, plans.CONTENTS)
    places = [text.index(f"{number:>4}  {planned.id}  ") for number, planned in enumerate(view.plan.steps, start=1)]
    assert places == sorted(places)
    for part in (
        "12 steps: 3 read, 1 write, 6 execute, 1 DESTRUCTIVE, 1 EXTERNAL",
        "9  migrate  shell  ▲ DESTRUCTIVE",
        "5  psql \"$DSN\" -c 'DROP TABLE sessions'",
        "printf '\\e[2J'⟨38 spaces⟩# hidden bytes shown",
        "why      line 5: DROP TABLE drops a table → destructive",
        "touches  network none, secret DSN",
        "env      ENV=staging",
        "needs    tests, codemod",
        "files    alembic.ini  sha256 9b2fd4111111",
        "migrations/21.py  made by codemod",
        "in       /home/ana/api",
        plans.DIGEST,
    ):
        assert part in text


def test_the_text_of_a_signed_file_stands_where_it_is_named_first() -> None:
    again = replace(plans.twelve()[9], files=plans.migrate().files[:1])
    view = plans.view_of(plans.migrate(), again)
    text = plan_text(view, plans.CONTENTS)
    assert "      alembic.ini: sha256 9b2fd4111111, 3 lines\n      1  [alembic]\n      2  script_location" in text
    assert "migrations/21.py: made by codemod" in text
    assert text.count("script_location") == 1
    assert "Its text stands at step 1 migrate." in text
    marked = markdown(view, plans.CONTENTS)
    assert "`alembic.ini`: `sha256 9b2fd4111111, 3 lines`\n\n```text\n[alembic]\nscript_location" in marked
    assert marked.count("script_location") == 1
    assert "Its text is not shown" in plan_text(view, {plans.INI: None})


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_asked(width: int) -> None:
    assert max(map(cells, plan_text(plans.to_review(), plans.CONTENTS, width).splitlines())) <= width


def test_ascii_is_ascii() -> None:
    text = plan_text(plans.to_review(), plans.CONTENTS, ascii_only=True)
    assert text.isascii()
    assert "! DESTRUCTIVE" in text
    assert "<38 spaces>" in text


def test_signatures_are_told() -> None:
    assert "signed by ben (4f1c9a)" in plan_text(plans.asking(plans.QUESTION), plans.CONTENTS)


def _files(view: TaskView) -> list[SignedFile]:
    return [file for planned in (view.plan.steps if view.plan else ()) for file in planned.files]


@pytest.mark.parametrize("trick", HOSTILE)
def test_hostile_text_in_every_field_is_shown_and_never_obeyed(trick: str) -> None:
    view = poisoned(plans.to_review(), HOSTILE[trick])
    contents = {file.sha256: HOSTILE[trick].encode("utf-8", "surrogatepass") for file in _files(view)}
    for text in (plan_text(view, contents), markdown(view, contents), plan_text(view, contents, ascii_only=True)):
        assert not any(map(is_control, text.replace("\n", "")))
    assert all(map(is_safe, markdown(view, contents).splitlines()))


def test_markdown_holds_every_step_and_names_what_must_be_read() -> None:
    text = markdown(plans.to_review(), plans.CONTENTS)
    assert "Read these: 9 `migrate`, 11 `push`." in text
    assert "### 9 `migrate` · shell · DESTRUCTIVE" in text
    assert "#### 12 `notes` · execute · read" in text
    assert "```bash\nset -euo pipefail\n" in text
    assert "- why: `line 5: DROP TABLE drops a table → destructive`" in text


@given(st.text(alphabet="`ab <>@#*_[]()!\\\n|", max_size=60))
def test_nothing_leaves_a_code_span(text: str) -> None:
    span = code(text)
    fence = re.match("`+", span)
    assert fence is not None
    inner = span[len(fence[0]) : -len(fence[0])]
    assert span == fence[0] + inner + fence[0]
    assert fence[0] not in re.findall("`+", inner)
    assert "\n" not in span


def test_an_operand_of_fences_cannot_close_its_fence() -> None:
    step = PlannedStep(step=Shell(id="x", script="````\n# not a heading\n```\n@everyone"))
    text = markdown(plans.view_of(step), plans.CONTENTS)
    assert "`````bash\n````\n# not a heading\n```\n@everyone\n`````" in text


def test_the_rule_of_signing_is_told_with_who_has_signed() -> None:
    view = plans.to_review()
    assert view.plan is not None
    two = replace(view.plan, policy=SigningRule(quorum=2, exclude_proposer=True))
    ben = Signature(task=12, revision=3, digest=two.digest, actor="ben", verdict="sign", time=0.0)
    shown = replace(view, plan=two, signatures=(replace(ben, actor="cem", void="returned"), ben))
    assert signing_rule(view) == ""
    assert signing_rule(shown) == "2 people must sign, not ana; ben signed"
    assert "signed by cem (4f1c9a) (void: returned)" in plan_text(shown, {})
