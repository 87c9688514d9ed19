"""Which conditional access policies may be saved, and the refusals of the others.

The general rules come from Graph's schema; the ones here are those that conditional access adds. Numbers stand where
a refusal with its number is on record (threads of the azuread provider, CIPP, Microsoft365DSC and others, read
November 2026); the rest is from learn.microsoft.com, "Conditional Access: Grant", "... Session", "... Conditions" and
Graph's pages on the parts of a policy, whose refusals' wording is not on record.
"""

from collections.abc import Callable, Collection

from sandbox.directory import authentication_contexts, premium
from sandbox.directory.device_rules import RuleError, compiled
from sandbox.directory.security_defaults import allow_enabled_policies
from sandbox.directory.store import Directory, Record
from sandbox.errors import GraphError, malformed, not_emulated
from sandbox.identifiers import is_uuid

_USERS = frozenset({"All", "None", "GuestsOrExternalUsers"})
_APPLICATIONS = frozenset({"All", "None", "Office365", "MicrosoftAdminPortals"})
_USER_ACTIONS = frozenset({"urn:user:registersecurityinfo", "urn:user:registerdevice"})
_LOCATIONS = frozenset({"All", "AllTrusted"})
_TRUSTED_MULTIFACTOR_ADDRESSES = "00000000-0000-0000-0000-000000000000"
_OWN_SERVICE_PRINCIPALS = "ServicePrincipalsInMyTenant"
_USER_RISKS = ("signInRiskLevels", "userRiskLevels", "insiderRiskLevels")
_MOST_HOURS, _MOST_DAYS = 23, 365

_GENERAL = "The server could not process the request because it is malformed or incorrect."


def check(directory: Directory, policy: Record) -> None:
    """Refuse a completed policy that Entra would not save."""
    for rule in _RULES:
        rule(directory, policy)
    if policy["state"] == "enabled":
        allow_enabled_policies(directory)


def check_strength(directory: Directory, policy: Record) -> None:
    """Refuse a policy that demands an authentication strength which the tenant does not have."""
    strength = (policy["grantControls"] or {}).get("authenticationStrength")
    if strength is not None and strength.get("id") not in directory.authentication_strengths:
        raise malformed(f"'grantControls' names an unknown authentication strength: '{strength.get('id')}'.")


def does_not_fit(directory: Directory) -> GraphError:
    """Refuse a body that lacks what every policy has."""
    text = (
        "Incoming ConditionalAccessPolicy object is null or does not match the schema of ConditionalAccessPolicy type."
    )
    return _numbered(directory, 1007, text)


def _numbered(directory: Directory, number: int, text: str) -> GraphError:
    reason = f"{number}: {text}"
    if directory.behaviour.access_policy_reason == "innerError":
        return GraphError(400, "BadRequest", _GENERAL, inner={"message": reason})
    return malformed(reason)


def _check_conditions(directory: Directory, policy: Record) -> None:
    conditions = policy["conditions"]
    if not conditions["clientAppTypes"]:
        raise _numbered(directory, 1064, "'clientAppTypes' condition does not support []")
    if conditions["users"] is None and conditions["clientApplications"] is None:
        raise does_not_fit(directory)
    for part, included in (("locations", "includeLocations"), ("platforms", "includePlatforms")):
        if conditions[part] is not None and not conditions[part][included]:
            raise malformed(f"'{part}' condition must specify '{included}'.")


def _check_applications(directory: Directory, policy: Record) -> None:
    applications = policy["conditions"]["applications"]
    included = (applications or {}).get("includeApplications")
    actions = (applications or {}).get("includeUserActions")
    contexts = (applications or {}).get("includeAuthenticationContextClassReferences")
    if applications is None or not (included or actions or contexts):
        text = "'applications' condition must specify the applications to include. Try 'includeApplications' = ['none']"
        raise _numbered(directory, 1011, text)
    if included and (actions or contexts):
        text = (
            "'applications' condition cannot include both 'includeApplications' and "
            "'includeUserActions'/'includeProtectionLevels'. Please remove one of the conditions."
        )
        raise _numbered(directory, 1012, text)
    if applications["applicationFilter"] is not None:
        raise not_emulated("'applicationFilter', which looks at custom security attributes")
    for each in [*applications["includeApplications"], *applications["excludeApplications"]]:
        if each not in _APPLICATIONS and directory.find_service_principal(each) is None:
            raise malformed(f"'applications' condition contains an application that is not in the tenant: '{each}'.")
    _check_listed("user action", applications["includeUserActions"], _USER_ACTIONS)
    _check_listed(
        "authentication context",
        applications["includeAuthenticationContextClassReferences"],
        authentication_contexts.KNOWN,
    )


def _check_users(directory: Directory, policy: Record) -> None:
    users = policy["conditions"]["users"]
    if users is None:
        return
    named = [
        ("user", users["includeUsers"] + users["excludeUsers"], directory.users, _USERS),
        ("group", users["includeGroups"] + users["excludeGroups"], directory.groups, frozenset[str]()),
        ("role", users["includeRoles"] + users["excludeRoles"], directory.role_definitions, frozenset[str]()),
    ]
    for kind, ids, known, keywords in named:
        for each in ids:
            if each not in keywords and (not is_uuid(each) or each not in known):
                raise malformed(f"'users' condition contains a {kind} that is not in the tenant: '{each}'.")
    for side in ("include", "exclude"):
        guests = users[f"{side}GuestsOrExternalUsers"]
        if guests is None:
            continue
        if "GuestsOrExternalUsers" in users[f"{side}Users"]:
            raise malformed("'GuestsOrExternalUsers' cannot be combined with guestOrExternalUsers.")
        _check_guests(guests)


def _check_guests(guests: Record) -> None:
    if "none" in guests.get("guestOrExternalUserTypes", "none").split(","):
        raise malformed("'guestOrExternalUserTypes' must name at least one kind of guest or external user.")
    tenants = guests.get("externalTenants")
    if tenants is None:
        return
    members = tenants.get("members")
    is_enumerated = tenants.get("membershipKind") == "enumerated"
    if is_enumerated != bool(members):
        raise malformed(
            "'externalTenants' names its 'members' where, and only where, 'membershipKind' is 'enumerated'."
        )
    for each in members or []:
        if not is_uuid(each):
            raise malformed(f"'externalTenants' contains '{each}', which is no tenant's id.")


def _check_locations(directory: Directory, policy: Record) -> None:
    locations = policy["conditions"]["locations"]
    if locations is None:
        return
    for each in [*locations["includeLocations"], *locations["excludeLocations"]]:
        if each == _TRUSTED_MULTIFACTOR_ADDRESSES:
            raise not_emulated("the trusted addresses of per-user multifactor authentication")
        if each not in _LOCATIONS and each not in directory.named_locations:
            raise malformed(f"'locations' condition contains a named location that is not in the tenant: '{each}'.")


def _check_devices(_directory: Directory, policy: Record) -> None:
    device_filter = (policy["conditions"]["devices"] or {}).get("deviceFilter")
    if device_filter is None:
        return
    if not device_filter.get("mode") or not device_filter.get("rule"):
        raise malformed("'deviceFilter' must have a 'mode' and a 'rule'.")
    try:
        compiled(device_filter["rule"])
    except RuleError as fault:
        raise malformed(f"The rule of 'deviceFilter' is not valid: {fault}.") from fault


def _check_risks(directory: Directory, policy: Record) -> None:
    conditions = policy["conditions"]
    if any(conditions[each] for each in _USER_RISKS) and not premium.has_p2(directory):
        raise _numbered(directory, 1039, "Cannot create or update policies with premium P2 features.")
    if conditions["servicePrincipalRiskLevels"] and conditions["clientApplications"] is None:
        raise malformed("'servicePrincipalRiskLevels' condition needs 'clientApplications'.")


def _check_workload_identities(directory: Directory, policy: Record) -> None:
    clients = policy["conditions"]["clientApplications"]
    if clients is None or not (clients["includeServicePrincipals"] or clients["servicePrincipalFilter"]):
        return
    if not premium.covers_workload_identities(directory):
        raise malformed("Policies for workload identities need Microsoft Entra Workload ID Premium.")
    if clients["servicePrincipalFilter"] is not None:
        raise not_emulated("'servicePrincipalFilter', which looks at custom security attributes")
    for each in [*clients["includeServicePrincipals"], *clients["excludeServicePrincipals"]]:
        if each != _OWN_SERVICE_PRINCIPALS and each not in directory.service_principals:
            raise malformed(f"'clientApplications' contains a service principal that is not in the tenant: '{each}'.")
    if policy["grantControls"] is None or policy["grantControls"]["builtInControls"] != ["block"]:
        raise malformed("A policy for workload identities can only block.")


def _check_grant_controls(directory: Directory, policy: Record) -> None:
    controls = policy["grantControls"]
    if controls is None:
        if policy["sessionControls"] is None:
            raise does_not_fit(directory)
        return
    built_in, strength = controls["builtInControls"], controls["authenticationStrength"]
    if controls["operator"] not in {"AND", "OR"}:
        raise malformed(f"The operator '{controls['operator']}' is neither 'AND' nor 'OR'.")
    check_strength(directory, policy)
    if strength is not None and "mfa" in built_in:
        raise malformed("'mfa' and an authentication strength cannot be required by one policy.")
    wanted = [*built_in, *controls["customAuthenticationFactors"], *controls["termsOfUse"]]
    if not wanted and strength is None:
        raise does_not_fit(directory)
    if "block" in built_in and (len(wanted) > 1 or strength is not None):
        raise malformed("'block' cannot be combined with other grant controls.")
    _check_listed("terms of use", controls["termsOfUse"], directory.terms_of_use)
    _check_listed("custom control", controls["customAuthenticationFactors"], directory.custom_controls)
    if "passwordChange" in built_in:
        _check_password_change(policy)


def _check_password_change(policy: Record) -> None:
    controls, conditions = policy["grantControls"], policy["conditions"]
    has_multifactor = "mfa" in controls["builtInControls"] or controls["authenticationStrength"] is not None
    if controls["operator"] != "AND" or not has_multifactor:
        raise malformed("'passwordChange' needs multifactor authentication beside it, with the operator 'AND'.")
    if not conditions["userRiskLevels"] or conditions["applications"]["includeApplications"] != ["All"]:
        raise malformed("'passwordChange' needs the condition 'userRiskLevels', and all applications.")


def _check_session_controls(_directory: Directory, policy: Record) -> None:
    controls = policy["sessionControls"]
    if controls is None:
        return
    if _is_on(controls["signInFrequency"]):
        _check_frequency(controls["signInFrequency"])
    browser = controls["persistentBrowser"]
    if _is_on(browser):
        if not browser.get("mode"):
            raise malformed("'persistentBrowser' must have a 'mode'.")
        if "All" not in policy["conditions"]["applications"]["includeApplications"]:
            raise malformed("'persistentBrowser' needs a policy for all applications.")
    cloud = controls["cloudAppSecurity"]
    if _is_on(cloud) and not cloud.get("cloudAppSecurityType"):
        raise malformed("'cloudAppSecurity' must have a 'cloudAppSecurityType'.")


def _check_frequency(frequency: Record) -> None:
    kind, value = frequency.get("type"), frequency.get("value")
    if frequency.get("frequencyInterval") == "everyTime":
        if kind is not None or value is not None:
            raise malformed("'signInFrequency' for every time has neither 'type' nor 'value'.")
        return
    most = {"hours": _MOST_HOURS, "days": _MOST_DAYS}.get(str(kind))
    if most is None or not isinstance(value, int) or not 1 <= value <= most:
        raise malformed(
            f"'signInFrequency' must be 1 to {_MOST_HOURS} hours or 1 to {_MOST_DAYS} days, not {value} {kind}."
        )


def _is_on(control: Record | None) -> bool:
    return control is not None and bool(control.get("isEnabled"))


def _check_listed(what: str, given: Collection[str], known: Collection[str]) -> None:
    for each in given:
        if each not in known:
            raise malformed(f"The {what} '{each}' does not exist.")


_RULES: tuple[Callable[[Directory, Record], None], ...] = (
    _check_conditions,
    _check_applications,
    _check_users,
    _check_locations,
    _check_devices,
    _check_risks,
    _check_workload_identities,
    _check_grant_controls,
    _check_session_controls,
)
