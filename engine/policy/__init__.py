"""Decides, without waiting and without I/O, how risky an operand is and what is allowed.

Tiers are advice to the reader; the sandbox is the boundary. Unknown counts as grave: what cannot be parsed asks.
"""

from __future__ import annotations

from engine.model.policy import LEVELS, Policy
from engine.policy.allow import tighten, withheld
from engine.policy.argv import Command, CommandError, parse_command
from engine.policy.executed import executed_words
from engine.policy.inspection import Inspected, assess_command, assess_script
from engine.policy.verdict import Decision, Verdict, assess, decide

__all__ = [
    "LEVELS",
    "Command",
    "CommandError",
    "Decision",
    "Inspected",
    "Policy",
    "Verdict",
    "assess",
    "assess_command",
    "assess_script",
    "decide",
    "executed_words",
    "parse_command",
    "tighten",
    "withheld",
]
