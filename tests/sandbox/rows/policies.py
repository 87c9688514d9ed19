"""Bodies of conditional access, as the azuread provider sends them."""

import copy
from typing import Any


def policy(**changes: Any) -> dict[str, Any]:
    """Describe a policy that demands MFA of everybody; changes name values by dotted path, with two underscores."""
    body: dict[str, Any] = {
        "@odata.type": "#microsoft.graph.conditionalAccessPolicy",
        "displayName": "MFA for the service account",
        "state": "enabled",
        "conditions": {
            "applications": {"excludeApplications": [], "includeApplications": ["All"], "includeUserActions": []},
            "authenticationFlows": None,
            "clientAppTypes": ["all"],
            "devices": None,
            "locations": None,
            "platforms": None,
            "servicePrincipalRiskLevels": [],
            "signInRiskLevels": [],
            "userRiskLevels": [],
            "users": {
                "excludeGroups": [],
                "excludeGuestsOrExternalUsers": None,
                "excludeRoles": [],
                "excludeUsers": [],
                "includeGroups": [],
                "includeGuestsOrExternalUsers": None,
                "includeRoles": [],
                "includeUsers": ["All"],
            },
        },
        "grantControls": {
            "builtInControls": ["mfa"],
            "customAuthenticationFactors": [],
            "operator": "OR",
            "termsOfUse": [],
        },
        "sessionControls": None,
    }
    for dotted, value in changes.items():
        *parents, name = dotted.split("__")
        target = body
        for each in parents:
            target = target[each]
        target[name] = copy.deepcopy(value)
    return body


def ip_location(*ranges: str, name: str = "Office", is_trusted: bool = False) -> dict[str, Any]:
    """Describe a named location by IP ranges."""
    return {
        "@odata.type": "#microsoft.graph.ipNamedLocation",
        "displayName": name,
        "ipRanges": [
            {"@odata.type": "#microsoft.graph.iPv4CidrRange", "cidrAddress": each}
            for each in ranges or ("203.0.113.0/24",)
        ],
        "isTrusted": is_trusted,
    }


def country_location(*countries: str, name: str = "Home", unknown: bool = False) -> dict[str, Any]:
    """Describe a named location by countries."""
    return {
        "@odata.type": "#microsoft.graph.countryNamedLocation",
        "countriesAndRegions": list(countries),
        "countryLookupMethod": "clientIpAddress",
        "displayName": name,
        "includeUnknownCountriesAndRegions": unknown,
    }


def strength(*combinations: str, name: str = "Strong") -> dict[str, Any]:
    """Describe an authentication strength."""
    return {
        "@odata.type": "#microsoft.graph.authenticationStrengthPolicy",
        "allowedCombinations": list(combinations or ("fido2", "password,microsoftAuthenticatorPush")),
        "description": "d",
        "displayName": name,
    }
