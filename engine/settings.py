"""What a person may set: one frozen record, from defaults, the configuration file, the environment and options."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from engine.model.policy import Policy


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything the engine can be told about how to work."""

    parallel: int = field(default_factory=lambda: max(4, 2 * (os.cpu_count() or 2)))
    """Steps that run at the same time, over all tasks."""
    grace: float = 2.0
    """Seconds between SIGTERM and SIGKILL."""
    deadline: float = 24 * 3600.0
    """Seconds until an unanswered question expires."""
    log_limit: int = 1 << 30
    """Bytes of log kept per run."""
    sandbox: str = ""
    """The sandbox level to use: empty for the best one that works."""
    memory: int | None = None
    """Bytes of address space per process of a step."""
    processes: int | None = None
    signers: int = 1
    """How many people can sign; whoever proposes a plan is one of them."""
    policy: Policy = field(default_factory=Policy)
