"""Looking at a store without changing it: whether its pages are sound."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from engine.errors import StoreError
from engine.storage.connect import FILE, look, translate


def quick_check(state: Path) -> str:
    """What is wrong with the database of a state directory; empty if nothing, or if there is none yet."""
    if not (state / FILE).exists():
        return ""
    try:
        with closing(look(state)) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except StoreError as error:
        return str(error)
    except sqlite3.Error as error:
        return str(translate(error, state / FILE))
    return "" if found == "ok" else str(found)
