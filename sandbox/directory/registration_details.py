"""Who has registered what, as the report of authentication methods tells it, computed from the methods themselves.

Source: learn.microsoft.com, "userRegistrationDetails resource type", read November 2026.
"""

from sandbox.directory import methods, roles
from sandbox.directory.store import Directory, Record

_REPORTED = {
    "email": "email",
    "fido2": "passKeyDeviceBound",
    "microsoftAuthenticator": "microsoftAuthenticatorPush",
    "softwareOath": "softwareOneTimePasscode",
}
_REPORTED_PHONES = {"alternateMobile": "alternateMobilePhone", "mobile": "mobilePhone", "office": "officePhone"}
_PREFERRED = {"microsoftAuthenticator": "push", "phone": "sms", "softwareOath": "oath"}
# What the system asks for first when it may choose, strongest first.
_STRONGEST = (("fido2", "fido2"), ("microsoftAuthenticator", "push"), ("softwareOath", "oath"), ("phone", "sms"))


def details_of(directory: Directory, user: Record) -> Record:
    """Tell what a user has registered, and what that suffices for under the tenant's policy."""
    enrolled = directory.authentication_methods.get(user["id"], [])
    registered = methods.registered_kinds(directory, user["id"])
    allowed = {kind for kind in registered if methods.is_allowed(directory, kind, user["id"])}
    factors = {kind for kind in methods.KINDS if methods.KINDS[kind].is_second_factor}
    preferred = methods.default_method(enrolled)
    with_reset = bool(directory.authorization_policy["allowedToUseSSPR"])
    return {
        "id": user["id"],
        "isAdmin": bool(roles.roles_of(directory, user["id"])),
        "isMfaCapable": bool(allowed & factors),
        "isMfaRegistered": bool(registered & factors),
        "isPasswordlessCapable": any(methods.KINDS[kind].is_passwordless for kind in allowed),
        "isSsprCapable": with_reset and bool(allowed),
        "isSsprEnabled": with_reset,
        "isSsprRegistered": bool(registered),
        "isSystemPreferredAuthenticationMethodEnabled": True,
        "lastUpdatedDateTime": directory.clock.stamp(),
        "methodsRegistered": [_reported(each) for each in enrolled if _kind(each) is not None],
        "systemPreferredAuthenticationMethods": [name for kind, name in _STRONGEST if kind in allowed][:1],
        "userDisplayName": user["displayName"],
        "userPreferredMethodForSecondaryAuthentication": _PREFERRED[_kind(preferred) or ""] if preferred else "none",
        "userPrincipalName": user["userPrincipalName"],
        "userType": str(user["userType"]).lower(),
    }


def _kind(method: Record) -> str | None:
    return next((kind for kind in methods.KINDS if methods.type_of(kind) == method["@odata.type"]), None)


def _reported(method: Record) -> str:
    kind = _kind(method)
    return _REPORTED_PHONES[method["phoneType"]] if kind == "phone" else _REPORTED[str(kind)]
