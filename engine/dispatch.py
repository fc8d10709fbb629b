"""From a command to the room that carries it out: once for every key of a person, however often it comes.

The reply to a decision is kept with its key; who sends the same one again is told the same. The rules of each command
live in its room.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from engine.commands import (
    AcceptResult,
    Cancel,
    Command,
    Forget,
    GiveGrant,
    Judge,
    Kill,
    LookAgain,
    MakePlan,
    Pause,
    RaiseBudget,
    Reject,
    Remove,
    Reply,
    Resolve,
    ResolveComment,
    Resume,
    Return,
    Revise,
    RevokeGrant,
    RevokeTrust,
    Shutdown,
    Sign,
    Trust,
    TryModel,
    Type,
    WriteComment,
)
from engine.composition import Composition
from engine.errors import KeyTaken, Refused

Handler = Callable[[Any, str], Awaitable[Reply]]
"""Carries out a command of its kind, by whom."""


class Dispatch:
    """The commands of one engine."""

    def __init__(self, parts: Composition) -> None:
        self._parts = parts
        self._handlers = self._rooms()
        self._inflight: dict[str, tuple[tuple[str, type[Command]], asyncio.Task[Reply]]] = {}
        """By key: whose command of which kind is being carried out."""
        self.closing = asyncio.Event()
        """Set when somebody asked the engine to close."""

    def _rooms(self) -> dict[type[Command], Handler]:
        """Who carries out what."""
        parts = self._parts
        return {
            MakePlan: parts.planning.make,
            Revise: self._ends_draft(parts.revisions.revise),
            Judge: parts.verdicts.judge,
            WriteComment: parts.comments.write,
            ResolveComment: parts.comments.resolve,
            GiveGrant: parts.confirmations.grant,
            RevokeGrant: parts.grants.revoke,
            Sign: parts.reviews.sign,
            Reject: parts.reviews.reject,
            Return: parts.revisions.after(parts.reviews.give_back),
            AcceptResult: parts.reviews.accept,
            Remove: self._ends_draft(parts.reviews.remove),
            Resolve: parts.confirmations.resolve,
            LookAgain: parts.confirmations.look_again,
            RaiseBudget: parts.raising.raise_budget,
            Cancel: self._ends_draft(parts.scheduler.cancel),
            Kill: self._ends_draft(parts.scheduler.kill),
            Pause: parts.scheduler.pause,
            Resume: self._resume,
            Trust: parts.trusting.trust,
            RevokeTrust: parts.trusting.revoke,
            Forget: parts.memories.forget,
            TryModel: parts.probing.try_model,
            Type: parts.runner.terminals.type,
            Shutdown: self._shutdown,
        }

    async def do(self, command: Command, actor: str) -> Reply:
        """Carry out a command as `actor`; who stops waiting does not stop it.

        Raises:
            KeyTaken: its key is that of another kind of command, or of somebody else.
        """
        key, whose = command.key, (actor, type(command))
        if key not in self._inflight:
            running = asyncio.create_task(self._once(command, actor), name=type(command).__name__)
            self._inflight[key] = whose, running
            running.add_done_callback(lambda _: self._inflight.pop(key, None))
        first, running = self._inflight[key]
        if first != whose:
            raise KeyTaken
        return await asyncio.shield(running)

    async def _once(self, command: Command, actor: str) -> Reply:
        store = self._parts.store
        if isinstance(command, Type | LookAgain):  # typing and looking are no decisions: no key of them is kept
            return await self._handlers[type(command)](command, actor)
        if reply := await store.read.reply(command, actor):
            return reply
        if not isinstance(command, Cancel | Kill | Shutdown):
            store.check()
        store.carry(command, actor)
        reply = await self._handlers[type(command)](command, actor)
        if isinstance(command, Cancel | Kill) and not self._parts.opening.executes:
            await self._parts.recovery.close_runs()  # nobody else is there to end what a dead owner left
        if not isinstance(command, Shutdown):
            await store.remember(command, actor, reply)
        return reply

    async def _resume(self, command: Resume, actor: str) -> Reply:
        """Another attempt: at the plan where there is none yet, else at its steps."""
        parts = self._parts
        task = await parts.store.read.task(command.task)
        if not task.unplanned:
            return await self._ends_draft(parts.scheduler.resume)(command, actor)
        return await (parts.revisions.again if task.revision else parts.planning.again)(command, actor)

    def _ends_draft(self, decide: Handler) -> Handler:
        """A decision after which nobody waits for what a model is writing of the task."""

        async def decided(command: Any, actor: str) -> Reply:
            executes = self._parts.scheduler.find(command.task) is not None
            reply = await decide(command, actor)
            if not executes:  # what executes stops its drafts itself
                self._parts.drafts.stop(command.task)
            return reply

        return decided

    async def _shutdown(self, command: Shutdown, actor: str) -> Reply:
        if self._parts.busy and not command.force:
            raise Refused(
                problem="Something still runs; nothing was closed", hint="cancel it first, or end it with --force"
            )
        self.closing.set()
        return Reply(seq=self._parts.store.seq, text="the engine closes")
