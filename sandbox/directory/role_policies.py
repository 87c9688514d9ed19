"""Role management policies: the 17 rules of Privileged Identity Management that every role has.

A policy is kept only once it has been changed; until then it has Microsoft's defaults, which are those of Global
Administrator for every role (learn.microsoft.com, "Get unifiedRoleManagementPolicyAssignment" and "Rules in PIM",
read November 2026). What a rule asks of a request is judged in `sandbox.directory.role_requests`.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.directory.audit import record_change, target
from sandbox.directory.role_schedules import require_licence
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import bad_request, not_emulated, not_found
from sandbox.identifiers import seeded_id

# One policy goes by both names, depending on which is asked for.
SCOPE_TYPES = ("Directory", "DirectoryRole")
ENABLEMENT = frozenset({"Justification", "MultiFactorAuthentication", "Ticketing"})
_LEVELS = ("Admin_Eligibility", "Admin_Assignment", "EndUser_Assignment")
_KIND = "unifiedRoleManagementPolicy{}Rule"


def rule(directory: Directory, role_id: str, rule_id: str) -> Record:
    """Tell a rule of a role's policy; KeyError when there is no such rule."""
    changed: Mapping[str, Record] = directory.role_policies.get(role_id, {}).get("rules", {})
    return changed.get(rule_id) or _DEFAULTS[rule_id]


def rules(directory: Directory, role_id: str) -> list[tuple[str, Record]]:
    """List the rules of a role's policy with their Graph types."""
    listed = (rule(directory, role_id, each) for each in _DEFAULTS)
    return [(str(each["@odata.type"]).removeprefix("#microsoft.graph."), each) for each in listed]


def policies(directory: Directory) -> Iterable[Record]:
    """List the policies of all roles, each under both names."""
    for scope_type in SCOPE_TYPES:
        for role_id in directory.role_definitions:
            yield _policy(directory, role_id, scope_type)


def assignments(directory: Directory) -> Iterable[Record]:
    """List which policy each role has, under both names."""
    for each in policies(directory):
        yield {
            "id": f"{each['id']}_{each['roleDefinitionId']}",
            "policyId": each["id"],
            "roleDefinitionId": each["roleDefinitionId"],
            "scopeId": each["scopeId"],
            "scopeType": each["scopeType"],
        }


def require_policy(directory: Directory, policy_id: str) -> Record:
    """Get a policy by its id, or refuse with 404; its role stands under `roleDefinitionId`."""
    return _require(policies(directory), policy_id)


def require_assignment(directory: Directory, assignment_id: str) -> Record:
    """Get which policy a role has, by the id of that relation, or refuse with 404."""
    return _require(assignments(directory), assignment_id)


def require_rule(directory: Directory, policy_id: str, rule_id: str) -> tuple[str, Record]:
    """Get a rule of a policy with its Graph type, or refuse with 404."""
    policy = require_policy(directory, policy_id)
    for kind, each in rules(directory, policy["roleDefinitionId"]):
        if each["id"] == rule_id:
            return kind, each
    raise not_found(rule_id)


def change_rule(directory: Directory, policy_id: str, rule_id: str, body: Mapping[str, Any], caller: Caller) -> None:
    """Change the named properties of a rule; what it is about stays as it is."""
    require_licence(directory)
    kind, current = require_rule(directory, policy_id, rule_id)
    role_id = require_policy(directory, policy_id)["roleDefinitionId"]
    if body.get("@odata.type", "").removeprefix("#microsoft.graph.") != kind:
        raise bad_request(f"The rule '{rule_id}' is of type '#microsoft.graph.{kind}', which '@odata.type' must name.")
    if body.get("id", rule_id) != rule_id:
        raise bad_request("The id of a rule cannot be changed.")
    _check_target(current, body.get("target"))
    for each in body.get("enabledRules", ()):
        if each not in ENABLEMENT:
            raise bad_request(f"'{each}' is none of the rules that can be enabled: {', '.join(sorted(ENABLEMENT))}.")
    changed = {**current, **{name: value for name, value in body.items() if name != "target"}}
    if "setting" in changed:
        changed["setting"] = _completed(changed["setting"])
    if changed.get("isExpirationRequired") and not changed.get("maximumDuration"):
        raise bad_request("A maximumDuration is required where isExpirationRequired is true.")
    policy = directory.role_policies.setdefault(role_id, {"rules": {}})
    policy["rules"][rule_id] = changed
    policy["lastModifiedDateTime"] = directory.clock.stamp()
    policy["lastModifiedBy"] = {"displayName": caller.login or caller.name, "id": caller.object_id or None}
    record_change(
        directory,
        caller,
        "Update role setting in PIM",
        category="RoleManagement",
        operation="Update",
        targets=[target("Role", directory.role_definitions[role_id])],
        service="PIM",
    )


def _policy(directory: Directory, role_id: str, scope_type: str) -> Record:
    own_id = seeded_id(directory.tenant_id, "roleManagementPolicy", role_id)
    return {
        "description": scope_type,
        "displayName": scope_type,
        "isOrganizationDefault": False,
        "lastModifiedBy": {"displayName": None, "id": None},
        "lastModifiedDateTime": None,
        **{name: value for name, value in directory.role_policies.get(role_id, {}).items() if name != "rules"},
        "id": f"{scope_type}_{directory.tenant_id}_{own_id}",
        "roleDefinitionId": role_id,
        "scopeId": "/",
        "scopeType": scope_type,
    }


def _require(records: Iterable[Record], wanted: str) -> Record:
    for each in records:
        if each["id"] == wanted:
            return each
    raise not_found(wanted)


def _check_target(current: Record, wanted: Mapping[str, Any] | None) -> None:
    for name, value in (wanted or {}).items():
        known = current["target"].get(name)
        if "@odata." not in name and str(value).lower() != str(known).lower():
            raise not_emulated(f"a rule about another target ('{name}')")


def _completed(setting: Mapping[str, Any] | None) -> Record:
    if setting is None or any(setting.get(name, False) is None for name in _APPROVAL):
        raise bad_request("The property 'setting' of an approval rule, and what it holds, cannot be null.")
    return copy.deepcopy({**_APPROVAL, **setting})


def _default(kind: str, rule_id: str, **values: Any) -> Record:
    caller, level = rule_id.split("_")[-2:]
    return {
        "@odata.type": f"#microsoft.graph.{_KIND.format(kind)}",
        "id": rule_id,
        "target": {
            "caller": caller,
            "enforcedSettings": [],
            "inheritableSettings": [],
            "level": level,
            "operations": ["all"],
        },
        **values,
    }


def _notification(recipient: str, about: str) -> Record:
    return _default(
        "Notification",
        f"Notification_{recipient}_{about}",
        isDefaultRecipientsEnabled=True,
        notificationLevel="All",
        notificationRecipients=[],
        notificationType="Email",
        recipientType=recipient,
    )


_APPROVAL = {
    "approvalMode": "SingleStage",
    "approvalStages": [
        {
            "approvalStageTimeOutInDays": 1,
            "escalationApprovers": [],
            "escalationTimeInMinutes": 0,
            "isApproverJustificationRequired": True,
            "isEscalationEnabled": False,
            "primaryApprovers": [],
        }
    ],
    "isApprovalRequired": False,
    "isApprovalRequiredForExtension": False,
    "isRequestorJustificationRequired": True,
}
_DEFAULTS: Mapping[str, Record] = {
    each["id"]: each
    for each in (
        _default("Expiration", "Expiration_Admin_Eligibility", isExpirationRequired=False, maximumDuration="P365D"),
        _default("Enablement", "Enablement_Admin_Eligibility", enabledRules=[]),
        _default("Expiration", "Expiration_Admin_Assignment", isExpirationRequired=False, maximumDuration="P180D"),
        _default("Enablement", "Enablement_Admin_Assignment", enabledRules=["Justification"]),
        _default("Expiration", "Expiration_EndUser_Assignment", isExpirationRequired=True, maximumDuration="PT8H"),
        _default(
            "Enablement", "Enablement_EndUser_Assignment", enabledRules=["MultiFactorAuthentication", "Justification"]
        ),
        _default("Approval", "Approval_EndUser_Assignment", setting=_APPROVAL),
        _default("AuthenticationContext", "AuthenticationContext_EndUser_Assignment", claimValue="", isEnabled=False),
        *(_notification(recipient, about) for about in _LEVELS for recipient in ("Admin", "Requestor", "Approver")),
    )
}
