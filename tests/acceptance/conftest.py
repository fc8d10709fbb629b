"""The installed program, tried as a person would: in a terminal, with keys, in a repository, with a home of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest

from tests.acceptance import guard
from tests.acceptance.place import Place

SESSION = 900
"""Seconds after which nothing that was started here may live, whatever became of the tests."""


@pytest.fixture(scope="session")
def marks() -> Iterator[Iterator[str]]:
    """Marks for what is started; all of it is ended with the session, also when the tests are killed."""
    session = uuid4().hex
    watch = [sys.executable, guard.__file__, session, str(SESSION)]
    with subprocess.Popen(watch, stdin=subprocess.PIPE, start_new_session=True):
        yield (f"{session}.{number}." for number in count())


@pytest.fixture
def place(marks: Iterator[str]) -> Iterator[Place]:
    """A place of its own for each test; its path is short and of one length, for screens wrap where they show it."""
    with TemporaryDirectory(prefix="walk-", ignore_cleanup_errors=True) as folder:
        made = Place(Path(folder), next(marks))
        yield made
        made.close()
