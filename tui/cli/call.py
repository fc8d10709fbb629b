"""What a command is given: its arguments, where to print, the person to ask, the way to an engine.

`World` is everything outside the program that the command line touches; tests hand in their own.
"""

from __future__ import annotations

import os
import shlex
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

from engine import dataclass
from engine.errors import NoModel, NothingFits
from tui.cli.console import Console

if TYPE_CHECKING:
    from engine import EngineClient, Need
    from engine.settings import Settings
    from tui.cli.terminal import Person
    from tui.launcher import Leash


def _nothing(mode: Literal["r", "w"]) -> TextIO:
    """What stands in for a stream that was closed before the program began."""
    return open(os.devnull, mode, encoding="utf-8")


async def _connect(state: Path, need: Need, settings: Settings, host: Path | None) -> EngineClient:
    from engine import connect

    return await connect(state, need, settings, host)


def _person() -> Person | None:
    from tui.cli.terminal import controlling_terminal

    return controlling_terminal()


def _owned(state: Path) -> bool:
    from engine import is_owned

    return is_owned(state)


@dataclass(frozen=True, kw_only=True)
class World:
    """The outside."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    cwd: Path = field(default_factory=Path.cwd)
    stdin: TextIO = field(default_factory=lambda: sys.stdin or _nothing("r"))
    out: TextIO = field(default_factory=lambda: sys.stdout or _nothing("w"))
    err: TextIO = field(default_factory=lambda: sys.stderr or _nothing("w"))
    connect: Callable[[Path, Need, Settings, Path | None], Awaitable[EngineClient]] = _connect
    person: Callable[[], Person | None] = _person
    owned: Callable[[Path], bool] = _owned
    clock: Callable[[], float] = time.time
    leash: Leash | None = None
    """The tie to the launcher, where the command may have to go on without its terminal."""
    sitting: bool = False
    """Whether the command was typed in a sitting, whose engine runs what there is and tells what happens."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One invocation of a command."""

    args: Namespace
    world: World
    console: Console
    state: Path
    host: Path | None = None
    """Where somebody else shares the engine that is meant; None for our own."""

    @property
    def json(self) -> bool:
        return bool(getattr(self.args, "json", False))

    @property
    def ownerless(self) -> bool:
        """Whether nobody runs what the store tells of."""
        return self.host is None and not self.world.sitting and not self.world.owned(self.state)

    @property
    def root(self) -> Path:
        """The directory that new plans run in."""
        return (self.world.cwd / (getattr(self.args, "root", None) or ".")).resolve()

    @property
    def again(self) -> str:
        """What to type in the shell to come back to the same engine in the same way."""
        words = ["signoff", *(["--plain"] if getattr(self.args, "plain", False) else [])]
        for option in ("state", "host"):
            if given := getattr(self.args, option, None):
                words += [f"--{option}", given]
        return shlex.join(words)

    def settings(self) -> Settings:
        """What is configured. Raises `InvalidConfiguration`."""
        from engine import load_configuration

        options = dict(getattr(self.args, "set", None) or ())
        return load_configuration(environ=self.world.environ, options=options).settings

    @asynccontextmanager
    async def engine(self, need: str, *, state: Path | None = None, quiet: bool = False) -> AsyncIterator[EngineClient]:
        """An engine to `read`, `decide` or `execute` with, closed in the end; see `engine.opening`.

        Merely reading needs no settings, so a wrong configuration file stops nobody from looking; `judge` reads with
        the settings that a run would have. An engine that began with other settings is told of, unless `quiet`.
        """
        from engine import Need, default_settings

        settings = default_settings() if need == "read" else self.settings()
        if state is not None:
            settings = replace(settings, share=None)  # a scratch engine is nobody else's business
        wanted = Need.READ if need == "judge" else Need(need)
        client = await self.world.connect(state or self.state, wanted, settings, None if state else self.host)
        unknown = ""
        try:
            if not (quiet or self.world.sitting or state or self.host or need in ("read", "judge")):
                unknown = await self._compare(client, settings)
            yield client
        except (NoModel, NothingFits) as error:
            if unknown:
                error.hint = f"{error.hint}; {unknown}" if isinstance(error, NothingFits) else unknown
            raise
        finally:
            await client.close()

    async def _compare(self, client: EngineClient, settings: Settings) -> str:
        """Tell of an engine that began with other settings; returns what to do where it knows no model for that."""
        from engine import EngineInfo, ShowEngine, other_settings, unknown_model

        info: EngineInfo = await client.read(ShowEngine())
        told = other_settings(info, settings)
        if told:
            self.console.note(told)
        return unknown_model(settings.model.name) if told and settings.model.name and not info.model else ""


@dataclass(frozen=True)
class Verb:
    """How one command is called and carried out."""

    run: Callable[[Call], Coroutine[Any, Any, int]]
    arguments: Callable[[ArgumentParser], None]
    example: str
