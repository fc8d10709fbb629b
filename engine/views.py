"""What queries return besides the nouns: plain frozen answers."""

from __future__ import annotations

from engine.model.budget import Standing
from engine.model.nouns import dataclass
from engine.model.tier import Reason, Tier
from engine.model.trust import Novelty, Trusted


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A value that a recipe takes."""

    name: str
    default: str | None = None
    """None: it must be given."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One thing a repository declares that it can do."""

    name: str
    """As the tool calls it, such as `test`."""
    tool: str
    """`make`, `just`, `npm`, `tox`, `cargo` …"""
    command: str
    """The argv text that runs it."""
    file: str
    """The file that declares it, relative to the root."""
    line: int | None = None
    description: str = ""
    kind: str = ""
    """What it is for, where the name tells: `test lint format build docs run deploy clean`."""
    variables: tuple[Variable, ...] = ()
    """Of a recipe, in the order of its declaration."""


@dataclass(frozen=True, kw_only=True)
class DirectoryFile:
    """A file that a directory brings for this program."""

    path: str
    """Relative to the directory."""
    sha256: str
    text: str
    recipe: str = ""
    """The name of the recipe; empty for the policy."""
    novelty: Novelty = Novelty.NEW
    diff: str = ""
    """Of a changed file against the text that was trusted, unified; empty where that text was not kept."""


@dataclass(frozen=True, kw_only=True)
class DirectoryView:
    """What a directory brings for this program, and what a person trusted of it (B3.5)."""

    root: str
    digest: str = ""
    """Of all files together; empty where there are none."""
    files: tuple[DirectoryFile, ...] = ()
    """The policy first, then the recipes by name."""
    refused: tuple[str, ...] = ()
    """Why it cannot be trusted, one sentence for each thing."""
    recipes: tuple[str, ...] = ()
    """The names of all recipes, also of those that cannot be used."""
    gone: tuple[str, ...] = ()
    """Files that were trusted and are not there any more."""
    gone_diff: str = ""
    """What those said, as lines that were taken away."""
    trusted: Trusted | None = None
    """What was trusted last."""

    @property
    def holds(self) -> bool:
        """Whether what is there now is what was trusted."""
        return self.trusted is not None and not self.refused and self.trusted.digest == self.digest

    @property
    def wants_trust(self) -> bool:
        """Whether there is something that nobody trusted as it is now."""
        return bool(self.files or self.refused) and not self.holds


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What would happen to a command, judged as a run would judge it."""

    tier: Tier
    reasons: tuple[Reason, ...]
    verdict: str
    """`run`, `ask` or `refuse`."""
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BudgetView:
    """How the caps stand now, and what was spent where there are none."""

    standings: tuple[Standing, ...] = ()
    """Over all tasks by hour, day and month; then by model and agent, by name; then those of the task asked about."""


@dataclass(frozen=True, kw_only=True)
class AuditReport:
    """The end of a walk along the hash chain."""

    ok: bool
    events: int
    head: str
    """Hash of the last row."""
    first_bad: int | None = None
    """Sequence number of the first row that does not verify."""
    problem: str = ""
    anchored: int = 0
    """Up to which event an anchor outside the store agrees."""


@dataclass(frozen=True, kw_only=True)
class EngineInfo:
    """The owner of a state directory."""

    version: str
    pid: int
    user: str
    state: str
    """The state directory."""
    level: str
    """The sandbox level that the probe chose."""
    level_reason: str = ""
    seq: int = 0
    head: str = ""
    """Hash of the last event."""
    running: int = 0
    """Steps that run now."""
    parallel: int = 1
    """Steps that run at the same time, at most."""
    fault: str = ""
    """Why nothing new is started, if so."""
    settings: str = ""
    """The digest of the settings that it was opened with: it keeps to them to its end."""
    model: str = ""
    """The usual one by those settings; empty where there is none."""
