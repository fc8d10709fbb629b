"""The only place of the program that starts processes: those of steps and agents by `spawn`, its own by `run_quietly`.

Call it on the loop's own thread, which must be the main one: the kernel ends a sandbox when the thread ends that
started it. No `preexec_fn`, so that a spawn does not copy the engine's memory.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

from engine.errors import BytesChanged, SpawnFailed, StepTimedOut
from engine.process import afterlife, sandbox, supervisor, tree
from engine.process.capture import Capture
from engine.process.guarded import guard
from engine.process.launch import MARKER, CompletedCapture, Confinement, Launch, Level, Limits
from engine.process.levels import Grouped, Sandboxed, Supervised
from engine.process.logs import LogWriter
from engine.process.running import Running
from engine.process.seal import changed
from engine.process.terminal import Terminal

_PRLIMIT = {"memory": "--as", "processes": "--nproc"}
_RLIMIT = {"memory": "RLIMIT_AS", "processes": "RLIMIT_NPROC"}


async def spawn(
    launch: Launch,
    level: Level,
    on_growth: Callable[[int], None] | None = None,
    on_stall: Callable[[OSError | None], None] = lambda error: None,
) -> Running:
    """Start one run.

    Args:
        level: what the probe found; never lowered here.
        on_growth: called with the size of the log when it grew, at most 15 times a second.
        on_stall: called when the disk does not take the log, and with None when it does again.

    Raises:
        SpawnFailed: nothing was started.
        BytesChanged: below bubblewrap a sealed or checked file holds other bytes; nothing was started.
    """
    if MARKER not in launch.environment or "ssh-agent" in launch.confinement.sockets:
        launch = replace(launch, environment=_complete(launch))
    sandbox.refuse_hidden(launch.confinement)
    if level is not Level.BUBBLEWRAP:
        await _unchanged(launch.confinement)
    guarded = await guard(sandbox.writable_folders(launch.confinement))
    terminal = Terminal() if launch.terminal else None
    capture = Capture(LogWriter(launch.log, launch.limits.log, launch.redact), on_growth, on_stall, terminal)
    try:
        running = _STARTS[level](launch, capture)
    except BaseException:
        capture.finish()
        raise
    running.guarded = guarded
    return running


async def run_quietly(
    argv: Sequence[str],
    cwd: Path,
    timeout: float,  # noqa: ASYNC109 - the child is ended, not only the wait
    environment: Mapping[str, str] | None = None,
    given: bytes = b"",
) -> CompletedCapture:
    """Run one of the engine's own short calls, such as git, and collect its output.

    Args:
        given: its standard input.

    Raises:
        SpawnFailed: the program is missing.
        StepTimedOut: it ran longer than `timeout` seconds and was killed with its group.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv, cwd=cwd, env=environment, stdin=-1 if given else -3, stdout=-1, stderr=-1, start_new_session=True
        )
    except OSError as error:
        raise SpawnFailed(program=argv[0], reason=error.strerror) from error
    tree.own.add(process.pid)
    try:
        stdout, stderr = await asyncio.wait_for(process.communicate(given or None), timeout)
    except TimeoutError as error:
        raise StepTimedOut(seconds=timeout) from error
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        tree.own.discard(process.pid)
    return CompletedCapture(process.returncode or 0, stdout, stderr)


async def _unchanged(confinement: Confinement) -> None:
    """Without a sandbox the files themselves are executed: they must be the signed ones just before."""
    files = (*confinement.sealed, *confinement.checked)
    if files and (paths := await asyncio.to_thread(changed, files, confinement.root)):
        raise BytesChanged(path=paths[0])


def _complete(launch: Launch) -> dict[str, str]:
    """The environment with the marker that `sweep` looks for and the sockets that were declared."""
    environment = {MARKER: str(launch.run), **launch.environment}
    if "ssh-agent" in launch.confinement.sockets:
        environment["SSH_AUTH_SOCK"] = os.environ.get("SSH_AUTH_SOCK", "")
    return environment


def _start_sandboxed(launch: Launch, capture: Capture) -> Running:
    program = sandbox.bubblewrap()
    if program is None:
        raise SpawnFailed(program="bwrap", reason="it is not installed")
    options = sandbox.options(launch.confinement, launch.environment)
    handed: list[int] = []
    status, told = os.pipe()
    try:
        handed.append(told)
        options += ["--json-status-fd", str(told)]
        if launch.script is not None:
            handed.append(_in_memory(launch.script.encode()))
            options += ["--ro-bind-data", str(handed[-1]), f"{sandbox.SCRIPT}"]
        handed.append(_in_memory("\0".join(options).encode(errors="surrogateescape") + b"\0"))
        command = _limited(_in_terminal(_command(launch, sandbox.SCRIPT), launch), launch.limits)
        argv = [program, "--args", str(handed[-1]), "--", *command]
        pid = _popen(argv, Path("/"), sandbox.outer_environment(launch.environment), capture, handed)
    except BaseException:
        os.close(status)
        raise
    finally:
        for descriptor in handed:
            os.close(descriptor)
    return Sandboxed(launch, pid, capture, status, _nothing)


def _start_supervised(launch: Launch, capture: Capture) -> Running:
    workdir, script, clean = _prepare_in_the_open(launch)
    pipes = [*os.pipe(), *os.pipe()]
    orders, control, status, told = pipes
    try:
        command = _command(launch, script)
        argv = [sys.executable, "-S", "-E", supervisor.__file__, str(told)]
        theirs = capture.terminal.theirs if capture.terminal else None
        handed = [told] if theirs is None else [told, theirs]
        pid = _popen(argv, Path("/"), {MARKER: launch.environment[MARKER]}, capture, handed, orders)
    except BaseException:
        clean()
        os.close(control)
        os.close(status)
        raise
    finally:
        os.close(orders)
        os.close(told)
    running = Supervised(launch, pid, capture, status, clean, control)
    with suppress(BrokenPipeError):  # it ended at once: the end of its status tells
        os.write(control, json.dumps({**_orders(launch, command, workdir), "terminal": theirs}).encode() + b"\n")
    return running


def _start_grouped(launch: Launch, capture: Capture) -> Running:
    workdir, script, clean = _prepare_in_the_open(launch)
    try:
        command = _limited(_in_terminal(_command(launch, script), launch), launch.limits)
        pid = _popen(command, workdir, launch.environment, capture)
    except BaseException:
        clean()
        raise
    return Grouped(launch, pid, capture, None, clean)


_STARTS: Mapping[Level, Callable[[Launch, Capture], Running]] = {
    Level.BUBBLEWRAP: _start_sandboxed,
    Level.SUPERVISOR: _start_supervised,
    Level.GROUP: _start_grouped,
}


def _popen(
    argv: Sequence[str],
    cwd: Path,
    environment: Mapping[str, str],
    capture: Capture,
    handed: Sequence[int] = (),
    stdin: int | None = None,
) -> int:
    out, err = capture.ends
    if stdin is None:
        stdin = capture.terminal.theirs if capture.terminal else _no_input()
    try:
        process = subprocess.Popen(
            argv,
            stdin=stdin,
            stdout=out,
            stderr=err,
            cwd=cwd,
            env=afterlife.bound(environment),
            pass_fds=handed,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:  # ValueError: a NUL byte
        raise SpawnFailed(program=argv[0], reason=getattr(error, "strerror", None) or error) from error
    process.returncode = 0  # `Running` waits for it through a pidfd: Popen's finaliser must not
    return process.pid


@cache
def _no_input() -> int:
    return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)


def _command(launch: Launch, script: Path | None) -> list[str]:
    _must_exist(launch.program, launch)
    return [*launch.argv] if launch.script is None else [launch.shell, f"{script}", *launch.argv]


def _in_terminal(command: list[str], launch: Launch) -> list[str]:
    """Let the command lead a session whose terminal is the one it is given: then `/dev/tty`, ctrl+c and jobs work."""
    if not launch.terminal:
        return command
    program = shutil.which("setsid")
    if program is None:
        raise SpawnFailed(program=command[0], reason="its terminal needs the program setsid, which is not installed")
    return [program, "--ctty", "--wait", *command]


def _limited(command: list[str], limits: Limits) -> list[str]:
    """Set limits by a program in between: there is no moment without them and no code between fork and exec."""
    if not (limits.memory or limits.processes):
        return command
    options = [f"{option}={getattr(limits, name)}" for name, option in _PRLIMIT.items() if getattr(limits, name)]
    program = shutil.which("prlimit")
    if program is None:
        raise SpawnFailed(program=command[0], reason="its limits need the program prlimit, which is not installed")
    return [program, *options, "--", *command]


def _orders(launch: Launch, command: list[str], workdir: Path) -> dict[str, object]:
    limits = {name: value for key, name in _RLIMIT.items() if (value := getattr(launch.limits, key))}
    return {
        "argv": command,
        "environment": afterlife.bound(launch.environment),
        "cwd": f"{workdir}",
        "limits": limits,
        "record": f"{launch.record}" if launch.record else None,
    }


def _prepare_in_the_open(launch: Launch) -> tuple[Path, Path | None, Callable[[], None]]:
    """Without a sandbox: the workdir, the script as a private file, and what takes it away again."""
    workdir = sandbox.workdir_of(launch.confinement)
    if launch.script is None:
        return workdir, None, _nothing
    script = launch.log.with_name(launch.log.name + ".script")
    with open(os.open(script, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400), "wb") as file:
        file.write(launch.script.encode())
    return workdir, script, lambda: script.unlink(missing_ok=True)


def _must_exist(program: str, launch: Launch) -> None:
    path = launch.environment.get("PATH", "")
    place = f"{launch.confinement.workdir / program}" if "/" in program else program
    if shutil.which(place, path=path) is None:
        raise SpawnFailed(program=program, reason="there is no such program on the PATH of the step")


def _in_memory(data: bytes) -> int:
    """A file without a name; bubblewrap reads it once."""
    descriptor = os.memfd_create("signoff")
    with open(descriptor, "wb", closefd=False) as file:
        file.write(data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _nothing() -> None:
    """There is nothing to take away."""
