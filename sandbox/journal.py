"""The request journal: every request to the emulated services, with secrets masked.

Control requests are not in it. Secrets are masked by the name of the field that carries them, before an entry
is kept, so that no reader of the journal can come to see one.
"""

from collections.abc import Mapping
from typing import Any

MASK = "(masked)"
_SECRET_FIELDS = frozenset(  # in small letters; a name in other ones is compared with them all the same
    {
        "access_token",
        "assertion",
        "client_assertion",
        "client_secret",
        "currentpassword",
        "key",
        "newpassword",
        "password",
        "refresh_token",
        "secretkey",
        "secrettext",
        "temporaryaccesspass",
    }
)
# Fields of forms whose values open something, under names that mean something else in other requests.
_SECRET_FORM_FIELDS = _SECRET_FIELDS | {
    "accesspass",
    "code",
    "code_verifier",
    "confirmpassword",
    "device_code",
    "dialogue",
    "formtoken",
    "onetimecode",
    "otc",
}


class Journal:
    """Entries in the order of arrival."""

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []
        self._counted = 0

    def add(self, entry: Mapping[str, Any]) -> None:
        """Keep an entry under the next number, its secrets masked; the query is masked as a form is."""
        self._counted += 1
        kept = {**masked(entry), "query": masked_form(entry["query"])}
        self._entries.append({"n": self._counted, **kept})

    def entries(self) -> list[dict[str, Any]]:
        """List the entries since the last clearing."""
        return list(self._entries)

    def clear(self) -> None:
        """Forget the entries; numbers go on."""
        self._entries.clear()


def masked_form(form: Mapping[str, str]) -> dict[str, str]:
    """Copy a form with every secret in it replaced."""
    return {name: MASK if name.lower() in _SECRET_FORM_FIELDS else value for name, value in form.items()}


def masked(value: Any) -> Any:
    """Copy a value with every secret in it replaced."""
    if isinstance(value, Mapping):
        return {
            name: MASK if name.lower() in _SECRET_FIELDS and isinstance(each, str) else masked(each)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [masked(each) for each in value]
    return value
