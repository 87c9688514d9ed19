"""The tenant's policy for authentication methods: which method is on, for whom, and with which rules.

Each method has one configuration, a plain record under Graph's names. Starting values are Microsoft's for a tenant
whose migration to this policy is complete; Temporary Access Passes are as the seed says. Sources:
learn.microsoft.com, "temporaryAccessPassAuthenticationMethodConfiguration", "Configure Temporary Access Pass" and
"authenticationMethodsPolicy", read November 2026.
"""

import copy
from collections.abc import Mapping
from typing import Any

from sandbox.directory.audit import record_change, target
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import bad_request, not_emulated, not_found
from sandbox.seed import TemporaryAccessPassPolicy

PASS = "TemporaryAccessPass"  # noqa: S105 - the configuration's id
_EVERYONE = "all_users"
_SHORTEST, _LONGEST = 10, 43200  # minutes that any pass may live
_SHORTEST_CODE, _LONGEST_CODE = 8, 48
_NOT_EMULATED = ("HardwareOath", "QRCodePin", "VerifiableCredentials", "X509Certificate")


def _targets(**further: Any) -> list[Record]:
    return [{"targetType": "group", "id": _EVERYONE, "isRegistrationRequired": False, **further}]


def _default_feature() -> Record:
    nobody = {"targetType": "group", "id": "00000000-0000-0000-0000-000000000000"}
    everyone = {"targetType": "group", "id": _EVERYONE}
    return {"state": "default", "includeTarget": everyone, "excludeTarget": nobody}


# By id: the start of the Graph type's name, whether it is on, and what it has besides the common properties.
_STARTING: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "Email": ("email", "enabled", {"allowExternalIdToUseEmailOtp": "default", "includeTargets": _targets()}),
    "Fido2": (
        "fido2",
        "enabled",
        {
            "defaultPasskeyProfile": None,
            "includeTargets": _targets(allowedPasskeyProfiles=[]),
            "isAttestationEnforced": False,
            "isSelfServiceRegistrationAllowed": True,
            "keyRestrictions": {"aaGuids": [], "enforcementType": "block", "isEnforced": False},
        },
    ),
    "MicrosoftAuthenticator": (
        "microsoftAuthenticator",
        "enabled",
        {
            "featureSettings": {
                "displayAppInformationRequiredState": _default_feature(),
                "displayLocationInformationRequiredState": _default_feature(),
            },
            "includeTargets": _targets(authenticationMode="any"),
            "isSoftwareOathEnabled": False,
        },
    ),
    "Sms": ("sms", "enabled", {"includeTargets": _targets(isUsableForSignIn=False)}),
    "SoftwareOath": ("softwareOath", "enabled", {"includeTargets": _targets()}),
    # Off until an administrator turns it on.
    PASS: (
        "temporaryAccessPass",
        "disabled",
        {
            "defaultLength": 8,
            "defaultLifetimeInMinutes": 60,
            "includeTargets": _targets(),
            "isUsableOnce": False,
            "maximumLifetimeInMinutes": 480,
            "minimumLifetimeInMinutes": 60,
        },
    ),
    "Voice": ("voice", "disabled", {"includeTargets": _targets(), "isOfficePhoneAllowed": False}),
}


def establish(directory: Directory, passes: TemporaryAccessPassPolicy) -> None:
    """Give a new tenant its policy."""
    directory.methods_policy = {
        "id": "authenticationMethodsPolicy",
        "description": "The tenant-wide policy that controls which authentication methods are allowed in the tenant.",
        "displayName": "Authentication Methods Policy",
        "lastModifiedDateTime": directory.clock.stamp(),
        "policyMigrationState": "migrationComplete",
        "policyVersion": "1.5",
        "reconfirmationInDays": None,
        "registrationEnforcement": {
            "authenticationMethodsRegistrationCampaign": {
                "excludeTargets": [],
                "includeTargets": [
                    {
                        "id": _EVERYONE,
                        "targetType": "group",
                        "targetedAuthenticationMethod": "microsoftAuthenticator",
                    }
                ],
                "snoozeDurationInDays": 1,
                "state": "default",
            }
        },
    }
    directory.method_configurations = {name: _starting(name) for name in _STARTING}
    directory.method_configurations[PASS] |= {
        "state": passes.state,
        "defaultLength": passes.default_length,
        "defaultLifetimeInMinutes": passes.default_lifetime_in_minutes,
        "isUsableOnce": passes.is_usable_once,
        "maximumLifetimeInMinutes": passes.maximum_lifetime_in_minutes,
        "minimumLifetimeInMinutes": passes.minimum_lifetime_in_minutes,
    }


def require(directory: Directory, configuration_id: str) -> Record:
    """Get a method's configuration by its id in any letter case, or refuse by name."""
    for name, configuration in directory.method_configurations.items():
        if name.lower() == configuration_id.lower():
            return configuration
    if configuration_id.lower() in map(str.lower, _NOT_EMULATED):
        raise not_emulated(f"the authentication method configuration '{configuration_id}'")
    raise not_found(configuration_id)


def change_policy(directory: Directory, body: Mapping[str, Any], caller: Caller) -> None:
    """Change the named properties of the policy; a configuration is changed on its own address."""
    directory.methods_policy.update({name: value for name, value in body.items() if "@odata." not in name})
    _record(directory, caller)


def change(directory: Directory, configuration_id: str, body: Mapping[str, Any], caller: Caller) -> None:
    """Change the named properties of a method's configuration; lists and objects are replaced whole."""
    configuration = require(directory, configuration_id)
    if body.get("@odata.type") != configuration["@odata.type"]:
        # "Update" pages of every configuration: the type has to stand in the body.
        raise bad_request(f"The property '@odata.type' must be '{configuration['@odata.type']}'.", code="badRequest")
    # Clients echo the id that stands in the address.
    if str(body.get("id", configuration["id"])).lower() != configuration["id"].lower():
        raise bad_request("The id of an authentication method configuration cannot be changed.", code="badRequest")
    given = {name: value for name, value in body.items() if name not in {"@odata.type", "id"}}
    changed = {**configuration, **given}
    changed["includeTargets"] = [_completed(configuration["id"], each) for each in changed["includeTargets"]]
    if configuration["id"] == PASS:
        _require_sound_lifetimes(changed)
    for each in (*changed["includeTargets"], *changed["excludeTargets"]):
        if each.get("id") != _EVERYONE:
            directory.require_object(str(each.get("id")))
    configuration.update(changed)
    _record(directory, caller)


def reset(directory: Directory, configuration_id: str, caller: Caller) -> None:
    """Bring a method's configuration back to Microsoft's values."""
    name = require(directory, configuration_id)["id"]
    directory.method_configurations[name] = _starting(name)
    _record(directory, caller)


def is_allowed(directory: Directory, configuration_id: str, user_id: str) -> bool:
    """Say whether a method is on for a user: included, and not excluded, in person or through a group."""
    configuration = directory.method_configurations[configuration_id]
    if configuration["state"] != "enabled":
        return False
    names = {_EVERYONE, user_id, *directory.containers_of(user_id, nested=True)}
    included = any(each["id"] in names for each in configuration["includeTargets"])
    return included and not any(each["id"] in names for each in configuration["excludeTargets"])


def _starting(name: str) -> Record:
    kind, state, further = _STARTING[name]
    return {
        "@odata.type": f"#microsoft.graph.{kind}AuthenticationMethodConfiguration",
        "id": name,
        "excludeTargets": [],
        "state": state,
        **copy.deepcopy(dict(further)),
    }


def _completed(name: str, target_given: Record) -> Record:
    """Make what is left out of a target what it is to begin with; its id has to be given."""
    usual = {key: value for key, value in _STARTING[name][2]["includeTargets"][0].items() if key != "id"}
    return {**copy.deepcopy(usual), **target_given}


def _require_sound_lifetimes(configuration: Record) -> None:
    for name in ("defaultLength", "defaultLifetimeInMinutes", "maximumLifetimeInMinutes", "minimumLifetimeInMinutes"):
        if configuration[name] is None:
            raise bad_request(f"The property '{name}' needs a value.", code="badRequest")
    shortest = configuration["minimumLifetimeInMinutes"]
    usual = configuration["defaultLifetimeInMinutes"]
    longest = configuration["maximumLifetimeInMinutes"]
    if not _SHORTEST <= shortest <= usual <= longest <= _LONGEST:
        raise bad_request(
            f"Temporary Access Pass lifetimes must lie between {_SHORTEST} and {_LONGEST} minutes, and the default "
            "between the minimum and the maximum.",
            code="badRequest",
        )
    if not _SHORTEST_CODE <= configuration["defaultLength"] <= _LONGEST_CODE:
        raise bad_request(
            f"Temporary Access Pass length must be between {_SHORTEST_CODE} and {_LONGEST_CODE}.", code="badRequest"
        )


def _record(directory: Directory, caller: Caller) -> None:
    directory.methods_policy["lastModifiedDateTime"] = directory.clock.stamp()
    record_change(
        directory,
        caller,
        "Authentication Methods Policy Update",
        category="ApplicationManagement",
        operation="Update",
        targets=[target("Policy", directory.methods_policy)],
        service="Authentication Methods",
    )
