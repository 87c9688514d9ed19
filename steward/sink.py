"""Where a secret goes that somebody has to receive: never the terminal, never a log, never Terraform's state.

The only kind is a file of mode 0600 in a folder outside the repository; a tenant file names the folder.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from steward.config.model import Tenant
from steward.errors import ConfigError, FinalRefusalError
from steward.secret import Secret


class Sink(Protocol):
    """Takes a secret and keeps it for whoever is to receive it."""

    def deliver(self, name: str, secret: Secret) -> None:
        """Keep the secret under the name; raises `FinalRefusalError` when it could not be kept."""


@dataclass(frozen=True)
class FolderSink:
    """A new file a secret, readable by its owner alone; nothing is ever overwritten."""

    folder: Path

    def deliver(self, name: str, secret: Secret) -> None:
        """Write the file and wait until it is on disk."""
        path = self.folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}-{name}"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(secret.reveal() + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise FinalRefusalError(
                f"the sink did not take {name}",
                why=f"{self.folder}: {error.strerror}",
                next_move="make the folder writable for this user, or name another under sink in the tenant file",
            ) from None


def open_sink(tenant: Tenant) -> Sink | None:
    """Return the tenant's sink, None where the file names none because nothing is to be delivered."""
    return FolderSink(tenant.sink.folder) if tenant.sink else None


def require_sink(sink: Sink | None) -> Sink:
    """Return the sink; raises `ConfigError` where there is none."""
    if sink is None:
        raise ConfigError(
            "there is no sink",
            why="a secret has to be delivered, and the tenant file names no place for it",
            next_move="add sink to the tenant file",
        )
    return sink
