"""What a person may set: one frozen record, from defaults, the configuration file, the environment and options."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, field
from pathlib import Path
from typing import Annotated, ClassVar

from engine.model.amounts import Dollars
from engine.model.nouns import dataclass
from engine.model.policy import Policy
from engine.model.role import Role

Money = Annotated[float | None, Dollars()]
_OF_ONE_PROCESS = frozenset({"share", "idle_exit"})


@dataclass(frozen=True, kw_only=True)
class Caps:
    """What may be spent by the hour, day and month of UTC, in US dollars; None: as much as it costs."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    hour: Money = None
    day: Money = None
    month: Money = None


@dataclass(frozen=True, kw_only=True)
class OverallCaps(Caps):
    """What may be spent over all tasks together."""

    models: Mapping[str, Caps] = field(default_factory=dict)
    """By single models and agents, by name."""


@dataclass(frozen=True, kw_only=True)
class Notification:
    """How people are told that they are needed, besides on the screens that are open."""

    terminal: str = "auto"
    """How a terminal is told: `auto bell osc9 osc777 osc99 off`."""
    channels: tuple[str, ...] = ()
    """Names of channels that are told as well; their addresses are in `channels.toml`."""
    after: float = 60.0
    """Seconds that something waits before a channel is told."""
    every: float = 600.0
    """Seconds until it is told again; each next pause is twice as long."""


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """Which models are asked, and how."""

    name: str = ""
    """`provider/model`; empty: none is."""
    fallbacks: tuple[str, ...] = ()
    """Asked in this order where the one before cannot answer."""
    base_url: str = ""
    """Where the provider of `name` is reached, such as a server of one's own; empty for its own place."""
    key: str = ""
    """The variable, or line in the file of keys, with the key for the provider of `name`; empty for the usual one."""
    timeout: float = 600.0
    """Seconds for a whole answer."""
    idle_timeout: float = 180.0
    """Seconds until an answer begins, and between its pieces."""
    max_output: int = 16_384
    """Tokens of an answer."""
    temperature: float | None = None
    prices: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """US dollars for a million tokens in and out, by model, where the known price is none or another."""


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
    share: Path | None = None
    """A directory through which other users reach this engine; None: nobody but its own user does."""
    roles: Mapping[str, Role] = field(default_factory=dict)
    """What other users may do, by name, or by `@group`; whoever is not named is refused."""
    idle_exit: float | None = None
    """Seconds without work and without anybody attached until an owner without a screen ends; None: `serve` stays, one
    that a terminal has left ends at once."""
    budget: OverallCaps = field(default_factory=OverallCaps)
    policy: Policy = field(default_factory=Policy)
    notify: Notification = field(default_factory=Notification)
    model: ModelSettings = field(default_factory=ModelSettings)

    @property
    def digest(self) -> str:
        """Tells these settings from others; what only says how long and where one process serves is not in it."""
        import hashlib
        import json

        told = {name: value for name, value in asdict(self).items() if name not in _OF_ONE_PROCESS}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
