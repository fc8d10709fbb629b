"""Drives the judges: a worklist of commands and scripts until nothing is inside any more, within bounds.

A bound that is reached is a `destructive` reason of its own: what was not looked into is never taken for harmless.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

from engine.model.nouns import dataclass
from engine.model.tier import Reason, Tier
from engine.policy.argv import Command, forbidden
from engine.policy.findings import UNKNOWN, Finding, Invocation, Script, destructive
from engine.policy.paths import outside, write_reason
from engine.policy.programs import assigns, judge, plain_name

MOST_ITEMS = 20_000
MOST_DEPTH = 12


@dataclass(frozen=True)
class Inspected:
    """What one operand was found to do."""

    reasons: tuple[Reason, ...]
    """Gravest first, then by line; each once."""
    programs: tuple[str, ...]
    """Every program it starts by plain name, as far as they are known; `?` where one is not."""


def assess_command(command: Command) -> Inspected:
    """Judge plain argv with its redirect; no shell grammar is loaded unless a script is inside."""
    found = _Worklist()
    if command.redirect is not None:
        found.add(Reason(Tier.WRITE, "the redirect writes a file", "redirect"))
        if reason := write_reason(command.redirect, "the redirect to"):
            found.add(reason)
    return found.run(Invocation(command.argv))


def assess_script(script: str) -> Inspected:
    """Judge every command of a bash script: compounds, pipelines, substitutions, here-documents and wrappers."""
    return _Worklist().run(Script(script))


class _Worklist:
    def __init__(self) -> None:
        self.reasons: dict[tuple[str, str, int | None], Reason] = {}
        self.programs: dict[str, None] = {}
        self.left = False
        """Whether a `cd` leaves the workdir, so that relative paths are no longer inside it."""

    def add(self, reason: Reason) -> None:
        key = (reason.text, reason.rule, reason.line)
        known = self.reasons.get(key)
        if known is None or known.tier.rank < reason.tier.rank:
            self.reasons[key] = reason

    def run(self, first: Invocation | Script) -> Inspected:
        waiting: deque[tuple[Invocation | Script, int]] = deque([(first, 0)])
        seen: set[Invocation | Script] = set()
        while waiting:
            item, depth = waiting.popleft()
            if item in seen:
                continue
            seen.add(item)
            if len(seen) > MOST_ITEMS or depth > MOST_DEPTH:
                self.add(destructive("there is more inside than is looked into", "bound"))
                break
            for finding in self.open(item):
                if isinstance(finding, Reason):
                    self.add(_on_line(finding, item.line))
                else:
                    waiting.append((finding, depth + 1))
        return self.result()

    def open(self, item: Invocation | Script) -> Iterator[Finding]:
        if isinstance(item, Invocation):
            self.note(item)
            yield from judge(item)
            return
        from engine.policy.shell import commands

        if UNKNOWN in item.text:
            yield destructive("part of the script inside is known only when it runs", "unknown script")
        if forbidden(item.text.replace(UNKNOWN, "")):
            yield destructive("the script inside contains control characters", "control characters")
        for finding in commands(item.text.replace(UNKNOWN, "${_}")):
            yield finding if item.line is None or isinstance(finding, Script) else replace(finding, line=item.line)

    def note(self, call: Invocation) -> None:
        if not call.argv or assigns(call.argv[0]):
            return
        name = "?" if UNKNOWN in call.argv[0] else plain_name(call.argv[0])
        self.programs[name] = None
        if name in ("cd", "pushd") and (len(call.argv) == 1 or any(outside(arg) for arg in call.argv[1:])):
            self.left = True

    def result(self) -> Inspected:
        if self.left and any(reason.tier is Tier.WRITE for reason in self.reasons.values()):
            self.add(destructive("it writes after leaving the workdir", "cd outside"))
        found = list(self.reasons.values())
        if len(found) > 1:
            found.sort(key=lambda reason: (-reason.tier.rank, reason.line or 0))
        return Inspected(tuple(found), tuple(self.programs))


def _on_line(reason: Reason, line: int | None) -> Reason:
    return reason if line is None or reason.line is not None else replace(reason, line=line)
