"""`execute`, `test` and `shell`: one process tree in the sandbox, its output in the log, ended when it must end."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from collections.abc import Callable
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from engine import process
from engine.actions.base import Context, Result
from engine.errors import SpawnFailed
from engine.model.run import ProcessEnd, Receipt
from engine.model.tier import Tier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.policy import Command

BASH = "/bin/bash"


async def run_command(context: Context) -> Result:
    """One program with its arguments; a trailing redirect is applied after exit 0."""
    from engine.policy import parse_command

    command = parse_command(context.planned.step.operand)
    program = context.planned.binary or _find(command.argv[0], _workdir(context))
    result = await _run(context, (program, *command.argv[1:]), None)
    if command.redirect and not result.failure:
        await asyncio.to_thread(_redirect, command, context)
    return result


async def run_script(context: Context) -> Result:
    """One script, handed to bash as a file of exactly the signed bytes."""
    return await _run(context, (BASH,), context.planned.step.operand)


def _bound(context: Context) -> tuple[process.SealedFile, ...]:
    """The signed files whose text would be executed: only their sealed bytes can be."""
    if not context.sealed:
        return ()
    from engine.policy import executed_words

    workdir = _workdir(context)
    executed = {(workdir / word).resolve() for word in executed_words(context.planned.step.operand)}
    return tuple(file for file in context.sealed if file.path in executed or file.copy.read_bytes()[:2] == b"#!")


def _workdir(context: Context) -> Path:
    return (context.root / context.planned.step.workdir).resolve()


def _find(name: str, workdir: Path) -> str:
    """The program an earlier step was to make."""
    found = shutil.which(str(workdir / name)) if "/" in name else shutil.which(name)
    if found is None:
        raise SpawnFailed(program=name, reason="it was not found, also not after the steps before this one")
    return found


def _launch(context: Context, argv: tuple[str, ...], script: str | None) -> process.Launch:
    step, settings = context.planned.step, context.settings
    secrets = {name: os.environ[name] for name in step.secrets if name in os.environ}
    missing = [name for name in step.secrets if name not in secrets]
    if missing:
        raise SpawnFailed(program=argv[0], reason=f"the secret {missing[0]} is not set in the engine's environment")
    return process.Launch(
        run=context.run,
        argv=argv,
        script=script,
        environment={
            **process.private_environment({**step.env, **secrets}, context.home),
            process.MARKER: context.mark,
        },
        confinement=process.Confinement(
            root=context.root,
            workdir=_workdir(context),
            writable=context.planned.tier is not Tier.READ,
            home=context.home,
            network=bool(step.network),
            writes=tuple(_workdir(context) / Path(path).expanduser() for path in step.writes),
            sockets=step.sockets,
            masked=context.masked,
            sealed=_bound(context),
        ),
        log=Path(context.log),
        limits=process.Limits(memory=settings.memory, processes=settings.processes, log=settings.log_limit),
        redact=tuple(secrets.values()),
        record=Path(context.log).with_suffix(".exit"),
    )


async def _run(context: Context, argv: tuple[str, ...], script: str | None) -> Result:
    running = await process.spawn(_launch(context, argv, script), context.level, on_growth=context.grew)
    ending: list[asyncio.Task[process.Receipt]] = []

    def end() -> None:
        if not ending:
            ending.append(asyncio.create_task(running.cancel(context.settings.grace), name=f"end run {context.run}"))

    timeout = context.planned.step.timeout
    with context.token.watched(end), _alarm(timeout, end) as rang:
        exited = await running.wait()
    receipt = _receipt(await ending[0]) if ending else None
    if rang():
        error = f"ran longer than its timeout of {timeout:g} s and was ended"
        return Result(error=error, failure="timeout", summary=exited.first_line, receipt=receipt)
    return _result(exited, receipt)


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
        changed = ", ".join(path.name for path in exited.changed)
        error = f"{changed} was changed by something else while the step ran; what it did is in the log"
        return Result(exit_code=exited.code, error=error, failure="bytes", summary=exited.first_line, receipt=receipt)
    if exited.code == 0 and receipt is None:
        return Result(exit_code=0, summary=exited.first_line)
    how = f"exit {exited.code}" if exited.signal is None else f"ended by signal {exited.signal}"
    error = " · ".join([how, *(line for line in exited.stderr_tail if line.strip())])
    return Result(exit_code=exited.code, error=error, failure="exit", summary=exited.first_line, receipt=receipt)


def _receipt(receipt: process.Receipt) -> Receipt:
    ends = tuple(ProcessEnd(pid=end.pid, name=end.name, end=end.how, seconds=end.seconds) for end in receipt.signalled)
    survivors = tuple(end.pid for end in receipt.survivors)
    return Receipt(
        ends=ends,
        survivors=survivors,
        seconds=receipt.seconds,
        level=receipt.level.value,
        best_effort=receipt.best_effort,
    )


def _redirect(command: Command, context: Context) -> None:
    """Write what the program said on its standard output to the file that the step names."""
    assert command.redirect is not None
    root, workdir = context.root.resolve(), _workdir(context)
    target = (workdir / command.redirect).resolve()
    if not (target.is_relative_to(workdir) and workdir.is_relative_to(root)):
        raise SpawnFailed(program=command.argv[0], reason=f"{command.redirect} lies outside the workdir")
    with open(_open_beneath(root, target.relative_to(root).parts, os.O_APPEND if command.append else 0), "wb") as file:
        if not command.append:
            file.truncate()
        for piece in _stdout(Path(context.log)):
            file.write(piece)


def _open_beneath(root: Path, parts: tuple[str, ...], flags: int) -> int:
    """Open a regular file for writing; a link or pipe that a step put in the way meanwhile leads nowhere."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts[:-1]:
            deeper = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = deeper
        flags |= os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        file = os.open(parts[-1], flags, 0o666, dir_fd=folder)
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise SpawnFailed(program=parts[-1], reason="it is not a regular file")
    return file


def _stdout(log: Path) -> Iterator[bytes]:
    """What a run said on its standard output, without what it said on the other one."""
    size = process.read_log(log, 0, 0).size
    switches = [*process.stream_switches(log, 0, size), (size, process.Stream.OUT)]
    for (start, stream), (end, _) in pairwise(switches):
        while stream is process.Stream.OUT and start < end:
            piece = process.read_log(log, start, min(end - start, 1 << 20)).data
            yield piece
            start += len(piece)
