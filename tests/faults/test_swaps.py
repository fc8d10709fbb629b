"""What was reviewed is what runs: a signed script is swapped at any moment from its approval to its start (S5).

Two swaps of each kind; `--long` makes it a hundred, and `-s` shows what became of them.
"""

from __future__ import annotations

import os
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import Answer, Outcome
from engine.model.events import QuestionAsked, TaskEnded
from engine.process import Level
from engine.process.sandbox import bubblewrap
from tests.engine.desk import Desk

LEVELS = [level.value for level in Level if level is not Level.BUBBLEWRAP or bubblewrap()]
GOOD, EVIL = "echo good >> out\n", "echo evil >> out\n"
UNTIL_STARTED = 0.03
"""Seconds within which a step starts that nobody has to be asked about."""


def symlink(folder: Path) -> None:
    (folder / "next").symlink_to(folder.parent / "evil.sh")
    os.replace(folder / "next", folder / "tool.sh")


def rename(folder: Path) -> None:
    os.replace(folder.parent / "evil.sh", folder / "tool.sh")


def write(folder: Path) -> None:
    (folder / "tool.sh").write_text(EVIL)


def hard_link(folder: Path) -> None:
    os.link(folder.parent / "evil.sh", folder / "next")
    os.replace(folder / "next", folder / "tool.sh")


def directory(folder: Path) -> None:
    folder.rename(folder.with_name("gone"))
    folder.with_name("other").rename(folder)


@pytest.mark.parametrize("swap", [symlink, rename, write, hard_link, directory])
@pytest.mark.parametrize("level", LEVELS)
async def test_swapped_bytes_never_run_as_the_approved_ones(
    desk: Desk, level: str, swap: Callable[[Path], None], long: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    await desk.open(real=True, sandbox=level)
    chance, ends = random.Random(5), Counter[tuple[str, Outcome | None]]()
    for number in range(100 if long else 2):
        ends[await _swapped(desk, desk.root / str(number), swap, chance.uniform(0, UNTIL_STARTED))] += 1
    with capsys.disabled():
        sys.stdout.write(f"\n{level}, {swap.__name__}: {dict(ends)}\n" if long else "")
    assert set(ends) <= {
        ("good", Outcome.OK),
        ("good", Outcome.STEP_FAILED),
        ("", Outcome.STEP_FAILED),
        ("", None),
        ("evil", Outcome.STEP_FAILED),
    }
    assert level != Level.BUBBLEWRAP or swap is not write or not any(ran == "evil" for ran, _ in ends)


async def _swapped(desk: Desk, root: Path, swap: Callable[[Path], None], after: float) -> tuple[str, Outcome | None]:
    """Swap a script some seconds after its signature: what ran, and how that task ended, if nobody was asked."""
    for name, text in (("tools/tool.sh", GOOD), ("other/tool.sh", EVIL), ("evil.sh", EVIL)):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    task = await desk.plan({"id": "run", "action": "execute", "command": "bash tools/tool.sh"}, root=root)
    swapping = threading.Timer(after, swap, [root / "tools"])
    swapping.start()
    await desk.sign(task)
    event = await desk.until(lambda event: event.task == task and isinstance(event.fact, TaskEnded | QuestionAsked))
    swapping.join()
    outcome = event.fact.task.outcome if isinstance(event.fact, TaskEnded) else None
    ran = (root / "out").read_text().strip() if (root / "out").exists() else ""
    if isinstance(event.fact, QuestionAsked):
        await desk.answer(event.fact.question, Answer.DENY, "who was that?")
        await desk.ended(task)
    return ran, outcome
