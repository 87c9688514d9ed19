"""What If: which conditional access policies would apply to a sign-in, and why not the others.

Every condition of a policy is judged in a fixed order and the first that does not fit gives the reason, under
the names of Graph's `whatIfAnalysisReasons`. A condition that a policy uses and the request leaves open makes
the policy not apply (learn.microsoft.com, "The Conditional Access What If tool", read November 2026).
"""

import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.directory import access_policies, roles
from sandbox.directory.store import Directory, Record
from sandbox.errors import malformed, not_emulated, not_found

APPLIES = "notSet"
UNKNOWN = "notEnoughInformation"

# Applications that the group Office365 stands for, as far as the sandbox knows them.
_OFFICE_365 = frozenset({"00000002-0000-0ff1-ce00-000000000000"})
_MODERN_AND_LEGACY = "all"


@dataclass(frozen=True)
class SignIn:
    """A sign-in as the request describes it."""

    user: Record
    groups: frozenset[str]
    roles: frozenset[str]
    applications: frozenset[str]
    user_action: str | None
    authentication_context: str | None
    conditions: Mapping[str, Any]


def what_if(directory: Directory, body: Mapping[str, Any]) -> Iterator[Record]:
    """Evaluate every policy against the sign-in that a What If request describes."""
    sign_in = _read_sign_in(directory, body)
    for policy in directory.access_policies.values():
        reason = judge(policy, sign_in)
        if reason != APPLIES and body.get("appliedPoliciesOnly"):
            continue
        shown = access_policies.render(directory, policy)
        yield {**shown, "policyApplies": reason == APPLIES, "analysisReasons": reason}


def judge(policy: Record, sign_in: SignIn) -> str:
    """Tell why a policy does not apply to a sign-in, or that it does (`notSet`)."""
    if policy["state"] == "disabled":
        return "policyNotEnabled"
    for test in _TESTS:
        reason = test(policy["conditions"], sign_in)
        if reason is not None:
            return reason
    return APPLIES


def _judge_users(conditions: Record, sign_in: SignIn) -> str | None:
    users = conditions["users"]
    if users is None:
        return "users"
    included = _names_user(users, "include", sign_in)
    return None if included and not _names_user(users, "exclude", sign_in) else "users"


def _names_user(users: Record, side: str, sign_in: SignIn) -> bool:
    listed = users[f"{side}Users"]
    guest = sign_in.user.get("userType") == "Guest"
    return (
        "All" in listed
        or sign_in.user["id"] in listed
        or (guest and ("GuestsOrExternalUsers" in listed or users[f"{side}GuestsOrExternalUsers"] is not None))
        or not sign_in.groups.isdisjoint(users[f"{side}Groups"])
        or not sign_in.roles.isdisjoint(users[f"{side}Roles"])
    )


def _judge_applications(conditions: Record, sign_in: SignIn) -> str | None:
    applications = conditions["applications"]
    if sign_in.user_action is not None:
        wanted = f"urn:user:{sign_in.user_action.lower()}"
        return None if wanted in map(_lower_action, applications["includeUserActions"]) else "userActions"
    if sign_in.authentication_context is not None:
        listed = applications["includeAuthenticationContextClassReferences"]
        return None if sign_in.authentication_context in listed else "authenticationContext"
    included = _names_application(applications["includeApplications"], sign_in)
    excluded = _names_application(applications["excludeApplications"], sign_in)
    return None if included and not excluded else "application"


def _names_application(listed: Sequence[str], sign_in: SignIn) -> bool:
    expanded = set(listed) | (_OFFICE_365 if "Office365" in listed else set())
    return "All" in expanded or not sign_in.applications.isdisjoint(expanded)


def _lower_action(action: str) -> str:
    # Policies write urn:user:registersecurityinfo where requests write registerSecurityInformation.
    return (
        action.lower()
        .replace("registersecurityinfo", "registersecurityinformation")
        .replace("registerdevice", "registerorjoindevices")
    )


def _judge_platform(conditions: Record, sign_in: SignIn) -> str | None:
    platforms = conditions["platforms"]
    if platforms is None:
        return None
    given = sign_in.conditions.get("devicePlatform", "all")
    if given == "all" and "all" not in platforms["includePlatforms"]:
        return UNKNOWN
    included = {"all", given} & set(platforms["includePlatforms"])
    return None if included and given not in platforms.get("excludePlatforms", []) else "devicePlatform"


def _judge_client(conditions: Record, sign_in: SignIn) -> str | None:
    types = conditions["clientAppTypes"]
    if _MODERN_AND_LEGACY in types:
        return None
    given = sign_in.conditions.get("clientAppType", "all")
    if given == _MODERN_AND_LEGACY:
        return UNKNOWN
    return None if given in types else "clientApps"


def _judge_location(conditions: Record, sign_in: SignIn) -> str | None:
    locations = conditions["locations"]
    if locations is None:
        return None
    address = sign_in.conditions.get("ipAddress")
    if address is None:
        return UNKNOWN
    try:
        ipaddress.ip_address(address)
    except ValueError as fault:
        raise malformed(f"'{address}' is not an IP address.") from fault
    # Without named locations in the tenant, "All" is the only location that a sign-in can come from.
    included = "All" in locations["includeLocations"]
    return None if included and "All" not in locations.get("excludeLocations", []) else "location"


def _judge_devices(conditions: Record, sign_in: SignIn) -> str | None:
    if conditions["devices"] is None:
        return None
    return UNKNOWN if sign_in.conditions.get("deviceInfo") is None else "devices"


def _judge_flow(conditions: Record, sign_in: SignIn) -> str | None:
    flows = conditions["authenticationFlows"]
    if flows is None or flows["transferMethods"] == "none":
        return None
    given = (sign_in.conditions.get("authenticationFlow") or {}).get("transferMethod")
    if given is None:
        return UNKNOWN
    return None if given in flows["transferMethods"].split(",") else "authenticationFlow"


def _judge_risk(condition: str, given: str, reason: str) -> Callable[[Record, SignIn], str | None]:
    def test(conditions: Record, sign_in: SignIn) -> str | None:
        levels = conditions[condition]
        if not levels:
            return None
        level = sign_in.conditions.get(given)
        if level is None:
            return UNKNOWN
        return None if level in levels else reason

    return test


_TESTS: tuple[Callable[[Record, SignIn], str | None], ...] = (
    _judge_users,
    _judge_applications,
    _judge_platform,
    _judge_client,
    _judge_location,
    _judge_devices,
    _judge_flow,
    _judge_risk("signInRiskLevels", "signInRiskLevel", "signInRisk"),
    _judge_risk("userRiskLevels", "userRiskLevel", "userRisk"),
)


def _read_sign_in(directory: Directory, body: Mapping[str, Any]) -> SignIn:
    for name in ("signInIdentity", "signInContext", "signInConditions"):
        if body.get(name) is None:
            raise malformed(f"The parameter '{name}' is required.")
    identity, context = body["signInIdentity"], body["signInContext"]
    if "servicePrincipalId" in identity:
        raise not_emulated("the evaluation of a service principal's sign-in")
    user = directory.users.get(str(identity.get("userId")))
    if user is None:
        raise not_found(str(identity.get("userId")))
    applications = frozenset(context.get("includeApplications") or [])
    for each in sorted(applications):
        if directory.find_service_principal(each) is None:
            raise malformed(f"The application '{each}' is not in the tenant.")
    action, authentication_context = context.get("userAction"), context.get("authenticationContextValue")
    if not (applications or action or authentication_context):
        raise malformed("The parameter 'signInContext' names no application, user action or authentication context.")
    return SignIn(
        user=user,
        groups=frozenset(directory.containers_of(user["id"], nested=True)),
        roles=frozenset(roles.roles_of(directory, user["id"])),
        applications=applications,
        user_action=action,
        authentication_context=authentication_context,
        conditions=body["signInConditions"],
    )
