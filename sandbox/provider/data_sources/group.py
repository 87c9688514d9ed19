"""``data.azuread_group``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.provider.checks import exactly_one_of, is_uuid, not_empty
from sandbox.provider.diagnostics import Diagnosis
from sandbox.provider.resource import DataSource, failing_as
from sandbox.provider.resources.group_mapping import EXTRAS, PROPERTIES
from sandbox.provider.schema import adopted, computed, optional, read_only
from sandbox.provider.session import Session
from sandbox.provider.values import BOOL, STRING, STRINGS, list_of_objects

_FLAGS = {"mail_enabled": "mailEnabled", "security_enabled": "securityEnabled"}


class Group(DataSource):
    """A group, by its name, its mail nickname or its id, with members and owners."""

    name = "azuread_group"
    rules = (exactly_one_of("display_name", "object_id", "mail_nickname"),)
    schema = read_only(
        {
            "assignable_to_role": computed(BOOL),
            "auto_subscribe_new_members": computed(BOOL),
            "behaviors": computed(STRINGS),
            "description": computed(),
            "display_name": adopted(check=not_empty),
            "dynamic_membership": computed(list_of_objects(enabled=BOOL, rule=STRING)),
            "external_senders_allowed": computed(BOOL),
            "hide_from_address_lists": computed(BOOL),
            "hide_from_outlook_clients": computed(BOOL),
            "include_transitive_members": optional(BOOL),
            "mail": computed(),
            "mail_enabled": adopted(BOOL),
            "mail_nickname": adopted(check=not_empty),
            "members": computed(STRINGS),
            "object_id": adopted(check=is_uuid),
            "onpremises_domain_name": computed(),
            "onpremises_group_type": computed(),
            "onpremises_netbios_name": computed(),
            "onpremises_sam_account_name": computed(),
            "onpremises_security_identifier": computed(),
            "onpremises_sync_enabled": computed(BOOL),
            "owners": computed(STRINGS),
            "preferred_language": computed(),
            "provisioning_options": computed(STRINGS),
            "proxy_addresses": computed(STRINGS),
            "security_enabled": adopted(BOOL),
            "theme": computed(),
            "types": computed(STRINGS),
            "visibility": computed(),
            "writeback_enabled": computed(BOOL),
        }
    )

    def read(self, session: Session, config: Mapping[str, Any]) -> dict[str, Any]:
        """Find the one group that is meant, and read who is in it."""
        group = _found(session, config)
        object_id, path = group["id"], f"/groups/{group['id']}"
        unified = _unified(session, path) if "Unified" in (group.get("groupTypes") or ()) else {}
        transitive = bool(config["include_transitive_members"])
        which, kind = ("transitiveMembers", "transitive group") if transitive else ("members", "group")
        with failing_as(f'Could not retrieve {kind} members for group with object ID: "{path}"'):
            members = [member["id"] for member in session.graph.list(f"{path}/{which}", version="beta")]
        with failing_as(f'Could not retrieve group owners for group with object ID: "{path}"'):
            owners = [owner["id"] for owner in session.graph.list(f"{path}/owners", version="beta")]
        writeback = group.get("writebackConfiguration") or {}
        return {
            **{name: group.get(source) for name, source in PROPERTIES.items()},
            **{name: unified.get(source) for name, source in EXTRAS.items()},
            "id": f"/groups/{object_id}",
            "dynamic_membership": _dynamic_membership(group),
            "include_transitive_members": config["include_transitive_members"],
            "members": members,
            "onpremises_group_type": writeback.get("onPremisesGroupType"),
            "owners": owners,
            "writeback_enabled": writeback.get("isEnabled"),
        }


def _found(session: Session, config: Mapping[str, Any]) -> dict[str, Any]:
    for argument, source in (("display_name", "displayName"), ("mail_nickname", "mailNickname")):
        if config[argument]:
            return _found_by(session, config, argument, source)
    return _found_by_id(session, config)


def _found_by(session: Session, config: Mapping[str, Any], argument: str, source: str) -> dict[str, Any]:
    # Quotes in the name are not escaped, as the real provider does not.
    clauses = [f"{source} eq '{config[argument]}'"]
    clauses += [f"{flag} eq {str(config[name]).lower()}" for name, flag in _FLAGS.items() if config[name] is not None]
    wanted = " and ".join(clauses)
    with failing_as(f"Retrieving groups for filter ({wanted})"):
        groups = session.graph.list("/groups", version="beta", filter=wanted)
    if len(groups) != 1:
        how_many = "More than one" if groups else "No"
        raise Diagnosis(f"{how_many} group found matching specified filter ({wanted})", path=argument)
    return groups[0]


def _found_by_id(session: Session, config: Mapping[str, Any]) -> dict[str, Any]:
    object_id = config["object_id"]
    with failing_as(f'Retrieving group with object ID: "{object_id}"'):
        group = session.graph.find(f"/groups/{object_id}", version="beta")
    if group is None:
        raise Diagnosis(f'No group found with object ID: "{object_id}"', path="object_id")
    for name, source in _FLAGS.items():
        expected, actual = config[name], bool(group.get(source))
        if expected is not None and expected != actual:
            shown = f"(expected: {str(expected).lower()}, actual: {str(actual).lower()})"
            summary = f'Group with object ID "{object_id}" does not have the specified {name} setting {shown}'
            raise Diagnosis(summary, path=name)
    return group


def _unified(session: Session, path: str) -> dict[str, Any]:
    with failing_as(f'Could not retrieve group with object ID "{path}"'):
        return session.graph.find(path, version="beta", select=",".join(EXTRAS.values())) or {}


def _dynamic_membership(group: Mapping[str, Any]) -> list[dict[str, Any]]:
    # The real provider shows a block for a null rule too; only an absent property gives none.
    if "membershipRule" not in group:
        return []
    enabled = group.get("membershipRuleProcessingState") != "Paused"
    return [{"enabled": enabled, "rule": group["membershipRule"] or ""}]
