"""What can be asked about secrets: thin handlers from a checked request to an answer, or a refusal.

Sources, read November 2026: learn.microsoft.com, the reference of the operations "Set Secret", "Get Secret", "Get
Secret Versions", "Update Secret", "Delete Secret", "Get Deleted Secret", "Recover Deleted Secret" and "Purge Deleted
Secret".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from sandbox.directory import vaults
from sandbox.directory.store import Directory, Record
from sandbox.key_vault.refusals import VaultError, bad_parameter, in_recycle_bin, not_emulated, not_found

Reply = tuple[int, Mapping[str, Any] | None]
_NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
_LONGEST_VALUE, _LONGEST_CONTENT_TYPE, _LONGEST_TAG, _MOST_TAGS = 25_000, 255, 256, 15
_LONGEST_PAGE = 25
_ATTRIBUTES = {"enabled": bool, "exp": int, "nbf": int}


@dataclass(frozen=True)
class Asked:
    """A request to the vault, signed in and permitted."""

    directory: Directory
    base_url: str
    name: str
    version: str
    query: Mapping[str, str]
    body: Mapping[str, Any]


def set_secret(asked: Asked) -> Reply:
    """Add a version, and the secret with its first one."""
    if not _NAME.fullmatch(asked.name):
        raise bad_parameter(f"The request URI contains an invalid name: {asked.name}")
    if asked.name in asked.directory.deleted_vault_secrets:
        raise in_recycle_bin(asked.name)
    _require_known(asked.body, {"attributes", "contentType", "tags", "value"})
    value = asked.body.get("value")
    if not isinstance(value, str) or len(value.encode()) > _LONGEST_VALUE:
        raise bad_parameter(f"The secret's value is text of at most {_LONGEST_VALUE} bytes.")
    properties: Record = {"contentType": None, "tags": {}, "attributes": {"enabled": True}}
    _change(properties, asked.body)
    version = vaults.add_version(asked.directory, asked.name, value, properties)
    return HTTPStatus.OK, {"value": value, **_bundle(asked, version)}


def get_secret(asked: Asked) -> Reply:
    """Show a version with its value."""
    version = _version(asked)
    if not version["attributes"]["enabled"]:
        message = "Operation get is not allowed on a disabled secret."
        raise VaultError(HTTPStatus.FORBIDDEN, "Forbidden", message, inner="SecretDisabled")
    value = asked.directory.vault_values.get(version["version"])
    if value is None:
        raise not_emulated("the value of a secret in a tenant that was loaded from an export, which has none")
    return HTTPStatus.OK, {"value": value, **_bundle(asked, version)}


def update_secret(asked: Asked) -> Reply:
    """Change a version's properties."""
    _require_known(asked.body, {"attributes", "contentType", "tags"})
    version = _version(asked)
    changed = {**version, "attributes": dict(version["attributes"])}
    _change(changed, asked.body)
    version.update(changed, updated=vaults.now(asked.directory))
    return HTTPStatus.OK, _bundle(asked, version)


def list_versions(asked: Asked) -> Reply:
    """List the properties of a secret's versions, without values, some of them at a time."""
    size, start = _number(asked, "maxresults", _LONGEST_PAGE), _number(asked, "$skiptoken", 0)
    if not 1 <= size <= _LONGEST_PAGE:
        raise bad_parameter(f"maxresults is from 1 to {_LONGEST_PAGE}.")
    versions = asked.directory.vault_secrets.get(asked.name)
    if versions is None and asked.directory.behaviour.list_of_unknown_versions == "refused":
        raise not_found(asked.name)
    every = versions or []
    page = [_bundle(asked, each) for each in every[start : start + size]]
    further = {**asked.query, "$skiptoken": str(start + size)}
    address = f"{asked.base_url}/secrets/{asked.name}/versions?{urlencode(further)}"
    return HTTPStatus.OK, {
        "value": page,
        "nextLink": address if len(every) > start + size else None,
    }


def delete_secret(asked: Asked) -> Reply:
    """Move a secret to the recycle bin."""
    _version(asked)
    vaults.delete(asked.directory, asked.name)
    return get_deleted(asked)


def get_deleted(asked: Asked) -> Reply:
    """Show a deleted secret, without its value."""
    deleted = _deleted(asked)
    return HTTPStatus.OK, {
        **_bundle(asked, deleted["versions"][-1]),
        "recoveryId": f"{asked.base_url}/deletedsecrets/{asked.name}",
        "deletedDate": deleted["deleted"],
        "scheduledPurgeDate": deleted["purge"],
    }


def recover_deleted(asked: Asked) -> Reply:
    """Bring a deleted secret back."""
    _deleted(asked)
    return HTTPStatus.OK, _bundle(asked, vaults.recover(asked.directory, asked.name))


def purge_deleted(asked: Asked) -> Reply:
    """Destroy a deleted secret."""
    _deleted(asked)
    vaults.purge(asked.directory, asked.name)
    return HTTPStatus.NO_CONTENT, None


def _version(asked: Asked) -> Record:
    versions = asked.directory.vault_secrets.get(asked.name, [])
    wanted = [each for each in versions if asked.version in ("", each["version"])]
    if not wanted:
        raise not_found("/".join(filter(None, (asked.name, asked.version))))
    return wanted[-1]


def _deleted(asked: Asked) -> Record:
    found = asked.directory.deleted_vault_secrets.get(asked.name)
    if found is None:
        raise not_found(asked.name)
    return found


def _bundle(asked: Asked, version: Record) -> dict[str, Any]:
    """Show a version without its value."""
    return {
        **({"contentType": version["contentType"]} if version["contentType"] else {}),
        "id": f"{asked.base_url}/secrets/{asked.name}/{version['version']}",
        "attributes": {
            **version["attributes"],
            "created": version["created"],
            "updated": version["updated"],
            "recoveryLevel": "Recoverable+Purgeable",
            "recoverableDays": vaults.RECOVERABLE_DAYS,
        },
        "tags": version["tags"],
    }


def _change(properties: Record, body: Mapping[str, Any]) -> None:
    """Take over what a body says of a version besides its value; what it leaves out stays."""
    content_type = body.get("contentType")
    if content_type is not None:
        if not isinstance(content_type, str) or len(content_type) > _LONGEST_CONTENT_TYPE:
            raise bad_parameter(f"contentType is text of at most {_LONGEST_CONTENT_TYPE} characters.")
        properties["contentType"] = content_type
    tags = body.get("tags")
    if tags is not None:
        if not isinstance(tags, Mapping) or len(tags) > _MOST_TAGS:
            raise bad_parameter(f"tags is an object of at most {_MOST_TAGS} texts.")
        if not all(isinstance(each, str) and len(each) <= _LONGEST_TAG for each in (*tags, *tags.values())):
            raise bad_parameter(f"A tag's name and value are texts of at most {_LONGEST_TAG} characters.")
        properties["tags"] = dict(tags)
    attributes = body.get("attributes")
    if attributes is not None:
        if not isinstance(attributes, Mapping):
            raise bad_parameter("attributes is an object.")
        _require_known(attributes, set(_ATTRIBUTES))
        for name, each in attributes.items():
            if type(each) is not _ATTRIBUTES[name]:
                raise bad_parameter(f"The attribute {name} is of another type.")
            properties["attributes"][name] = each


def _require_known(body: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(set(body) - known)
    if unknown:
        raise bad_parameter(f"Property {unknown[0]!r} is not known here; known are {', '.join(sorted(known))}.")


def _number(asked: Asked, name: str, default: int) -> int:
    text = asked.query.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise bad_parameter(f"{name} is a whole number.")
    return int(text)
