"""The state file: an SQLite database that holds everything a server needs to go on after a restart.

One row an object, written in one transaction after each request that changed something, before it is answered; so a
process that dies in the middle loses the unanswered request at most. It holds the server's keys and the identities'
secrets, for which it is readable by its owner only. One process uses it at a time. A digest over all rows, written with
each of them, tells a file that was damaged or written to by something else.
"""

import contextlib
import hashlib
import json
import os
import shlex
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from sandbox.state.rows import Key, Rows

_APPLICATION = 0x53424F58  # marks an SQLite file as a sandbox's
_VERSION = 3
_PRIVATE = 0o600
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_DIGEST = "digest"  # the name under which the server's table keeps it
_SERVER = 0  # in digests, what stands for the server's own rows; the tenants' numbers begin at 1
_TABLES = """
CREATE TABLE server (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE object (
  tenant INTEGER NOT NULL,
  collection TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (tenant, collection, key)
) STRICT;
"""


class StateError(Exception):
    """A state file that cannot be used: why, and what to do about it."""

    def __init__(self, why: str, next_move: str) -> None:
        super().__init__(f"{why} {next_move}")
        self.why = why
        self.next_move = next_move


class StateFile:
    """An open state file, locked for this process until it is closed or the process ends."""

    def __init__(self, path: Path) -> None:
        """Open a file or make a new one; StateError when it is somebody else's, in use, damaged, or no state file."""
        self._path = path
        _require_private(path)
        try:
            # The server's thread goes on with what the starting thread has opened; both never use it together.
            self._database = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
            with contextlib.ExitStack() as on_failure:
                on_failure.callback(self._database.close)
                self._prepare()
                self._digest = self._require_whole()
                on_failure.pop_all()
        except sqlite3.Error as fault:
            raise _told(path, fault) from fault

    def close(self) -> None:
        """Let another process use the file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def value(self, name: str) -> str | None:
        """Read what the server keeps under a name."""
        row = self._database.execute("SELECT value FROM server WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def keep(self, values: Mapping[str, str]) -> None:
        """Write what the server keeps, by name."""
        old = {name: text for name in values if (text := self.value(name)) is not None}
        with self._changing(_marks(_SERVER, old) ^ _marks(_SERVER, values)):
            self._database.executemany("INSERT OR REPLACE INTO server VALUES (?, ?)", values.items())

    def tenants(self) -> list[int]:
        """List the numbers of the saved tenants."""
        return [int(number) for (number,) in self._database.execute("SELECT DISTINCT tenant FROM object ORDER BY 1")]

    def rows(self, tenant: int) -> dict[Key, str]:
        """Read a tenant's rows in the order in which they were first written."""
        found = self._database.execute(
            "SELECT collection, key, value FROM object WHERE tenant = ? ORDER BY rowid", (tenant,)
        )
        return {(collection, key): value for collection, key, value in found}

    def save(self, tenant: int, before: Rows, after: Rows) -> None:
        """Write what has changed of a tenant, whole or not at all."""
        written = [(tenant, *key, text) for key, text in after.items() if before.get(key) != text]
        gone = [(tenant, *key) for key in before if key not in after]
        old = {key: text for key, text in before.items() if after.get(key) != text}
        new = {key: text for key, text in after.items() if before.get(key) != text}
        with self._changing(_marks(tenant, old) ^ _marks(tenant, new)):
            self._database.executemany(
                "INSERT INTO object VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", written
            )
            self._database.executemany("DELETE FROM object WHERE tenant = ? AND collection = ? AND key = ?", gone)

    def forget(self, tenant: int) -> None:
        """Delete a tenant."""
        with self._changing(_marks(tenant, self.rows(tenant))):
            self._database.execute("DELETE FROM object WHERE tenant = ?", (tenant,))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    @contextlib.contextmanager
    def _changing(self, difference: int) -> Iterator[None]:
        """Write in a transaction that brings the digest along."""
        digest = self._digest ^ difference
        with self._transaction():
            yield
            self._database.execute("INSERT OR REPLACE INTO server VALUES (?, ?)", (_DIGEST, f"{digest:x}"))
        self._digest = digest

    def _require_whole(self) -> int:
        """Tell the digest of what the file holds; StateError when it is not what was written."""
        server = {str(name): str(text) for name, text in self._database.execute("SELECT name, value FROM server")}
        written = server.pop(_DIGEST, "0")
        digest = _marks(_SERVER, server)
        for tenant in self.tenants():
            digest ^= _marks(tenant, self.rows(tenant))
        if f"{digest:x}" != written:
            raise StateError(
                f"{self._path} is not as a sandbox wrote it: rows are missing, changed or added.",
                "Put a sound copy in its place, or start with a new file.",
            )
        return digest

    def _prepare(self) -> None:
        # Exclusive mode keeps the lock between transactions, which is what keeps a second process out.
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        version, application = self._number("user_version"), self._number("application_id")
        is_empty = self._database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
        is_new = is_empty and version == application == 0
        if not is_new and application != _APPLICATION:
            raise StateError(f"{self._path} is another program's database.", "Name another file; a new one is made.")
        if not is_new and version != _VERSION:
            raise StateError(
                f"{self._path} was written in version {version} of the format, and this sandbox reads {_VERSION}.",
                "Use the sandbox that wrote it, or start with a new file.",
            )
        self._database.execute("PRAGMA journal_mode = WAL")
        # In WAL mode NORMAL loses nothing when the process dies, only when the machine does.
        self._database.execute("PRAGMA synchronous = NORMAL")
        with self._transaction():
            if is_new:
                for statement in _TABLES.split(";")[:-1]:
                    self._database.execute(statement)
                self._database.execute(f"PRAGMA application_id = {_APPLICATION}")
            self._database.execute(f"PRAGMA user_version = {_VERSION}")  # written again, so that the lock is taken

    def _number(self, name: str) -> int:
        return int(self._database.execute(f"PRAGMA {name}").fetchone()[0])


def holds_tenants(path: Path) -> bool:
    """Say whether a file is there and holds tenants; StateError when it cannot be used."""
    if not path.exists():
        return False
    with StateFile(path) as file:
        return bool(file.tenants())


def _require_private(path: Path) -> None:
    if not path.parent.is_dir():
        raise StateError(f"{path} cannot be made: there is no folder {path.parent}.", "Make the folder first.")
    if path.is_dir():
        raise StateError(f"{path} is a folder.", "Name a file.")
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _PRIVATE))
    elif path.stat().st_mode & _OTHERS:
        raise StateError(f"{path} holds secrets and others can read it.", f"Run: chmod 600 {shlex.quote(str(path))}")


def _marks(tenant: int, rows: Mapping[Any, str]) -> int:
    """Draw the digests of rows together, in whatever order; drawn together twice, a row leaves no trace."""
    drawn = 0
    for key, text in rows.items():
        drawn ^= int.from_bytes(hashlib.sha256(json.dumps([tenant, key, text]).encode()).digest())
    return drawn


def _told(path: Path, fault: sqlite3.Error) -> StateError:
    if fault.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return StateError(f"{path} is in use by another process.", "Stop that one, or name another file.")
    if fault.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
        return StateError(f"{path} is no state file.", "Name another file; a new one is made.")
    return StateError(
        f"{path} cannot be used: {fault}.", "Mend the cause, put a sound copy in its place, or start anew."
    )
