"""What If: which conditional access policies would apply to the sign-in that a request describes, and why not the rest.

The applications are named by client id; a suite such as `Office365` stands for nothing here (learn.microsoft.com,
"The Conditional Access What If tool", and Graph's evaluate action, read November 2026).
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any

from sandbox.directory import access_policies
from sandbox.directory.store import Directory, Record
from sandbox.errors import GraphError, malformed, not_found
from sandbox.evaluation.application_suites import SUITES
from sandbox.evaluation.conditions import APPLIES, DISABLED, judge
from sandbox.evaluation.sign_in import SignIn, is_single_tenant, of_service_principal, of_user, risks

_STRANGER: Mapping[str, object] = {"userPrincipalName": "", "userType": "Member"}


def what_if(directory: Directory, body: Mapping[str, Any]) -> Iterator[Record]:
    """Judge every policy for the sign-in that a request describes."""
    sign_in = _read(directory, body)
    for policy in directory.access_policies.values():
        reason = judge(policy, sign_in)
        if reason == DISABLED and not directory.behaviour.what_if_shows_disabled_policies:
            continue
        if reason != APPLIES and body.get("appliedPoliciesOnly"):
            continue
        shown = access_policies.render(directory, policy)
        yield {**shown, "policyApplies": reason == APPLIES, "analysisReasons": reason}


def _read(directory: Directory, body: Mapping[str, Any]) -> SignIn:
    for name in ("signInIdentity", "signInContext", "signInConditions"):
        if body.get(name) is None:
            raise malformed(f"The parameter '{name}' is required.")
    identity, context, conditions = body["signInIdentity"], body["signInContext"], body["signInConditions"]
    applications = context.get("includeApplications") or []
    for each in applications:
        if each not in SUITES and directory.find_service_principal(each) is None:
            raise malformed(f"The application '{each}' is not in the tenant.")
    action, authentication_context = context.get("userAction"), context.get("authenticationContextValue")
    if not (applications or action or authentication_context):
        raise malformed("The parameter 'signInContext' names no application, user action or authentication context.")
    address = conditions.get("ipAddress")
    _check_address(address)
    risk_levels = risks(
        sign_in=conditions.get("signInRiskLevel"),
        user=conditions.get("userRiskLevel"),
        insider=conditions.get("insiderRiskLevel") or "none",
        service_principal=conditions.get("servicePrincipalRiskLevel"),
    )
    if "servicePrincipalId" in identity:
        principal = _require_principal(directory, str(identity["servicePrincipalId"]))
        return of_service_principal(
            directory,
            principal,
            applications,
            address=address,
            country=conditions.get("country"),
            risk_levels=risk_levels,
        )
    platform = conditions.get("devicePlatform")
    return of_user(
        directory,
        _require_user(directory, identity.get("userId")),
        applications,
        user_action=action,
        authentication_context=authentication_context,
        client_app_type=conditions.get("clientAppType"),
        platform=None if platform == "all" else platform,
        address=address,
        country=conditions.get("country"),
        device=conditions.get("deviceInfo"),
        transfer_method=(conditions.get("authenticationFlow") or {}).get("transferMethod"),
        risk_levels=risk_levels,
        guest_type=identity.get("externalUserType"),
        guest_tenant=identity.get("externalTenantId"),
    )


def _require_user(directory: Directory, user_id: object) -> Record:
    user = directory.users.get(str(user_id))
    if user is None:
        _refuse_stranger(directory, user_id)
        return {"id": str(user_id), **_STRANGER}
    return user


def _require_principal(directory: Directory, principal_id: str) -> Record:
    principal = directory.service_principals.get(principal_id)
    if principal is None:
        _refuse_stranger(directory, principal_id)
        return {"id": principal_id, "appId": ""}
    if not is_single_tenant(directory, principal):
        raise malformed(f"The service principal '{principal_id}' is not of an application for this tenant only.")
    return principal


def _refuse_stranger(directory: Directory, object_id: object) -> None:
    answer = directory.behaviour.what_if_unknown_identity
    if answer == HTTPStatus.NOT_FOUND.value:
        raise not_found(str(object_id))
    if answer == HTTPStatus.BAD_REQUEST.value:
        raise GraphError(HTTPStatus.BAD_REQUEST, "BadRequest", f"The identity '{object_id}' is not in the tenant.")


def _check_address(address: str | None) -> None:
    if address is None:
        return
    try:
        ip_address(address)
    except ValueError as fault:
        raise malformed(f"'{address}' is not an IP address.") from fault
