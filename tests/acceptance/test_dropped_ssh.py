"""A login over ssh that is cut off: the engine goes on, and the next login comes back to it."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.acceptance.place import Place
from tests.acceptance.terminal import Terminal, until
from tests.acceptance.test_leaving import goes_on, ticking, ticks

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
LONG = 1200
"""Seconds after which the server ends; the step, which takes longer, is ended with the place."""
pytestmark = pytest.mark.skipif(SSHD is None or shutil.which("ssh") is None, reason="sshd or ssh is not installed")


class Server:
    """A private sshd on a port of the loopback, for the user of the tests."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = _free_port()
        for name in ("host", "user"):
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(words, check=True, timeout=20)
        settings = {
            "Port": self.port,
            "ListenAddress": "127.0.0.1",
            "HostKey": folder / "host",
            "AuthorizedKeysFile": folder / "user.pub",
            "PidFile": folder / "pid",
            "StrictModes": "no",
            "UsePAM": "no",
            "PasswordAuthentication": "no",
            "PermitRootLogin": "yes",
        }
        (folder / "config").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        words = ["timeout", str(LONG), str(SSHD), "-D", "-e", "-f", str(folder / "config")]
        self.process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        until((folder / "pid").exists, lambda: "no sshd")

    def login(self, command: str) -> str:
        """The line of shell that runs a command in a terminal of a login."""
        options = ["-F", "none", "-tt", "-p", str(self.port), "-i", str(self._folder / "user")]
        for option in ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"):
            options += ["-o", option]
        return shlex.join(["ssh", *options, f"{getpass.getuser()}@127.0.0.1", command])

    def drop(self) -> None:
        """Cut every login off: its end of the line is killed, as a network that is gone would leave it."""
        for pid in self._logins(int((self._folder / "pid").read_text())):
            with suppress(ProcessLookupError):  # the end of the other half ended it
                os.kill(pid, signal.SIGKILL)

    def _logins(self, parent: int) -> list[int]:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        own = [int(child) for child in children if Path(f"/proc/{child}/comm").read_text().startswith("sshd")]
        return [pid for child in own for pid in (child, *self._logins(child))]

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    separation = Path("/run/sshd")
    made = os.getuid() == 0 and not separation.exists()
    if made:
        separation.mkdir(mode=0o755)
    (tmp_path / "ssh").mkdir()
    server = Server(tmp_path / "ssh")
    yield server
    server.close()
    if made:
        separation.rmdir()


def workbench(place: Place, server: Server) -> Terminal:
    """A terminal with a login in it, and the workbench in that; how the terminal was before is written down."""
    terminal = place.terminal()
    assert terminal.run("stty -a > before") == 0
    environ = shlex.join(["env", *(f"{name}={value}" for name, value in place.environ.items())])
    terminal.command(server.login(f"cd {shlex.quote(str(place.root))} && exec {environ} {place.signoff()}"))
    return terminal


def restored(place: Place, terminal: Terminal) -> None:
    """The shell is there again, and its terminal as it was."""
    terminal.prompt(before=2)
    assert terminal.run("stty -a > after") == 0
    assert (place.root / "after").read_text() == (place.root / "before").read_text()


def test_a_login_that_is_cut_off_ends_nothing(place: Place, server: Server, long: bool) -> None:
    times = 100 if long else 2
    terminal = workbench(place, server)
    terminal.see("No tasks yet")
    place.begin("run", place.plan(ticking(LONG * 4)), "--yes", "--wait")
    until(lambda: ticks(place) >= 2, lambda: terminal.text)
    owner = place.owner()
    for _ in range(times):
        server.drop()
        goes_on(place)
        terminal.close()
        terminal = workbench(place, server)
        terminal.see("● ticking", "following")
        assert place.owner() == owner
        assert place.states() == {"ticking": "running"}
    terminal.press("q")
    restored(place, terminal)
    for mode in (b"1049", b"1000", b"1003", b"1004", b"1006"):
        assert terminal.written.rfind(b"\x1b[?%sl" % mode) > terminal.written.rfind(b"\x1b[?%sh" % mode), mode
