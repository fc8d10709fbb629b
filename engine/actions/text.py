"""Actions without a process: `plan` writes its text as the result, `notify` tells whoever is attached."""

from __future__ import annotations

from pathlib import Path

from engine.actions.base import Context, Result
from engine.model.plan import Notify


async def write_text(context: Context) -> Result:
    """The text of the step is its result and its log."""
    text = context.planned.step.operand
    _write_log(context, text)
    return Result(summary=first_line(text))


async def notify(context: Context) -> Result:
    """Send the message to its channel; `terminal` is every attached one."""
    step = context.planned.step
    assert isinstance(step, Notify)
    await context.notify(step.channel, step.message)
    _write_log(context, step.message)
    return Result(summary=first_line(step.message))


def _write_log(context: Context, text: str) -> None:
    Path(context.log).write_text(text if text.endswith("\n") else text + "\n")


def first_line(text: str) -> str:
    """The first line with something on it, at most 160 characters."""
    return next((line.strip()[:160] for line in text.splitlines() if line.strip()), "")
