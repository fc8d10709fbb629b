"""package.json: scripts, run by the package manager whose lock file is there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.planning.repo.kinds import kind_of
from engine.planning.repo.sources import Sources, line_of, table
from engine.views import Target

_MANAGERS = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lock": "bun", "bun.lockb": "bun"}
_NAME = re.compile(r"[A-Za-z0-9_][\w.:/@+-]*", re.ASCII)


def node_targets(sources: Sources) -> Iterator[Target]:
    """The scripts, without those that run by themselves before or after another."""
    file = "package.json"
    scripts = table(sources.json(file), "scripts")
    manager = _MANAGERS.get(sources.has(*_MANAGERS), "npm")
    for name, script in scripts.items():
        hook = any(name.startswith(when) and name[len(when) :] in scripts for when in ("pre", "post"))
        if isinstance(script, str) and _NAME.fullmatch(name) and not hook:
            yield Target(
                name=name,
                tool=manager,
                command=f"{manager} run {name}",
                file=file,
                line=line_of(sources.text(file)[1], f'"{name}":'),
                description=script[:120],
                kind=kind_of(name),
            )
