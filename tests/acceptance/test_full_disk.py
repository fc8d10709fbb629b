"""The disk fills up while a task runs: whoever watches is told at once, and all goes on when there is space."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.place import Place
from tests.acceptance.terminal import Terminal
from tests.faults.disk import Disk, small_disk

__all__ = ["small_disk"]

FULL = "The disk of the state directory is full or cannot be written; nothing new is started, nothing was lost"
OVER = "the engine waits for the disk no longer"
FIRST = {"id": "first", "action": "shell", "script": "until [ -e go ]; do sleep 0.05; done"}
LAST = {"id": "last", "action": "shell", "script": "touch ended", "needs": ["first"]}


def fill(place: Place, disk: Disk) -> None:
    """Fill the disk and let the engine find out: so much it can only refuse."""
    disk.fill()
    big = ({"id": f"big{n}", "action": "plan", "text": "x" * 250_000} for n in range(8))
    assert FULL in place.run("plan", "-f", place.plan(*big, name="big.yaml")).stderr


def see(terminal: Terminal, *texts: str) -> None:
    """The words, however the lines break."""
    terminal.see(*(word for text in texts for word in text.split()))


def test_who_watches_is_told_of_a_full_disk_and_all_goes_on_when_there_is_space(place: Place, small_disk: Path) -> None:
    place.state = small_disk / "state"
    disk = Disk(small_disk)
    running, attached, workbench = (place.terminal(size) for size in ((200, 24), (200, 24), (80, 24)))
    running.command(place.signoff("run", place.plan(FIRST, LAST), "--yes"))
    running.see("first")
    place.state_of("first", "running")
    workbench.command(place.signoff())
    workbench.see("first", "sandbox")
    fill(place, disk)
    place.write("go", "")
    running.see(f"signoff: {FULL}. Free some space: the engine goes on by itself", "waits for the disk")
    see(workbench, FULL, "Free some space")
    attached.command(place.signoff("run", "1"))
    attached.see(FULL)
    assert not (place.root / "ended").exists()
    disk.free()
    for terminal in (running, attached):
        assert terminal.prompt(before=1) == 0
        terminal.see(OVER, "task 1 completed")
    workbench.see(OVER)
