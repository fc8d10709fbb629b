"""The workbench as lines, for screen readers and for terminals that cannot draw: what happens is printed, what is typed
is a command.

Every typed line goes to the parser of the command line, with the engine of this sitting: rules, questions and words are
those of the commands. News waits while a command prints or a person is asked. Long text comes page by page.
"""

from __future__ import annotations

import asyncio
import io
import os
import shlex
import shutil
import signal
from argparse import Namespace
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any

from engine import (
    Command,
    EngineClient,
    EngineInfo,
    Event,
    Gap,
    ListQuestions,
    LogSlice,
    Query,
    Reply,
    ShowEngine,
    SignoffError,
    Stalled,
)
from tui.cli.arguments import parse_command, verb_of
from tui.cli.call import Call, World
from tui.cli.console import Console
from tui.cli.failing import guarded
from tui.cli.table import COMMANDS
from tui.cli.terminal import LINE, MORE
from tui.presentation.safe import ascii_only, safe
from tui.presentation.trouble import disk

_NAMES = {"list": "ls", "review": "show", "sign": "approve", "new": "plan"}
"""Words for commands that have another name in the shell."""
_OUTSIDE = frozenset({"demo", "serve", "completion"})
"""Commands that need a shell."""
_PAGED = frozenset(
    {"ls", "show", "runs", "log", "inbox", "diff", "plan", "explain", "audit", "doctor", "schema", "agent-guide"}
)
"""Commands that may print more than a screen and ask for nothing meanwhile."""
_PROMPT = "> "
_TOGETHER = 0.2
"""Seconds that news waits for more of it."""


class Stopped(Exception):
    """Nothing more is wanted of what is being printed."""


class LineMode:
    """A sitting at a prompt. `run` ends when the person leaves, the engine closes, or `leave` is called."""

    def __init__(self, call: Call, engine: EngineClient) -> None:
        self._call, self._engine = call, engine
        self._console = call.console
        self._news: list[str] = []
        self._due = False
        self._busy = True
        """Whether a command prints or asks; news waits then."""
        self._doing: asyncio.Task[Any] | None = None
        self._left = False
        self._typed = ""

    def leave(self) -> None:
        """End what is being done, and then the sitting."""
        self._left = True
        if self._doing is not None:
            self._doing.cancel()

    async def run(self) -> int:
        """Say how things stand, then do what is typed until somebody leaves."""
        following = asyncio.create_task(self._follow(), name="news")
        try:
            await self._greet()
            while not self._left and (line := await self._do(self._ask(_PROMPT, news=True))) is not None:
                await self._do(self._obey(line))
            await self._do(self._farewell())
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        return 0

    async def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do something that ctrl+c ends, and nothing else with it."""
        loop = asyncio.get_running_loop()
        self._doing = asyncio.create_task(work)
        loop.add_signal_handler(signal.SIGINT, self._doing.cancel)
        try:
            return await self._doing
        except asyncio.CancelledError:
            if not self._left:
                self._console.say("\nstopped; quit leaves")
            return None if self._left else ""
        finally:
            self._doing = None

    async def _greet(self) -> None:
        info: EngineInfo = await self._engine.read(ShowEngine())
        self._console.say(f"signoff in {safe(str(self._call.root))}, sandbox {info.level}. help lists the words.")
        for line in ("list --limit 10", "inbox"):
            await self._do(self._obey(line))

    async def _farewell(self) -> None:
        from tui.presentation.task import farewell

        with suppress(SignoffError):  # an engine that has closed leaves nothing to come back to
            info: EngineInfo = await self._engine.read(ShowEngine())
            if word := farewell(info.running, len(await self._engine.read(ListQuestions())), self._call.again):
                self._console.say(word, exact=True)  # a command to copy

    # Commands

    async def _obey(self, line: str) -> None:
        try:
            words = shlex.split(line)
        except ValueError:
            self._console.say("a quote is not closed; nothing was done")
            return
        match words:
            case []:
                return
            case ["quit" | "q" | "exit"]:
                self._left = True
            case ["help" | "?"]:
                self._help()
            case ["signoff", name, *rest] | [name, *rest]:
                await self._command(_NAMES.get(name, name), rest)

    def _help(self) -> None:
        for word, name in _NAMES.items():
            self._console.say(f"{word}: {COMMANDS[name][1]}")
        for name, (_, told) in COMMANDS.items():
            if name not in _OUTSIDE and name not in _NAMES.values():
                self._console.say(f"{name}: {told}")
        self._console.say("quit: leave; what runs goes on\nA word and --help tells more.")

    async def _command(self, name: str, rest: list[str]) -> None:
        if name in _OUTSIDE:
            self._console.say(f"{name} is for the shell: signoff {name}")
            return
        pages = Pages(self, self._call.world.out) if name in _PAGED else None
        attached = Attached(self._engine, pages)

        async def connect(*_: object) -> Attached:
            return attached

        world = replace(self._call.world, connect=connect, out=pages or self._call.world.out, sitting=True)
        failed: Exception | None = None
        try:
            await self._carry_out(name, rest, world)
            if pages:
                await pages.turn()
        except Stopped:
            return
        except Exception as error:
            failed = error
        if failed is not None:
            guarded(lambda: _raise(failed), self._call.world, lambda: self._call.state, as_json="--json" in rest)

    async def _carry_out(self, name: str, rest: list[str], world: World) -> None:
        try:
            args = parse_command(name, rest, Namespace(plain=True))
        except SystemExit:  # argparse has printed the help of the command
            return
        console = Console(world.out, world.err, world.environ, plain=True)
        call = Call(args=args, world=world, console=console, state=self._call.state, host=self._call.host)
        await verb_of(name).run(call)

    # The keyboard

    async def ask(self, prompt: str) -> str:
        """A line that is typed. Raises `Stopped` at the end of input."""
        line = await self._ask(prompt)
        if line is None:
            raise Stopped
        return line

    async def _ask(self, prompt: str, *, news: bool = False) -> str | None:
        """A line that is typed, perhaps with news above it; None at the end of input."""
        out, stdin = self._call.world.out, self._call.world.stdin.fileno()
        if news:
            self._tell()
            self._busy = False
        out.write(prompt)
        out.flush()
        loop, readable = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(stdin, readable.set)
        try:
            await readable.wait()
            data = os.read(stdin, LINE)
        except OSError:  # the terminal is gone
            data = b""
        finally:
            loop.remove_reader(stdin)
            self._busy = True
        return data.decode(errors="surrogateescape").strip() if data else None

    # News

    async def _follow(self) -> None:
        try:
            await self._hear()
        except SignoffError as error:
            self._heard(f"no more news: {safe(str(error))}" + (f"; {safe(error.hint)}" if error.hint else ""))
        self._heard(f"the engine has closed; start again with: {self._call.again}")
        self._tell()
        self.leave()

    async def _hear(self) -> None:
        async for item in self._engine.events():
            if isinstance(item, Event):
                self._heard(_sentence(item, plain=self._console.ascii_only))
            elif isinstance(item, Stalled):
                self._heard(disk(item))
            elif isinstance(item, Gap):
                self._heard("more happened than could be told; list says how things stand")

    def _heard(self, line: str) -> None:
        self._news.append(line)
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_later(_TOGETHER, self._interject)

    def _interject(self) -> None:
        """News above the prompt, and the prompt again; not while a command has the terminal."""
        self._due = False
        if self._news and not self._busy:
            self._console.say("")
            self._tell()
            self._call.world.out.write(_PROMPT)
            self._call.world.out.flush()

    def _tell(self) -> None:
        news, self._news = self._news, []
        for line in news:
            self._console.say(line)


class Attached:
    """The engine of the sitting as a command gets it: it stays open, and nobody reads on before a page was read."""

    def __init__(self, engine: EngineClient, pages: Pages | None) -> None:
        self._engine, self._pages = engine, pages
        self.events, self.look = engine.events, engine.look

    async def do(self, command: Command) -> Reply:
        return await self._engine.do(command)

    async def read(self, query: Query) -> Any:
        return await self._engine.read(query)

    async def read_log(self, run: int, offset: int, n: int) -> LogSlice:
        if self._pages:
            await self._pages.turn()
        return await self._engine.read_log(run, offset, n)

    async def close(self) -> None:
        """It is not theirs to close."""


class Pages(io.StringIO):
    """Keeps what is printed until it is turned over, a screen at a time."""

    def __init__(self, mode: LineMode, out: Any) -> None:
        super().__init__()
        self._mode, self._out = mode, out

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return str(self._out.encoding)

    def isatty(self) -> bool:
        return True

    async def turn(self) -> None:
        """Print what was kept. Raises `Stopped` when the person has read enough."""
        lines = self.getvalue().splitlines(keepends=True)
        self.seek(0)
        self.truncate()
        page = max(2, shutil.get_terminal_size().lines - 1)
        for first in range(0, len(lines), page):
            self._out.write("".join(lines[first : first + page]))
            self._out.flush()
            if first + page < len(lines) and await self._mode.ask(MORE):
                raise Stopped


def _sentence(event: Event, *, plain: bool) -> str:
    """What happened, as the notes of its task say it."""
    from tui.presentation.notes import note

    text = " ".join(note(event).plain.split())
    line = f"task {event.task}: {text}" if event.task else text
    return ascii_only(line) if plain else line


def _raise(error: Exception) -> int:
    raise error
