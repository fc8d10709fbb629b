"""What others need to write plans: the JSON Schema of plan files, and a guide for coding agents.

Importing it costs nothing; both are made when somebody asks.
"""

from __future__ import annotations

from typing import Any


def plan_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a plan document."""
    from engine.planning import schema

    return schema.plan_schema()


def agent_guide() -> str:
    """How any coding agent writes a plan and hands it in, as Markdown."""
    from engine.planning import schema

    return schema.agent_guide()
