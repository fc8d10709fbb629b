"""On a real terminal: nothing is written when nothing happens, and leaving gives the terminal back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tui.terminal import Terminal


@pytest.fixture
def idle() -> Iterator[Terminal]:
    terminal = Terminal("tests.tui.on_terminal", "idle")
    terminal.read(20, lambda data: b"DeprecationWarning" in data)
    terminal.read(1.0)
    yield terminal
    terminal.close()


def test_an_idle_screen_writes_no_byte(idle: Terminal) -> None:
    assert b"DeprecationWarning" in idle.written
    assert idle.read(2.5) == b""
    idle.press([b"w"])
    assert idle.read(2.0, lambda data: b"baseline" in data)


def test_leaving_restores_the_terminal(idle: Terminal) -> None:
    idle.press([b"q"])
    data = idle.read(5.0, lambda data: b"\x1b[?1049l" in data and b"\x1b[?25h" in data)
    assert b"\x1b[?1049l" in data
    assert b"\x1b[?1000l" in data
