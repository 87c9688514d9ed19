"""Conditional access policies: what may be saved, in Entra's numbered refusals.

The general rules come from Graph's schema; the ones here are those that conditional access adds: licences,
security defaults, and conditions that name something the tenant does not hold.
"""

import copy
from collections.abc import Mapping
from typing import Any

from sandbox.directory.audit import record_change, target
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import GraphError, bad_request, malformed, not_found
from sandbox.identifiers import is_uuid, new_id

_NO_P1 = "Your tenant is not licensed for this feature. Please upgrade your subscription to access it."
_USER_KEYWORDS = {"All", "None", "GuestsOrExternalUsers"}
_APPLICATION_KEYWORDS = {"All", "None", "Office365", "MicrosoftAdminPortals"}
_RISK_CONDITIONS = ("signInRiskLevels", "userRiskLevels")
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
_EMPTY_SESSION_CONTROLS: Mapping[str, object] = {
    "applicationEnforcedRestrictions": None,
    "cloudAppSecurity": None,
    "disableResilienceDefaults": None,
    "persistentBrowser": None,
    "secureSignInSession": None,
    "signInFrequency": None,
}
_EMPTY_USERS: Mapping[str, object] = {
    "excludeGroups": [],
    "excludeGuestsOrExternalUsers": None,
    "excludeRoles": [],
    "excludeUsers": [],
    "includeGroups": [],
    "includeGuestsOrExternalUsers": None,
    "includeRoles": [],
    "includeUsers": [],
}
_EMPTY_APPLICATIONS: Mapping[str, object] = {
    "applicationFilter": None,
    "excludeApplications": [],
    "includeApplications": [],
    "includeAuthenticationContextClassReferences": [],
    "includeUserActions": [],
}


def require_licence(directory: Directory) -> None:
    """Refuse conditional access in a tenant without P1."""
    if not directory.has_plan("AAD_PREMIUM"):
        raise GraphError(403, "AccessDenied", _NO_P1)


def create(directory: Directory, body: Mapping[str, Any], caller: Caller) -> Record:
    """Save a new policy."""
    require_licence(directory)
    for name in ("displayName", "state", "conditions"):
        if body.get(name) in (None, ""):
            raise malformed("1007: Incoming ConditionalAccessPolicy object is null or does not match the schema.")
    policy: Record = {
        "id": new_id(),
        "createdDateTime": directory.clock.stamp(),
        "modifiedDateTime": None,
        "grantControls": None,
        "sessionControls": None,
        **{name: value for name, value in body.items() if "@odata." not in name},
    }
    _complete(policy)
    _check(directory, policy)
    directory.access_policies[policy["id"]] = policy
    _record(directory, caller, "Add Conditional Access policy", "Add", policy)
    return policy


def change(directory: Directory, policy_id: str, body: Mapping[str, Any], caller: Caller) -> None:
    """Replace the named properties of a policy; conditions and controls are replaced as a whole."""
    require_licence(directory)
    policy = require(directory, policy_id)
    changed = {**policy, **{name: value for name, value in body.items() if "@odata." not in name and name != "id"}}
    changed["modifiedDateTime"] = directory.clock.stamp()
    _complete(changed)
    _check(directory, changed)
    directory.access_policies[policy_id] = changed
    _record(directory, caller, "Update Conditional Access policy", "Update", changed)


def delete(directory: Directory, policy_id: str, caller: Caller) -> None:
    """Delete a policy."""
    require_licence(directory)
    policy = require(directory, policy_id)
    del directory.access_policies[policy_id]
    _record(directory, caller, "Delete Conditional Access policy", "Delete", policy)


def require(directory: Directory, policy_id: str) -> Record:
    """Get a policy, or refuse with 404."""
    if policy_id not in directory.access_policies:
        raise not_found(policy_id)
    return directory.access_policies[policy_id]


def render(directory: Directory, policy: Record) -> Record:
    """Show a policy with its authentication strength expanded, as Graph does."""
    shown = copy.deepcopy(policy)
    controls = shown["grantControls"]
    if controls and controls["authenticationStrength"]:
        controls["authenticationStrength"] = directory.authentication_strengths[
            controls["authenticationStrength"]["id"]
        ]
    return shown


def set_security_defaults(directory: Directory, body: Mapping[str, Any], caller: Caller) -> None:
    """Switch security defaults; they cannot be on beside an enabled policy."""
    enabled = bool(body.get("isEnabled", directory.security_defaults))
    if enabled and any(each["state"] == "enabled" for each in directory.access_policies.values()):
        raise malformed("Conditional Access policies are enabled. Disable them before enabling Security defaults.")
    directory.security_defaults = enabled
    record_change(
        directory,
        caller,
        "Update security defaults",
        category="Policy",
        operation="Update",
        targets=[],
        service="Conditional Access",
    )


def _complete(policy: Record) -> None:
    conditions = {**_EMPTY_CONDITIONS, **policy["conditions"]}
    for name, empty in (("users", _EMPTY_USERS), ("applications", _EMPTY_APPLICATIONS)):
        if conditions[name] is not None:
            conditions[name] = {**empty, **conditions[name]}
    policy["conditions"] = conditions
    if policy["sessionControls"] is not None:
        policy["sessionControls"] = {**_EMPTY_SESSION_CONTROLS, **policy["sessionControls"]}
    if policy["grantControls"] is not None:
        policy["grantControls"] = {
            "authenticationStrength": None,
            "builtInControls": [],
            "customAuthenticationFactors": [],
            "operator": "OR",
            "termsOfUse": [],
            **policy["grantControls"],
        }


def _check(directory: Directory, policy: Record) -> None:
    conditions = policy["conditions"]
    if not conditions["clientAppTypes"]:
        raise malformed("1064: 'clientAppTypes' condition does not support []")
    if conditions["users"] is None and conditions["clientApplications"] is None:
        raise malformed("1007: Incoming ConditionalAccessPolicy object is null or does not match the schema.")
    _check_applications(directory, conditions["applications"])
    if conditions["users"] is not None:
        _check_users(directory, conditions["users"])
    if any(conditions[each] for each in _RISK_CONDITIONS) and not directory.has_plan("AAD_PREMIUM_P2"):
        raise malformed("1039: Cannot create or update policies with premium P2 features.")
    _check_grant_controls(directory, policy["grantControls"])
    if policy["grantControls"] is None and policy["sessionControls"] is None:
        raise malformed("1007: A policy must contain at least one grant or session control.")
    if policy["state"] == "enabled" and directory.security_defaults:
        raise malformed(
            "Security Defaults is enabled in the tenant. "
            "You must disable Security defaults before enabling a Conditional Access policy."
        )


def _check_applications(directory: Directory, applications: Record | None) -> None:
    included = (applications or {}).get("includeApplications")
    actions = (applications or {}).get("includeUserActions")
    contexts = (applications or {}).get("includeAuthenticationContextClassReferences")
    if applications is None or not (included or actions or contexts):
        raise malformed(
            "1011: 'applications' condition must specify the applications to include. "
            "Try 'includeApplications' = ['none']"
        )
    if included and actions:
        raise malformed("1012: 'applications' condition cannot specify both applications and user actions.")
    for each in [*applications["includeApplications"], *applications["excludeApplications"]]:
        if each not in _APPLICATION_KEYWORDS and directory.find_service_principal(each) is None:
            raise malformed(f"'applications' condition contains an application that is not in the tenant: '{each}'.")


def _check_users(directory: Directory, users: Record) -> None:
    named = [
        ("user", users["includeUsers"] + users["excludeUsers"], directory.users, _USER_KEYWORDS),
        ("group", users["includeGroups"] + users["excludeGroups"], directory.groups, set()),
        ("role", users["includeRoles"] + users["excludeRoles"], directory.role_definitions, set()),
    ]
    for kind, ids, known, keywords in named:
        for each in ids:
            if each not in keywords and (not is_uuid(each) or each not in known):
                raise malformed(f"'users' condition contains a {kind} that is not in the tenant: '{each}'.")


def _check_grant_controls(directory: Directory, controls: Record | None) -> None:
    if controls is None:
        return
    strength = controls["authenticationStrength"]
    if strength is not None:
        if strength.get("id") not in directory.authentication_strengths:
            raise malformed(f"'grantControls' names an unknown authentication strength: '{strength.get('id')}'.")
        if "mfa" in controls["builtInControls"]:
            raise malformed("'mfa' and an authentication strength cannot be required by one policy.")
    wanted = [*controls["builtInControls"], *controls["customAuthenticationFactors"], *controls["termsOfUse"]]
    if not wanted and strength is None:
        raise malformed("1007: 'grantControls' names no control.")
    if "block" in controls["builtInControls"] and (len(wanted) > 1 or strength is not None):
        raise malformed("'block' cannot be combined with other grant controls.")
    if controls["operator"] not in {"AND", "OR"}:
        raise bad_request(f"The operator '{controls['operator']}' is neither 'AND' nor 'OR'.", code="BadRequest")


def _record(directory: Directory, caller: Caller, activity: str, operation: str, policy: Record) -> None:
    record_change(
        directory,
        caller,
        activity,
        category="Policy",
        operation=operation,
        targets=[target("Policy", policy)],
        service="Conditional Access",
    )
