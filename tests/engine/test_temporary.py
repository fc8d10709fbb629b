"""A folder for a while is gone when it is left; of those that were not left, only what is nobody's any more goes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine import scratch
from engine.process import probe

HOLDS = """
import signal
from engine import scratch
signal.alarm(20)
with scratch("signoff-probe-"):
    print("held", flush=True)
    signal.pause()
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def killed_in_it(temporary: Path) -> None:
    """A process that holds a folder, and is killed."""
    environ = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen([sys.executable, "-c", HOLDS], stdout=subprocess.PIPE, env=environ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        process.kill()


def test_it_is_gone_when_it_is_left_also_by_an_error(temporary: Path) -> None:
    with pytest.raises(ZeroDivisionError), scratch("signoff-probe-") as folder:
        (folder / "deep" / "er").mkdir(parents=True)
        assert folder.parent == temporary
        assert folder.stat().st_mode & 0o077 == 0
        raise ZeroDivisionError
    assert not list(temporary.iterdir())


def test_what_a_killed_process_left_goes_before_the_next_one(temporary: Path) -> None:
    killed_in_it(temporary)
    assert len(list(temporary.iterdir())) == 1
    with scratch("signoff-probe-") as folder:
        assert list(temporary.iterdir()) == [folder]


def test_what_was_left_is_looked_for_once_a_process(temporary: Path) -> None:
    with scratch("signoff-probe-"):
        pass
    killed_in_it(temporary)
    with scratch("signoff-probe-"):
        assert len(list(temporary.iterdir())) == 2


def test_what_is_in_use_or_for_another_purpose_stays(temporary: Path) -> None:
    (temporary / "signoff-tour-x").mkdir()
    (temporary / "signoff-probe-x").write_text("no folder")
    (temporary / "signoff-probe-y").symlink_to(temporary / "signoff-tour-x")
    with scratch("signoff-probe-") as first, scratch("signoff-probe-") as second:
        assert first.is_dir()
        assert second.is_dir()
    assert len(list(temporary.iterdir())) == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a folder away")
def test_what_another_user_left_stays(temporary: Path) -> None:
    (temporary / "signoff-probe-x").mkdir()
    os.chown(temporary / "signoff-probe-x", 65534, 65534)
    with scratch("signoff-probe-"):
        pass
    assert (temporary / "signoff-probe-x").is_dir()


def test_where_nobody_may_look_it_is_made_all_the_same(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: object) -> list[str]:
        raise PermissionError

    with monkeypatch.context() as patched:
        patched.setattr(os, "listdir", refused)
        with scratch("signoff-probe-") as folder:
            assert folder.is_dir()


async def test_a_probe_tidies_up_after_one_that_was_killed(temporary: Path) -> None:
    await asyncio.to_thread(killed_in_it, temporary)
    await probe()
    assert os.listdir(temporary) == []
