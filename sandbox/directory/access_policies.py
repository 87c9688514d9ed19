"""Conditional access policies: saved, changed, deleted softly, restored, and shown.

What may be saved is in `access_policy_rules`. A change replaces `conditions`, `grantControls` and `sessionControls`
as a whole, and what a body leaves out of them is empty (the behaviour that the azuread provider relies on).
"""

import copy
import json
from collections.abc import Mapping
from typing import Any

from sandbox.directory import access_policy_rules, recycling, security_defaults
from sandbox.directory.audit import record_change, target
from sandbox.directory.premium import require_p1
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import not_found
from sandbox.identifiers import canonical_id, new_id

KIND = "conditionalAccessPolicy"
_REPORT_ONLY = "enabledForReportingButNotEnforced"
_EMPTY_CONDITIONS: Mapping[str, object] = {
    "applications": None,
    "authenticationFlows": None,
    "clientAppTypes": [],
    "clientApplications": None,
    "devices": None,
    "insiderRiskLevels": None,
    "locations": None,
    "platforms": None,
    "servicePrincipalRiskLevels": [],
    "signInRiskLevels": [],
    "userRiskLevels": [],
    "users": None,
}
_EMPTY_PARTS: Mapping[str, Mapping[str, object]] = {
    "applications": {
        "applicationFilter": None,
        "excludeApplications": [],
        "includeApplications": [],
        "includeAuthenticationContextClassReferences": [],
        "includeUserActions": [],
    },
    "authenticationFlows": {"transferMethods": "none"},
    "clientApplications": {
        "excludeServicePrincipals": [],
        "includeServicePrincipals": [],
        "servicePrincipalFilter": None,
    },
    "devices": {"deviceFilter": None},
    "locations": {"excludeLocations": [], "includeLocations": []},
    "platforms": {"excludePlatforms": [], "includePlatforms": []},
    "users": {
        "excludeGroups": [],
        "excludeGuestsOrExternalUsers": None,
        "excludeRoles": [],
        "excludeUsers": [],
        "includeGroups": [],
        "includeGuestsOrExternalUsers": None,
        "includeRoles": [],
        "includeUsers": [],
    },
}
_EMPTY_GRANT_CONTROLS: Mapping[str, object] = {
    "authenticationStrength": None,
    "builtInControls": [],
    "customAuthenticationFactors": [],
    "operator": "OR",
    "termsOfUse": [],
}
_EMPTY_SESSION_CONTROLS: Mapping[str, object] = {
    "applicationEnforcedRestrictions": None,
    "cloudAppSecurity": None,
    "disableResilienceDefaults": None,
    "persistentBrowser": None,
    "secureSignInSession": None,
    "signInFrequency": None,
}


def create(directory: Directory, body: Mapping[str, Any], caller: Caller) -> Record:
    """Save a new policy."""
    require_p1(directory)
    for name in ("displayName", "state", "conditions"):
        if body.get(name) in (None, ""):
            raise access_policy_rules.does_not_fit(directory)
    policy: Record = {
        "id": new_id(),
        "createdDateTime": directory.clock.stamp(),
        "modifiedDateTime": None,
        "grantControls": None,
        "sessionControls": None,
        **_given(body),
    }
    _complete(policy)
    access_policy_rules.check(directory, policy)
    directory.access_policies[policy["id"]] = policy
    _record(directory, caller, "Add", new=policy)
    return policy


def change(directory: Directory, policy_id: str, body: Mapping[str, Any], caller: Caller) -> None:
    """Replace the named properties of a policy."""
    require_p1(directory)
    policy = require(directory, policy_id)
    given = _given(body)
    if not all(given.get(name, "given") for name in ("displayName", "state", "conditions")):
        raise access_policy_rules.does_not_fit(directory)
    changed = {**policy, **given, "modifiedDateTime": directory.clock.stamp()}
    _complete(changed)
    access_policy_rules.check(directory, changed)
    directory.access_policies[policy_id] = changed
    _record(directory, caller, "Update", old=policy, new=changed)


def delete(directory: Directory, policy_id: str, caller: Caller) -> None:
    """Delete a policy; it stays restorable for 30 days with all that it held."""
    require_p1(directory)
    policy = require(directory, policy_id)
    recycling.discard(directory, KIND, policy_id)
    _record(directory, caller, "Delete", old=policy)


def restore(directory: Directory, policy_id: str, caller: Caller) -> Record:
    """Bring a deleted policy back, which may be on at once."""
    require_p1(directory)
    deleted = require_deleted(directory, policy_id)
    state = deleted["state"]
    if state == "enabled" and directory.behaviour.restored_policy_state == "reportOnly":
        state = _REPORT_ONLY
    if state == "enabled":
        security_defaults.allow_enabled_policies(directory)
    # A strength is deleted for good, even while a deleted policy names it.
    access_policy_rules.check_strength(directory, deleted)
    policy = recycling.take_back(directory, policy_id)
    policy["state"] = state
    _record(directory, caller, "Restore", new=policy)
    return policy


def purge(directory: Directory, policy_id: str, caller: Caller) -> None:
    """Delete a deleted policy for good."""
    require_deleted(directory, policy_id)
    _record(directory, caller, "Hard delete", old=recycling.purge(directory, policy_id))


def require(directory: Directory, policy_id: str) -> Record:
    """Get a policy, or refuse with 404."""
    if policy_id not in directory.access_policies:
        raise not_found(policy_id)
    return directory.access_policies[policy_id]


def require_deleted(directory: Directory, policy_id: str) -> Record:
    """Get a deleted policy, or refuse with 404."""
    kind, policy = recycling.require(directory, policy_id)
    if kind != KIND:
        raise not_found(policy_id)
    return policy


def render(directory: Directory, policy: Record) -> Record:
    """Show a policy with its authentication strength expanded, as Graph does."""
    shown = copy.deepcopy(policy)
    controls = shown["grantControls"]
    if controls and controls["authenticationStrength"]:
        strength_id = controls["authenticationStrength"]["id"]
        # A deleted policy may name a strength that is gone.
        known = directory.authentication_strengths.get(strength_id)
        controls["authenticationStrength"] = {"id": strength_id} if known is None else dict(known)
    return shown


def _given(body: Mapping[str, Any]) -> Record:
    return {name: value for name, value in body.items() if "@odata." not in name and name != "id"}


def _complete(policy: Record) -> None:
    conditions = {**_EMPTY_CONDITIONS, **policy["conditions"]}
    for name, empty in _EMPTY_PARTS.items():
        if conditions[name] is not None:
            conditions[name] = {**empty, **{inner: _canonical(value) for inner, value in conditions[name].items()}}
    policy["conditions"] = copy.deepcopy(conditions)
    if policy["grantControls"] is not None:
        policy["grantControls"] = copy.deepcopy({**_EMPTY_GRANT_CONTROLS, **policy["grantControls"]})
        strength = policy["grantControls"]["authenticationStrength"]
        if strength is not None and isinstance(strength.get("id"), str):
            strength["id"] = canonical_id(strength["id"])
    if policy["sessionControls"] is not None:
        policy["sessionControls"] = copy.deepcopy({**_EMPTY_SESSION_CONTROLS, **policy["sessionControls"]})


def _canonical(value: Any) -> Any:
    # What the parts of a policy list is ids and keywords.
    return [canonical_id(each) for each in value] if isinstance(value, list) else value


def _record(
    directory: Directory, caller: Caller, operation: str, *, old: Record | None = None, new: Record | None = None
) -> None:
    # The log holds both policies as JSON text (learn.microsoft.com, "Troubleshoot Conditional Access policy changes").
    modified = {
        "displayName": "ConditionalAccessPolicy",
        "oldValue": None if old is None else json.dumps(old, sort_keys=True),
        "newValue": None if new is None else json.dumps(new, sort_keys=True),
    }
    record_change(
        directory,
        caller,
        f"{operation} Conditional Access policy",
        category="Policy",
        operation=operation,
        targets=[target("Policy", new or old or {}, modified=[modified])],
        service="Conditional Access",
    )
