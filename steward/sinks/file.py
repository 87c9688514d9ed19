"""The sink that is a folder outside the repository: a new file of mode 0600 a secret.

Files are meant to be taken away by whoever receives them, so that nothing can be told from what lies there later.
"""

import asyncio
import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from steward.errors import FinalRefusalError
from steward.facts import Absent, DeliveryState, Reading, SinkState
from steward.secret import Secret
from steward.sinks.sink import Label

_NEXT = "make the folder writable for this user, or name another under sink in the tenant file"


@dataclass(frozen=True)
class FolderSink:
    """A new file a secret, readable by its owner alone; nothing is ever overwritten."""

    folder: Path
    keeps_record: bool = False

    async def deliver(self, label: Label, secret: Secret) -> str:
        """Write the file, wait until it is on disk, and return its name."""
        path = self.folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{label.name}"
        try:
            await asyncio.to_thread(self._write, path, secret)
        except OSError as error:
            raise FinalRefusalError(
                f"the sink did not take {label.name}", why=f"{self.folder}: {error.strerror}", next_move=_NEXT
            ) from None
        return path.name

    def _write(self, path: Path, secret: Secret) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(secret.reveal() + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            # Half a secret is nobody's.
            path.unlink(missing_ok=True)
            raise

    async def confirm(self, receipt: str, password_changed: datetime) -> None:
        """Note nothing: a file says only what was delivered."""

    async def probe(self) -> Reading[SinkState]:
        """Make a file without a name in the folder, or look whether the folder could be made."""
        return await asyncio.to_thread(self._probe)

    def _probe(self) -> SinkState:
        existing = next(each for each in (self.folder, *self.folder.parents) if each.exists())
        try:
            if not existing.is_dir():
                return SinkState(str(self.folder), f"{existing} is no folder", _NEXT)
            if existing == self.folder:
                with tempfile.TemporaryFile(dir=self.folder):
                    pass
            elif not os.access(existing, os.W_OK | os.X_OK):
                return SinkState(str(self.folder), f"it cannot be made in {existing}", _NEXT)
        except OSError as error:
            return SinkState(str(self.folder), error.strerror or str(error), _NEXT)
        return SinkState(str(self.folder))

    async def read_delivery(self, account_id: str) -> Reading[DeliveryState]:
        """Tell that a folder keeps no record of `account_id`."""
        del account_id
        return Absent("the sink's record")
