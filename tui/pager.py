"""A log through `$PAGER`: the same safe text as on the screen, piped, so that no pager can be made to obey it.

The pager is the person's own program on the person's terminal; no step is ever started here.
"""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import AsyncIterator, Awaitable, Callable

from engine import LogSlice
from tui.presentation.content import log_line

_CHUNK = 1 << 18
_LINE = 1 << 16


async def page(read: Callable[[int, int], Awaitable[LogSlice]], pager: str) -> int:
    """Run `pager` over a log until the person leaves it; its exit code.

    Raises:
        OSError: it cannot be started.
        ValueError: `pager` is no command line.
        SignoffError: the log cannot be read; what was read of it was shown.
    """
    environment = {**os.environ, "LESS": "-S", "LESSSECURE": "1"}
    process = await asyncio.create_subprocess_exec(*shlex.split(pager), stdin=asyncio.subprocess.PIPE, env=environment)
    assert process.stdin is not None
    try:
        async for line in _lines(read):
            process.stdin.write(f"{log_line(line).plain}\n".encode())
            await process.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        pass  # the person left before the end: nothing more is wanted
    finally:
        process.stdin.close()
        code = await process.wait()
    return code


async def _lines(read: Callable[[int, int], Awaitable[LogSlice]]) -> AsyncIterator[bytes]:
    offset, rest = 0, b""
    while data := (await read(offset, _CHUNK)).data:
        offset += len(data)
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield line
        if len(rest) > _LINE:
            yield rest
            rest = b""
    if rest:
        yield rest
