"""A sign-in as conditional access sees it: who, to what, from where and how.

What If describes one in a request and may leave conditions open (None); at a real sign-in everything is known, be it
that nothing special was found.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.directory import named_locations
from sandbox.directory.store import Directory, Record

ANY_CLIENT = "all"
NO_RISK = "none"
UNKNOWN_PLATFORM = "unknown"  # met by policies for all platforms only
UNKNOWN_COUNTRY = ""
UNREGISTERED: Mapping[str, Any] = {}


@dataclass(frozen=True)
class SignIn:
    """Who signs in to what under which conditions; None is what the request left open.

    `groups` and `roles` hold ids, nested groups included; `guest_type` is one of Graph's
    conditionalAccessGuestOrExternalUserTypes; `applications` are the client ids of what is accessed; `device` are
    properties of a registered device, none of an unregistered one; `locations` are the named ones around the address,
    `undecided_locations` those by country while no country is given.
    """

    user: Record | None = None
    principal: Record | None = None
    groups: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    guest_type: str | None = None
    guest_tenant: str | None = None
    applications: frozenset[str] = frozenset()
    user_action: str | None = None
    authentication_context: str | None = None
    client_app_type: str | None = None
    platform: str | None = None
    address: str | None = None
    country: str | None = None
    locations: frozenset[str] = frozenset()
    undecided_locations: frozenset[str] = frozenset()
    is_trusted_location: bool = False
    device: Mapping[str, Any] | None = None
    transfer_method: str | None = None
    risks: Mapping[str, str | None] = field(default_factory=dict)  # by the policy condition that looks at it


def risks(
    *,
    sign_in: str | None = NO_RISK,
    user: str | None = NO_RISK,
    insider: str | None = NO_RISK,
    service_principal: str | None = NO_RISK,
) -> dict[str, str | None]:
    """Name risk levels by the conditions that look at them."""
    return {
        "signInRiskLevels": sign_in,
        "userRiskLevels": user,
        "insiderRiskLevels": insider,
        "servicePrincipalRiskLevels": service_principal,
    }


def of_user(
    directory: Directory,
    user: Record,
    applications: Iterable[str] = (),
    *,
    user_action: str | None = None,
    client_app_type: str | None = "browser",
    platform: str | None = UNKNOWN_PLATFORM,
    address: str | None = "127.0.0.1",
    country: str | None = UNKNOWN_COUNTRY,
    device: Mapping[str, Any] | None = UNREGISTERED,
    transfer_method: str | None = "none",
    risk_levels: Mapping[str, str | None] | None = None,
    authentication_context: str | None = None,
    guest_type: str | None = None,
    guest_tenant: str | None = None,
) -> SignIn:
    """Describe a user's sign-in to applications (client ids); every condition is known unless given as None."""
    located = named_locations.around(directory, address, country)
    groups = frozenset(directory.containers_of(user["id"], nested=True))
    return SignIn(
        user=user,
        groups=groups,
        roles=_roles(directory, {user["id"], *groups}),
        guest_type=guest_type or guest_type_of(user),
        guest_tenant=guest_tenant,
        applications=frozenset(applications),
        user_action=user_action,
        authentication_context=authentication_context,
        client_app_type=client_app_type,
        platform=platform,
        address=address,
        country=country,
        locations=located.ids,
        undecided_locations=located.undecided,
        is_trusted_location=located.is_trusted,
        device=device,
        transfer_method=transfer_method,
        risks=risks() if risk_levels is None else risk_levels,
    )


def of_service_principal(
    directory: Directory,
    principal: Record,
    applications: Iterable[str],
    *,
    address: str | None = "127.0.0.1",
    country: str | None = UNKNOWN_COUNTRY,
    risk_levels: Mapping[str, str | None] | None = None,
) -> SignIn:
    """Describe a sign-in of an application by itself."""
    located = named_locations.around(directory, address, country)
    return SignIn(
        principal=principal,
        applications=frozenset(applications),
        client_app_type=ANY_CLIENT,
        platform=UNKNOWN_PLATFORM,
        address=address,
        country=country,
        locations=located.ids,
        undecided_locations=located.undecided,
        is_trusted_location=located.is_trusted,
        device=UNREGISTERED,
        transfer_method="none",
        risks=risks() if risk_levels is None else risk_levels,
    )


def guest_type_of(user: Record) -> str | None:
    """Tell what kind of guest or external user an account is, or None for the tenant's own members.

    An invited account carries the mark `#EXT#` in its login (learn.microsoft.com, "Properties of a Microsoft Entra
    B2B collaboration user", read November 2026); how a member of another tenant otherwise comes here, it cannot tell.
    """
    is_invited = "#EXT#" in str(user.get("userPrincipalName", "")).upper()
    if user.get("userType") == "Guest":
        return "b2bCollaborationGuest" if is_invited else "internalGuest"
    return "b2bCollaborationMember" if is_invited else None


def is_single_tenant(directory: Directory, principal: Record) -> bool:
    """Say whether a service principal belongs to an application for this tenant only, as workload policies want."""
    application = directory.find_application(principal["appId"])
    return application is not None and application["signInAudience"] == "AzureADMyOrg"


def _roles(directory: Directory, holders: set[str]) -> frozenset[str]:
    # Policies for roles cover built-in ones at tenant scope, not custom ones or those of an administrative unit
    # (learn.microsoft.com, "Conditional Access: Users, groups, agents, and workload identities", November 2026).
    return frozenset(
        each["roleDefinitionId"]
        for each in directory.live_role_assignments()
        if each["principalId"] in holders
        and each["directoryScopeId"] == "/"
        and directory.role_definitions[each["roleDefinitionId"]]["isBuiltIn"]
    )
