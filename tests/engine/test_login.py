"""What the login manager does with those who leave, told by its files in a made-up file system."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.login import Leaving, is_service, leaving

MAIN = "etc/systemd/logind.conf"
KILL = "[Login]\nKillUserProcesses=yes\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    return tmp_path


def write(root: Path, name: str, text: str = "") -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def ended(root: Path, user: str = "ana") -> bool:
    return leaving(user, root).ended


def test_where_nothing_is_said_nothing_is_ended(root: Path) -> None:
    assert leaving("ana", root) == Leaving(ended=False, lingers=False)


@pytest.mark.parametrize(
    ("text", "kills"),
    [
        (KILL, True),
        ("[Login]\n KillUserProcesses = Yes \n", True),
        ("[Login]\nKillUserProcesses=no\n", False),
        ("[Login]\n#KillUserProcesses=no\n", False),
        ("[Login]\n#KillUserProcesses=yes\n", True),
        ("[Login]\n#KillUserProcesses=no\nKillUserProcesses=yes\n", True),
        ("[Login]\nKillUserProcesses=no\n#KillUserProcesses=yes\n", False),
        (f"{KILL}KillExcludeUsers=root ana\n", False),
        (f"{KILL}KillOnlyUsers=ben\n", False),
        (f"{KILL}KillOnlyUsers=ana ben\n", True),
    ],
)
def test_the_file_says_so(root: Path, text: str, kills: bool) -> None:
    write(root, MAIN, text)
    assert ended(root) is kills


def test_root_is_spared_unless_told_otherwise(root: Path) -> None:
    write(root, MAIN, KILL)
    assert not ended(root, "root")
    write(root, MAIN, f"{KILL}KillExcludeUsers=\n")
    assert ended(root, "root")


def test_what_is_dropped_in_counts_after_the_file_in_the_order_of_names(root: Path) -> None:
    write(root, MAIN, "[Login]\nKillUserProcesses=no\n")
    write(root, "usr/lib/systemd/logind.conf.d/10-on.conf", KILL)
    assert ended(root)
    write(root, "run/systemd/logind.conf.d/20-off.conf", "[Login]\nKillUserProcesses=no\n")
    assert not ended(root)
    write(root, "etc/systemd/logind.conf.d/20-off.conf", "[Login]\n")
    assert ended(root)


def test_a_machine_without_systemd_ends_nothing(tmp_path: Path) -> None:
    write(tmp_path, MAIN, KILL)
    assert not ended(tmp_path)


def test_who_lingers(root: Path) -> None:
    write(root, MAIN, KILL)
    write(root, "var/lib/systemd/linger/ana")
    assert leaving("ana", root) == Leaving(ended=True, lingers=True)
    assert not leaving("ben", root).lingers


@pytest.mark.parametrize(
    ("group", "service"),
    [
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/signoff.service\n", True),
        ("0::/user.slice/user-1000.slice/session-3.scope\n", False),
        ("0::/\n", False),
    ],
)
def test_a_service_is_in_no_login(root: Path, group: str, service: bool) -> None:
    write(root, "proc/7/cgroup", group)
    assert is_service(7, root) is service
    assert not is_service(8, root)
