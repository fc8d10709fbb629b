"""`execute`, `test` and `shell`: one process tree in the sandbox, its output in the log, ended when it must end."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine import process
from engine.actions import prompting, redirect, tally
from engine.actions.base import Context, Result
from engine.actions.signed import executed_and_checked
from engine.errors import SpawnFailed
from engine.model.effect import TestSummary
from engine.model.run import Receipt
from engine.model.tier import Tier

if TYPE_CHECKING:
    from collections.abc import Iterator

BASH = "/bin/bash"
_LOST = "the end of its output is lost: the disk took no more of the log"


async def run_command(context: Context) -> Result:
    """One program with its arguments; a trailing redirect is applied after exit 0."""
    from engine.policy import parse_command

    command = parse_command(context.planned.step.operand)
    program = context.planned.binary or _find(command.argv[0], context)
    exited, result = await _run(context, _launch(context, program, command.argv[1:], None))
    if not command.redirect or result.failure:
        return result
    if exited.truncated:
        return replace(result, error=_truncated(command.redirect, exited, context), failure="bytes")
    await asyncio.to_thread(redirect.apply, command, context)
    return result


async def run_test(context: Context) -> Result:
    """As `run_command`; what its tests came to is read from what it printed."""
    result = await run_command(context)
    return replace(result, tests=await asyncio.to_thread(_tests, Path(context.log)))


async def run_script(context: Context) -> Result:
    """One script, handed to bash as a file of exactly the signed bytes."""
    shell = context.planned.binary or BASH
    _, result = await _run(context, _launch(context, shell, (), context.planned.step.operand))
    return result


def _find(name: str, context: Context) -> str:
    """The program an earlier step was to make, looked for where the step itself would, but for relative entries."""
    if "/" in name:
        found = shutil.which(str(context.workdir / name))
    else:
        path = process.private_environment(context.planned.step.env, context.home)["PATH"]
        found = shutil.which(name, path=":".join(entry for entry in path.split(":") if entry.startswith("/")))
    if found is None:
        raise SpawnFailed(program=name, reason="it was not found, also not after the steps before this one")
    return found


def _launch(context: Context, program: str, words: tuple[str, ...], script: str | None) -> process.Launch:
    step, settings = context.planned.step, context.settings
    secrets = {name: os.environ[name] for name in step.secrets if name in os.environ}
    missing = [name for name in step.secrets if name not in secrets]
    if missing:
        raise SpawnFailed(program=program, reason=f"{_named(missing)} not set in the environment that signoff runs in")
    terminal = {"TERM": process.TERMINAL_TYPE} if step.tty else {}
    sealed, checked = executed_and_checked(context)
    return process.Launch(
        run=context.run,
        argv=(program, *words) if script is None else words,
        script=script,
        shell=program if script is not None else BASH,
        environment={
            **process.private_environment({**terminal, **step.env, **secrets}, context.home),
            process.MARKER: context.mark,
        },
        confinement=process.Confinement(
            root=context.root,
            workdir=context.workdir,
            writable=context.planned.tier is not Tier.READ,
            home=context.home,
            network=bool(step.network),
            writes=context.writes,
            sockets=step.sockets,
            masked=context.masked,
            sealed=sealed,
            checked=checked,
        ),
        log=Path(context.log),
        limits=process.Limits(memory=settings.memory, processes=settings.processes, log=settings.log_limit),
        redact=tuple(secrets.values()),
        record=Path(context.log).with_suffix(".exit"),
        terminal=step.tty,
    )


def _named(secrets: list[str]) -> str:
    return f"the secret{'s' * (len(secrets) > 1)} {', '.join(secrets)} {'are' if len(secrets) > 1 else 'is'}"


async def _run(context: Context, launch: process.Launch) -> tuple[process.Exit, Result]:
    running = await process.spawn(launch, context.level, on_growth=context.grew, on_stall=context.stalled)
    if running.terminal is not None:
        context.terminal(running.terminal)
    ending: list[asyncio.Task[Receipt]] = []

    def end() -> None:
        if not ending:
            ending.append(asyncio.create_task(running.cancel(context.settings.grace), name=f"end run {context.run}"))

    timeout = context.planned.step.timeout
    with context.token.watched(end, running.kill), _alarm(timeout, end) as rang:
        exited = await running.wait()
    receipt = await ending[0] if ending else None
    if rang() and not exited.changed:
        error = f"ran longer than its timeout of {timeout:g} s and was ended"
        result = Result(error=error, failure="timeout", summary=exited.first_line, receipt=receipt)
    else:
        result = _result(exited, receipt)
    return exited, await asyncio.to_thread(_hinted, result, launch) if result.failure else result


def _hinted(result: Result, launch: process.Launch) -> Result:
    """With what a person can do about it, where the step wanted one at a terminal."""
    if launch.terminal or not prompting.wanted_a_person(launch.log):
        return result
    return replace(result, error=f"{result.error} · {prompting.HINT}")


@contextmanager
def _alarm(seconds: float | None, ring: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Call `ring` after `seconds`; yields whether it did."""
    if seconds is None:
        yield lambda: False
        return
    rung = False

    def go() -> None:
        nonlocal rung
        rung = True
        ring()

    handle = asyncio.get_running_loop().call_later(seconds, go)
    try:
        yield lambda: rung
    finally:
        handle.cancel()


def _result(exited: process.Exit, receipt: Receipt | None) -> Result:
    if exited.changed:
        changed = ", ".join(map(str, exited.changed[:5])) + (" and more" if len(exited.changed) > 5 else "")
        error = f"{changed} was changed while the step ran and must not be; what the step did is in the log"
        return Result(exit_code=exited.code, error=error, failure="bytes", summary=exited.first_line, receipt=receipt)
    if exited.code == 0 and receipt is None:
        return Result(exit_code=0, summary=_LOST if exited.lost else exited.first_line)
    how = f"exit {exited.code}" if exited.signal is None else f"ended by signal {exited.signal}"
    error = " · ".join([how, *(line for line in exited.stderr_tail if line.strip()), *([_LOST] * exited.lost)])
    return Result(exit_code=exited.code, error=error, failure="exit", summary=exited.first_line, receipt=receipt)


def _tests(log: Path) -> TestSummary | None:
    end = process.read_log(log, -tally.TAIL, tally.TAIL)
    return tally.tally(end.data, whole=len(end.data) == end.size and not end.gap)


def _truncated(target: str, exited: process.Exit, context: Context) -> str:
    return (
        f"{target} was not written: the step wrote {exited.log_bytes:,} bytes and its log keeps "
        f"{context.settings.log_limit:,}; raise log_limit, or write the file inside the command"
    )
