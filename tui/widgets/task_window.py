"""The part of the task list that is in memory: one window of a list of any length, moved by keyset-paged reads.

Ids grow with time and the newest stands first, so a page is named by the id it ends before. Nothing of the list is
held but the window: 100,000 tasks cost as much as 100.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from engine import ListTasks, TaskSummary

PAGE = 100
"""Tasks in one read; the window holds at most three pages."""
Read = Callable[[ListTasks], Awaitable[tuple[TaskSummary, ...]]]


class TaskWindow:
    """Some neighbouring tasks, newest first, and the chosen one among them."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.rows: tuple[TaskSummary, ...] = ()
        self.cursor = 0
        self.newest = True
        """Whether nothing newer lies above the window."""
        self.oldest = False

    @property
    def chosen(self) -> TaskSummary | None:
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    async def open(self) -> None:
        """Read the newest page; the cursor stays on its task where that is in it."""
        self._show(await self._read(ListTasks(limit=PAGE)), newest=True)

    async def refresh(self) -> None:
        """Read again what the window shows; newer tasks join where it stands at the top."""
        if self.newest or not self.rows:
            await self.open()
            return
        before = self.rows[0].task.id + 1
        self._show(await self._read(ListTasks(before=before, limit=PAGE)), newest=False)

    async def move(self, by: int) -> None:
        """Move the cursor by some tasks, older ones for a positive number; stops at the ends."""
        target = self.cursor + by
        while target >= len(self.rows) and not self.oldest:
            target -= await self._older()
        while target < 0 and not self.newest:
            target += await self._newer()
        self.cursor = max(0, min(target, len(self.rows) - 1))

    async def first(self) -> None:
        await self.open()
        self.cursor = 0

    async def last(self) -> None:
        """Go to the oldest task: the pages below small ids hold it, however long the list is."""
        before = PAGE
        newest = self.rows[0].task.id if self.rows else 0
        while not (rows := await self._read(ListTasks(before=before + 1, limit=PAGE))) and before < newest:
            before += PAGE
        if rows:
            self.rows, self.oldest, self.newest = rows, True, rows[0].task.id >= newest
            self.cursor = len(rows) - 1

    def put(self, summary: TaskSummary) -> bool:
        """Replace one row; False when it is not in the window."""
        for position, row in enumerate(self.rows):
            if row.task.id == summary.task.id:
                self.rows = (*self.rows[:position], summary, *self.rows[position + 1 :])
                return True
        return False

    def choose(self, task: int) -> bool:
        """Put the cursor on a task of the window."""
        for position, row in enumerate(self.rows):
            if row.task.id == task:
                self.cursor = position
                return True
        return False

    def _show(self, rows: Sequence[TaskSummary], *, newest: bool) -> None:
        chosen = self.chosen
        self.rows, self.newest, self.oldest = tuple(rows), newest, len(rows) < PAGE
        if chosen is None or not self.choose(chosen.task.id):
            self.cursor = max(0, min(self.cursor, len(self.rows) - 1))

    async def _older(self) -> int:
        """Read the next page; the number of rows that left at the other end."""
        page = await self._read(ListTasks(before=self.rows[-1].task.id, limit=PAGE)) if self.rows else ()
        self.oldest = len(page) < PAGE
        kept = self.rows[-2 * PAGE :]
        dropped = len(self.rows) - len(kept)
        self.rows, self.newest = (*kept, *page), self.newest and not dropped
        return dropped

    async def _newer(self) -> int:
        """Read the page above; the number of rows that came in above. A hundred ids hold at most a hundred tasks."""
        top = before = self.rows[0].task.id
        head = await self._read(ListTasks(limit=1))
        end = head[0].task.id if head else top
        page: list[TaskSummary] = []
        while not page and before < end:
            before += PAGE
            page = [row for row in await self._read(ListTasks(before=before + 1, limit=PAGE)) if row.task.id > top]
        self.newest = not page or page[0].task.id >= end
        rows = (*page, *self.rows)
        self.rows, self.oldest = rows[: 3 * PAGE], self.oldest and len(rows) <= 3 * PAGE
        return len(page)
