"""The `repo` planner: what a repository itself declares, and a plan of what a request picks from it (B2.1).

Needs no model, no key and no network. Every declaration is read as text, bounded in size, links resolved; nothing of
the repository is executed. One file here per family of tools; `kinds` knows what names mean, `wording` what a request
says of them, `choosing` picks, `ordering` makes steps.
"""

from __future__ import annotations

from engine.planning.repo.choosing import plan_targets, unread
from engine.planning.repo.finding import find_targets

__all__ = ["find_targets", "plan_targets", "unread"]
