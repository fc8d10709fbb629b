"""Looking at a store without changing it: whether its pages are sound."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from engine.errors import StoreError
from engine.storage.connect import FILE, open_reader, translate


async def quick_check(state: Path) -> str:
    """What is wrong with the database of a state directory; empty if nothing, or if there is none yet."""
    if not (state / FILE).exists():
        return ""
    try:
        connection = await open_reader(state)
    except StoreError as error:
        return str(error)
    try:
        async with connection.execute("PRAGMA quick_check(1)") as cursor:
            row = await cursor.fetchone()
    except sqlite3.Error as error:
        return str(translate(error, state / FILE))
    finally:
        await connection.close()
    return "" if row is not None and row[0] == "ok" else str(row and row[0])
