"""Holds answers against Graph's metadata: every property known, of its type, and null only where it may be."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from sandbox.routing import Route
from sandbox.schema import Property, graph_schema

_BY_METHOD_KIND = {
    "emailMethods": "emailAuthenticationMethod",
    "fido2Methods": "fido2AuthenticationMethod",
    "methods": "authenticationMethod",
    "microsoftAuthenticatorMethods": "microsoftAuthenticatorAuthenticationMethod",
    "passwordMethods": "passwordAuthenticationMethod",
    "phoneMethods": "phoneAuthenticationMethod",
    "softwareOathMethods": "softwareOathAuthenticationMethod",
    "temporaryAccessPassMethods": "temporaryAccessPassAuthenticationMethod",
}
_OBJECTS = dict.fromkeys(
    (
        "deletedItems",
        "directReports",
        "directoryObjects",
        "getByIds",
        "manager",
        "memberOf",
        "members",
        "ownedObjects",
        "owners",
        "registeredDevices",
        "transitiveMemberOf",
        "transitiveMembers",
    ),
    "directoryObject",
)
_SCHEDULES = {
    f"role{kind}{part}": f"unifiedRole{kind}{part[:-1]}"
    for kind in ("Assignment", "Eligibility")
    for part in ("Schedules", "ScheduleInstances", "ScheduleRequests")
}
# What a row answers with, by the last segment of its path that is no placeholder.
_BY_SEGMENT: Mapping[str, str] = {
    **_BY_METHOD_KIND,
    **_OBJECTS,
    **_SCHEDULES,
    "addPassword": "passwordCredential",
    "addKey": "keyCredential",
    "administrativeUnits": "administrativeUnit",
    "appRoleAssignedTo": "appRoleAssignment",
    "appRoleAssignments": "appRoleAssignment",
    "applications": "application",
    "assignLicense": "user",
    "authenticationContextClassReferences": "authenticationContextClassReference",
    "authenticationMethodConfigurations": "authenticationMethodConfiguration",
    "authenticationMethodsPolicy": "authenticationMethodsPolicy",
    "authenticationStrengthPolicies": "authenticationStrengthPolicy",
    "authorizationPolicy": "authorizationPolicy",
    "checkMemberGroups": "String",
    "checkMemberObjects": "String",
    "combinationConfigurations": "authenticationCombinationConfiguration",
    "defaultAppManagementPolicy": "tenantAppManagementPolicy",
    "directoryAudits": "directoryAudit",
    "directoryRoleTemplates": "directoryRoleTemplate",
    "directoryRoles": "directoryRole",
    "domains": "domain",
    "evaluate": "whatIfAnalysisResult",
    "federatedIdentityCredentials": "federatedIdentityCredential",
    "getMemberGroups": "String",
    "getMemberObjects": "String",
    "groups": "group",
    "identitySecurityDefaultsEnforcementPolicy": "identitySecurityDefaultsEnforcementPolicy",
    "licenseDetails": "licenseDetails",
    "namedLocations": "namedLocation",
    "oauth2PermissionGrants": "oAuth2PermissionGrant",
    "organization": "organization",
    "resetPassword": "passwordResetResponse",
    "revokeSignInSessions": "Boolean",
    "roleAssignments": "unifiedRoleAssignment",
    "roleDefinitions": "unifiedRoleDefinition",
    "roleManagementPolicies": "unifiedRoleManagementPolicy",
    "roleManagementPolicyAssignments": "unifiedRoleManagementPolicyAssignment",
    "rules": "unifiedRoleManagementPolicyRule",
    "servicePrincipals": "servicePrincipal",
    "signIns": "signIn",
    "subscribedSkus": "subscribedSku",
    "updateAllowedCombinations": "updateAllowedCombinationsResult",
    "usage": "authenticationStrengthUsage",
    "userRegistrationDetails": "userRegistrationDetails",
    "users": "user",
}
_UNDER_CONDITIONAL_ACCESS = {
    "/identity/conditionalAccess/policies": "conditionalAccessPolicy",
    "/identity/conditionalAccess/authenticationStrength/policies": "authenticationStrengthPolicy",
    "/identity/conditionalAccess/deletedItems/policies": "conditionalAccessPolicy",
    "/identity/conditionalAccess/deletedItems/namedLocations": "namedLocation",
}
_UNDER_GROUPS_GOVERNED = {
    f"/identityGovernance/privilegedAccess/group/{kind}Schedule{suffix}": (
        f"privilegedAccessGroup{kind.title()}Schedule{suffix.removesuffix('s')}"
    )
    for kind in ("assignment", "eligibility")
    for suffix in ("s", "Instances", "Requests")
}
_PYTHON: Mapping[str, type | tuple[type, ...]] = {
    "Binary": str,
    "Boolean": bool,
    "Date": str,
    "DateTimeOffset": str,
    "Double": (int, float),
    "Duration": str,
    "Guid": str,
    "Int32": int,
    "Int64": int,
    "String": str,
    "TimeOfDay": str,
}
# Shapes of their own: a number as text, and answers that hold others'.
UNTYPED = ("$batch", "$count", "$value")


def answer_faults(route: Route, version: str, response: httpx.Response) -> list[str]:
    """List what Graph's metadata does not know of an answer; an answer whose type is unknown is a fault as well."""
    if not response.content or route.template.endswith(UNTYPED):
        return []
    type_name = type_of(route)
    if type_name is None:
        return [f"{route.key} answers with a body, and no type is known for it"]
    body = response.json()
    is_list = isinstance(body.get("value"), list)
    records = body["value"] if is_list or ("value" in body and type_name in _PYTHON) else body
    declared = Property("(answer)", type_name, collection=is_list, nullable=False)
    return list(_value_faults("(answer)", declared, records, beta=version == "beta"))


def type_of(route: Route) -> str | None:
    """Tell what a row answers with: a type of Graph or a primitive one."""
    template = re.sub(r"\([^)]*\)", "", route.template)
    for prefix, name in {**_UNDER_CONDITIONAL_ACCESS, **_UNDER_GROUPS_GOVERNED}.items():
        rest = template.removeprefix(prefix)
        if rest in {"", "/{id}", "/{id}/restore"} and rest != template:
            return name
    segments = [each for each in template.strip("/").split("/") if not each.startswith("{")]
    last = next(each for each in reversed(segments) if each not in {"restore", "filterByCurrentUser"})
    if last.startswith("microsoft.graph."):
        return last.removeprefix("microsoft.graph.")
    return _BY_SEGMENT.get(last)


def faults(type_name: str, shown: Mapping[str, Any], *, beta: bool) -> Iterator[str]:
    """List what Graph's metadata does not know of an object."""
    schema = graph_schema()
    declared = str(shown.get("@odata.type", type_name)).removeprefix("#").removeprefix("microsoft.graph.")
    if not schema.is_derived(declared, type_name):
        yield f"{declared} is no {type_name}"
        return
    known = schema.properties(declared, beta=beta)
    relations = schema.navigation(declared)
    for name, value in shown.items():
        if "@odata." in name:
            continue
        if name in known:
            yield from _value_faults(f"{declared}.{name}", known[name], value, beta=beta)
        elif name in relations:
            yield from _value_faults(f"{declared}.{name}", _relation(name, relations[name]), value, beta=beta)
        else:
            yield f"{declared}.{name} is not known"


def _relation(name: str, leads_to: str) -> Property:
    inner = leads_to.removeprefix("Collection(").removesuffix(")")
    return Property(name, inner, collection=inner != leads_to, nullable=True)


def _value_faults(where: str, declared: Property, value: Any, *, beta: bool) -> Iterator[str]:
    if value is None:
        if declared.collection or not declared.nullable:
            yield f"{where} is null"
    elif declared.collection != isinstance(value, list):
        yield f"{where} is {type(value).__name__}, not {declared.type_name}"
    else:
        for each in value if isinstance(value, list) else [value]:
            yield from _single_faults(where, declared.type_name, each, beta=beta)


def _single_faults(where: str, type_name: str, value: Any, *, beta: bool) -> Iterator[str]:
    schema = graph_schema()
    if type_name in schema.types:
        if isinstance(value, dict):
            yield from faults(type_name, value, beta=beta)
        else:
            yield f"{where} is {type(value).__name__}, not {type_name}"
    elif type_name in schema.enums:
        members = {each.lower() for each in schema.enums[type_name]}
        if not isinstance(value, str) or not {each.strip().lower() for each in value.split(",")} <= members:
            yield f"{where} is {value!r}, no member of {type_name}"
    elif not isinstance(value, _PYTHON[type_name]) or (isinstance(value, bool) and type_name != "Boolean"):
        yield f"{where} holds {type(value).__name__}, not {type_name}"
