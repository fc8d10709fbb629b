"""Cargo and Go: the toolchain itself knows what can be done, the manifest only says that it applies."""

from __future__ import annotations

from collections.abc import Iterator

from engine.planning.repo.sources import Sources
from engine.views import Target

_CARGO = (
    ("build", "cargo build", "build"),
    ("test", "cargo test", "test"),
    ("clippy", "cargo clippy", "lint"),
    ("fmt", "cargo fmt", "format"),
)
_GO = (("build", "go build ./...", "build"), ("test", "go test ./...", "test"), ("vet", "go vet ./...", "lint"))


def compiled_targets(sources: Sources) -> Iterator[Target]:
    """The usual calls of each toolchain whose manifest is there."""
    for file, tool, calls in (("Cargo.toml", "cargo", _CARGO), ("go.mod", "go", _GO)):
        if sources.text(file)[0]:
            for name, command, kind in calls:
                yield Target(name=name, tool=tool, command=command, file=file, line=1, kind=kind)
