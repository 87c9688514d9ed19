"""What a caller sees of an object that its permissions let it reach but not read whole.

Some permissions show a basic profile: whatever else is selected comes back null, or empty for a list, and a filter on
it is refused. A member of a group or role whose kind the caller may not read at all shows its type and id, and null
for the rest ("Microsoft Graph permissions reference", User.ReadBasic.All; devblogs.microsoft.com, "Upcoming API
changes to return limited information for inaccessible member resources"; both read November 2026).
"""

from collections.abc import Mapping

from sandbox.directory.store import Caller, Record
from sandbox.errors import forbidden
from sandbox.queries.grammar import properties_of, read_filter, read_search
from sandbox.queries.ordering import order_names
from sandbox.schema import graph_schema

_DIRECTORY = frozenset({"Directory.AccessAsUser.All", "Directory.Read.All", "Directory.ReadWrite.All"})
_APPLICATIONS = _DIRECTORY | {"Application.Read.All", "Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"}
# The kinds of which not everybody who reaches an object may read it, with the permissions that show it whole.
_WHOLE: Mapping[str, frozenset[str]] = {
    "administrativeUnit": _DIRECTORY | {"AdministrativeUnit.Read.All", "AdministrativeUnit.ReadWrite.All"},
    "application": _APPLICATIONS,
    "directoryRole": _DIRECTORY
    | {"RoleManagement.Read.All", "RoleManagement.Read.Directory", "RoleManagement.ReadWrite.Directory"},
    "group": _DIRECTORY | {"Group.Read.All", "Group.ReadWrite.All"},
    "servicePrincipal": _APPLICATIONS,
    "user": _DIRECTORY | {"User.Read.All", "User.ReadWrite.All"},
}
_OWN_PROFILE = frozenset({"User.Read", "User.ReadWrite"})
_BASIC_USER = frozenset(
    {"displayName", "givenName", "id", "mail", "photo", "securityIdentifier", "surname", "userPrincipalName"}
)
# Which properties of a group are basic is written nowhere; these tell one group from another.
_BASIC_GROUP = frozenset(
    {
        "deletedDateTime",
        "description",
        "displayName",
        "groupTypes",
        "id",
        "mail",
        "mailEnabled",
        "mailNickname",
        "securityEnabled",
    }
)
_BASIC: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "group": (frozenset({"GroupMember.Read.All", "GroupMember.ReadWrite.All"}), _BASIC_GROUP),
    "user": (frozenset({"User.ReadBasic.All"}), _BASIC_USER),
}


def limited(caller: Caller, kind: str, record: Record, shown: Record) -> Record:
    """Take out of what is shown of an object whatever its reader may not see."""
    visible = _visible(caller, kind, record.get("id"))
    if visible is None:
        return shown
    known = graph_schema().properties(kind, beta=True)
    lists = {name for name, each in known.items() if each.collection}
    kept = {name: value for name, value in shown.items() if name in visible or "@odata." in name}
    return {name: kept.get(name, [] if name in lists else None) for name in shown}


def require_visible(caller: Caller, kind: str, query: Mapping[str, str]) -> None:
    """Refuse to filter, search or sort by what the caller may not see."""
    visible = _visible(caller, kind, None)
    if visible is None:
        return
    named: set[str] = set()
    if "$filter" in query:
        named |= properties_of(read_filter(query["$filter"]))
    if "$search" in query:
        named |= properties_of(read_search(query["$search"]))
    if "$orderby" in query:
        named |= {name.partition("/")[0] for name in order_names(query["$orderby"])}
    if named.intersection(graph_schema().properties(kind, beta=True)) - visible:
        raise forbidden()


def _visible(caller: Caller, kind: str, object_id: str | None) -> frozenset[str] | None:
    """Tell the properties that a caller sees; None stands for all of them."""
    if caller.unrestricted or kind not in _WHOLE or caller.granted & _WHOLE[kind]:
        return None
    if caller.user_id is not None and caller.user_id == object_id and caller.granted & _OWN_PROFILE:
        return None
    permissions, properties = _BASIC.get(kind, (frozenset[str](), frozenset[str]()))
    return properties if caller.granted & permissions else frozenset({"id"})
