"""Options and marks of the whole suite."""

from __future__ import annotations

import gc

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="repeat the fault loops as often as the promises say")


def pytest_collection_finish() -> None:
    """Thousands of tests stay to the end: no search for garbage, of which every engine's test makes one, walks them."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    """Whether the long loops were asked for."""
    return bool(request.config.getoption("--long"))
