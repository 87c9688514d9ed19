"""``azuread_group``."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, ClassVar, Final

from sandbox.provider.checks import at_least_one_of, is_uuid, length, not_empty, one_of
from sandbox.provider.diagnostics import Diagnosis, already_exists
from sandbox.provider.graph import Graph, Refusal, when_any, when_missing, when_refused_with
from sandbox.provider.planning import Plan
from sandbox.provider.resource import IdPath, Record, Resource, failing_as
from sandbox.provider.resources import group_mapping as mapping
from sandbox.provider.schema import Object, adopted, computed, one_block, optional, required, top_level
from sandbox.provider.session import Session
from sandbox.provider.values import BOOL, STRING_SET, STRINGS, UNKNOWN, without_unknown

# Seconds that a Microsoft 365 group's first description may take to appear; it is given up silently after that.
_DESCRIPTION_DEADLINE = 120.0
_LONGEST_RULE = 3072
_UNITS = "/directory/administrativeUnits"
_MOST_BOUND = 20
_NOT_IN_NICKNAME: Final = frozenset('@()\\[]";:<>, ')

_BEHAVIORS = (
    "AllowOnlyMembersToPost",
    "CalendarMemberReadOnly",
    "ConnectorsDisabled",
    "HideGroupInOutlook",
    "SkipExchangeInstantOn",
    "SubscribeMembersToCalendarEventsDisabled",
    "SubscribeNewGroupMembers",
    "WelcomeEmailDisabled",
)
_ONPREMISES_TYPES = ("UniversalDistributionGroup", "UniversalMailEnabledSecurityGroup", "UniversalSecurityGroup")
_THEMES = ("", "Blue", "Green", "Orange", "Pink", "Purple", "Red", "Teal")
# The first of these that a group which is not Unified asks for is the one that is refused.
_UNIFIED_ONLY = (
    "auto_subscribe_new_members",
    "behaviors",
    "external_senders_allowed",
    "hide_from_address_lists",
    "hide_from_outlook_clients",
    "provisioning_options",
    "theme",
)

_UNSETTLED = when_any(
    when_missing,
    when_refused_with(
        "One or more property values specified are invalid"
        "|does not exist or one of its queried reference-property objects are not present"
    ),
)
_CALLER_TWICE = "Request contains a property with duplicate values"
_NO_PERMISSION = "User does not have permissions to execute this action"
_DELEGATED_ONLY = (
    "\n\nThis error is known to occur when using an unsupported authentication mechanism. Please check that you are "
    "using delegated authentication, i.e. that you are authenticating as a user via Azure CLI, and try again."
)


def _is_nickname(_where: str, value: Any) -> str | None:
    return 'Value cannot contain these characters: @()\\[]";:<>,SPACE' if _NOT_IN_NICKNAME & set(value) else None


class Group(Resource):
    """A security group or a Microsoft 365 group, with its members and owners."""

    name = "azuread_group"
    id_path = IdPath("/groups/{groupId}", title="Group")
    minutes: ClassVar[Mapping[str, int]] = {"create": 20, "update": 20}
    rules = (at_least_one_of("mail_enabled", "security_enabled"),)
    schema = top_level(
        {
            "administrative_unit_ids": optional(STRING_SET, check=is_uuid),
            "assignable_to_role": optional(BOOL, replaces=True),
            "auto_subscribe_new_members": adopted(BOOL),
            "behaviors": optional(STRING_SET, check=one_of(*_BEHAVIORS), replaces=True),
            "description": optional(),
            "display_name": required(check=not_empty),
            "external_senders_allowed": adopted(BOOL),
            "hide_from_address_lists": adopted(BOOL),
            "hide_from_outlook_clients": adopted(BOOL),
            "mail": computed(),
            "mail_enabled": optional(BOOL),
            "mail_nickname": adopted(check=_is_nickname, replaces=True),
            "members": adopted(STRING_SET, check=is_uuid, excludes=("dynamic_membership",)),
            "object_id": computed(),
            "onpremises_domain_name": computed(),
            "onpremises_group_type": adopted(check=one_of(*_ONPREMISES_TYPES)),
            "onpremises_netbios_name": computed(),
            "onpremises_sam_account_name": computed(),
            "onpremises_security_identifier": computed(),
            "onpremises_sync_enabled": computed(BOOL),
            "owners": adopted(STRING_SET, check=is_uuid),
            "preferred_language": computed(),
            "prevent_duplicate_names": optional(BOOL, default=False),
            "provisioning_options": optional(STRING_SET, check=one_of("Team"), replaces=True),
            "proxy_addresses": computed(STRINGS),
            "security_enabled": optional(BOOL),
            "theme": optional(check=one_of(*_THEMES)),
            "types": optional(STRING_SET, check=one_of("DynamicMembership", "Unified"), replaces=True),
            "visibility": adopted(check=one_of("Hiddenmembership", "Private", "Public")),
            "writeback_enabled": optional(BOOL, default=False),
        },
        {
            "dynamic_membership": one_block(
                Object(attributes={"enabled": required(BOOL), "rule": required(check=length(0, _LONGEST_RULE))}),
                excludes=("members",),
            )
        },
        timeouts=("create", "read", "update", "delete"),
    )

    def check_plan(self, session: Session, plan: Plan) -> None:  # noqa: ARG002  the plan alone decides
        """Refuse what Graph has no such group for; what is not known yet counts as not wanted."""
        _refuse_guarded_rename(plan)
        wanted = self.schema.filled(without_unknown(plan.planned))
        unified = mapping.UNIFIED in wanted["types"]
        if mapping.DYNAMIC in wanted["types"] and not plan.value("dynamic_membership"):
            raise Diagnosis('`dynamic_membership` must be specified when `types` contains "DynamicMembership"')
        if wanted["mail_enabled"] and not unified:
            raise Diagnosis('`types` must contain "Unified" for mail-enabled groups')
        if wanted["mail_enabled"] and not wanted["mail_nickname"]:
            raise Diagnosis("`mail_nickname` is required for mail-enabled groups")
        if unified and not wanted["mail_enabled"]:
            raise Diagnosis("`mail_enabled` must be true for unified groups")
        if wanted["assignable_to_role"] and not wanted["security_enabled"]:
            raise Diagnosis("`assignable_to_role` can only be `true` for security-enabled groups")
        for name in () if unified else _UNIFIED_ONLY:
            if wanted[name]:
                raise Diagnosis(f"`{name}` is only supported for unified groups")
        if wanted["visibility"] == "Hiddenmembership" and not unified:
            raise Diagnosis('`visibility` can only be "Hiddenmembership" for unified groups')

    def create(self, session: Session, record: Record) -> None:
        """Create the group, rename it twice until Graph agrees with itself, and add what the creation cannot carry."""
        wanted = record.wanted
        if wanted["prevent_duplicate_names"]:
            _require_free_name(session, wanted["display_name"], own_id=None)
        owners = _ordered_owners(session, wanted["owners"]) or [session.object_id]
        units = wanted["administrative_unit_ids"]
        body = mapping.creation(wanted) | {"mailNickname": wanted["mail_nickname"] or str(uuid.uuid4())[:10]}
        group_id = _made_in_unit(session, body, owners, units[0]) if units else _made(session, body, owners)
        for unit in units[1:]:
            with failing_as(f'Adding group "{group_id}" to {_unit_label(unit)}'):
                _join(session, unit, group_id)
        record.id = path = self.id_path.of(group_id)
        with failing_as(f"Failed to patch {self.label(record)} after creating"):
            for name in (f"TERRAFORM_UPDATE_{uuid.uuid4()}", wanted["display_name"]):
                body = {**mapping.TYPE, "displayName": name}
                session.graph.patch(path, body, version="beta", worth_retrying=when_missing)
        with failing_as(f"Waiting for update of `display_name` for {self.label(record)}"):
            _await(session, path, lambda group: group.get("displayName") == wanted["display_name"])
        if mapping.UNIFIED in wanted["types"] and not wanted["description"]:
            self._clear_description(session, record)
        self._create_extras(session, record)
        for relation, ids in (("owners", owners[_MOST_BOUND:]), ("members", wanted["members"])):
            with failing_as(f'Could not add {relation} to group with object ID: "{path}"'):
                for each in ids:
                    _add(session, path, relation, each)
        self.read(session, record)

    def update(self, session: Session, record: Record) -> None:
        """Send the group, then one by one what has an address of its own."""
        path, wanted = self.address(record), record.wanted
        if wanted["prevent_duplicate_names"]:
            _require_free_name(session, wanted["display_name"], own_id=self.object_id(record))
        with failing_as(f"Updating {self.label(record)}"):
            session.graph.patch(path, mapping.change(record), version="beta")
        if mapping.UNIFIED in wanted["types"]:
            self._update_extras(session, record)
        if record.changed("members"):
            self._exchange(session, record, _MEMBER, "members")
        if record.changed("owners") and wanted["owners"]:  # nobody at all is planned, and never done
            self._exchange(session, record, _OWNER, "owners")
        if record.changed("administrative_unit_ids"):
            self._move(session, record)
        self.read(session, record)

    def read(self, session: Session, record: Record) -> None:
        """Read the group, who is in it, who owns it and in which administrative units it is."""
        path, label = self.address(record), self.label(record)
        with failing_as(f"Retrieving {label}"):
            group = session.graph.find(path, version="beta")
        if group is None:
            record.forget()
            return
        extras: Mapping[str, Any] = {}
        if mapping.UNIFIED in (group.get("groupTypes") or ()):
            with failing_as(f"Could not retrieve {label}"):
                extras = _extras(session, path) or {}
        record.store(**mapping.attributes(group, extras))
        for relation in ("owners", "members"):
            with failing_as(f"Could not retrieve {relation} for {label}"):
                record.store(**{relation: _ids(session, path, relation)})
        with failing_as(f"Could not retrieve members for {label}"):
            record.store(administrative_unit_ids=_units(session, path))
        record.store(prevent_duplicate_names=record.wanted["prevent_duplicate_names"])

    def delete(self, session: Session, record: Record) -> None:
        """Delete the group, which has to be there, and wait until it is gone."""
        path, label = self.address(record), self.label(record)
        with failing_as(f"Retrieving {label}", path="id"):
            group = session.graph.find(path, version="beta")
        if group is None:
            raise Diagnosis(f"Retrieving {label}", "group was not found", path="id")
        with failing_as(f"Deleting {label}"):
            session.graph.delete(path, version="beta")
        with failing_as(f"Waiting for deletion of {label}"):
            session.graph.waited(lambda: session.graph.find(path, version="beta") is None)

    def _clear_description(self, session: Session, record: Record) -> None:
        """Take away the description that Entra makes up for a Microsoft 365 group."""
        path, label = self.address(record), self.label(record)
        with suppress(TimeoutError, ValueError):
            hurried = session.graph.within(_DESCRIPTION_DEADLINE)
            _await(session, path, lambda group: bool(group.get("description")), graph=hurried)
        with failing_as(f"Failed to patch `description` for {label} after creating"):
            body = {**mapping.TYPE, "description": None}
            session.graph.patch(path, body, version="beta", worth_retrying=when_missing)
        with failing_as(f"Waiting to remove `description` for {label}"):
            _await(session, path, lambda group: group.get("description") is None)

    def _create_extras(self, session: Session, record: Record) -> None:
        """Set what is configured."""
        for name in mapping.EXTRAS:
            if record.configured(name):
                # The real provider says this one's error twice.
                self._set_extra(session, record, name, tells_twice=name == "external_senders_allowed")

    def _update_extras(self, session: Session, record: Record) -> None:
        """Set what Graph holds otherwise, whether or not it is configured."""
        with failing_as(f"Could not retrieve {self.label(record)}"):
            held = _extras(session, self.address(record)) or {}
        for name, source in mapping.EXTRAS.items():
            if record.configured(name) and bool(held.get(source)) != record.wanted[name]:
                self._set_extra(session, record, name, tells_twice=False)

    def _set_extra(self, session: Session, record: Record, name: str, *, tells_twice: bool) -> None:
        path, source, value = self.address(record), mapping.EXTRAS[name], record.wanted[name]
        try:
            session.graph.patch(path, {**mapping.TYPE, source: value}, version="beta")
        except Refusal as error:
            summary = f"Failed to set `{name}` for {self.label(record)}" + (f": {error}" if tells_twice else "")
            hint = _DELEGATED_ONLY if _NO_PERMISSION in str(error) else ""
            raise Diagnosis(summary, f"{error}{hint}", path=name) from error
        with failing_as(f"Waiting for update of `{name}` for {self.label(record)}"):
            session.graph.waited(lambda: bool((_extras(session, path) or {}).get(source)) == value)

    def _exchange(self, session: Session, record: Record, kind: IdPath, relation: str) -> None:
        """Add who is missing and remove who is too many; of the owners one is always left."""
        path, group_id = self.address(record), self.object_id(record)
        # The real provider says "members" of owners, and "removing" of whoever cannot be added.
        with failing_as(f"Could not retrieve members for {self.label(record)}"):
            held = _ids(session, path, relation)
        wanted = record.wanted[relation]
        missing, surplus = [each for each in wanted if each not in held], [each for each in held if each not in wanted]
        joining = [(each, True) for each in missing]
        leaving = [(each, False) for each in surplus]
        for each, joins in joining + leaving if relation == "owners" else leaving + joining:
            with failing_as(f"removing {kind.label(kind.of(group_id, each))}"):
                if joins:
                    _add(session, path, relation, each)
                else:
                    session.graph.delete(f"{path}/{relation}/{each}/$ref", version="beta")

    def _move(self, session: Session, record: Record) -> None:
        group_id, label = self.object_id(record), self.label(record)
        wanted = record.wanted["administrative_unit_ids"]
        with failing_as(f"retrieving administrative unit memberships for {label}"):
            held = _units(session, self.address(record))
        for unit in wanted:
            if unit not in held:
                with failing_as(f"Could not add {label} as member of {_unit_label(unit)}"):
                    _join(session, unit, group_id)
        for unit in held:
            if unit not in wanted:
                with failing_as(f"Could not remove {_UNIT_MEMBER.label(_UNIT_MEMBER.of(unit, group_id))}"):
                    session.graph.delete(f"{_UNITS}/{unit}/members/{group_id}/$ref", version="beta")


_MEMBER = IdPath("/groups/{groupId}/members/{directoryObjectId}", title="GroupIdMember")
_OWNER = IdPath("/groups/{groupId}/owners/{directoryObjectId}", title="GroupIdOwner")
_UNIT = IdPath(f"{_UNITS}/{{administrativeUnitId}}", title="DirectoryAdministrativeUnit")
_UNIT_MEMBER = IdPath(
    f"{_UNITS}/{{administrativeUnitId}}/members/{{directoryObjectId}}", title="DirectoryAdministrativeUnitIdMember"
)


def _refuse_guarded_rename(plan: Plan) -> None:
    """Refuse what the real provider cannot do: it looks for other groups of a new name, and fails whatever they are."""
    name = plan.planned["display_name"]
    guarded = plan.planned["prevent_duplicate_names"] is True
    if plan.prior is not None and guarded and name is not UNKNOWN and plan.changed("display_name"):
        raise Diagnosis(
            "could not check for existing group(s): unable to list Groups with filter "
            f"\"displayName eq '{name}'\": the context used must have a deadline attached for polling purposes, "
            "but got no deadline"
        )


def _require_free_name(session: Session, name: str, *, own_id: str | None) -> None:
    wanted = f"displayName eq '{name}'"  # quotes in the name are not escaped, as the real provider does not
    try:
        found = session.graph.list("/groups", version="beta", filter=wanted)
    except Refusal as error:
        detail = f'unable to list Groups with filter "{wanted}": {error}'
        raise Diagnosis("Could not check for existing groups(s)", detail, path="name") from error
    for group in found:
        if group.get("displayName") == name and group["id"] != own_id:
            kind = Group.name
            raise already_exists(
                f'An existing "{kind}" with name "{name}" (ID: "{group["id"]}") was found and '
                "`prevent_duplicate_names` was specified",
                kind,
            )


def _ordered_owners(session: Session, ids: list[str]) -> list[str]:
    """Return the owners as a creation names them: the caller, users, service principals, groups; each looked up."""
    owners = [session.object_id] if session.object_id in ids else []
    others = [each for each in ids if each != session.object_id]
    for kind in ("user", "servicePrincipal", "group"):
        for each in others:
            with failing_as(f'Could not retrieve owner principal object "{each}"', path="owners"):
                found = session.graph.get(f"/directoryObjects/{each}")
            if found.get("@odata.type") == f"#microsoft.graph.{kind}":
                owners.append(each)
    return owners


def _made(session: Session, body: dict[str, Any], owners: list[str]) -> str:
    """Create a group and return its id; without the caller where Graph makes it an owner anyway."""
    summary = f'Creating group "{body["displayName"]}"'
    post, others = session.graph.post, [each for each in owners if each != session.object_id]
    with failing_as(summary):
        try:
            made = post("/groups", body | _bound(session, owners), version="beta", worth_retrying=_UNSETTLED)
        except Refusal as error:
            if _CALLER_TWICE not in str(error):
                raise
            made = post("/groups", body | _bound(session, others), version="beta", worth_retrying=_UNSETTLED)
    return str(made["id"])


def _made_in_unit(session: Session, body: dict[str, Any], owners: list[str], unit: str) -> str:
    with failing_as(f"Creating group in {_unit_label(unit)}"):
        made = session.graph.post(
            f"{_UNITS}/{unit}/members",
            body | _bound(session, owners),
            version="beta",
        )
    return str(made["id"])


def _bound(session: Session, owners: list[str]) -> dict[str, list[str]]:
    references = [session.graph.reference(each, version="beta") for each in owners[:_MOST_BOUND]]
    return {"owners@odata.bind": references} if references else {}


def _join(session: Session, unit: str, group_id: str) -> None:
    reference = {"@odata.id": session.graph.reference(group_id, version="beta")}
    session.graph.post(f"{_UNITS}/{unit}/members/$ref", reference, version="beta")


def _units(session: Session, path: str) -> list[str]:
    found = session.graph.list(f"{path}/memberOf", version="beta")
    return [each["id"] for each in found if each.get("@odata.type") == "#microsoft.graph.administrativeUnit"]


def _unit_label(unit: str) -> str:
    return _UNIT.label(_UNIT.of(unit))


def _add(session: Session, path: str, relation: str, object_id: str) -> None:
    reference = {"@odata.id": session.graph.reference(object_id, version="beta")}
    session.graph.post(f"{path}/{relation}/$ref", reference, version="beta")


def _ids(session: Session, path: str, relation: str) -> list[str]:
    return [each["id"] for each in session.graph.list(f"{path}/{relation}", version="beta")]


def _extras(session: Session, path: str) -> dict[str, Any] | None:
    return session.graph.find(path, version="beta", select=",".join(mapping.EXTRAS.values()))


def _await(
    session: Session, path: str, agrees: Callable[[Mapping[str, Any]], bool], *, graph: Graph | None = None
) -> None:
    """Wait until a group that can be read is as wanted."""

    def settled() -> bool:
        group = session.graph.find(path, version="beta")
        return group is not None and agrees(group)

    (graph or session.graph).waited(settled)
