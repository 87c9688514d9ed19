"""Passwords and other secrets: kept as salted hashes only, and the rules a user's password must meet.

The rules are Entra's: 8 to 256 ASCII characters, three of four character classes, no password that everybody tries
first and none with the login name in it (learn.microsoft.com, "Self-service password reset policies" and "Eliminate bad
passwords using Microsoft Entra Password Protection", read November 2026).
Hashing is cheap on purpose, because the sandbox guards nothing and answers hundreds of requests a second: a hash keeps
a secret from being read in what is shown and saved, and a weak one not from being guessed. Real passwords have no
place here.
"""

import hashlib
import hmac
import os
import secrets
import string
from dataclasses import dataclass

_SHORTEST, _LONGEST, _CLASSES = 8, 256, 3
_COST = 16  # scrypt's N, a thousandth of what guards anything
_KIND = f"scrypt-{_COST}"
_TRIED_FIRST = ("password", "passw0rd", "p@ssw0rd", "p@ssword", "qwerty", "12345678", "welcome1", "letmein")


@dataclass(frozen=True)
class SecretHash:
    """A salted hash of a secret."""

    salt: bytes
    digest: bytes

    @classmethod
    def of(cls, secret: str) -> "SecretHash":
        """Hash a secret with a salt of its own."""
        salt = os.urandom(16)
        return cls(salt, _digest(secret, salt))

    def matches(self, secret: str) -> bool:
        """Say whether a secret is the one that was hashed."""
        return hmac.compare_digest(self.digest, _digest(secret, self.salt))

    def as_text(self) -> str:
        """Write the hash for a snapshot."""
        return f"{_KIND}:{self.salt.hex()}:{self.digest.hex()}"

    @classmethod
    def from_text(cls, text: str) -> "SecretHash":
        """Read a hash that `as_text` wrote; ValueError when it is none."""
        kind, salt, digest = text.split(":")
        if kind != _KIND:
            raise ValueError(f"{kind!r} is no kind of hash that is kept here.")
        return cls(bytes.fromhex(salt), bytes.fromhex(digest))


def _digest(secret: str, salt: bytes) -> bytes:
    return hashlib.scrypt(secret.encode(), salt=salt, n=_COST, r=8, p=1, dklen=32)


def is_acceptable(password: str, *, login: str, strong: bool = True) -> bool:
    """Say whether Entra would take a password for the user with this login; a weak one for whom strength is off."""
    if not (_SHORTEST <= len(password) <= _LONGEST and password.isascii() and password.isprintable()):
        return False
    if not strong:
        return True
    classes = (str.islower, str.isupper, str.isdigit, _is_symbol)
    met = sum(any(kind(each) for each in password) for kind in classes)
    lowered = password.lower()
    name = login.split("@", maxsplit=1)[0].lower()
    guessable = any(each in lowered for each in _TRIED_FIRST) or (len(name) > _CLASSES and name in lowered)
    return met >= _CLASSES and not guessable


def generated_password() -> str:
    """Make up a password that Entra takes, as it does when an administrator names none."""
    return f"{secrets.choice(string.ascii_uppercase)}{secrets.token_hex(6)}-{secrets.randbelow(90) + 10}"


def _is_symbol(character: str) -> bool:
    return not character.isalnum()
