"""What there is to read about one row of a review: operand, what changed, files, facts, what people said. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from textual.content import Content

from engine import TaskView, Tier
from tui.presentation.content import assemble, content
from tui.presentation.facts import Fact, facts, headline
from tui.presentation.files import file_texts, signed_digests
from tui.presentation.line import MUTED
from tui.presentation.page import Line, Page
from tui.presentation.reading import GLANCE, Reading
from tui.presentation.review import Row, glance
from tui.presentation.revisions import changed, operand_before
from tui.presentation.status import TIERS
from tui.presentation.threads import thread_lines


def page_title(row: Row, *, granted: bool = False, ascii_only: bool = False) -> Content:
    """What stands above the operand: `9 migrate · bash · in . · asks again at run · network none`."""
    if row.planned is None:
        return content(f"{len(row.numbers)} {TIERS[row.group or Tier.READ].word}", "bold")
    dot = " - " if ascii_only else " · "
    about = dot + dot.join(headline(row.planned, granted=granted))
    return assemble((f"{row.number} {row.planned.id[:GLANCE]}", "bold"), (about, MUTED))


def page_of(
    row: Row, reading: Reading, view: TaskView, contents: Mapping[str, bytes | None], *, differences: bool = True
) -> Page:
    """What there is to read about a row: the operand with its files and the facts, or the steps of a folded tier.

    Args:
        view: knows what people said and granted.
        differences: whether what changed since the earlier revision is shown, within the operand and below it.
        contents: by digest, the bytes of signed files that were read so far; None where they were not kept.
    """
    if row.planned is None:
        steps = reading.plan.steps
        listed = [Line(str(n), f"{steps[n - 1].id}: {glance(steps[n - 1])}") for n in row.numbers]
        return Page(lines=[*listed, *thread_lines(view.comments, "")])
    marks = {
        reason.line: TIERS[reason.tier].style for reason in row.planned.reasons if reason.line and reason.tier.asks
    }
    known = [Line(fact.label, fact.text, _style(fact)) for fact in facts(row.planned, reading.plan.root)]
    change = reading.since.changes.get(row.planned.id) if reading.since and differences else None
    return Page(
        row.planned.step.operand,
        marks,
        files=tuple(file_texts(row.planned, contents)),
        before=operand_before(change) if change else None,
        changed=tuple(changed(change)) if change else (),
        changed_since=reading.since.name if reading.since else "",
        lines=[Line("", ""), *known, *_granted(row.planned.id, view), *thread_lines(view.comments, row.planned.id)],
        whole=contents.keys() >= set(signed_digests(row.planned)),
    )


def _granted(step: str, view: TaskView) -> Iterator[Line]:
    for grant in view.grants:
        if step in grant.steps:
            until = time.strftime("%H:%M", time.localtime(grant.expires))
            yield Line("grant", f"{grant.given_by} lets it run as signed, unasked, until {until}", "$text-warning")


def _style(fact: Fact) -> str:
    if fact.warns:
        return "$text-warning"
    return TIERS[fact.tier].style if fact.tier is not None and fact.tier.asks else ""
