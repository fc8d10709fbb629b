"""What a model is asked when a plan shall be written anew: the person's words first, all else as data beside them."""

from __future__ import annotations

from collections.abc import Iterable

from engine.model.comment import Comment
from engine.model.plan import Plan
from engine.model.prompt import Passage
from engine.model.task import Signature, Task
from engine.planning.context import present_plan
from engine.planning.llm import Wish
from engine.planning.writing import document_of

_RULES = frozenset({"policy", "accept", "budget", "timeout"})
_RETURNED = """{request}

Revision {revision} of the plan for this was returned. What shall be different:

{note}

Write the whole plan again. A step that stays as it is keeps its id and every field; a step that is another one now gets
a new id."""


def returned(task: Task, plan: Plan, given: Signature, comments: Iterable[Comment], tried: str) -> Wish:
    """The next revision of a plan that a person returned with a note; `tried` is why the attempt before failed."""
    asked = _RETURNED.format(request=task.request, revision=plan.revision, note=given.reason)
    said = [comment for comment in comments if comment.revision == plan.revision and comment.resolved is None]
    before = [Passage(source="the attempt before", text=tried)] if tried else []
    about = [Passage(source="comments of reviewers", text="\n".join(map(_line, said)))] if said else []
    return Wish(
        asked=asked,
        request=task.request,
        passages=lambda: (present_plan(plan), *about, *before),
        assemble=lambda value: {**value, **_rules_of(plan)},
    )


def _rules_of(plan: Plan) -> dict[str, object]:
    """Who signs, who accepts, and what it may use stays as people set it."""
    return {name: value for name, value in document_of(plan).items() if name in _RULES}


def _line(comment: Comment) -> str:
    about = f" on step {comment.step}" if comment.step else ""
    return f"{comment.author}{about}: {' '.join(comment.text.split())}"
