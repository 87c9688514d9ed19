"""How people prove who they are: the methods a user has registered, the password included.

Records are kept for each user under Graph's names and shown as its types. Sources: learn.microsoft.com,
"authenticationMethod resource type", "Create phoneMethod", "Delete phoneAuthenticationMethod" (the default method
cannot be deleted, an alternate mobile phone needs a mobile phone) and "authenticationMethod: resetPassword", read
November 2026.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.directory import method_policy, passes, security_info, sensitive, users
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import GraphError, bad_request, forbidden, not_found
from sandbox.identifiers import new_id
from sandbox.passwords import generated_password

PASSWORD_METHOD = "28c10230-6103-485e-b985-444c60001490"  # noqa: S105 - the fixed id of every user's password method
_EMAIL_METHOD = "3ddfcfc8-9383-446f-83cc-3ab9be4be18f"
_PHONE_METHODS: Mapping[str, str] = {
    "mobile": "3179e48a-750b-4051-897c-87b9720928f7",
    "alternateMobile": "b6332ec1-7057-4abe-9331-3d72feddfe41",
    "office": "e37fc753-ff3b-4958-9484-eaa9425c82bc",
}
_PHONE_NUMBER = re.compile(r"\+[1-9]\d{0,3} ?\d{4,14}(x\d{1,11})?")
_EMAIL_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True)
class Kind:
    """A kind of method: its configurations in the policy, and whether it can be a person's default second factor."""

    configurations: tuple[str, ...]
    can_be_default: bool = False
    is_second_factor: bool = True
    is_passwordless: bool = False

    def type_of(self, name: str) -> str:
        """Tell the Graph type of the methods of this kind."""
        return f"#microsoft.graph.{name}AuthenticationMethod"


KINDS: Mapping[str, Kind] = {
    "email": Kind(("Email",), is_second_factor=False),
    "fido2": Kind(("Fido2",), is_passwordless=True),
    "microsoftAuthenticator": Kind(("MicrosoftAuthenticator",), can_be_default=True),
    "phone": Kind(("Sms", "Voice"), can_be_default=True),
    "softwareOath": Kind(("SoftwareOath",), can_be_default=True),
}


def type_of(kind: str) -> str:
    """Tell the Graph type of the methods of a kind."""
    return KINDS[kind].type_of(kind)


def methods_of(directory: Directory, key: str) -> list[Record]:
    """List every method of a user as Graph shows it, the password included."""
    user = directory.require_user(key)
    enrolled = directory.authentication_methods.get(user["id"], [])
    return [password_of(user), *(render(directory, user, each) for each in enrolled)]


def methods_of_kind(directory: Directory, key: str, kind: str) -> list[Record]:
    """List a user's methods of one kind as Graph shows them."""
    return [each for each in methods_of(directory, key) if each["@odata.type"] == type_of(kind)]


def registered_kinds(directory: Directory, user_id: str) -> set[str]:
    """Tell which kinds of methods a user has registered; the password and passes are none of them."""
    enrolled = {each["@odata.type"] for each in directory.authentication_methods.get(user_id, [])}
    return {kind for kind in KINDS if type_of(kind) in enrolled}


def is_allowed(directory: Directory, kind: str, user_id: str) -> bool:
    """Say whether the policy lets a user have methods of a kind."""
    return any(method_policy.is_allowed(directory, each, user_id) for each in KINDS[kind].configurations)


def password_of(user: Record) -> Record:
    """Show the password method, which every user has and which never shows the password."""
    return {
        "@odata.type": "#microsoft.graph.passwordAuthenticationMethod",
        "id": PASSWORD_METHOD,
        "createdDateTime": user["lastPasswordChangeDateTime"],
        "password": None,
    }


def require(directory: Directory, key: str, method_id: str) -> Record:
    """Get any method of a user as Graph shows it, or refuse with 404."""
    return _find(methods_of(directory, key), method_id)


def require_of_kind(directory: Directory, key: str, kind: str, method_id: str) -> Record:
    """Get a user's method of one kind as Graph shows it, or refuse with 404."""
    return _find(methods_of_kind(directory, key, kind), method_id)


def require_password(directory: Directory, key: str, method_id: str) -> Record:
    """Get a user's password method as Graph shows it, or refuse another id with 404."""
    return _find([password_of(directory.require_user(key))], method_id)


def render(directory: Directory, user: Record, method: Record) -> Record:
    """Show a method as Graph does: what depends on policy and time as of now, and nothing that is secret."""
    if method["@odata.type"] == passes.PASS_TYPE:
        return passes.render(directory, user, method)
    shown = {name: value for name, value in method.items() if not name.startswith("(")}
    if method["@odata.type"] == type_of("phone"):
        shown["smsSignInState"] = _text_sign_in(directory, user["id"], method["phoneType"])
    return shown


def register(directory: Directory, user: Record, kind: str, properties: Mapping[str, Any], caller: Caller) -> Record:
    """Give a user one more method, as whoever registers it for himself or for others has proved it.

    Names in parentheses are kept and never shown. The policy must allow the method.
    """
    if not is_allowed(directory, kind, user["id"]):
        raise passes.refused_by_policy(KINDS[kind].configurations[0])
    method = {
        "@odata.type": type_of(kind),
        "id": new_id(),
        "createdDateTime": directory.clock.stamp(),
        **properties,
    }
    directory.authentication_methods.setdefault(user["id"], []).append(method)
    security_info.record(directory, caller, "registered", user)
    return method


def add_phone(directory: Directory, key: str, body: Mapping[str, Any], caller: Caller) -> Record:
    """Register a phone: one of each type, and an alternate mobile one only beside a mobile one."""
    user = directory.require_user(key)
    sensitive.require_may_manage_methods(directory, caller, user, own=True)
    phone_type = str(body.get("phoneType"))
    if phone_type not in _PHONE_METHODS:
        raise _refused("A value of 'mobile', 'alternateMobile' or 'office' is required for property 'phoneType'.")
    number = _require_number(body)
    held = {each["phoneType"] for each in methods_of_kind(directory, user["id"], "phone")}
    if phone_type in held:
        raise _refused(f"A phone of type '{phone_type}' is registered already.")
    if phone_type == "alternateMobile" and "mobile" not in held:
        raise _refused("A mobile phone has to be registered before an alternate mobile phone.")
    properties = {"id": _PHONE_METHODS[phone_type], "phoneNumber": number, "phoneType": phone_type}
    return render(directory, user, register(directory, user, "phone", properties, caller))


def change_phone(directory: Directory, key: str, method_id: str, body: Mapping[str, Any], caller: Caller) -> None:
    """Change a phone's number; its type follows from its id and stays."""
    user = directory.require_user(key)
    shown = require_of_kind(directory, key, "phone", method_id)
    sensitive.require_may_manage_methods(directory, caller, user, own=True)
    if body.get("phoneType", shown["phoneType"]) != shown["phoneType"]:
        raise _refused("The type of a phone cannot be changed; delete it and add another.")
    _stored(directory, user["id"], method_id)["phoneNumber"] = _require_number(body)
    security_info.record(directory, caller, "updated", user)


def add_email(directory: Directory, key: str, body: Mapping[str, Any], caller: Caller) -> Record:
    """Register the one address with which a person may reset the password."""
    user = directory.require_user(key)
    sensitive.require_may_manage_methods(directory, caller, user, own=True)
    address = _require_address(body)
    if methods_of_kind(directory, user["id"], "email"):
        raise _refused("An email address is registered already.")
    properties = {"id": _EMAIL_METHOD, "emailAddress": address}
    return render(directory, user, register(directory, user, "email", properties, caller))


def change_email(directory: Directory, key: str, method_id: str, body: Mapping[str, Any], caller: Caller) -> None:
    """Change the registered address."""
    user = directory.require_user(key)
    require_of_kind(directory, key, "email", method_id)
    sensitive.require_may_manage_methods(directory, caller, user, own=True)
    _stored(directory, user["id"], method_id)["emailAddress"] = _require_address(body)
    security_info.record(directory, caller, "updated", user)


def delete(directory: Directory, key: str, kind: str, method_id: str, caller: Caller) -> None:
    """Delete a method of a kind, unless it is the default second factor and not the last one."""
    user = directory.require_user(key)
    shown = require_of_kind(directory, key, kind, method_id)
    sensitive.require_may_manage_methods(directory, caller, user, own=True)
    enrolled = directory.authentication_methods[user["id"]]
    candidates = [each for each in enrolled if _can_be_default(each)]
    if len(candidates) > 1 and candidates[0]["id"] == method_id:
        raise _refused("The default authentication method cannot be deleted while the user has others.")
    if shown.get("phoneType") == "mobile" and any(each.get("phoneType") == "alternateMobile" for each in enrolled):
        raise _refused("A mobile phone cannot be deleted while an alternate mobile phone is registered.")
    enrolled.remove(_stored(directory, user["id"], method_id))
    directory.oath_secrets.pop(method_id, None)
    security_info.record(directory, caller, "deleted", user)


def reset_password(
    directory: Directory, key: str, method_id: str, body: Mapping[str, Any], caller: Caller
) -> str | None:
    """Give another user a new password that must be changed at the next sign-in; return it if it was generated."""
    user = directory.require_user(key)
    if method_id != PASSWORD_METHOD:
        require(directory, key, method_id)
        raise _refused("Only the password method can be reset.")
    if caller.user_id == user["id"]:
        raise forbidden("A user's own password cannot be reset; it is changed.")
    sensitive.require_may_reset_password(directory, caller, user)
    given = body.get("newPassword")
    password = given or generated_password()
    users.set_password(directory, user, password)
    user["passwordProfile"] = users.password_profile({"forceChangePasswordNextSignIn": True})
    security_info.record_activity(directory, caller, "Admin started password reset", user)
    users.record(directory, caller, "Reset password", "Update", user)
    return None if given else password


def default_method(enrolled: Iterable[Record]) -> Record | None:
    """Tell which method a person is asked for first: the one registered first among those that can be asked for."""
    return next((each for each in enrolled if _can_be_default(each)), None)


def _can_be_default(method: Record) -> bool:
    return any(kind.can_be_default and method["@odata.type"] == type_of(name) for name, kind in KINDS.items())


def _text_sign_in(directory: Directory, user_id: str, phone_type: str) -> str:
    if phone_type != "mobile":
        return "notSupported"
    targets = directory.method_configurations["Sms"]["includeTargets"]
    allowed = method_policy.is_allowed(directory, "Sms", user_id) and any(each["isUsableForSignIn"] for each in targets)
    return "ready" if allowed else "notAllowedByPolicy"


def _require_number(body: Mapping[str, Any]) -> str:
    number = body.get("phoneNumber")
    if not isinstance(number, str) or not _PHONE_NUMBER.fullmatch(number):
        raise _refused("The phone number must have the form '+{country code} {number}x{extension}'.")
    return number


def _require_address(body: Mapping[str, Any]) -> str:
    address = body.get("emailAddress")
    if not isinstance(address, str) or not _EMAIL_ADDRESS.fullmatch(address):
        raise _refused("The email address is not valid.")
    return address


def _stored(directory: Directory, user_id: str, method_id: str) -> Record:
    return _find(directory.authentication_methods[user_id], method_id)


def _find(records: Iterable[Record], method_id: str) -> Record:
    for each in records:
        if each["id"] == method_id:
            return each
    raise not_found(method_id)


def _refused(message: str) -> GraphError:
    return bad_request(message, code="badRequest")
