"""Who owns an application or a service principal: users and service principals, any number of them, or nobody.

Refusals are those that clients of Graph are known to wait for (azuread provider, its list of OData errors; Learn,
"Add owner" and "Remove owner" of applications and service principals, read November 2026).
"""

from collections.abc import Mapping
from typing import Any

from sandbox.directory.application_audit import record_application
from sandbox.directory.store import Caller, Directory, referenced_id
from sandbox.errors import bad_request, malformed

_BINDING = "owners@odata.bind"
MOST_BOUND = 20  # references that one request may name
_OWNER_TYPES = frozenset({"user", "servicePrincipal"})
_SPOKEN = {"application": "application", "servicePrincipal": "service principal"}


def bound(directory: Directory, body: Mapping[str, Any], caller: Caller) -> list[str]:
    """Take the owners that a new object's body names by reference; without any, who creates it owns it."""
    references = body.get(_BINDING, [])
    if not isinstance(references, list):
        raise malformed(f"The annotation '{_BINDING}' needs a list of references.")
    if len(references) > MOST_BOUND:
        raise bad_request(f"The request binds {len(references)} objects to 'owners'; at most {MOST_BOUND} are allowed.")
    ids = [referenced_id(each) for each in references]
    for each in ids:
        _require_owner_type(directory, each)
    if len(ids) != len(set(ids)):
        raise bad_request("Request contains a property with duplicate values.")
    return ids or [each for each in [caller.object_id] if each]


def refuse_bound(body: Mapping[str, Any]) -> None:
    """Refuse a change that names owners, which are added and removed one by one."""
    if _BINDING in body:
        raise malformed(f"The annotation '{_BINDING}' is for new objects only.")


def add(directory: Directory, object_id: str, reference: object, caller: Caller) -> None:
    """Add an owner by reference."""
    type_name, record = directory.require_object(object_id)
    owner_id = referenced_id(reference)
    _require_owner_type(directory, owner_id)
    owners = directory.owners.setdefault(object_id, [])
    if owner_id in owners:
        raise bad_request(
            "One or more added object references already exist for the following modified properties: 'owners'."
        )
    owners.append(owner_id)
    record_application(directory, caller, f"Add owner to {_SPOKEN[type_name]}", "Assign", record, kind=type_name)


def remove(directory: Directory, object_id: str, owner_id: str, caller: Caller) -> None:
    """Take an owner away, the last one too."""
    type_name, record = directory.require_object(object_id)
    directory.require_object(owner_id)
    owners = directory.owners.get(object_id, [])
    if owner_id not in owners:
        raise bad_request(
            "One or more removed object references do not exist for the following modified properties: 'owners'."
        )
    owners.remove(owner_id)
    record_application(directory, caller, f"Remove owner from {_SPOKEN[type_name]}", "Unassign", record, kind=type_name)


def _require_owner_type(directory: Directory, owner_id: str) -> None:
    if directory.require_object(owner_id)[0] not in _OWNER_TYPES:
        raise bad_request("Only users and service principals can own an object.")
