"""The floor under a durable step: asyncio, graphlib and SQLite with one writer thread, and nothing of the product.

Group commit with synchronous=FULL; a state row and an event row with its hash for each transition; a step's start is on
disk before its body, its end before its dependents.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import queue
import sqlite3
import threading
import time
from graphlib import TopologicalSorter
from pathlib import Path

Graph = dict[int, list[int]]
Row = tuple[int, str]


def chain(n: int) -> Graph:
    return {i: [i - 1] if i else [] for i in range(n)}


def layers(n: int, width: int = 10) -> Graph:
    return {i: [] if i < width else [(i // width - 1) * width + k for k in range(width)] for i in range(n)}


def fan(n: int) -> Graph:
    return {**{i: [] for i in range(n)}, n: list(range(n))}


SHAPES = {"chain": chain, "layers": layers, "fan": fan}


class FloorStore:
    """One thread that writes whatever waits in one transaction."""

    def __init__(self, path: Path, graph: Graph) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        execute = self._connection.execute
        execute("PRAGMA journal_mode=WAL")
        execute("PRAGMA synchronous=FULL")
        execute("CREATE TABLE steps (id INTEGER PRIMARY KEY, state TEXT)")
        execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, time REAL, payload TEXT, digest BLOB, hash BLOB)")
        execute("BEGIN")
        self._connection.executemany("INSERT INTO steps VALUES (?, 'pending')", [(i,) for i in graph])
        execute("COMMIT")
        self._queue: queue.SimpleQueue[tuple[list[Row], asyncio.Future[None]] | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._rows: list[Row] = []
        self._future: asyncio.Future[None] | None = None
        self._busy = False
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def put(self, rows: list[Row]) -> asyncio.Future[None]:
        self._rows += rows
        if self._future is None:
            self._future = self._loop.create_future()
            if not self._busy:
                self._loop.call_soon(self._flush)
        return self._future

    def _flush(self) -> None:
        if self._future is not None and not self._busy:
            self._busy = True
            self._queue.put((self._rows, self._future))
            self._rows, self._future = [], None

    def _done(self, future: asyncio.Future[None]) -> None:
        self._busy = False
        future.set_result(None)
        self._flush()

    def _work(self) -> None:
        head, seq = b"", 0
        while (item := self._queue.get()) is not None:
            rows, future = item
            events = []
            for step, state in rows:
                seq += 1
                now = time.time()
                payload = json.dumps({"step": step, "state": state})
                digest = hashlib.sha256(payload.encode()).digest()
                head = hashlib.sha256(head + json.dumps([seq, now, "engine", state, step]).encode() + digest).digest()
                events.append((seq, now, payload, digest, head))
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("UPDATE steps SET state = ? WHERE id = ?", [(s, i) for i, s in rows])
            self._connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", events)
            self._connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(self._done, future)

    async def close(self) -> None:
        while self._future is not None:
            await asyncio.shield(self._future)
        self._queue.put(None)
        self._thread.join()
        self._connection.close()


async def run_floor(graph: Graph, path: Path) -> float:
    """Seconds for a whole graph of no-op steps."""
    store = FloorStore(path, graph)
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    loop = asyncio.get_running_loop()
    finished = loop.create_future()
    ended: list[int] = []
    tasks: set[asyncio.Task[None]] = set()

    async def step(number: int, gate: asyncio.Future[None]) -> None:
        await asyncio.shield(gate)
        ended.append(number)
        if len(ended) == 1:
            loop.call_soon(turn)

    def turn() -> None:
        batch = ended[:]
        ended.clear()
        sorter.done(*batch)
        ready = sorter.get_ready()
        rows = [(number, "completed") for number in batch] + [(number, "running") for number in ready]
        gate = store.put(rows)
        for number in ready:
            task = loop.create_task(step(number, gate))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        if not sorter.is_active():
            finished.set_result(None)

    begun = time.perf_counter()
    turn()
    await finished
    await store.close()
    return time.perf_counter() - begun
