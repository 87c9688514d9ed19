"""Who has signed in how, as sessions, codes and refresh tokens remember it, and what ends all of them.

What is remembered is plain data, so that it is saved with the directory; the secrets that find it again (cookies,
codes, tokens) are kept as digests only.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.directory import sessions
from sandbox.directory.store import Directory, Record
from sandbox.sign_in.refusals import SignInError


@dataclass(frozen=True)
class SignedIn:
    """A user with the methods used (authenticationMethodModes), in seconds since the epoch when and until when.

    A session that a device code led to stays known as such (learn.microsoft.com, "Conditional Access: Authentication
    flows as a condition", read November 2026: sessions are protocol tracked).
    """

    user_id: str
    methods: Sequence[str]
    since: float
    until: float | None = None  # the end of the pass that opened it
    endings: int = 0  # how often the user's sessions had been ended when this one was opened
    by_device_code: bool = False

    def as_record(self) -> dict[str, Any]:
        """Write it down."""
        return {**asdict(self), "methods": list(self.methods)}

    @classmethod
    def of(cls, record: Record) -> "SignedIn":
        """Read what was written down."""
        return cls(**{**record, "methods": tuple(record["methods"])})

    def as_claim(self) -> str:
        """Write it into a token that may be changed for another one; see `of_claim`."""
        return base64.urlsafe_b64encode(json.dumps(self.as_record()).encode()).decode().rstrip("=")

    @classmethod
    def of_claim(cls, claim: str) -> "SignedIn":
        """Read what `as_claim` wrote into a token that this tenant has signed.

        Entra, too, keeps a claim in its tokens for its own use (`rh` in learn.microsoft.com, "Access token claims
        reference", read November 2026).
        """
        return cls.of(json.loads(base64.urlsafe_b64decode(claim + "=" * (-len(claim) % 4))))

    def seconds_left(self, directory: Directory, most: int) -> int:
        """Tell how long a token may live that would live for `most` seconds: not beyond the pass."""
        if self.until is None:
            return most
        return min(most, int(self.until - directory.clock.now().timestamp()))


def require_live(directory: Directory, signed_in: SignedIn) -> Record:
    """Get the user, or refuse when the account, the session or the pass behind it has ended."""
    user = directory.users.get(signed_in.user_id)
    if user is None:
        text = f"The user account {signed_in.user_id} does not exist in the {directory.tenant_name} directory."
        raise SignInError(50034, text)
    if not user["accountEnabled"]:
        raise SignInError(50057, "The user account is disabled.")
    if signed_in.endings != sessions.endings(directory, user["id"]):
        raise SignInError(
            50173,
            "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have "
            f"changed or reset their password. The tokens are valid from "
            f"{user['signInSessionsValidFromDateTime']}.",
        )
    if signed_in.until is not None and directory.clock.now().timestamp() >= signed_in.until:
        raise SignInError(130504, "Your Temporary Access Pass has expired.")
    return user


def new_secret(prefix: str = "") -> str:
    """Make a code, a token or the value of a cookie."""
    return prefix + secrets.token_urlsafe(48)


def digest(secret: str) -> str:
    """Tell under which name a code, token or cookie is remembered."""
    return hashlib.sha256(secret.encode()).hexdigest()
