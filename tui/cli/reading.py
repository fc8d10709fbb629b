"""The plan as text for a person who is about to judge it, with the text of the files that its steps run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import ListCosts
from tui.cli.call import Call

if TYPE_CHECKING:
    from engine import EngineClient, Task, TaskView


async def whole_plan(call: Call, engine: EngineClient, view: TaskView, held: Task | None = None) -> str:
    """Every step of a plan, as wide as the terminal; `held` is the task that a queued one waits for."""
    from tui.contents import read_contents
    from tui.presentation.plan import plan_text
    from tui.presentation.ways import cost

    contents = await read_contents(engine, *(view.plan.steps if view.plan else ()))
    plain = call.console.ascii_only
    expected = cost(await engine.read(ListCosts(task=view.task.id)), ascii_only=plain)
    return plan_text(view, contents, call.console.width, expected, held, ascii_only=plain)


async def whole_plan_as_markdown(engine: EngineClient, view: TaskView) -> str:
    """The same for a comment on a pull request."""
    from tui.contents import read_contents
    from tui.presentation.plan import markdown

    return markdown(view, await read_contents(engine, *(view.plan.steps if view.plan else ())))
