"""What a run did, besides its output: the files that changed while it ran, and what its tests came to (B6.3, B6.4).

Each says itself in words, because questions and screens tell the same.
"""

from __future__ import annotations

from enum import StrEnum

from engine.model.nouns import dataclass


class ChangeKind(StrEnum):
    """What became of a file."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"


@dataclass(frozen=True, kw_only=True)
class FileChange:
    """One file that is not as it was."""

    path: str
    """Relative to the root of the task; bytes that are no text are written as escapes."""
    kind: ChangeKind
    added: int | None = None
    """Lines; None where the file is no text, too large, or what it held before is not known."""
    removed: int | None = None

    @property
    def lines(self) -> str:
        """`+12 -3`; empty where it is not known."""
        return "" if self.added is None or self.removed is None else f"+{self.added} -{self.removed}"


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The files beneath the root that changed while a run was under way, whoever changed them."""

    files: tuple[FileChange, ...] = ()
    """The first of them by path; none where only the count is told."""
    count: int = 0
    beside: int = 0
    """Other runs that could write there meanwhile: what they changed is not told apart."""
    unknown: str = ""
    """Why it is not known what changed; empty where it is."""

    @property
    def text(self) -> str:
        """`changed 3 files`, `changed 3 files while 2 others ran`; empty where nothing changed."""
        if self.unknown:
            return f"changed files not recorded: {self.unknown}"
        return f"changed {self.files_text}" if self.count else ""

    @property
    def files_text(self) -> str:
        """`3 files while 2 others ran`."""
        counted = f"{self.count:,} file" + ("s" if self.count != 1 else "")
        return counted + (f" while {self.beside} other{'s' if self.beside != 1 else ''} ran" if self.beside else "")


@dataclass(frozen=True, kw_only=True)
class TestSummary:
    """What a test program counted at its end."""

    passed: int = 0
    failed: int = 0
    """Failures and errors."""
    skipped: int = 0
    """Skipped, ignored, pending, or expected to fail."""

    @property
    def text(self) -> str:
        """`214 passed, 1 failed`."""
        told = [f"{self.passed:,} passed"]
        told += [f"{self.failed:,} failed"] if self.failed else []
        told += [f"{self.skipped:,} skipped"] if self.skipped else []
        return ", ".join(told)


@dataclass(frozen=True, kw_only=True)
class Made:
    """A file that later steps expect from this run, as it left it."""

    sha256: str = ""
    diff: str = ""
    """Against what it held when the run began, unified and bounded."""
