"""The audit log verified: the hash chain walked from its first row, and its head compared with the anchors (B16).

An anchor is a line `seq hash time` in a file outside the database, written when a task ends and when the engine closes.
A chain alone cannot show that its tail was cut off; an anchor can.
"""

from __future__ import annotations

import asyncio
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

from engine.storage.chain import GENESIS, link
from engine.storage.reader import Reader
from engine.views import AuditReport

FILE = "anchors.log"
PAGE = 2000


def anchor(state: Path, seq: int, head: bytes, time: float) -> None:
    """Append the head of the chain to the anchor file, durably."""
    file = os.open(state / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, f"{seq} {head.hex()} {time:.3f}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)


def _anchors(state: Path) -> dict[int, str]:
    path = state / FILE
    if not path.exists():
        return {}
    lines = (line.split() for line in path.read_text(errors="replace").splitlines())
    return {int(parts[0]): parts[1] for parts in lines if len(parts) == 3 and parts[0].isascii() and parts[0].isdigit()}


async def verify(reader: Reader, state: Path) -> AuditReport:
    """Walk the whole chain, a page at a time off the event loop; name the first row that does not fit."""
    anchors = await asyncio.to_thread(_anchors, state)
    head, seq, agreed = GENESIS, 0, 0
    while page := await reader.raw_events(seq, PAGE):
        head, seq, agreed, problem = await asyncio.to_thread(_walk, page, anchors, head, seq, agreed)
        if problem:
            return AuditReport(ok=False, events=seq, head=head.hex(), first_bad=seq, problem=problem, anchored=agreed)
    last = max(anchors, default=0)
    if last > seq:
        problem = f"the log ends at event {seq}, but event {last} was anchored: its tail was cut off"
        return AuditReport(ok=False, events=seq, head=head.hex(), first_bad=seq + 1, problem=problem, anchored=agreed)
    return AuditReport(ok=True, events=seq, head=head.hex(), anchored=agreed)


def _walk(page: list[Any], anchors: dict[int, str], head: bytes, seq: int, agreed: int) -> tuple[bytes, int, int, str]:
    """Head, number, last anchor that agrees, and what is wrong with the last row that was looked at."""
    for row in page:
        problem = _fault(row, head, seq + 1)
        head, seq = row["hash"], row["seq"]
        if not problem and anchors.get(seq, head.hex()) != head.hex():
            problem = "its hash is not the one in the anchor: the rows up to here were written anew"
        if problem:
            return head, seq, agreed, problem
        agreed = seq if seq in anchors else agreed
    return head, seq, agreed, ""


def _fault(row: Any, previous: bytes, expected: int) -> str:
    if row["seq"] != expected:
        return f"event {expected} is missing"
    if row["payload"] is not None and sha256(row["payload"].encode()).digest() != row["payload_sha256"]:
        return "its payload was changed"
    columns = (row["seq"], row["time"], row["actor"], row["kind"], row["task"], row["step"])
    if link(previous, *columns, row["payload_sha256"]) != row["hash"]:
        return "its header, its payload digest or its place in the chain was changed"
    return ""
