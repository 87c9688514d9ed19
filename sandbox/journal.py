"""The request journal: every request to the emulated services, with secrets masked.

Control requests are not in it. Secrets are masked by the name of the field that carries them, before an entry
is kept, so that no reader of the journal can come to see one. Names are compared by their letters and digits alone, and
what stands under one goes whole, of whatever type; text without a name to go by is not kept.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

MASK = "(masked)"
_SECRET_FIELDS = frozenset(  # without the signs between letters, and in small ones
    {
        "accesstoken",
        "assertion",
        "authorization",
        "clientassertion",
        "clientsecret",
        "currentpassword",
        "idtokenhint",
        "key",
        "newpassword",
        "password",
        "refreshtoken",
        "secretkey",
        "secrettext",
        "temporaryaccesspass",
    }
)
_VAULT = "/secrets/"  # the paths of a key vault's secrets
# Objects whose members are told apart; anything else in their place may be the secret itself.
_SECRET_OBJECTS = frozenset({"passwordcredential", "passwordprofile"})
_LETTERS = re.compile(r"[^a-z0-9]")
# What a form calls its fields; a body of another kind that is sent as a form has none.
_FIELD_NAME = re.compile(r"[\w .$@\[\]-]{1,64}", re.ASCII)
_NAME_IN_TEXT = re.compile(r"\w+", re.ASCII)
# Fields of forms whose values open something, under names that mean something else in other requests.
_SECRET_FORM_FIELDS = _SECRET_FIELDS | {
    "accesspass",
    "code",
    "codeverifier",
    "confirmpassword",
    "devicecode",
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
        body = masked(entry["body"])
        if str(entry["path"]).startswith(_VAULT):
            body = _without_value(body)
        kept = {**masked(entry), "body": body, "query": masked_form(entry["query"])}
        self._entries.append({"n": self._counted, **kept})

    def entries(self) -> list[dict[str, Any]]:
        """List the entries since the last clearing."""
        return list(self._entries)

    def clear(self) -> None:
        """Forget the entries; numbers go on."""
        self._entries.clear()


def _without_value(body: Any) -> Any:
    """Mask the value of a secret that goes to a vault, whose field is called like many others elsewhere."""
    if not isinstance(body, Mapping):
        return None if body is None else MASK
    return {name: MASK if _plain(name) == "value" else each for name, each in body.items()}


def masked_form(form: Mapping[str, str]) -> dict[str, str]:
    """Copy a form with every secret in it replaced."""
    return {
        name if _FIELD_NAME.fullmatch(name) else MASK: MASK if _is_secret_field(name, value) else value
        for name, value in form.items()
    }


def masked(value: Any) -> Any:
    """Copy a value with every secret in it replaced."""
    if isinstance(value, Mapping):
        return {
            name: MASK if each is not None and _is_secret(name, each) else _masked_member(name, each)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [masked(each) for each in value]
    return value


def masked_body(value: Any) -> Any:
    """Copy a decoded body with every secret in it replaced; a body that is text has no names to tell them by."""
    return f"(text of {len(value)} characters)" if isinstance(value, str) else masked(value)


def _masked_member(name: str, value: Any) -> Any:
    """Copy a member, which in a request of a batch may be an address with a query, or a body as text."""
    if name == "body":
        return masked_body(value)
    if name == "url" and isinstance(value, str):
        path, mark, query = value.partition("?")
        options = dict(parse_qsl(query, keep_blank_values=True))
        kept = masked_form(options)
        return value if kept == options else path + mark + "&".join(f"{each}={kept[each]}" for each in kept)
    return masked(value)


def _is_secret(name: str, value: Any) -> bool:
    plain = _plain(name)
    return plain in _SECRET_FIELDS or (plain in _SECRET_OBJECTS and not isinstance(value, Mapping))


def _is_secret_field(name: str, value: str) -> bool:
    """Say whether a field is one of the secret ones, or carries one of them: in its own name or in a condition."""
    if not _FIELD_NAME.fullmatch(name) or _plain(name) in _SECRET_FORM_FIELDS:
        return True
    named = {_plain(each) for each in _NAME_IN_TEXT.findall(name)}
    if name.startswith("$") and name not in {"$select", "$expand", "$orderby"}:
        named |= {_plain(each) for each in _NAME_IN_TEXT.findall(value)}
    if not name.startswith("$") and "=" in value:
        # Fields that were not told apart, for want of the sign between them.
        named |= {_plain(each) for each in re.findall(r"[\w ]+(?==)", value)}
    return not named.isdisjoint(_SECRET_FIELDS)


def _plain(name: str) -> str:
    return _LETTERS.sub("", name.lower())
