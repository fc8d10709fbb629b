"""Options and marks of the whole suite."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="repeat the fault loops as often as the promises say")


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    """Whether the long loops were asked for."""
    return bool(request.config.getoption("--long"))
