"""Directories that an engine is shared in: nobody but its user, and root, can put another socket there."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import Refused
from engine.host.sharing import NAME, check, listen_shared, shared_socket
from tests.engine.host.shop import open_folder

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory to somebody else")
SOMEBODY = 4_000_000_001


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory that every user can reach, below /tmp, which has the sticky bit."""
    import shutil

    folder = open_folder()
    yield folder
    shutil.rmtree(folder)


def served(folder: Path) -> socket.socket:
    return listen_shared(folder, 4)[1]


def test_everybody_may_knock_in_a_directory_that_is_made(folder: Path) -> None:
    with served(folder / "mine"):
        assert stat.S_IMODE((folder / "mine").stat().st_mode) == 0o755
        assert stat.S_IMODE((folder / "mine" / NAME).stat().st_mode) == 0o666
        assert shared_socket(folder / "mine") == shared_socket(folder / "mine" / NAME) == folder / "mine" / NAME


def test_the_mask_of_the_process_does_not_matter(folder: Path) -> None:
    before = os.umask(0o077)
    try:
        with served(folder / "mine"):
            assert stat.S_IMODE((folder / "mine").stat().st_mode) == 0o755
    finally:
        os.umask(before)


def test_what_a_dead_engine_left_is_replaced(folder: Path) -> None:
    served(folder).close()
    with served(folder):
        assert (folder / NAME).is_socket()


def test_an_engine_that_lives_is_not_replaced(folder: Path) -> None:
    with served(folder), pytest.raises(Refused, match="Another engine serves at"):
        served(folder)


def test_what_is_no_socket_is_left_as_it_is(folder: Path) -> None:
    (folder / NAME).write_text("precious")
    with pytest.raises(Refused, match="is not a socket"):
        served(folder)
    assert (folder / NAME).read_text() == "precious"


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o2770, 0o757])
def test_where_others_write_another_socket_could_stand(folder: Path, mode: int) -> None:
    folder.chmod(mode)
    with pytest.raises(Refused, match="Others can write to") as refusal:
        served(folder)
    assert "chmod go-w" in refusal.value.hint
    folder.chmod(mode | stat.S_ISVTX)
    served(folder).close()


def test_a_directory_above_counts_too(folder: Path) -> None:
    (folder / "mine").mkdir()
    folder.chmod(0o777)
    with pytest.raises(Refused, match=f"Others can write to {folder} "):
        served(folder / "mine")


@pytest.mark.parametrize("mode", [0o700, 0o744])
def test_where_nobody_can_pass_nothing_is_shared(folder: Path, mode: int) -> None:
    folder.chmod(mode)
    with pytest.raises(Refused, match="Nobody else can pass through"):
        served(folder)


def test_a_group_is_enough_to_pass(folder: Path) -> None:
    folder.chmod(0o710)
    with served(folder):
        assert stat.S_ISSOCK((folder / NAME).stat().st_mode)


def test_a_link_is_no_directory_to_share(folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "link").symlink_to("mine")
    with pytest.raises(Refused, match="is a link"):
        served(folder / "link")


def test_a_file_is_no_directory(folder: Path) -> None:
    (folder / "notes").write_text("precious")
    with pytest.raises(Refused, match="notes is no directory"):
        served(folder / "notes")


def test_what_cannot_be_made_is_told(folder: Path) -> None:
    with pytest.raises(Refused, match="cannot be shared: No such file or directory"):
        served(folder / "a" / "b")


@needs_root
def test_the_directory_of_somebody_else_is_not_ours_to_trust(folder: Path) -> None:
    os.chown(folder, SOMEBODY, -1)
    with pytest.raises(Refused, match="belongs to uid-4000000001"):
        served(folder)
    check(folder, SOMEBODY)


@needs_root
def test_a_client_does_not_trust_a_socket_that_others_could_have_put_there(folder: Path) -> None:
    with served(folder):
        folder.chmod(0o777)
        with pytest.raises(Refused, match="could put another socket there"):
            shared_socket(folder)
        folder.chmod(0o755)
        os.chown(folder, SOMEBODY, -1)
        with pytest.raises(Refused, match="belongs to uid-4000000001"):
            shared_socket(folder / NAME)


def test_where_nothing_is_nobody_listens(folder: Path) -> None:
    assert shared_socket(folder / "gone") == folder / "gone"
    assert shared_socket(folder) == folder / NAME
