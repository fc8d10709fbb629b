"""One file per kind of action; this is the registry of those that are configured.

A kind that is not in it fails when a plan is validated, before anyone signs (B6.3).
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.actions.base import Act, Context, Earlier, Infer, Result, Waits
from engine.actions.command import run_command, run_script, run_test
from engine.actions.consult import research, review
from engine.actions.text import notify, write_text
from engine.model.plan import Action

ACTIONS: Mapping[Action, Act] = {
    Action.EXECUTE: run_command,
    Action.TEST: run_test,
    Action.SHELL: run_script,
    Action.PLAN: write_text,
    Action.NOTIFY: notify,
}
"""`ask` has no body: its question is the step, and the runner asks it."""

MODEL_ACTIONS: Mapping[Action, Act] = {Action.RESEARCH: research, Action.REVIEW: review}
"""Those that need a model besides."""

__all__ = ["ACTIONS", "MODEL_ACTIONS", "Act", "Context", "Earlier", "Infer", "Result", "Waits"]
