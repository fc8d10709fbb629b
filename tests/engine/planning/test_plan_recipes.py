"""The folder that a directory brings: what is read, what its digest covers, and what is refused by name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.planning.recipes import MAX_FILE, MAX_FILES, read_folder

PLAN = "request: try\nsteps:\n- {id: a, action: notify, message: hi}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".signoff" / "recipes").mkdir(parents=True)
    (tmp_path / ".signoff" / "policy.yaml").write_text("refuse: [curl]\n")
    (tmp_path / ".signoff" / "recipes" / "deploy.yaml").write_text(PLAN)
    return tmp_path


def recipe(root: Path, name: str) -> Path:
    return root / ".signoff" / "recipes" / name


def test_the_policy_and_the_recipes_are_read(root: Path) -> None:
    recipe(root, "audit.yaml").write_text(PLAN)
    recipe(root, "notes.txt").write_text("not ours")
    found = read_folder(root)
    paths = [".signoff/policy.yaml", ".signoff/recipes/audit.yaml", ".signoff/recipes/deploy.yaml"]
    assert ([file.path for file in found.files], found.refused) == (paths, ())
    assert list(found.recipes) == ["audit", "deploy"]
    assert found.recipes["deploy"].text == PLAN


def test_a_directory_without_one_brings_nothing(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    assert [(read_folder(place).files, read_folder(place).digest) for place in (tmp_path, tmp_path / "none")] == [
        ((), ""),
        ((), ""),
    ]


def test_the_digest_covers_every_byte_and_name(root: Path) -> None:
    digests = {read_folder(root).digest}
    recipe(root, "deploy.yaml").write_text(PLAN + " ")
    digests.add(read_folder(root).digest)
    recipe(root, "deploy.yaml").rename(recipe(root, "release.yaml"))
    digests.add(read_folder(root).digest)
    (root / ".signoff" / "policy.yaml").unlink()
    digests.add(read_folder(root).digest)
    recipe(root, "more.yaml").write_text("")
    digests.add(read_folder(root).digest)
    assert len(digests) == 5
    recipe(root, "notes.txt").write_text("not ours")
    assert read_folder(root).digest in digests


def test_a_link_is_refused_wherever_it_stands(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.yaml").write_text(PLAN)
    recipe(root, "x.yaml").symlink_to(tmp_path / "elsewhere" / "x.yaml")
    assert read_folder(root).refused == (".signoff/recipes/x.yaml is a link; links are not followed here",)
    recipe(root, "x.yaml").unlink()
    recipe(root, "deploy.yaml").unlink()
    (root / ".signoff" / "recipes").rmdir()
    (root / ".signoff" / "recipes").symlink_to(tmp_path / "elsewhere")
    (refused,) = read_folder(root).refused
    assert refused.startswith(".signoff/recipes is a link")
    (root / ".signoff").rename(tmp_path / "moved")
    (root / ".signoff").symlink_to(tmp_path / "moved")
    (refused,) = read_folder(root).refused
    assert refused.startswith(".signoff is a link")
    assert read_folder(root).files == ()


def test_what_is_no_regular_file_is_refused_at_once(root: Path) -> None:
    os.mkfifo(recipe(root, "pipe.yaml"))
    recipe(root, "folder.yaml").mkdir()
    assert read_folder(root).refused == (
        ".signoff/recipes/folder.yaml is no regular file",
        ".signoff/recipes/pipe.yaml is no regular file",
    )


def test_what_is_too_large_too_many_or_no_text_is_refused(root: Path) -> None:
    recipe(root, "deploy.yaml").write_bytes(b"#" * (MAX_FILE + 1))
    recipe(root, "latin.yaml").write_bytes(b"request: \xe9")
    assert read_folder(root).refused == (
        ".signoff/recipes/deploy.yaml is larger than 256 KiB",
        ".signoff/recipes/latin.yaml is not UTF-8 at byte 9",
    )
    for number in range(MAX_FILES):
        recipe(root, f"r{number}.yaml").write_text(PLAN)
    assert any("has 102 recipes; at most 100" in refused for refused in read_folder(root).refused)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_cannot_be_read_is_refused(root: Path) -> None:
    recipe(root, "deploy.yaml").chmod(0)
    assert read_folder(root).refused == (".signoff/recipes/deploy.yaml cannot be read",)


@pytest.mark.parametrize("name", [b"12.yaml", b".yaml", b"-rf.yaml", b"a b.yaml", b"\x1b[2J.yaml", b"\xff.yaml"])
def test_a_name_that_is_none_for_a_recipe_is_refused(root: Path, name: bytes) -> None:
    with open(os.fsencode(root / ".signoff" / "recipes") + b"/" + name, "w") as file:
        file.write(PLAN)
    (refused,) = read_folder(root).refused
    assert "has no name for a recipe" in refused
    refused.encode()
