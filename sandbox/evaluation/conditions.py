"""Whether a conditional access policy applies to a sign-in, and if not, why.

Every condition is judged in a fixed order and the first that does not fit gives the reason, under the names of
Graph's `whatIfAnalysisReasons`; excluding wins over including. A condition that a policy uses and the sign-in leaves
open keeps the policy from applying (learn.microsoft.com, "The Conditional Access What If tool", November 2026).
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from sandbox.directory import device_rules
from sandbox.directory.store import Record
from sandbox.evaluation.application_suites import SUITES
from sandbox.evaluation.sign_in import ANY_CLIENT, SignIn

APPLIES = "notSet"
UNKNOWN = "notEnoughInformation"
DISABLED = "policyNotEnabled"
OWN_SERVICE_PRINCIPALS = "ServicePrincipalsInMyTenant"

# Policies and sign-ins write the user actions differently.
_USER_ACTIONS: Mapping[str, str] = {
    "urn:user:registersecurityinfo": "registersecurityinformation",
    "urn:user:registerdevice": "registerorjoindevices",
}


def judge(policy: Record, sign_in: SignIn) -> str:
    """Tell why a policy does not apply to a sign-in, or that it does (`notSet`)."""
    if policy["state"] == "disabled":
        return DISABLED
    conditions = policy["conditions"]
    for test in _TESTS:
        reason = test(conditions, sign_in)
        if reason is not None:
            return reason
    return APPLIES


def _judge_identity(conditions: Record, sign_in: SignIn) -> str | None:
    if sign_in.principal is not None:
        return _judge_principal(conditions["clientApplications"], sign_in.principal)
    users = conditions["users"]
    if users is None:
        return "users"
    included, excluded = _names_user(users, "include", sign_in), _names_user(users, "exclude", sign_in)
    if excluded or not (included or included is None):
        return "users"
    return UNKNOWN if included is None or excluded is None else None


def _judge_principal(clients: Record | None, principal: Record) -> str | None:
    if clients is None:
        return "workloadIdentities"
    included = {principal["id"], OWN_SERVICE_PRINCIPALS} & set(clients["includeServicePrincipals"])
    return None if included and principal["id"] not in clients["excludeServicePrincipals"] else "workloadIdentities"


def _names_user(users: Record, side: str, sign_in: SignIn) -> bool | None:
    if sign_in.user is None:
        return False
    listed = users[f"{side}Users"]
    if (
        "All" in listed
        or sign_in.user["id"] in listed
        or ("GuestsOrExternalUsers" in listed and sign_in.guest_type is not None)
        or not sign_in.groups.isdisjoint(users[f"{side}Groups"])
        or not sign_in.roles.isdisjoint(users[f"{side}Roles"])
    ):
        return True
    return _names_guest(users[f"{side}GuestsOrExternalUsers"], sign_in)


def _names_guest(guests: Record | None, sign_in: SignIn) -> bool | None:
    if guests is None or sign_in.guest_type not in _flags(guests["guestOrExternalUserTypes"]):
        return False
    tenants = guests.get("externalTenants")
    if tenants is None or tenants.get("membershipKind") == "all" or "members" not in tenants:
        return True
    return None if sign_in.guest_tenant is None else sign_in.guest_tenant in tenants["members"]


def _judge_applications(conditions: Record, sign_in: SignIn) -> str | None:
    applications = conditions["applications"]
    if sign_in.user_action is not None:
        listed = {_USER_ACTIONS.get(each.lower(), each) for each in applications["includeUserActions"]}
        return None if sign_in.user_action.lower() in listed else "userActions"
    if sign_in.authentication_context is not None:
        listed = applications["includeAuthenticationContextClassReferences"]
        return None if sign_in.authentication_context in listed else "authenticationContext"
    included = _names_application(applications["includeApplications"], sign_in)
    excluded = _names_application(applications["excludeApplications"], sign_in)
    return None if included and not excluded else "application"


def _names_application(listed: Sequence[str], sign_in: SignIn) -> bool:
    named = {each for name in listed for each in SUITES.get(name, (name,))}
    return "All" in named or not sign_in.applications.isdisjoint(named)


def _judge_platform(conditions: Record, sign_in: SignIn) -> str | None:
    platforms = conditions["platforms"]
    if platforms is None:
        return None
    included, excluded = platforms["includePlatforms"], platforms["excludePlatforms"]
    if sign_in.platform is None:
        return None if "all" in included and not excluded else UNKNOWN
    fits = {"all", sign_in.platform} & set(included) and not {"all", sign_in.platform} & set(excluded)
    return None if fits else "devicePlatform"


def _judge_client(conditions: Record, sign_in: SignIn) -> str | None:
    types = conditions["clientAppTypes"]
    if ANY_CLIENT in types or sign_in.client_app_type in types:
        return None
    return UNKNOWN if sign_in.client_app_type in {None, ANY_CLIENT} else "clientApps"


def _judge_location(conditions: Record, sign_in: SignIn) -> str | None:
    locations = conditions["locations"]
    if locations is None:
        return None
    if sign_in.address is None:
        return UNKNOWN
    included = _names_location(locations["includeLocations"], sign_in)
    excluded = _names_location(locations["excludeLocations"], sign_in)
    if excluded or not (included or included is None):
        return "location"
    return UNKNOWN if included is None or excluded is None else None


def _names_location(listed: Collection[str], sign_in: SignIn) -> bool | None:
    named = "All" in listed or ("AllTrusted" in listed and sign_in.is_trusted_location)
    if named or not sign_in.locations.isdisjoint(listed):
        return True
    return None if not sign_in.undecided_locations.isdisjoint(listed) else False


def _judge_device(conditions: Record, sign_in: SignIn) -> str | None:
    device_filter = (conditions["devices"] or {}).get("deviceFilter")
    if device_filter is None:
        return None
    if sign_in.device is None:
        return UNKNOWN
    matches = device_rules.compiled(device_filter["rule"])(sign_in.device)
    return None if matches == (device_filter["mode"] == "include") else "devices"


def _judge_flow(conditions: Record, sign_in: SignIn) -> str | None:
    flows = conditions["authenticationFlows"]
    if flows is None or flows["transferMethods"] == "none":
        return None
    if sign_in.transfer_method is None:
        return UNKNOWN
    return None if sign_in.transfer_method in _flags(flows["transferMethods"]) else "authenticationFlow"


def _judge_risk(condition: str, reason: str) -> Callable[[Record, SignIn], str | None]:
    def test(conditions: Record, sign_in: SignIn) -> str | None:
        levels = conditions[condition]
        if not levels:
            return None
        wanted = _flags(levels) if isinstance(levels, str) else levels
        given = sign_in.risks.get(condition)
        if given is None:
            return UNKNOWN
        return None if given in wanted else reason

    return test


def _flags(text: str) -> frozenset[str]:
    return frozenset(each.strip() for each in text.split(","))


_TESTS: tuple[Callable[[Record, SignIn], str | None], ...] = (
    _judge_identity,
    _judge_applications,
    _judge_platform,
    _judge_client,
    _judge_location,
    _judge_device,
    _judge_flow,
    _judge_risk("signInRiskLevels", "signInRisk"),
    _judge_risk("userRiskLevels", "userRisk"),
    _judge_risk("insiderRiskLevels", "insiderRisk"),
    # Graph has no reason of its own for the risk of a service principal.
    _judge_risk("servicePrincipalRiskLevels", "workloadIdentities"),
)
