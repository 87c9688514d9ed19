"""The request journal: every request to the emulated services, with secrets masked.

Control requests are not in it. Secrets are masked by the name of the field that carries them, before an entry
is kept, so that no reader of the journal can come to see one.
"""

from collections.abc import Mapping
from typing import Any

MASK = "(masked)"
_SECRET_FIELDS = frozenset(
    {
        "access_token",
        "assertion",
        "client_assertion",
        "client_secret",
        "currentPassword",
        "key",
        "newPassword",
        "password",
        "refresh_token",
        "secretKey",
        "secretText",
        "temporaryAccessPass",
    }
)
# Fields of forms whose values open something, under names that mean something else in other requests.
_SECRET_FORM_FIELDS = _SECRET_FIELDS | {
    "accessPass",
    "code",
    "code_verifier",
    "confirmPassword",
    "device_code",
    "dialogue",
    "formToken",
    "oneTimeCode",
    "otc",
}


class Journal:
    """Entries in the order of arrival."""

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []
        self._counted = 0

    def add(self, entry: Mapping[str, Any]) -> None:
        """Keep an entry under the next number, its secrets masked."""
        self._counted += 1
        self._entries.append({"n": self._counted, **masked(entry)})

    def entries(self) -> list[dict[str, Any]]:
        """List the entries since the last clearing."""
        return list(self._entries)

    def clear(self) -> None:
        """Forget the entries; numbers go on."""
        self._entries.clear()


def masked_form(form: Mapping[str, str]) -> dict[str, str]:
    """Copy a form with every secret in it replaced."""
    return {name: MASK if name in _SECRET_FORM_FIELDS else value for name, value in form.items()}


def masked(value: Any) -> Any:
    """Copy a value with every secret in it replaced."""
    if isinstance(value, Mapping):
        return {
            name: MASK if name in _SECRET_FIELDS and isinstance(each, str) else masked(each)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [masked(each) for each in value]
    return value
