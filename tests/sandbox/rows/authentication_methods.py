"""Rows of users' authentication methods, of the policy over them, and of the report about them."""

from collections.abc import Mapping
from typing import Any

from tests.sandbox.rows.scene import Ask, Row, Scene

PASSWORD_METHOD = "28c10230-6103-485e-b985-444c60001490"
PHONE = {"phoneNumber": "+49 15112345678", "phoneType": "mobile"}
EMAIL = {"emailAddress": "mara.holt@elsewhere.example"}
POLICY = "/policies/authenticationMethodsPolicy"
CONFIGURATION = f"{POLICY}/authenticationMethodConfigurations/sms"
_ENROLLED = {
    "fido2Methods": "fido2",
    "microsoftAuthenticatorMethods": "microsoftAuthenticator",
    "softwareOathMethods": "softwareOath",
}
_ADDED = {"emailMethods": EMAIL, "phoneMethods": PHONE}


def of_user(scene: Scene) -> str:
    """Tell the address of the methods of a new, enabled user."""
    return f"/users/{scene.user(accountEnabled=True)['id']}/authentication"


def enrolled(scene: Scene, collection: str) -> str:
    """Tell the address of a method that a new user has registered."""
    base = of_user(scene)
    if collection in _ADDED:
        made = scene.make(f"{base}/{collection}", _ADDED[collection])
        return f"{base}/{collection}/{made['id']}"
    code = _pass(scene, base)["temporaryAccessPass"]
    made = scene.tenant.control.register_method("mara.holt@contoso.example", code, _ENROLLED[collection])
    return f"{base}/{collection}/{made['id']}"


def pass_of(scene: Scene) -> str:
    """Tell the address of a new user's pass."""
    base = of_user(scene)
    return f"{base}/temporaryAccessPassMethods/{_pass(scene, base)['id']}"


def _pass(scene: Scene, base: str) -> dict[str, Any]:
    return scene.make(f"{base}/temporaryAccessPassMethods", {})


def _item(collection: str, body: Mapping[str, Any] | None = None) -> Row:
    return lambda scene: Ask(enrolled(scene, collection), body)


def _list(collection: str, body: Mapping[str, Any] | None = None) -> Row:
    return lambda scene: Ask(f"{of_user(scene)}/{collection}", body)


_BASE = "/users/{id}/authentication"
_PASSES = f"{_BASE}/temporaryAccessPassMethods"
_COLLECTIONS = (*_ENROLLED, *_ADDED)

ROWS: Mapping[str, Row] = {
    f"GET {_BASE}/methods": _list("methods"),
    f"GET {_BASE}/methods/{{method_id}}": _list(f"methods/{PASSWORD_METHOD}"),
    f"POST {_BASE}/methods/{{method_id}}/resetPassword": _list(
        f"methods/{PASSWORD_METHOD}/resetPassword", {"newPassword": "Kelp-9-lamp-post"}
    ),
    f"GET {_BASE}/passwordMethods": _list("passwordMethods"),
    f"GET {_BASE}/passwordMethods/{{method_id}}": _list(f"passwordMethods/{PASSWORD_METHOD}"),
    f"GET {_PASSES}": _list("temporaryAccessPassMethods"),
    f"POST {_PASSES}": _list("temporaryAccessPassMethods", {"isUsableOnce": True, "lifetimeInMinutes": 90}),
    f"GET {_PASSES}/{{method_id}}": lambda scene: Ask(pass_of(scene)),
    f"DELETE {_PASSES}/{{method_id}}": lambda scene: Ask(pass_of(scene)),
    **{f"GET {_BASE}/{each}": _list(each) for each in _COLLECTIONS},
    **{f"GET {_BASE}/{each}/{{method_id}}": _item(each) for each in _COLLECTIONS},
    **{f"DELETE {_BASE}/{each}/{{method_id}}": _item(each) for each in _COLLECTIONS},
    **{f"POST {_BASE}/{each}": _list(each, body) for each, body in _ADDED.items()},
    f"PATCH {_BASE}/phoneMethods/{{method_id}}": _item("phoneMethods", {"phoneNumber": "+49 15187654321"}),
    f"PATCH {_BASE}/emailMethods/{{method_id}}": _item("emailMethods", {"emailAddress": "mara@elsewhere.example"}),
    f"GET {POLICY}": lambda _scene: Ask(POLICY),
    f"PATCH {POLICY}": lambda _scene: Ask(POLICY, {"policyMigrationState": "migrationInProgress"}),
    f"GET {POLICY}/authenticationMethodConfigurations": lambda _scene: Ask(
        f"{POLICY}/authenticationMethodConfigurations"
    ),
    f"GET {POLICY}/authenticationMethodConfigurations/{{configuration_id}}": lambda _scene: Ask(CONFIGURATION),
    f"PATCH {POLICY}/authenticationMethodConfigurations/{{configuration_id}}": lambda _scene: Ask(
        CONFIGURATION, {"@odata.type": "#microsoft.graph.smsAuthenticationMethodConfiguration", "state": "disabled"}
    ),
    f"DELETE {POLICY}/authenticationMethodConfigurations/{{configuration_id}}": lambda _scene: Ask(CONFIGURATION),
    "GET /reports/authenticationMethods/userRegistrationDetails": lambda _scene: Ask(
        "/reports/authenticationMethods/userRegistrationDetails"
    ),
    "GET /reports/authenticationMethods/userRegistrationDetails/{id}": lambda scene: Ask(
        f"/reports/authenticationMethods/userRegistrationDetails/{scene.user()['id']}"
    ),
}
