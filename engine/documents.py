"""What others need to write plans: the JSON Schema of plan files, a guide for coding agents, a revision as a plan file.

Importing it costs nothing; each is made when somebody asks.
"""

from __future__ import annotations

from typing import Any

from engine.model.plan import Plan


def plan_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a plan document."""
    from engine.planning import schema

    return schema.plan_schema()


def agent_guide() -> str:
    """How any coding agent writes a plan and hands it in, as Markdown."""
    from engine.planning import schema

    return schema.agent_guide()


def plan_document(plan: Plan) -> str:
    """The plan file that says what a revision says, in YAML."""
    from engine.planning import writing

    return writing.plan_text(plan)
