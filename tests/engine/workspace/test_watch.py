"""What changed while a run was under way: in repositories and elsewhere, alone and beside others."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.model.effect import ChangeKind, Changes, FileChange
from engine.workspace import tree, watch
from engine.workspace.git import git
from engine.workspace.repository import new_repository
from engine.workspace.watch import Watch

ADDED, MODIFIED, DELETED = ChangeKind.ADDED, ChangeKind.MODIFIED, ChangeKind.DELETED


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (root := tmp_path / "project").mkdir()
    (root / "a.txt").write_text("one\ntwo\nthree\n")
    (root / "b.txt").write_text("b\n")
    (root / "sub").mkdir()
    (root / "sub" / "c.txt").write_text("c\n")
    return root


@pytest.fixture
async def repository(root: Path) -> Path:
    (root / ".gitignore").write_text("node_modules/\n*.pyc\n")
    assert await new_repository(root)
    return root


async def during(root: Path, act: Callable[[], object]) -> Changes:
    async with Watch().writing(root) as writing:
        act()
    assert writing.changes is not None
    return writing.changes


def change(path: str, kind: ChangeKind, added: int | None = None, removed: int | None = None) -> FileChange:
    return FileChange(path=path, kind=kind, added=added, removed=removed)


def edit(root: Path) -> None:
    """One file each that is new, that is changed, and that goes away."""
    (root / "a.txt").write_text("one\n2\nthree\nfour\n")
    (root / "b.txt").unlink()
    (root / "sub" / "new").mkdir()
    (root / "sub" / "new" / "d.txt").write_text("d\nd\n")


async def test_in_a_repository_changes_are_told_with_their_lines(repository: Path) -> None:
    assert await during(repository, lambda: edit(repository)) == Changes(
        files=(
            change("a.txt", MODIFIED, 2, 1),
            change("b.txt", DELETED, 0, 1),
            change("sub/new/d.txt", ADDED, 2, 0),
        ),
        count=3,
    )


async def test_elsewhere_lines_are_told_only_of_what_is_new(root: Path) -> None:
    assert await during(root, lambda: edit(root)) == Changes(
        files=(change("a.txt", MODIFIED), change("b.txt", DELETED), change("sub/new/d.txt", ADDED, 2, 0)), count=3
    )


async def test_a_folder_of_a_repository_is_told_by_its_own_paths(repository: Path) -> None:
    def act() -> None:
        (repository / "sub" / "c.txt").write_text("c\nc\n")
        (repository / "a.txt").write_text("elsewhere\n")

    assert await during(repository / "sub", act) == Changes(files=(change("c.txt", MODIFIED, 1, 0),), count=1)


async def test_nothing_changed(repository: Path) -> None:
    assert await during(repository, lambda: (repository / "a.txt").read_text()) == Changes()


async def test_what_holds_the_same_again_did_not_change(repository: Path) -> None:
    def act() -> None:
        os.utime(repository / "b.txt")
        (repository / "a.txt").write_text("one\ntwo\nthree\n")

    assert await during(repository, act) == Changes()


async def test_a_mode_is_a_change(repository: Path) -> None:
    found = await during(repository, lambda: (repository / "a.txt").chmod(0o755))
    assert found == Changes(files=(change("a.txt", MODIFIED, 0, 0),), count=1)


async def test_what_git_ignores_and_keeps_for_itself_does_not_count(repository: Path) -> None:
    async with Watch().writing(repository) as writing:
        (repository / "node_modules" / "x").mkdir(parents=True)
        (repository / "node_modules" / "x" / "index.js").write_text("x")
        (repository / "a.pyc").write_bytes(b"x")
        assert await git(repository, "commit", "--allow-empty", "-qm", "empty") is not None
    assert writing.changes == Changes()


async def test_a_file_that_was_changed_before_has_no_lines(repository: Path) -> None:
    (repository / "a.txt").write_text("by a person\n")
    found = await during(repository, lambda: (repository / "a.txt").write_text("by the run\n"))
    assert found.files == (change("a.txt", MODIFIED),)


async def test_what_the_run_commits_was_changed_by_it(repository: Path) -> None:
    async with Watch().writing(repository) as writing:
        (repository / "a.txt").write_text("one\n")
        assert await git(repository, "commit", "-qam", "less") is not None
    assert writing.changes is not None and writing.changes.files == (change("a.txt", MODIFIED),)


async def test_what_the_run_makes_git_ignore_is_not_deleted(repository: Path) -> None:
    (repository / "loose.txt").write_text("x")
    found = await during(repository, lambda: (repository / ".gitignore").write_text("loose.txt\n"))
    assert [file.path for file in found.files] == [".gitignore"]


async def test_a_repository_that_goes_away_is_said(repository: Path) -> None:
    (repository / "a.pyc").write_bytes(b"ignored")
    found = await during(repository, lambda: shutil.rmtree(repository / ".git"))
    assert found == Changes(unknown="git does not know its files any more")


async def test_looking_leaves_the_repository_as_it_is(repository: Path) -> None:
    (repository / "a.txt").write_text("another\n")
    os.utime(repository / "b.txt", (1, 1))
    before = await tree.look(repository / ".git")
    assert (await during(repository, lambda: edit(repository))).count == 3
    assert (await tree.look(repository / ".git")).files == before.files


@pytest.mark.parametrize("key", ["core.fsmonitor", "core.hooksPath", "filter.evil.clean", "diff.evil.textconv"])
async def test_nothing_that_a_repository_names_is_run(repository: Path, tmp_path: Path, key: str) -> None:
    trap = tmp_path / "trap"
    trap.mkdir()
    for name in ("fsmonitor", "post-index-change"):
        (trap / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n")
        (trap / name).chmod(0o755)
    (repository / ".gitattributes").write_text("* filter=evil diff=evil\n")
    value = trap if key == "core.hooksPath" else trap / "fsmonitor"
    assert await git(repository, "config", key, str(value)) is not None
    assert (await during(repository, lambda: edit(repository))).count == 3
    assert not (tmp_path / "sprung").exists()


async def test_a_broken_repository_is_looked_at_as_a_folder(root: Path) -> None:
    (root / ".git").write_text("gitdir: /nowhere\n")
    assert (await during(root, lambda: edit(root))).count == 3


async def test_links_and_strange_names(root: Path) -> None:
    def act() -> None:
        (root / "loop").symlink_to(".")
        (root / "away").symlink_to("/etc/passwd")
        with open(os.fsencode(root) + b"/\xff\n\x1b[2J", "wb") as file:
            file.write(b"\0")
        os.mkfifo(root / "pipe")

    assert await during(root, act) == Changes(
        files=(change("away", ADDED), change("loop", ADDED), change("\\xff\n\x1b[2J", ADDED)), count=3
    )


async def test_many_files_are_counted_and_some_are_named(repository: Path) -> None:
    def act() -> None:
        for number in range(250):
            (repository / f"{number:03}").write_text("x\n")

    found = await during(repository, act)
    assert (len(found.files), found.count, found.files[0]) == (watch.MAX_TOLD, 250, change("000", ADDED, 1, 0))


async def test_a_root_with_too_many_files_is_not_looked_at_and_said(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "MAX_FILES", 3)
    found = await during(root, lambda: edit(root))
    assert found == Changes(unknown=f"more than 3 files in {root}")
    assert found.text == f"changed files not recorded: more than 3 files in {root}"


async def test_a_repository_with_too_many_files_is_not_looked_at_and_said(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree, "MAX_FILES", 3)
    assert await during(repository, lambda: edit(repository)) == Changes(unknown=f"more than 3 files in {repository}")


async def test_a_slow_disk_is_not_waited_for(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "PATIENCE", -1.0)
    assert "took longer than" in (await during(root, lambda: edit(root))).unknown


async def test_a_root_that_goes_away_leaves_nothing(root: Path) -> None:
    found = await during(root, lambda: shutil.rmtree(root))
    assert [file.kind for file in found.files] == [DELETED] * 3


async def test_runs_beside_each_other_say_so(root: Path) -> None:
    room = Watch()
    async with room.writing(root) as first:
        async with room.writing(root / "sub") as second, room.writing(root.parent / "other") as elsewhere:
            (root / "sub" / "c.txt").write_text("changed\n")
        (root / "a.txt").write_text("changed\n")
    async with room.writing(root) as later:
        (root / "b.txt").write_text("changed\n")
    told = [writing.changes.text for writing in (first, second, elsewhere, later) if writing.changes]
    assert told == ["changed 2 files while 1 other ran", "changed 1 file while 1 other ran", "", "changed 1 file"]


async def test_runs_that_begin_and_end_together_share_their_looks(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    real = tree.look

    async def counted(root: Path) -> tree.Tree:
        nonlocal looks
        looks += 1
        return await real(root)

    monkeypatch.setattr(watch, "look", counted)
    room, all_in = Watch(), asyncio.Barrier(20)

    async def run() -> None:
        async with room.writing(root):
            await all_in.wait()

    await asyncio.gather(*(run() for _ in range(20)))
    assert looks <= 3  # one before, and after: one that was under way when others ended, and theirs
    async with room.writing(root):
        pass
    assert looks <= 4  # what the runs before saw at their end serves the next one


async def test_a_look_that_is_no_longer_fresh_is_taken_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "FRESH", 0.0)
    room = Watch()
    async with room.writing(root):
        pass
    (root / "a.txt").write_text("by a person\n")
    async with room.writing(root) as writing:
        (root / "b.txt").write_text("by the run\n")
    assert writing.changes is not None and [file.path for file in writing.changes.files] == ["b.txt"]


async def test_a_slow_git_keeps_no_step_from_starting(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tools := tmp_path / "tools").mkdir()
    slow = tools / "git"
    slow.write_text("#!/bin/sh\nexec sleep 20\n")
    slow.chmod(0o755)
    (root / ".git").mkdir(exist_ok=True)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setattr(tree, "PATIENCE", 0.2)
    async with asyncio.timeout(5):
        assert (await tree.look(root)).unknown == f"looking at {root} took longer than 0.2 s"
