"""What a step sees and may touch at level bubblewrap, tried from inside."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import SpawnFailed
from engine.process import Level, probe, run_quietly, spawn
from engine.process.environment import real_home
from tests.engine.process.process_room import Room, needs_bubblewrap, room

__all__ = ["room"]
pytestmark = needs_bubblewrap


async def inside(room: Room, script: str, **changes: object) -> str:
    """The output of a script in the sandbox, whose confinement is changed as told."""
    launch = room.launch(script=script, confinement=replace(room.confinement, **changes))  # type: ignore[arg-type]
    _, output = await room.run(launch, Level.BUBBLEWRAP)
    return output


async def test_a_writable_project_is_written(room: Room) -> None:
    assert await inside(room, "echo hello > made && cat made") == "hello\n"
    assert (room.work / "made").read_text() == "hello\n"


async def test_a_project_that_is_only_read_is_not_written(room: Room) -> None:
    (room.work / "dist").mkdir()
    output = await inside(room, "touch made; touch dist/made", writable=False, writes=(room.work / "dist",))
    assert "Read-only file system" in output
    assert sorted(path.name for path in room.work.rglob("*")) == ["dist", "made"]
    assert (room.work / "dist" / "made").exists()


async def test_the_machine_is_read_only(room: Room) -> None:
    output = await inside(room, "for p in /etc /usr /var/lib /sys; do touch $p/made && echo WROTE $p; done; exit 0")
    assert "WROTE" not in output


async def test_the_kernel_is_not_reconfigured_from_inside(room: Room) -> None:
    assert "WROTE" not in await inside(room, "echo x > /proc/sys/kernel/domainname && echo WROTE")


async def test_the_private_home_is_home_and_lasts(room: Room) -> None:
    assert await inside(room, "echo kept > ~/file; echo $HOME") == f"{room.home}\n"
    assert await inside(room, "cat ~/file") == "kept\n"
    assert (room.home / "file").read_text() == "kept\n"


async def test_neither_the_real_home_nor_other_temporary_files_are_seen(room: Room) -> None:
    stranger = room.folder / "stranger"
    stranger.write_text("secret")
    home = real_home()
    output = await inside(room, f"cat {stranger}; ls -A {home}/.ssh {home}/.bashrc {home}/.npmrc; ls -A /run")
    assert "secret" not in output
    assert output.count("No such file") == 4
    assert output.splitlines()[-1] == "signoff"


async def test_a_project_beneath_the_real_home_is_seen_and_its_neighbours_are_not(tmp_path: Path) -> None:
    base = real_home() / f".signoff-test-{os.getpid()}"
    if not os.access(real_home(), os.W_OK):
        pytest.skip("the home of this user cannot be written")
    try:
        beneath = Room(base)
        (base / "neighbour").write_text("secret")
        output = await inside(beneath, f"echo made > made; cat {base}/neighbour; ls {real_home()}")
        assert (beneath.work / "made").read_text() == "made\n"
        assert "secret" not in output
    finally:
        shutil.rmtree(base)


async def test_masks_hide_and_make_nothing_on_the_host(room: Room) -> None:
    (room.work / ".env").write_text("secret")
    (room.work / "keys").mkdir()
    (room.work / "keys" / "one").write_text("secret")
    masked = (room.work / ".env", room.work / "keys", room.work / "absent", room.folder / "state")
    output = await inside(room, "cat .env; ls -A keys; ls -A; echo ~ ok; touch ~/x", masked=masked)
    assert "secret" not in output and "one" not in output.split()
    assert "ok" in output
    assert not (room.work / "absent").exists()
    assert (room.home / "x").exists()


async def test_without_network_nothing_is_reached_and_with_it_the_loopback_is(room: Room) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = f"exec 3<>/dev/tcp/127.0.0.1/{port} && echo reached"
        assert "reached" not in await inside(room, script)
        assert "reached" in await inside(
            room, f"{script}; head -c1 /etc/resolv.conf >/dev/null || echo lost", network=True
        )


async def test_other_processes_and_the_engines_environment_are_not_seen(room: Room) -> None:
    output = await inside(room, f"ls -d /proc/[0-9]* | wc -l; cat /proc/{os.getppid()}/environ; kill -0 {os.getpid()}")
    assert int(output.split()[0]) < 8
    assert "PATH=" not in output


async def test_git_commits_but_its_configuration_and_hooks_stay(room: Room) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    await run_quietly(["git", "init", "-q", "."], room.work, 10)
    (room.work / ".git" / "hooks").mkdir(exist_ok=True)
    script = f"""touch a && git add a && {" ".join(git)} commit -qm first && echo committed
    echo evil > .git/hooks/pre-commit; git config core.pager evil; echo >> .git/config"""
    output = await inside(room, script)
    assert "committed" in output
    assert not (room.work / ".git" / "hooks" / "pre-commit").exists()
    assert "evil" not in (room.work / ".git" / "config").read_text()
    assert b"first" in (await run_quietly([*git, "log", "--oneline"], room.work, 10)).stdout


async def test_a_declared_socket_is_reached_and_no_other(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    with _listening(Path("/tmp") / f"agent-{os.getpid()}") as path:
        monkeypatch.setenv("SSH_AUTH_SOCK", path)
        script = 'test -S "$SSH_AUTH_SOCK" && echo agent; test -S /tmp/agent-* && echo seen'
        assert await inside(room, script) == ""
        assert await inside(room, script, sockets=("ssh-agent",)) == "agent\nseen\n"


class _listening:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX)

    def __enter__(self) -> str:
        self.socket.bind(f"{self.path}")
        return f"{self.path}"

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        self.path.unlink()


@pytest.mark.parametrize("changes", [{"sockets": ("telepathy",)}, {"writes": (Path("/nowhere/at/all"),)}])
async def test_what_is_declared_must_exist(room: Room, changes: dict[str, object]) -> None:
    with pytest.raises(SpawnFailed):
        await inside(room, "true", **changes)


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("path", ["state/signoff.db", "state", ".", "link/signoff.db"])
async def test_what_is_masked_cannot_be_declared(room: Room, level: Level, path: str) -> None:
    (room.folder / "state" / "signoff.db").write_text("live")
    (room.folder / "link").symlink_to(room.folder / "state")
    declared = room.folder / path
    for changes in ({"writes": (declared,)}, {"sockets": (f"{declared}",)}):
        confinement = replace(room.confinement, masked=(room.folder / "state",), **changes)
        launch = room.launch("touch", "made", confinement=confinement)
        with pytest.raises(SpawnFailed, match="no step may see"):
            await spawn(launch, level)
    assert not (room.work / "made").exists()


async def test_hidden_credentials_cannot_be_declared_as_written(room: Room) -> None:
    for path in (real_home() / ".ssh", real_home() / ".ssh" / "known_hosts"):
        with pytest.raises(SpawnFailed, match="credentials"):
            await inside(room, "true", writes=(path,))


async def test_a_workdir_outside_of_the_root_is_refused(room: Room) -> None:
    (room.work / "link").symlink_to(room.folder)
    for level in Level:
        launch = room.launch("true", confinement=replace(room.confinement, workdir=room.work / "link"))
        with pytest.raises(SpawnFailed, match="not beneath"):
            await spawn(launch, level)


async def test_a_preloaded_library_acts_inside_only(room: Room) -> None:
    """The loader of bubblewrap itself would complain about the missing library, once more."""
    launch = room.launch(script="echo ran")
    launch = replace(launch, environment={**launch.environment, "LD_PRELOAD": "/nowhere.so"})
    end, output = await room.run(launch, Level.BUBBLEWRAP)
    assert end.code == 0
    assert output.count("cannot be preloaded") == 1
    assert "ran" in output


async def test_no_secret_and_no_script_stands_in_an_argument_list(room: Room) -> None:
    launch = room.launch(script="# zebra\necho ready; sleep 20")
    running = await room.start(replace(launch, environment={**launch.environment, "KEY": "tiger"}), Level.BUBBLEWRAP)
    try:
        listing = b"".join(_command_lines())
        assert b"bwrap" in listing
        assert b"zebra" not in listing and b"tiger" not in listing
    finally:
        await running.cancel(0)


def _command_lines() -> Iterator[bytes]:
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield entry.read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue


async def test_a_sandbox_that_cannot_be_made_is_a_failed_start(room: Room) -> None:
    sealed = room.launch("true")
    broken = replace(room.confinement, home=room.folder / "missing")
    with pytest.raises(SpawnFailed, match="missing"):
        await (await spawn(replace(sealed, confinement=broken), Level.BUBBLEWRAP)).wait()


async def test_the_probe_takes_the_best_level() -> None:
    found = await probe()
    assert found.level is Level.BUBBLEWRAP
    assert found.tried == ()
    assert [(await probe(level)).level for level in Level] == list(Level)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_the_probe_works_as_an_ordinary_user(tmp_path: Path) -> None:
    program = """
import asyncio, os
from engine.process import probe
asyncio.run(probe())  # an interpreter in the home of root could not be started later
os.setgroups([]); os.setgid(65534); os.setuid(65534)
os.environ["PATH"] = "/usr/bin:/bin"
print(asyncio.run(probe()).level)
"""
    here = Path(__file__).parents[3]
    done = subprocess.run(
        ["timeout", "20", sys.executable, "-c", program], capture_output=True, text=True, cwd=here, check=False
    )
    assert (done.stdout, done.returncode) == ("bubblewrap\n", 0), done.stderr
