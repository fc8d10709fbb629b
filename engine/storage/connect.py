"""Opening the database file: settings, migrations, the check for damage.

It is used in the thread of whoever reads it once, or in one of its own beside an event loop.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from engine.errors import StoreDamaged, StoreError, StoreFull, StoreNewer
from engine.model.state import RunState, StepState
from engine.storage.asking import InThread

if TYPE_CHECKING:
    import aiosqlite

# Without an adapter the driver asks every parameter of these types, at length and in vain, how it wants to be stored.
sqlite3.register_adapter(type(None), lambda nothing: None)
sqlite3.register_adapter(bytes, bytes)
sqlite3.register_adapter(RunState, str)
sqlite3.register_adapter(StepState, str)

FILE = "signoff.db"
MIGRATIONS = Path(__file__).with_name("migrations")
T = TypeVar("T")


async def in_thread(connection: aiosqlite.Connection, work: Callable[..., T], *args: object) -> T:
    """Run `work` in the thread of a connection, as one piece."""
    # aiosqlite has no public door for this; its version is bounded and a test holds the contract.
    result: T = await connection._execute(work, *args)  # type: ignore[no-untyped-call]
    return result


_UNWRITABLE = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    }
)


def is_unwritable(error: Exception) -> bool:
    """Whether nothing could have been written just then; else it is the change that is wrong."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in _UNWRITABLE


def translate(error: sqlite3.Error, path: Path | str = FILE) -> StoreError:
    """The error of this house for one of SQLite's."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    if primary in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return StoreFull()
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreDamaged(path=path, reason=error)
    return StoreError(reason=error)


@cache
def migrations() -> tuple[tuple[int, str], ...]:
    """Every numbered migration with its SQL, in order."""
    return tuple((number, path.read_text()) for number, path in _numbered())


def newest() -> int:
    """The version that this program writes, and the last one that it reads."""
    return _numbered()[-1][0]


@cache
def _numbered() -> tuple[tuple[int, Path], ...]:
    return tuple(sorted((int(name[:4]), MIGRATIONS / name) for name in os.listdir(MIGRATIONS)))


def _migrate(connection: sqlite3.Connection, path: Path | None) -> None:
    version = _version(connection)
    pending = [(number, sql) for number, sql in migrations() if number > version]
    if version and pending and path is not None:
        _copy(connection, path.with_suffix(f".before-{pending[0][0]:04}"))
    for number, sql in pending:
        connection.executescript(f"BEGIN IMMEDIATE; {sql}; PRAGMA user_version = {number}; COMMIT;")


def _version(connection: sqlite3.Connection) -> int:
    number: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return number


def _known_version(connection: sqlite3.Connection, path: Path) -> int:
    """The version of a database, refused where only a newer program knows what its tables mean."""
    if (version := _version(connection)) > newest():
        raise StoreNewer(path=path, found=version, known=newest())
    return version


def _copy(connection: sqlite3.Connection, target: Path) -> None:
    """The whole database in one file; also what only its write-ahead log holds yet, which a copy of the file lacks."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(target)) as copy:
        connection.backup(copy)


def _copy_of_older(memory: sqlite3.Connection, address: str) -> None:
    """For a reader: the newest version of a database that only its owner may migrate."""
    with closing(sqlite3.connect(address, uri=True)) as file:
        file.backup(memory)
    _migrate(memory, None)


def _check(path: Path) -> None:
    """Look for damage by a connection that cannot write: to close one that can may mend a file by overwriting it."""
    from engine.storage import wal

    connection = sqlite3.connect(_read_only(path), uri=True)
    try:
        _known_version(connection, path)
        found = connection.execute("PRAGMA quick_check(1)").fetchone()
        forgetful = wal.forgets(path)
    finally:
        connection.close()
    if found != ("ok",):
        raise StoreDamaged(path=path, reason=found and found[0])
    if forgetful:
        raise StoreDamaged(path=path, reason=f"in {FILE}-wal, before the last of what it records")


def _read_only(path: Path) -> str:
    """The address of a database for reading; where nothing can be written beside it, nobody is changing it either."""
    if not os.access(path.parent, os.W_OK) and not _pending(path):
        return _unchanging(path)
    return f"{path.absolute().as_uri()}?mode=ro"


def _unchanging(path: Path) -> str:
    """The address of a database that nobody changes meanwhile: nothing is made beside it, full disk or not."""
    return f"{path.absolute().as_uri()}?mode=ro&immutable=1"


def _pending(path: Path) -> bool:
    """Whether there are changes that are not in the database file yet."""
    log = path.with_name(f"{FILE}-wal")
    return log.exists() and log.stat().st_size > 0


async def open_writer(state: Path) -> aiosqlite.Connection:
    """Open, check and migrate the database of a state directory for its owner, in a thread of its own.

    Raises:
        StoreDamaged: `quick_check` found damage; the file was left as it is.
        StoreNewer: a newer program wrote it; the file was left as it is.
        StoreError: it cannot be opened or written.
    """
    return await _in_thread(partial(_opened_for_writing, state / FILE))


async def open_reader(state: Path) -> InThread:
    """As `look`, in a thread of its own."""
    return InThread(await _in_thread(partial(look, state)))


async def _in_thread(opening: Callable[[], sqlite3.Connection]) -> aiosqlite.Connection:
    import asyncio

    import aiosqlite

    opened = await asyncio.to_thread(opening)  # in that thread, a failure would outlive whoever waits for it
    return await aiosqlite.Connection(lambda: opened, iter_chunk_size=64)


def _opened_for_writing(path: Path) -> sqlite3.Connection:
    try:
        if path.exists():
            _check(path)
        with ExitStack() as undo:
            connection = undo.enter_context(closing(_connect(path)))
            connection.execute("PRAGMA busy_timeout = 5000")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            _migrate(connection, path)
            path.chmod(0o600)
            undo.pop_all()
            return connection
    except sqlite3.Error as error:
        raise translate(error, path) from error


def _connect(address: Path | str) -> sqlite3.Connection:
    """A connection that any thread may use, one at a time."""
    return sqlite3.connect(address, uri=isinstance(address, str), isolation_level=None, check_same_thread=False)


def look(state: Path) -> sqlite3.Connection:
    """Open the database for reading only; where there is none yet, an empty one in memory.

    Raises:
        StoreNewer: a newer program wrote it.
        StoreError: it is there and cannot be read.
    """
    path = state / FILE
    try:
        if not path.exists():
            return _in_memory(lambda memory: _migrate(memory, None))
        try:
            return _reading(_read_only(path), path)
        except sqlite3.OperationalError:
            if _pending(path):
                raise
            return _reading(_unchanging(path), path)
    except sqlite3.Error as error:
        raise translate(error, path) from error


def _reading(address: str, path: Path) -> sqlite3.Connection:
    with ExitStack() as undo:
        connection = undo.enter_context(closing(_connect(address)))
        connection.execute("SELECT 1 FROM sqlite_schema")  # fails where the files beside it cannot be made
        if _known_version(connection, path) < newest():
            return _in_memory(lambda memory: _copy_of_older(memory, address))
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute("PRAGMA query_only = ON")
        undo.pop_all()
        return connection


def _in_memory(fill: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    with ExitStack() as undo:
        memory = undo.enter_context(closing(_connect(":memory:")))
        fill(memory)
        undo.pop_all()
        return memory
