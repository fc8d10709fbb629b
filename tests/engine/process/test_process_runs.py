"""How runs end, what their logs hold, and which bytes are executed; at every level unless it says otherwise."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import BytesChanged, SpawnFailed, StepTimedOut
from engine.process import (
    Level,
    Limits,
    LogWriter,
    Stream,
    digest_file,
    private_environment,
    read_log,
    run_quietly,
    seal,
    spawn,
    stream_switches,
)
from tests.engine.process.process_room import HELD, Room, needs_bubblewrap, room, until

__all__ = ["room"]
pytestmark = needs_bubblewrap
every_level = pytest.mark.parametrize("level", Level)


@every_level
async def test_the_end_of_a_run(room: Room, level: Level) -> None:
    end, output = await room.run(room.launch(script="echo; echo ' one '; echo oops >&2; exit 3"), level)
    assert (end.code, end.signal, end.truncated) == (3, None, False)
    assert end.first_line in ("one", "oops")
    assert end.stderr_tail == ("oops",)
    assert end.log_bytes == len(output.encode()) == 12


@every_level
async def test_the_end_by_a_signal(room: Room, level: Level) -> None:
    end, _ = await room.run(room.launch(script="kill -SEGV $$"), level)
    assert (end.code, end.signal) == (None, signal.SIGSEGV)


@every_level
async def test_a_missing_program_was_never_started(room: Room, level: Level) -> None:
    with pytest.raises(SpawnFailed, match="no-such-program"):
        await (await spawn(room.launch("no-such-program"), level)).wait()


@every_level
async def test_a_missing_program_with_limits_was_never_started(room: Room, level: Level) -> None:
    launch = replace(room.launch("no-such-program"), limits=Limits(memory=1 << 30))
    with pytest.raises(SpawnFailed, match="no-such-program"):
        await (await spawn(launch, level)).wait()


@every_level
async def test_the_shell_of_a_script_is_the_one_named_not_the_first_on_the_path(room: Room, level: Level) -> None:
    (room.work / "bash").write_text("#!/bin/sh\necho evil")
    (room.work / "bash").chmod(0o755)
    launch = room.launch(script="echo $# $BASH", shell="/bin/bash")
    launch = replace(launch, environment={**launch.environment, "PATH": f"{room.work}:/usr/bin:/bin"})
    _, output = await room.run(launch, level)
    assert output == "0 /bin/bash\n"


@every_level
async def test_words_reach_the_program_as_they_are(room: Room, level: Level) -> None:
    words = ("a b", "$HOME", "*", "'", "é", "--", "\n")
    _, output = await room.run(room.launch("printf", "<%s>", *words), level)
    assert output == "".join(f"<{word}>" for word in words)


@every_level
async def test_a_script_gets_its_arguments_and_no_input(room: Room, level: Level) -> None:
    _, output = await room.run(room.launch("one", "two", script="echo $2 $1; cat; pwd"), level)
    assert output == f"two one\n{room.work}\n"
    assert not list(room.folder.rglob("*.script"))


@every_level
async def test_the_environment_is_what_was_given(room: Room, level: Level) -> None:
    os.environ["SIGNOFF_TEST_STRAY"] = "1"
    try:
        launch = room.launch("env")
        _, output = await room.run(launch, level)
    finally:
        del os.environ["SIGNOFF_TEST_STRAY"]
    names = {line.partition("=")[0] for line in output.splitlines()}
    assert names - {"PWD", "_", "SHLVL", "LC_CTYPE"} == {*launch.environment, "SIGNOFF_ENGINE"}


@every_level
async def test_limits_hold(room: Room, level: Level) -> None:
    launch = replace(room.launch(script="ulimit -v; ulimit -u"), limits=Limits(memory=1 << 30, processes=4000))
    _, output = await room.run(launch, level)
    assert output == "1048576\n4000\n"


@every_level
async def test_streams_are_told_apart(room: Room, level: Level) -> None:
    launch = room.launch(script="echo out; sleep 0.2; echo err >&2; sleep 0.2; echo out")
    _, output = await room.run(launch, level)
    assert output == "out\nerr\nout\n"
    assert stream_switches(launch.log, 0, 12) == [(0, Stream.OUT), (4, Stream.ERR), (8, Stream.OUT)]
    assert stream_switches(launch.log, 5, 8) == [(5, Stream.ERR)]


@every_level
async def test_a_secret_does_not_reach_the_disk(room: Room, level: Level) -> None:
    launch = room.launch(script="printf s3; sleep 0.1; printf 'cret!'; echo s3cret >&2", redact=("s3cret",))
    end, output = await room.run(launch, level)
    assert "s3cret" not in output
    assert output.count("[redacted]") == 2
    assert end.stderr_tail == ("[redacted]",)


@every_level
async def test_output_without_a_newline_is_kept_within_its_bounds(room: Room, level: Level) -> None:
    launch = replace(room.launch(script="head -c 30000000 /dev/zero"), limits=Limits(log=1 << 20))
    end, _ = await room.run(launch, level)
    assert end.log_bytes == 30_000_000
    assert end.truncated
    assert sum(path.stat().st_size for path in launch.log.parent.glob(f"{launch.log.name}*")) < (1 << 20) + 100
    assert read_log(launch.log, 0, 10).gap == 30_000_000 - (1 << 20)


async def test_a_full_disk_stops_the_step_and_loses_nothing(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.process.capture._RETRY", 0.01)
    refusals = iter([True] * 5)
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        if data.startswith(b"line") and next(refusals, False):
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr("engine.process.logs.os.write", full)
    end, output = await room.run(room.launch(script="for i in 1 2 3; do echo line $i; sleep 0.1; done"), Level.GROUP)
    assert output == "line 1\nline 2\nline 3\n"
    assert not end.truncated


async def test_a_disk_that_is_full_at_the_end_leaves_no_write_behind(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []
    ended = False

    def full(descriptor: int, data: bytes) -> int:
        if ended:
            written.append(data)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.process.capture._RETRY", 0.05)
    monkeypatch.setattr("engine.process.logs.os.write", full)
    end, _ = await room.run(room.launch(script="echo one; sleep 0.2; echo two"), Level.GROUP)
    ended = True
    assert end.truncated
    assert not await until(lambda: bool(written), 0.2)


@every_level
async def test_a_log_that_cannot_be_closed_ends_the_wait(
    room: Room, monkeypatch: pytest.MonkeyPatch, level: Level
) -> None:
    def broken(log: LogWriter) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(LogWriter, "close", broken)
    running = await spawn(room.launch("true"), level)
    with pytest.raises(OSError, match="Input/output"):
        await asyncio.wait_for(running.wait(), 10)
    assert (await running.cancel(1)).survivors == ()


async def test_a_signed_file_that_cannot_be_read_after_the_run_counts_as_changed(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path := room.work / "data").write_text("signed")
    confinement = replace(room.confinement, checked=seal([path], room.work, room.folder / "seals"))
    running = await spawn(room.launch("true", confinement=confinement), Level.BUBBLEWRAP)

    def broken(source: int, write: object) -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(sys.modules["engine.process.seal"], "_pump", broken)
    assert (await asyncio.wait_for(running.wait(), 10)).changed == (path,)


@every_level
async def test_a_checked_file_keeps_its_place_and_a_change_of_it_is_told(room: Room, level: Level) -> None:
    (path := room.work / "Makefile").write_text("signed\n")
    confinement = replace(room.confinement, checked=seal([path], room.work, room.folder / "seals"))
    end, output = await room.run(room.launch("cat", "Makefile", confinement=confinement), level)
    assert (output, end.changed) == ("signed\n", ())
    end, output = await room.run(room.launch(script="echo x >> Makefile; cat Makefile", confinement=confinement), level)
    assert (output, end.changed) == ("signed\nx\n", (path,))


GIT_CHANGES = {
    "another folder": ("mv .git g2; cp -r g2 .git; echo '[core]' >> .git/config", "config"),
    "a hook": ("mv .git g2; cp -r g2 .git; mkdir -p .git/hooks; echo x > .git/hooks/pre-commit", "hooks/pre-commit"),
    "a mode": ("mv .git g2; cp -r g2 .git; chmod +x .git/hooks/post-merge", "hooks/post-merge"),
    "a pipe": ("mv .git g2; cp -r g2 .git; rm .git/config; mkfifo .git/config", "config"),
    "nothing left": ("mv .git g2; mkdir -p .git/hooks; cp g2/hooks/* .git/hooks", "config"),
}


@every_level
@pytest.mark.parametrize("change", GIT_CHANGES)
async def test_what_git_would_execute_is_compared_after_the_run(room: Room, level: Level, change: str) -> None:
    await run_quietly(["git", "init", "-q", "."], room.work, 10)
    hooks = room.work / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "post-merge").write_text("true")
    script, path = GIT_CHANGES[change]
    end, _ = await room.run(room.launch(script=script), level)
    assert end.changed == (room.work / ".git" / path,)


@every_level
async def test_work_in_a_repository_changes_nothing_that_git_executes(room: Room, level: Level) -> None:
    await run_quietly(["git", "init", "-q", "."], room.work, 10)
    script = "touch a && git add a && git -c user.name=a -c user.email=a@b commit -qm first && git checkout -qb other"
    end, _ = await room.run(room.launch(script=script), level)
    assert (end.code, end.changed) == (0, ())
    end, _ = await room.run(room.launch(script="git clone -q . made; git -C made config a.b c"), level)
    assert (end.code, end.changed) == (0, ())


def _overwrite(path: Path) -> None:
    path.chmod(0o700)
    path.write_text("echo evil")


def _replace(path: Path) -> None:
    evil = path.with_name("evil.sh")
    evil.write_text("echo evil")
    evil.chmod(0o700)
    evil.replace(path)


def _relink(path: Path) -> None:
    (other := path.with_name("other.sh")).write_text("echo evil")
    other.chmod(0o700)
    path.unlink()
    path.symlink_to("other.sh")


@pytest.mark.parametrize("argv", [("bash", "build.sh"), ("./build.sh",)])
@pytest.mark.parametrize("swap", [_overwrite, _replace, _relink])
async def test_a_swap_after_the_seal_does_not_run(room: Room, swap: Callable[[Path], None], argv: tuple[str]) -> None:
    build = room.work / "build.sh"
    for _ in range(17):
        build.unlink(missing_ok=True)
        build.write_text("#!/bin/bash\necho good")
        build.chmod(0o755)
        sealed = seal([build], room.work, room.folder / "seals")
        swap(build)
        confinement = replace(room.confinement, sealed=sealed)
        end, output = await room.run(room.launch(*argv, confinement=confinement), Level.BUBBLEWRAP)
        assert output == "good\n"
        assert end.changed == (build,)


@pytest.mark.parametrize("level", [Level.SUPERVISOR, Level.GROUP])
async def test_below_bubblewrap_a_swap_is_refused_or_told(room: Room, level: Level) -> None:
    build = room.work / "build.sh"
    build.write_text("echo good; echo echo evil > build.sh")
    confinement = replace(room.confinement, sealed=seal([build], room.work, room.folder / "seals"))
    end, _ = await room.run(room.launch("bash", "build.sh", confinement=confinement), level)
    assert end.changed == (build,)
    with pytest.raises(BytesChanged):
        await spawn(room.launch("bash", "build.sh", confinement=confinement), level)


def test_a_seal_is_a_private_copy_with_the_digest_of_the_plan(room: Room) -> None:
    (room.work / "a").write_bytes(b"bytes")
    (file,) = seal([Path("a")], room.work, room.folder / "seals")
    assert file.copy.read_bytes() == b"bytes"
    assert file.copy.stat().st_mode & 0o777 == 0o400
    assert file.copy.parent.stat().st_mode & 0o777 == 0o700
    assert file.sha256 == digest_file(room.work / "a", room.work)
    assert file.path == room.work / "a"


@pytest.mark.parametrize(
    "path", ["../outside", "out-link", "folder-link/outside", "/etc/passwd", "fifo", ".", "absent"]
)
def test_nothing_outside_of_the_root_is_sealed(room: Room, path: str) -> None:
    (room.folder / "outside").write_text("x")
    (room.work / "out-link").symlink_to("../outside")
    (room.work / "folder-link").symlink_to(room.folder)
    os.mkfifo(room.work / "fifo")
    with pytest.raises(SpawnFailed):
        seal([Path(path)], room.work, room.folder / "seals")
    with pytest.raises(SpawnFailed):
        digest_file(Path(path), room.work)


def test_the_environment_takes_only_what_is_allowed(room: Room) -> None:
    parent = {
        "PATH": "/usr/bin:.:bin::/bin",
        "LC_ALL": "C",
        "AWS_SECRET_ACCESS_KEY": "x",
        "SSH_AUTH_SOCK": "x",
        "LD_PRELOAD": "x",
        "HOME": "/somewhere",
        "USER": "me",
    }
    built = private_environment({"MODE": "fast"}, room.home, parent)
    assert built["PATH"] == "/usr/bin:/bin"
    assert (built["LC_ALL"], built["USER"], built["MODE"], built["HOME"]) == ("C", "me", "fast", f"{room.home}")
    assert not {"AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK", "LD_PRELOAD"} & set(built)
    assert all(value.startswith(f"{room.home}") for name, value in built.items() if name.startswith("XDG_"))


async def test_the_engines_own_calls(tmp_path: Path) -> None:
    done = await run_quietly(["sh", "-c", "pwd; echo e >&2; exit 4"], tmp_path, 10)
    assert (done.code, done.stdout, done.stderr) == (4, f"{tmp_path}\n".encode(), b"e\n")
    with pytest.raises(SpawnFailed):
        await run_quietly(["no-such-program"], tmp_path, 10)
    with pytest.raises(StepTimedOut):
        await run_quietly(["sleep", "20"], tmp_path, 0.05)


@pytest.mark.parametrize("level", HELD)
async def test_many_at_a_time(room: Room, level: Level) -> None:
    ends = await asyncio.gather(*(room.run(room.launch("echo", str(n)), level) for n in range(12)))
    assert [output for _, output in ends] == [f"{n}\n" for n in range(12)]


@every_level
async def test_descriptors_are_given_back(room: Room, level: Level) -> None:
    await room.run(room.launch("true"), level)
    before = os.listdir("/proc/self/fd")
    for _ in range(3):
        await room.run(room.launch(script="echo one; echo two >&2"), level)
        await (await spawn(room.launch("sleep", "20"), level)).cancel(1)
    assert os.listdir("/proc/self/fd") == before
