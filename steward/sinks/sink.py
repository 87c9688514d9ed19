"""What every sink has in common: what it is given besides the secret, and what can be asked of it.

`graph` delivers through it, the lifecycle's reader asks it, and nothing else knows which kind it is.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from steward.errors import ConfigError
from steward.facts import DeliveryState, Reading, SinkState
from steward.secret import Secret


class SecretKind(StrEnum):
    """What a secret is, in the words that its receiver reads."""

    PASSWORD = "password"  # noqa: S105  # the kind's name, and no password
    PASS = "pass"  # noqa: S105  # as above


@dataclass(frozen=True)
class Label:
    """What is written beside a secret: nothing that signs in, and enough to know what it is for.

    `ends` is when the secret stops working by itself, None for one that does not.
    """

    kind: SecretKind
    login: str
    account_id: str
    ends: datetime | None = None

    @property
    def name(self) -> str:
        """Return what files and programs may call it."""
        return f"{self.login}.{self.kind}"


class Sink(Protocol):
    """Takes secrets and keeps them for whoever is to receive them."""

    @property
    def keeps_record(self) -> bool:
        """Return whether it can say later which password it has, by `confirm` and `read_delivery`."""

    async def deliver(self, label: Label, secret: Secret) -> str:
        """Keep the secret and return the sink's own id of it; raises `FinalRefusalError` when it was not kept."""

    async def confirm(self, receipt: str, password_changed: datetime) -> None:
        """Note that a delivered password is the account's since then; raises `FinalRefusalError` when it cannot be."""

    async def probe(self) -> Reading[SinkState]:
        """Look whether it would take a secret, as far as that can be told without leaving anything behind."""

    async def read_delivery(self, account_id: str) -> Reading[DeliveryState]:
        """Read which of the account's passwords it has; absent for a sink that keeps no record."""


def require_sink(sink: Sink | None) -> Sink:
    """Return the sink; raises `ConfigError` where there is none."""
    if sink is None:
        raise ConfigError(
            "there is no sink",
            why="a secret has to be delivered, and the tenant file names no place for it",
            next_move="add sink to the tenant file",
        )
    return sink
