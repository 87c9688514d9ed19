"""A tenant whose consent a person gives in a browser, with the runs of post_apply that send the person there."""

import os
import pty
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.rehearsal.chromium import Window
from scripts.rehearsal.consenting_person import opener_for
from scripts.rehearsal.provider_choice import ROOT
from scripts.rehearsal.scene import POST_APPLY
from tests.life.tenancy import Tenancy

PATIENCE_SECONDS = 180


@dataclass
class Run:
    """A run of post_apply: its process, and the file that it speaks into."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def output(self) -> str:
        """Return all that it has said so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for something, as long as the run goes on."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"it did not come to that\n{self.output}"
            assert self.process.poll() is None, f"the run has ended\n{self.output}"
            time.sleep(0.1)

    def end(self) -> int:
        """Return how it ended."""
        return self.process.wait(timeout=PATIENCE_SECONDS)


@dataclass
class Consented:
    """The tenant, the folder of its passes, and how it stands once the window is open and the person is invited."""

    tenancy: Tenancy
    sink: Path
    _kept: tuple[Mapping[str, Any], Mapping[Path, bytes]] | None = None

    @property
    def note(self) -> Path:
        return self.sink / "consent.address"

    @property
    def base_url(self) -> str:
        return self.tenancy.scene.sandbox.base_url

    @property
    def security_info(self) -> str:
        return f"{self.base_url}/{self.tenancy.scene.sandbox.tenant_id}/security-info"

    @contextmanager
    def run(self, *options: str) -> Iterator[Run]:
        """Start post_apply, whose browser is a file that takes the address."""
        log = self.sink / "post-apply.log"
        with log.open("wb") as out, self._start(log, *options, stdin=subprocess.DEVNULL, stdout=out) as run:
            yield run

    @contextmanager
    def run_in_terminal(self, *options: str) -> Iterator[Run]:
        """Start it with a terminal of its own, whose every byte comes into the log."""
        log = self.sink / "terminal.log"
        terminal, end = pty.openpty()
        drain = threading.Thread(target=_drain, args=(terminal, log))
        with self._start(log, *options, stdin=end, stdout=end, start_new_session=True) as run:
            os.close(end)
            drain.start()
            yield run
            run.process.wait(PATIENCE_SECONDS)
            drain.join()
        os.close(terminal)

    @contextmanager
    def _start(self, log: Path, *options: str, **streams: Any) -> Iterator[Run]:
        self.note.unlink(missing_ok=True)
        log.write_bytes(b"")
        script, file = ROOT / "scripts" / "post_apply.py", self.tenancy.scene.tenant.file.name
        process = subprocess.Popen(
            [sys.executable, str(script), file, "--poll-seconds", "0.3", *options],
            cwd=self.tenancy.scene.folder,
            env={**self.tenancy.scene.environments[POST_APPLY], "TERM": "xterm", **opener_for(self.note)},
            stderr=subprocess.STDOUT,
            **streams,
        )
        try:
            yield Run(process, log)
        finally:
            process.kill()
            process.wait()

    def deploy(self) -> None:
        """Start over from a fresh deploy."""
        for left in self.sink.glob("*"):
            left.unlink()
        self.tenancy.deploy()

    def passes(self) -> list[str]:
        return [file.read_text(encoding="utf-8").strip() for file in sorted(self.sink.glob("*.pass"))]

    def keep(self) -> None:
        """Keep the tenant as it stands, with what Terraform and our programs have of it."""
        folder = self.tenancy.scene.folder
        files = [*folder.glob("terraform.*"), *(path for path in (folder / "evidence").rglob("*") if path.is_file())]
        self._kept = self.tenancy.scene.control.export(), {file: file.read_bytes() for file in files}

    def bring_back(self) -> None:
        """Bring back what was kept."""
        assert self._kept is not None
        tenant, files = self._kept
        self.tenancy.clear()
        self.tenancy.scene.control.load(tenant)
        self.tenancy.scene.control.clear_journal()
        for file, content in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    def address(self, run: Run) -> str:
        """Return where the run sends the person."""
        run.until(self.note.exists)
        return self.note.read_text(encoding="utf-8")

    def is_closed(self) -> bool:
        """Return whether nobody holds the role, can sign in, or has a pass."""
        login = self.tenancy.account()["userPrincipalName"]
        path = f"/v1.0/users/{login}/authentication/temporaryAccessPassMethods"
        passes = self.tenancy.scene.control.act("GET", path)["value"]
        return not self.tenancy.holds_role() and not self.tenancy.account()["accountEnabled"] and passes == []

    def enrol(self, run: Run, window: Window, login: str) -> None:
        """Enrol an authenticator with the newest pass, at the page."""
        run.until(lambda: self.passes() and self.tenancy.account()["accountEnabled"])
        window.open(self.security_info)
        window.sign_in(login, self.passes()[-1])
        window.enrol()


def _drain(terminal: int, log: Path) -> None:
    """Read a terminal until nobody has it open any more."""
    with log.open("ab", buffering=0) as kept, suppress(OSError):
        while part := os.read(terminal, 65536):
            kept.write(part)
