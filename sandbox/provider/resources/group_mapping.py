"""Groups, as Graph writes them and as ``azuread_group`` does.

What a Microsoft 365 group alone has (``EXTRAS``) Graph tells only when asked by name, and takes only one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.provider.resource import Record

UNIFIED: Final = "Unified"
DYNAMIC: Final = "DynamicMembership"
TYPE: Final = {"@odata.type": "#microsoft.graph.group"}
EXTRAS: Final[Mapping[str, str]] = {
    "external_senders_allowed": "allowExternalSenders",
    "auto_subscribe_new_members": "autoSubscribeNewMembers",
    "hide_from_address_lists": "hideFromAddressLists",
    "hide_from_outlook_clients": "hideFromOutlookClients",
}

PROPERTIES: Final[Mapping[str, str]] = {
    "assignable_to_role": "isAssignableToRole",
    "behaviors": "resourceBehaviorOptions",
    "description": "description",
    "display_name": "displayName",
    "mail": "mail",
    "mail_enabled": "mailEnabled",
    "mail_nickname": "mailNickname",
    "object_id": "id",
    "onpremises_domain_name": "onPremisesDomainName",
    "onpremises_netbios_name": "onPremisesNetBiosName",
    "onpremises_sam_account_name": "onPremisesSamAccountName",
    "onpremises_security_identifier": "onPremisesSecurityIdentifier",
    "onpremises_sync_enabled": "onPremisesSyncEnabled",
    "preferred_language": "preferredLanguage",
    "provisioning_options": "resourceProvisioningOptions",
    "proxy_addresses": "proxyAddresses",
    "security_enabled": "securityEnabled",
    "theme": "theme",
    "types": "groupTypes",
    "visibility": "visibility",
}

Values = Mapping[str, Any]


def creation(wanted: Values) -> dict[str, Any]:
    """Return the group that a creation sends, its nickname and its owners aside."""
    body = {
        **_common(wanted),
        "groupTypes": wanted["types"],
        "isAssignableToRole": wanted["assignable_to_role"],
        "resourceBehaviorOptions": wanted["behaviors"],
        "resourceProvisioningOptions": wanted["provisioning_options"],
    }
    for name in ("theme", "visibility"):
        if wanted[name]:
            body[name] = wanted[name]
    if wanted["writeback_enabled"]:
        body["writebackConfiguration"] = _writeback(wanted)
    return body


def change(record: Record) -> dict[str, Any]:
    """Return the group that an update sends."""
    body = _common(record.wanted)
    if record.wanted["theme"]:
        body["theme"] = record.wanted["theme"]
    if record.changed("visibility") and record.wanted["visibility"]:
        body["visibility"] = record.wanted["visibility"]
    if record.changed("writeback_enabled") or record.changed("onpremises_group_type"):
        body["writebackConfiguration"] = _writeback(record.wanted)
    return body


def attributes(group: Values, extras: Values) -> dict[str, Any]:
    """Return what a read group says in the resource's terms."""
    writeback = group.get("writebackConfiguration") or {}
    return {
        **{name: group.get(source) for name, source in PROPERTIES.items()},
        **{name: extras.get(source) for name, source in EXTRAS.items()},
        "dynamic_membership": dynamic_membership(group),
        "onpremises_group_type": writeback.get("onPremisesGroupType"),
        "writeback_enabled": writeback.get("isEnabled"),
    }


def dynamic_membership(group: Values) -> list[dict[str, Any]]:
    """Return a group's membership rule as the block."""
    rule = group.get("membershipRule")
    if rule is None:
        return []
    return [{"enabled": group.get("membershipRuleProcessingState") == "On", "rule": rule}]


def _common(wanted: Values) -> dict[str, Any]:
    body = {
        **TYPE,
        "description": wanted["description"] or None,
        "displayName": wanted["display_name"],
        "mailEnabled": wanted["mail_enabled"],
        "membershipRule": None,
        "securityEnabled": wanted["security_enabled"],
    }
    if wanted["dynamic_membership"]:
        membership = wanted["dynamic_membership"][0]
        body["membershipRule"] = membership["rule"]
        body["membershipRuleProcessingState"] = "On" if membership["enabled"] else "Paused"
    return body


def _writeback(wanted: Values) -> dict[str, Any]:
    writeback = {"isEnabled": wanted["writeback_enabled"]}
    if wanted["onpremises_group_type"]:
        writeback["onPremisesGroupType"] = wanted["onpremises_group_type"]
    return writeback
