"""A scripted budget: caps near their end, spending without a cap, and the question of a task at its cap."""

from __future__ import annotations

from dataclasses import replace

from engine import BudgetView, Cap, Question, QuestionKind, Scope, Spent, Standing, Window
from engine.testing import NOON

_DAY, _HOUR, _MONTH = NOON - 12 * 3600, NOON, NOON - 12 * 3600


def _cap(scope: Scope, window: Window, micros: int | None, name: str = "", task: int | None = None) -> Cap:
    return Cap(scope=scope, window=window, micros=micros, name=name, task=task)


BUDGET = BudgetView(
    standings=(
        Standing(cap=_cap(Scope.OVERALL, Window.HOUR, 10_000_000), spent=Spent(micros=420_000), since=_HOUR),
        Standing(
            cap=_cap(Scope.OVERALL, Window.DAY, 5_000_000),
            spent=Spent(micros=4_200_000, reserved=600_000),
            since=_DAY,
        ),
        Standing(cap=_cap(Scope.OVERALL, Window.MONTH, None), spent=Spent(micros=31_050_000, unpriced=2), since=_MONTH),
        Standing(
            cap=_cap(Scope.CALLED, Window.DAY, 2_000_000, name="anthropic/claude-sonnet-4-5"),
            spent=Spent(micros=480_000),
            since=_DAY,
        ),
        Standing(cap=_cap(Scope.TASK, Window.WHOLE, 2_500_000, task=12), spent=Spent(micros=2_480_000), raised=500_000),
    )
)
ASKED = Question(
    id=7,
    task=12,
    step="",
    kind=QuestionKind.BUDGET,
    asked=NOON,
    deadline=None,
    news=(
        "task 12 may cost $3.00 and has used $2.48; anthropic/claude-sonnet-4-5 may take $0.81; nothing was sent",
        "it fits after signoff budget raise 12 +0.29",
    ),
    options=("raise", "cheap", "stop"),
)
BEYOND = replace(
    ASKED,
    cap="day",
    cheaper="openai/gpt-5-mini",
    news=(
        "all tasks this day may cost $5.00 and have used $4.80; anthropic/claude-sonnet-4-5 may take $0.81",
        "to let task 12 alone go beyond that: signoff budget raise 12 +0.61 --beyond day",
    ),
)
"""The same where it is the cap of all tasks that is reached, and a cheaper model would fit."""
_HOURLY, _DAILY, *_OTHERS = BUDGET.standings
LIFTED = BudgetView(standings=(_HOURLY, replace(_DAILY, beyond=((9, 1_000_000),)), *_OTHERS))
"""Another task may go beyond that cap."""
