"""How people prove who they are: Temporary Access Passes and the second factors enrolled with them."""

import secrets
import string
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sandbox.clock import as_stamp, from_stamp
from sandbox.directory import sensitive
from sandbox.directory.audit import record_change, target
from sandbox.directory.store import PORTAL, Caller, Directory, Record
from sandbox.errors import bad_request, not_found
from sandbox.identifiers import new_id
from sandbox.passwords import SecretHash

PASSWORD_METHOD = "28c10230-6103-485e-b985-444c60001490"  # noqa: S105 - the fixed id of every user's password method
PASS_TYPE = "#microsoft.graph.temporaryAccessPassAuthenticationMethod"  # noqa: S105 - a type name
ENROLLABLE = {"microsoftAuthenticator": "#microsoft.graph.microsoftAuthenticatorAuthenticationMethod"}
_SHORTEST, _LONGEST = 10, 43200
_ALPHABET = string.ascii_letters + string.digits + "+"
_REFUSED_BY_POLICY = (
    "Converged UserCredentialPolicy does not allow creating or updating this authentication method. "
    "AuthMethodType [TemporaryAccessPass]."
)


class EnrolmentError(Exception):
    """A sign-in with a pass that Entra would refuse, with its AADSTS code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def issue_pass(directory: Directory, key: str, body: Mapping[str, Any], caller: Caller) -> Record:
    """Issue a Temporary Access Pass, replacing an earlier one; the answer is the only place that shows the code."""
    user = directory.require_user(key)
    policy = directory.pass_policy
    sensitive.require_may_act(directory, caller, user)
    if policy.state != "enabled":
        raise bad_request(_REFUSED_BY_POLICY, code="badRequest")
    lifetime = body.get("lifetimeInMinutes") or policy.default_lifetime_in_minutes
    shortest = max(_SHORTEST, policy.minimum_lifetime_in_minutes)
    longest = min(_LONGEST, policy.maximum_lifetime_in_minutes)
    if not shortest <= lifetime <= longest:
        raise bad_request(
            f"Temporary Access Pass lifetime must be between {shortest} and {longest} minutes.", code="badRequest"
        )
    if policy.is_usable_once and body.get("isUsableOnce") is False:
        raise bad_request(_REFUSED_BY_POLICY, code="badRequest")
    now = directory.clock.now()
    start = from_stamp(body["startDateTime"]) if body.get("startDateTime") else now
    code = "".join(secrets.choice(_ALPHABET) for _ in range(policy.default_length))
    method: Record = {
        "@odata.type": PASS_TYPE,
        "id": new_id(),
        "createdDateTime": as_stamp(now),
        "isUsableOnce": bool(body.get("isUsableOnce")) or policy.is_usable_once,
        "lifetimeInMinutes": lifetime,
        "startDateTime": as_stamp(max(start, now)),
        "temporaryAccessPass": None,
        "(used)": False,
    }
    _drop_passes(directory, user["id"])
    directory.authentication_methods.setdefault(user["id"], []).append(method)
    directory.pass_hashes[method["id"]] = SecretHash.of(code)
    _record(directory, caller, "Admin registered security info", user)
    return {**render(directory, method), "temporaryAccessPass": code}


def delete_pass(directory: Directory, key: str, method_id: str, caller: Caller) -> None:
    """Delete a pass, which ends the sessions that were opened with it."""
    user = directory.require_user(key)
    require_pass(directory, key, method_id)
    sensitive.require_may_act(directory, caller, user)
    _drop_passes(directory, user["id"])
    user["signInSessionsValidFromDateTime"] = directory.clock.stamp()
    _record(directory, caller, "Admin deleted security info", user)


def require_pass(directory: Directory, key: str, method_id: str) -> Record:
    """Get a user's pass, or refuse with 404."""
    for each in passes_of(directory, key):
        if each["id"] == method_id:
            return each
    raise not_found(method_id)


def passes_of(directory: Directory, key: str) -> list[Record]:
    """List a user's passes without their codes."""
    return [each for each in methods_of(directory, key) if each["@odata.type"] == PASS_TYPE]


def methods_of(directory: Directory, key: str) -> list[Record]:
    """List every method of a user, the password included."""
    user = directory.require_user(key)
    password = {
        "@odata.type": "#microsoft.graph.passwordAuthenticationMethod",
        "id": PASSWORD_METHOD,
        "createdDateTime": user["lastPasswordChangeDateTime"],
        "password": None,
    }
    enrolled = directory.authentication_methods.get(user["id"], [])
    return [password, *(render(directory, each) for each in enrolled)]


def enrol(directory: Directory, login: str, code: str, method: str) -> Record:
    """Register a second factor as the person who holds a pass would, which uses up a one-time pass."""
    user = directory.find_user(login)
    if user is None:
        raise EnrolmentError(50034, f"The user account {login} does not exist in the directory.")
    if not user["accountEnabled"]:
        raise EnrolmentError(50057, "The user account is disabled.")
    if method not in ENROLLABLE:
        raise EnrolmentError(53010, f"The method '{method}' cannot be registered; known: {', '.join(ENROLLABLE)}.")
    access_pass = _require_usable(directory, user, code)
    enrolled = {
        "@odata.type": ENROLLABLE[method],
        "id": new_id(),
        "createdDateTime": directory.clock.stamp(),
        "displayName": "Phone",
        "deviceTag": "SoftwareTokenActivated",
        "phoneAppVersion": "6.2409.6094",
    }
    if access_pass["isUsableOnce"]:
        access_pass["(used)"] = True
    directory.authentication_methods[user["id"]].append(enrolled)
    _record(directory, PORTAL, "User registered security info", user)
    return render(directory, enrolled)


def render(directory: Directory, method: Record) -> Record:
    """Show a method as Graph does, a pass with its usability at this moment."""
    shown = {name: value for name, value in method.items() if not name.startswith("(")}
    if method["@odata.type"] == PASS_TYPE:
        reason = _usability(directory, method)
        shown |= {"isUsable": reason == "EnabledByPolicy", "methodUsabilityReason": reason}
    return shown


def _require_usable(directory: Directory, user: Record, code: str) -> Record:
    for each in directory.authentication_methods.get(user["id"], []):
        if each["@odata.type"] == PASS_TYPE and directory.pass_hashes[each["id"]].matches(code):
            reason = _usability(directory, each)
            if reason == "Expired":
                raise EnrolmentError(130504, "Your Temporary Access Pass has expired.")
            if reason != "EnabledByPolicy":
                raise EnrolmentError(130501, f"Sign in was blocked due to User Credential Policy ({reason}).")
            return each
    raise EnrolmentError(130507, "An access pass could not be found or verified for the user.")


def _usability(directory: Directory, method: Record) -> str:
    start = from_stamp(method["startDateTime"])
    now = directory.clock.now()
    if directory.pass_policy.state != "enabled":
        return "DisabledByPolicy"
    if now >= start + timedelta(minutes=method["lifetimeInMinutes"]):
        return "Expired"
    if method["(used)"]:
        return "OneTimeUsed"
    # Stamps are whole seconds, so a pass that starts now may carry the second that has begun.
    return "NotYetValid" if now < start else "EnabledByPolicy"


def _drop_passes(directory: Directory, user_id: str) -> None:
    methods = directory.authentication_methods.get(user_id, [])
    for each in methods:
        directory.pass_hashes.pop(each["id"], None)
    directory.authentication_methods[user_id] = [each for each in methods if each["@odata.type"] != PASS_TYPE]


def _record(directory: Directory, caller: Caller, activity: str, user: Record) -> None:
    record_change(
        directory,
        caller,
        activity,
        category="UserManagement",
        operation="Update",
        targets=[target("User", user)],
        service="Authentication Methods",
    )
