"""Conditional access policies, as Graph writes them and as Terraform's blocks do.

Null has a meaning to Graph: it takes a condition or a control away. What a policy leaves out is therefore sent as null,
but for the two conditions that Graph wants left out, and session controls that would do nothing are sent as null too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.provider.resource import IdPath

_GRAPH = "#microsoft.graph."

# Blocks that hold lists only: argument and Graph property.
_APPLICATIONS = {
    "excluded_applications": "excludeApplications",
    "included_applications": "includeApplications",
    "included_user_actions": "includeUserActions",
}
_USERS = {
    "excluded_groups": "excludeGroups",
    "excluded_roles": "excludeRoles",
    "excluded_users": "excludeUsers",
    "included_groups": "includeGroups",
    "included_roles": "includeRoles",
    "included_users": "includeUsers",
}
_LOCATIONS = {"excluded_locations": "excludeLocations", "included_locations": "includeLocations"}
_PLATFORMS = {"excluded_platforms": "excludePlatforms", "included_platforms": "includePlatforms"}
_PRINCIPALS = {
    "excluded_service_principals": "excludeServicePrincipals",
    "included_service_principals": "includeServicePrincipals",
}
_LEVELS = {
    "client_app_types": "clientAppTypes",
    "service_principal_risk_levels": "servicePrincipalRiskLevels",
    "sign_in_risk_levels": "signInRiskLevels",
    "user_risk_levels": "userRiskLevels",
}
_GUESTS = {
    "excluded_guests_or_external_users": "excludeGuestsOrExternalUsers",
    "included_guests_or_external_users": "includeGuestsOrExternalUsers",
}

Values = Mapping[str, Any]


def body_of(wanted: Values) -> dict[str, Any]:
    """Return the policy that a creation and an update send."""
    return {
        "@odata.type": f"{_GRAPH}conditionalAccessPolicy",
        "conditions": _conditions(wanted["conditions"][0]),
        "displayName": wanted["display_name"],
        "grantControls": _grant(wanted["grant_controls"][0]) if wanted["grant_controls"] else None,
        "sessionControls": _session(wanted["session_controls"][0]) if wanted["session_controls"] else None,
        "state": wanted["state"],
    }


def _conditions(block: Values) -> dict[str, Any]:
    methods = ",".join(block["authentication_flow_transfer_methods"])
    conditions = {
        **_properties(block, _LEVELS),
        "applications": _properties(block["applications"][0], _APPLICATIONS),
        "authenticationFlows": {"transferMethods": methods} if methods else None,
        "devices": _devices(block["devices"]),
        "locations": _spoken(block["locations"], _LOCATIONS),
        "platforms": _spoken(block["platforms"], _PLATFORMS),
        "users": {
            **_properties(block["users"][0], _USERS),
            **{target: _guests(block["users"][0][name]) for name, target in _GUESTS.items()},
        },
    }
    if block["insider_risk_levels"]:
        conditions["insiderRiskLevels"] = block["insider_risk_levels"]
    principals = block["client_applications"]
    if principals and any(principals[0].values()):
        conditions["clientApplications"] = _client_applications(principals[0])
    return conditions


def _spoken(block: list[Values], names: Mapping[str, str]) -> dict[str, Any] | None:
    """Return a condition's lists, or null where there is no block or one that lists nothing."""
    return _properties(block[0], names) if block and any(block[0].values()) else None


def _properties(block: Values, names: Mapping[str, str]) -> dict[str, Any]:
    return {target: block[name] for name, target in names.items()}


def _devices(block: list[Values]) -> dict[str, Any] | None:
    if not block or not block[0]["filter"]:
        return None
    return {"deviceFilter": _filter(block[0]["filter"])}


def _filter(block: list[Values]) -> dict[str, Any] | None:
    return {"mode": block[0]["mode"], "rule": block[0]["rule"]} if block else None


def _client_applications(block: Values) -> dict[str, Any]:
    return {**_properties(block, _PRINCIPALS), "servicePrincipalFilter": _filter(block["filter"])}


def _guests(block: list[Values]) -> dict[str, Any] | None:
    if not block:
        return None
    guests: dict[str, Any] = {
        "externalTenants": None,
        "guestOrExternalUserTypes": ",".join(block[0]["guest_or_external_user_types"]),
    }
    tenants = block[0]["external_tenants"]
    if tenants:
        kind = tenants[0]["membership_kind"]
        guests["externalTenants"] = {"membershipKind": kind}
        if kind == "enumerated":
            named = {
                "@odata.type": f"{_GRAPH}conditionalAccessEnumeratedExternalTenants",
                "members": tenants[0]["members"],
            }
            guests["externalTenants"] |= named
    return guests


def _grant(block: Values) -> dict[str, Any]:
    controls = {
        "builtInControls": block["built_in_controls"],
        "customAuthenticationFactors": block["custom_authentication_factors"],
        "operator": block["operator"],
        "termsOfUse": block["terms_of_use"],
    }
    if block["authentication_strength_policy_id"]:
        strength = block["authentication_strength_policy_id"].rsplit("/", 1)[-1]
        controls["authenticationStrength"] = {"@odata.type": f"{_GRAPH}authenticationStrengthPolicy", "id": strength}
    return controls


def _session(block: Values) -> dict[str, Any] | None:
    """Return the session controls, or null for those that would do nothing, which Graph does not accept."""
    frequency = _frequency(block)
    # Neither of the two may come with a sign-in demanded every time.
    every_time = frequency.get("frequencyInterval") == "everyTime"
    controls: dict[str, Any] = {}
    if not every_time:
        controls["applicationEnforcedRestrictions"] = _control(
            "applicationEnforcedRestrictions", isEnabled=block["application_enforced_restrictions_enabled"]
        )
        controls["disableResilienceDefaults"] = block["disable_resilience_defaults"]
    if block["cloud_app_security_policy"]:
        controls["cloudAppSecurity"] = _control(
            "cloudAppSecurity", isEnabled=True, cloudAppSecurityType=block["cloud_app_security_policy"]
        )
    else:
        controls["cloudAppSecurity"] = None
    if block["persistent_browser_mode"]:
        controls["persistentBrowser"] = _control(
            "persistentBrowser", isEnabled=True, mode=block["persistent_browser_mode"]
        )
    if frequency:
        controls["signInFrequency"] = _control("signInFrequency", **frequency)
    effective = (
        block["application_enforced_restrictions_enabled"] and not every_time,
        block["disable_resilience_defaults"] and not every_time,
        block["cloud_app_security_policy"],
        block["persistent_browser_mode"],
        frequency,
    )
    return controls if any(effective) else None


def _control(name: str, **properties: Any) -> dict[str, Any]:
    return {"@odata.type": f"{_GRAPH}{name}SessionControl", **properties}


def _frequency(block: Values) -> dict[str, Any]:
    interval, kind = block["sign_in_frequency_interval"], block["sign_in_frequency_authentication_type"]
    usual = "primaryAndSecondaryAuthentication"
    frequency: dict[str, Any] = {}
    if block["sign_in_frequency"] > 0:
        frequency = {
            "authenticationType": usual,
            "frequencyInterval": "timeBased",
            "isEnabled": True,
            "type": block["sign_in_frequency_period"],
            "value": block["sign_in_frequency"],
        }
    if kind:
        frequency["authenticationType"] = kind
    if interval:
        frequency |= {"authenticationType": kind or usual, "frequencyInterval": interval, "isEnabled": True}
    return frequency if frequency.get("isEnabled") or (kind and kind != usual) else {}


def conditions_block(conditions: Values | None) -> list[dict[str, Any]]:
    """Return Graph's conditions as the block."""
    if conditions is None:
        return []
    flows = (conditions.get("authenticationFlows") or {}).get("transferMethods")
    users = conditions.get("users")
    principals = conditions.get("clientApplications")
    devices = conditions.get("devices")
    return [
        {
            **_lists(conditions, _LEVELS),
            "applications": [_lists(conditions.get("applications") or {}, _APPLICATIONS)],
            "authentication_flow_transfer_methods": flows.split(",") if flows else [],
            "client_applications": []
            if principals is None
            else [
                {**_lists(principals, _PRINCIPALS), "filter": _filter_block(principals.get("servicePrincipalFilter"))}
            ],
            "devices": [] if devices is None else [{"filter": _filter_block(devices.get("deviceFilter"))}],
            "insider_risk_levels": conditions.get("insiderRiskLevels") or "",
            "locations": _optional_lists(conditions.get("locations"), _LOCATIONS),
            "platforms": _optional_lists(conditions.get("platforms"), _PLATFORMS),
            "users": []
            if users is None
            else [
                {
                    **_lists(users, _USERS),
                    **{name: _guests_block(users.get(source)) for name, source in _GUESTS.items()},
                }
            ],
        }
    ]


def _lists(held: Values, names: Mapping[str, str]) -> dict[str, Any]:
    return {name: held.get(source) or [] for name, source in names.items()}


def _optional_lists(held: Values | None, names: Mapping[str, str]) -> list[dict[str, Any]]:
    return [] if held is None else [_lists(held, names)]


def _filter_block(rule: Values | None) -> list[dict[str, Any]]:
    return [] if rule is None else [{"mode": rule.get("mode"), "rule": rule.get("rule")}]


def _guests_block(guests: Values | None) -> list[dict[str, Any]]:
    if guests is None:
        return []
    # The real provider shows a block for no tenants, too.
    tenants = guests.get("externalTenants") or {}
    return [
        {
            "guest_or_external_user_types": [
                part.strip() for part in (guests.get("guestOrExternalUserTypes") or "").split(",")
            ],
            "external_tenants": [
                {"membership_kind": tenants.get("membershipKind") or "", "members": tenants.get("members") or []}
            ],
        }
    ]


def grant_block(controls: Values | None, strengths: IdPath) -> list[dict[str, Any]]:
    """Return Graph's grant controls as the block; an authentication strength is named by its path."""
    if controls is None:
        return []
    strength = controls.get("authenticationStrength")
    return [
        {
            "authentication_strength_policy_id": strengths.of(strength["id"]) if strength else "",
            "built_in_controls": controls.get("builtInControls") or [],
            "custom_authentication_factors": controls.get("customAuthenticationFactors") or [],
            "operator": controls.get("operator") or "",
            "terms_of_use": controls.get("termsOfUse") or [],
        }
    ]


def session_block(controls: Values | None) -> list[dict[str, Any]]:
    """Return Graph's session controls as the block."""
    if controls is None:
        return []
    frequency = controls.get("signInFrequency") or {}
    timed = frequency.get("value") is not None and frequency.get("type") is not None
    return [
        {
            "application_enforced_restrictions_enabled": bool(
                (controls.get("applicationEnforcedRestrictions") or {}).get("isEnabled")
            ),
            "cloud_app_security_policy": (controls.get("cloudAppSecurity") or {}).get("cloudAppSecurityType") or "",
            "disable_resilience_defaults": bool(controls.get("disableResilienceDefaults")),
            "persistent_browser_mode": (controls.get("persistentBrowser") or {}).get("mode") or "",
            "sign_in_frequency": frequency["value"] if timed else 0,
            "sign_in_frequency_authentication_type": frequency.get("authenticationType") or "",
            "sign_in_frequency_interval": frequency.get("frequencyInterval") or "",
            "sign_in_frequency_period": frequency["type"] if timed else "",
        }
    ]
