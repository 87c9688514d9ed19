"""Authentication contexts: marks `c1` to `c99` that applications ask for and policies name.

Graph's authenticationContextClassReference pages, read November 2026: describing one that is not there makes it, and
one that is published or that a policy names is not deleted.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.directory.audit import record_change, target
from sandbox.directory.premium import require_p1
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import malformed, not_found

KNOWN = frozenset(f"c{number}" for number in range(1, 100))


def describe(directory: Directory, context_id: str, body: Mapping[str, Any], caller: Caller) -> None:
    """Describe a context, new or not."""
    require_p1(directory)
    if context_id not in KNOWN:
        raise malformed(f"'{context_id}' is no authentication context; they are c1 to c99.")
    known = directory.authentication_contexts.get(context_id)
    context: Record = known or {"id": context_id, "displayName": None, "description": None, "isAvailable": False}
    context = {**context, **{name: value for name, value in body.items() if "@odata." not in name}}
    if not context["displayName"]:
        raise malformed("An authentication context needs a 'displayName'.")
    directory.authentication_contexts[context_id] = context
    _record(directory, caller, "Add" if known is None else "Update", context)


def delete(directory: Directory, context_id: str, caller: Caller) -> None:
    """Forget a context that is not published and that no policy names."""
    context = require(directory, context_id)
    if context["isAvailable"]:
        raise malformed("A published authentication context cannot be deleted; set 'isAvailable' to false first.")
    for policy in directory.access_policies.values():
        if context_id in policy["conditions"]["applications"]["includeAuthenticationContextClassReferences"]:
            raise malformed(f"The authentication context is used by the policy '{policy['displayName']}'.")
    del directory.authentication_contexts[context_id]
    _record(directory, caller, "Delete", context)


def require(directory: Directory, context_id: str) -> Record:
    """Get a context, or refuse with 404."""
    if context_id not in directory.authentication_contexts:
        raise not_found(context_id)
    return directory.authentication_contexts[context_id]


def _record(directory: Directory, caller: Caller, operation: str, context: Record) -> None:
    record_change(
        directory,
        caller,
        f"{operation} AuthenticationContextClassReference",
        category="Policy",
        operation=operation,
        targets=[target("AuthenticationContextClassReference", context)],
        service="Conditional Access",
    )
