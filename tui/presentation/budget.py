"""Caps and what was spent as text: a row with a bar for each window, and the nearest cap in a word. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from engine import BudgetView, Scope, Standing, Window, dollars, warns
from tui.presentation.amounts import bar
from tui.presentation.content import assemble, content
from tui.presentation.line import MUTED, clipped

_BAR = 20
_GOOD, _NEAR, _OVER = "$text-success", "bold $text-warning", "bold $text-error"


def rows(view: BudgetView, width: int, *, ascii_only: bool = False) -> list[Content]:
    """The windows with their bars, under the names of those whose spending they are about."""
    lines: list[Content] = []
    whose = ""
    for standing in view.standings:
        if (now := _whose(standing)) != whose:
            whose = now
            lines.append(clipped(content(f" {whose}", "bold"), width, ascii_only=ascii_only))
        lines.append(clipped(_row(standing, ascii_only=ascii_only), width, ascii_only=ascii_only))
        lines += (
            content(f"     task {task} may go {dollars(over)} beyond it", MUTED) for task, over in standing.beyond
        )
    return lines


def _whose(standing: Standing) -> str:
    cap = standing.cap
    return {Scope.OVERALL: "all tasks", Scope.CALLED: cap.name, Scope.TASK: f"task {cap.task}"}[cap.scope]


def _row(standing: Standing, *, ascii_only: bool) -> Content:
    """`   day    $0.42  of $5.00  ██░░░░  8 %  $0.60 reserved`; of $5.00 for all, whoever may go beyond it."""
    own = standing.cap.scope is Scope.TASK
    limit, style = standing.limit if own else standing.cap.micros, _style(standing)
    row = assemble((f"   {_window(standing):<6}", MUTED), (f"{dollars(standing.spent.micros):>9}", style or "bold"))
    if limit is None:
        row += content("  no cap", MUTED)
    else:
        share = standing.spent.micros / limit
        row += content(f"  of {dollars(limit):<9} ")
        row += content(bar(share, _BAR, ascii_only=ascii_only), style) + content(f" {share:>4.0%}", style)
    return row + content("".join(f"  {note}" for note in _notes(standing)), MUTED)


def _window(standing: Standing) -> str:
    return "in all" if standing.cap.window is Window.WHOLE else standing.cap.window.value


def _notes(standing: Standing) -> Iterator[str]:
    if standing.raised and standing.cap.scope is Scope.TASK:
        yield f"{dollars(standing.raised)} raised"
    if standing.spent.reserved:
        yield f"{dollars(standing.spent.reserved)} reserved"
    if count := standing.spent.unpriced:
        yield f"{count} call{'s' * (count != 1)} of unknown price"


def _style(standing: Standing) -> str:
    if standing.limit is None:
        return ""
    return _OVER if standing.used >= standing.limit else _NEAR if warns(standing) else _GOOD


def headline(view: BudgetView | None) -> Content:
    """`$0.42/$5`: the cap that is nearest to its end; without one what was spent today; nothing where nothing was."""
    if view is None:
        return Content("")
    capped = [standing for standing in view.standings if standing.limit]
    if capped:
        nearest = max(capped, key=lambda standing: standing.used / (standing.limit or 1))
        return content(f"{_spent(nearest)}/{_short(dollars(nearest.limit))}", _near(nearest))
    today = [each for each in view.standings if each.cap.scope is Scope.OVERALL and each.cap.window is Window.DAY]
    spent = [standing for standing in today if standing.used or standing.spent.unpriced]
    return content(_spent(spent[0]) if spent else "")


def _spent(standing: Standing) -> str:
    """What is unknown is never told as nothing."""
    return dollars(standing.spent.micros) + ("+?" if standing.spent.unpriced else "")


def _near(standing: Standing) -> str:
    style = _style(standing)
    return "" if style == _GOOD else style


def _short(money: str) -> str:
    return money.removesuffix(".00")
