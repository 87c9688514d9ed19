"""A secret is a type: its ordinary text form is masked, and only one method gives the value away.

Passwords, passes and client secrets travel as `Secret` from where they are made to the one call that needs
them, so that no log line, evidence record or failing test can print them by accident.
"""

import secrets
import string
from typing import NoReturn

MASK = "********"
_SHORTEST, _LONGEST = 16, 256
_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!#%&*+-.:;=?@^_~")


class Secret:
    """A value that must not be shown; `reveal()` is the only way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value itself, for the one call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and secrets.compare_digest(self._value, other._value)

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled or copied out of the process")


def generate_password(length: int = 48) -> Secret:
    """Make a random password that has every character class Entra ID counts.

    `length` is between 16 and 256, the longest password that Entra ID takes.
    """
    if not _SHORTEST <= length <= _LONGEST:
        raise ValueError("a password has 16 to 256 characters")
    required = [secrets.choice(characters) for characters in _CLASSES]
    rest = [secrets.choice("".join(_CLASSES)) for _ in range(length - len(required))]
    characters = required + rest
    secrets.SystemRandom().shuffle(characters)
    return Secret("".join(characters))
