"""Where a repository is at its forge, and the token that a job has for it; loading this loads no client."""

from dataclasses import dataclass
from pathlib import Path

from steward.secret import Secret

_RETRIES, _LONGEST_WAIT_SECONDS = 4, 60


@dataclass(frozen=True)
class Forge:
    """Where a repository is, and the token that a job has for it; `ca_file` names authorities in the usual ones' place.

    No request waits longer at once than `longest_wait_seconds`, whatever GitHub asks for.
    """

    api_url: str
    repository: str
    token: Secret
    ca_file: Path | None = None
    longest_wait_seconds: float = _LONGEST_WAIT_SECONDS
    retries: int = _RETRIES
