"""What is copied arrives, byte for byte, by the first way that works, and the way is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.clipboard import FILE, take_along

TEXT = "one\ntwo \x1b[31m — ж\udcff\n"
RAW = TEXT.encode(errors="surrogateescape")


def tmux(folder: Path, script: str) -> dict[str, str]:
    """An environment inside a tmux that does this; it has `$KEPT` to write to."""
    program = folder / "tmux"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"TMUX": "/tmp/socket,1,0", "PATH": f"{folder}:/usr/bin:/bin", "KEPT": str(folder / "kept")}


@pytest.mark.parametrize(
    "script", ['cat > "$KEPT"', '[ "$2" = -w ] && exit 1; cat > "$KEPT"'], ids=["now", "without -w"]
)
async def test_inside_tmux_its_buffer_has_it(tmp_path: Path, script: str) -> None:
    printed: list[str] = []
    where = await take_along(TEXT, printed.append, tmp_path, tmux(tmp_path, script))
    assert (tmp_path / "kept").read_bytes() == RAW
    assert "tmux" in where
    assert not printed


@pytest.mark.parametrize("environ", [{}, {"TMUX": "/tmp/socket,1,0", "PATH": "/nowhere"}], ids=["none", "lost"])
async def test_without_tmux_the_terminal_is_asked(tmp_path: Path, environ: dict[str, str]) -> None:
    printed: list[str] = []
    assert "OSC 52" in await take_along(TEXT, printed.append, tmp_path, environ)
    assert printed == [TEXT]


async def test_a_tmux_that_refuses_is_not_the_end(tmp_path: Path) -> None:
    printed: list[str] = []
    assert "OSC 52" in await take_along(TEXT, printed.append, tmp_path, tmux(tmp_path, "exit 1"))
    assert printed == [TEXT]


@pytest.mark.parametrize(
    ("text", "environ"), [(TEXT, {"TERM": "linux"}), (TEXT, {"VTE_VERSION": "7600"}), ("x" * 100_000, {})]
)
async def test_where_no_terminal_takes_it_a_file_does(tmp_path: Path, text: str, environ: dict[str, str]) -> None:
    printed: list[str] = []
    where = await take_along(text, printed.append, tmp_path, environ)
    assert not printed
    file = tmp_path / FILE
    assert where == str(file)
    assert file.read_bytes() == text.encode(errors="surrogateescape")
    assert file.stat().st_mode & 0o777 == 0o600
