"""Options of the whole suite, and where its tests run: all of them side by side, picked ones in one process."""

from __future__ import annotations

import gc
import os

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="repeat the fault loops as often as the promises say")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One process for each core where everything is run; what is picked, or to be watched, runs in this process."""
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not config.option.keyword
    watched = config.option.capture == "no"
    return len(os.sched_getaffinity(0)) if everything and not watched else 0


def pytest_configure(config: pytest.Config) -> None:
    """No test depends on the size of the terminal it is started from; where there is none, a debugger makes one up.
    Only the long loops may last as long as a test that hangs."""
    for name in ("LINES", "COLUMNS"):
        os.environ.pop(name, None)
    if config.getoption("--long"):
        config.option.timeout = 0


def pytest_collection_finish() -> None:
    """Thousands of tests stay to the end: no search for garbage, of which every engine's test makes one, walks them."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    """Whether the long loops were asked for."""
    return bool(request.config.getoption("--long"))
