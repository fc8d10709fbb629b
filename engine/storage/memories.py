"""Memory as the store keeps it: rows and the words in them. What is forgotten is found no more, by nothing."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Sequence

from engine.model.events import MemoryForgotten
from engine.model.memory import Memory, Recollection
from engine.model.state import StepState
from engine.storage.writer import Change, Statement

_FIELDS = "task, step, root, time, request, action, operand, state, run, result, error"
KEEP = (
    f"INSERT INTO memories ({_FIELDS}, files) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, COALESCE((SELECT"
    " json_group_array(json_extract(value, '$.path')) FROM runs, json_each(runs.changed, '$.files') WHERE runs.id = ?),"
    " '[]'))"
)
FIND = f"""
SELECT id, {_FIELDS}, files, score FROM memories JOIN (
    SELECT rowid AS found, bm25(memories_text, 4, 2, 3, 1, 2, 2) AS score FROM memories_text WHERE memories_text MATCH ?
) ON found = id WHERE (? = '' OR root = ?) ORDER BY score LIMIT ?
"""
"""Weights in the order of the columns: request, step, operand, result, error, files."""
LIST = f"SELECT id, {_FIELDS}, files, -1.0 AS score FROM memories WHERE (? = '' OR root = ?) ORDER BY id DESC LIMIT ?"
FORGET_TASK = "DELETE FROM memories WHERE task = ?"
_FORGET = "DELETE FROM memories WHERE id = ?"
_TIDY: Statement = ("INSERT INTO memories_text (memories_text) VALUES ('optimize')", ())
"""Takes forgotten words out of the index itself."""
_WORD = re.compile(r"\w+")
MOST_WORDS = 64


def kept(memories: Iterable[Memory]) -> tuple[str, Sequence[Sequence[object]]]:
    """The rows of what is remembered."""
    names = _FIELDS.split(", ")
    return KEEP, [(*(getattr(memory, name) for name in names), memory.run) for memory in memories]


def forgetting(memories: Sequence[int], actor: str) -> Change:
    """Forget these; that it was done stays in the log, what it was does not."""
    change = Change(actor=actor, patient=False)
    change.writes += [*((_FORGET, (memory,)) for memory in memories), _TIDY]
    change.facts.append((MemoryForgotten(tuple(memories)), None, None))
    return change


def words(text: str) -> str:
    """What is looked for, as the index takes it: any of the words, each taken as it stands."""
    return " OR ".join(f'"{word}"' for word in dict.fromkeys(_WORD.findall(text)[:MOST_WORDS]))


def recollections(rows: Sequence[sqlite3.Row]) -> tuple[Recollection, ...]:
    """What was found, each against the best one."""
    best = min((row["score"] for row in rows), default=-1.0) or -1.0
    return tuple(Recollection(memory=_memory(row), relevance=row["score"] / best) for row in rows)


def _memory(row: sqlite3.Row) -> Memory:
    values = {key: row[key] for key in row.keys() if key != "score"}
    values |= {"state": StepState(values["state"]), "files": tuple(json.loads(values["files"]))}
    return Memory(**values)
