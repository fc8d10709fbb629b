"""The plan as text and as markdown: everything in it, and nothing that acts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import PlannedStep
from engine.model.plan import Shell
from tests.hostile import HOSTILE, is_control
from tests.tui import plans
from tests.tui.screens.test_workbench_hostile import poisoned
from tui.presentation.plan import code, markdown, plan_text
from tui.presentation.safe import is_safe
from tui.presentation.wrap import cells


def test_every_step_stands_in_order_with_operand_tier_and_reasons() -> None:
    view = plans.to_review()
    assert view.plan is not None
    text = plan_text(view)
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


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_asked(width: int) -> None:
    assert max(map(cells, plan_text(plans.to_review(), width).splitlines())) <= width


def test_ascii_is_ascii() -> None:
    text = plan_text(plans.to_review(), ascii_only=True)
    assert text.isascii()
    assert "! DESTRUCTIVE" in text
    assert "<38 spaces>" in text


def test_signatures_are_told() -> None:
    assert "signed by ben (4f1c9a)" in plan_text(plans.asking(plans.QUESTION))


@pytest.mark.parametrize("trick", HOSTILE)
def test_hostile_text_in_every_field_is_shown_and_never_obeyed(trick: str) -> None:
    view = poisoned(plans.to_review(), HOSTILE[trick])
    for text in (plan_text(view), markdown(view), plan_text(view, ascii_only=True)):
        assert not any(map(is_control, text.replace("\n", "")))
    assert all(map(is_safe, markdown(view).splitlines()))


def test_markdown_holds_every_step_and_names_what_must_be_read() -> None:
    text = markdown(plans.to_review())
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
    text = markdown(plans.view_of(step))
    assert "`````bash\n````\n# not a heading\n```\n@everyone\n`````" in text
