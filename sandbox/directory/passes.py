"""Temporary Access Passes: issued by an administrator, shown once, good for a while, one for each user.

Sources: learn.microsoft.com, "Create temporaryAccessPassMethod", "temporaryAccessPassAuthenticationMethod resource
type" and "Configure Temporary Access Pass", read November 2026; the text of the refusal by policy is known from public
threads, as are the AADSTS codes of a sign-in.
"""

import secrets
import string
from collections.abc import Mapping
from datetime import MAXYEAR, timedelta
from typing import Any

from sandbox.clock import as_stamp, from_stamp
from sandbox.directory import method_policy, security_info, sensitive, sessions
from sandbox.directory.audit import modified
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import GraphError, bad_request, not_found
from sandbox.identifiers import new_id
from sandbox.passwords import SecretHash

PASS_TYPE = "#microsoft.graph.temporaryAccessPassAuthenticationMethod"  # noqa: S105 - a type name
_SHORTEST, _LONGEST = 10, 43200
_ALPHABET = string.ascii_letters + string.digits + "+"
_USABLE = "EnabledByPolicy"


class PassError(Exception):
    """A sign-in with a pass that Entra would refuse, with its AADSTS code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def issue(directory: Directory, key: str, body: Mapping[str, Any], caller: Caller) -> Record:
    """Issue a pass, silently replacing an earlier one; the answer is the only place that shows the code."""
    user = directory.require_user(key)
    sensitive.require_may_manage_methods(directory, caller, user)
    configuration = directory.method_configurations[method_policy.PASS]
    _require_allowed(directory, user, configuration)
    lifetime = body.get("lifetimeInMinutes")
    if lifetime is None:
        lifetime = configuration["defaultLifetimeInMinutes"]
    shortest = max(_SHORTEST, configuration["minimumLifetimeInMinutes"])
    longest = min(_LONGEST, configuration["maximumLifetimeInMinutes"])
    if not shortest <= lifetime <= longest:
        raise _refused(f"Temporary Access Pass lifetime must be between {shortest} and {longest} minutes.")
    if configuration["isUsableOnce"] and body.get("isUsableOnce") is False:
        raise refused_by_policy("TemporaryAccessPass")
    now = directory.clock.now()
    start = from_stamp(body["startDateTime"]) if body.get("startDateTime") else now
    if start.year == MAXYEAR:
        # Its end would lie beyond the calendar.
        raise _refused("Temporary Access Pass 'startDateTime' lies too far ahead.")
    if start + timedelta(minutes=lifetime) <= now:
        raise _refused("Temporary Access Pass would have ended before it is issued: 'startDateTime' lies too far back.")
    code = "".join(secrets.choice(_ALPHABET) for _ in range(configuration["defaultLength"]))
    method: Record = {
        "@odata.type": PASS_TYPE,
        "id": new_id(),
        "createdDateTime": as_stamp(now),
        "isUsableOnce": bool(body.get("isUsableOnce")) or configuration["isUsableOnce"],
        "lifetimeInMinutes": lifetime,
        "startDateTime": as_stamp(max(start, now)),
        "temporaryAccessPass": None,
        "(used)": False,
    }
    if _drop(directory, user["id"]) and directory.behaviour.replaced_pass_ends_sessions:
        sessions.end(directory, user)
    directory.authentication_methods.setdefault(user["id"], []).append(method)
    directory.pass_hashes[method["id"]] = SecretHash.of(code)
    started = modified("TemporaryAccessPass.TemporaryAccessPass.StartDateTime", new=method["startDateTime"])
    security_info.record(directory, caller, "registered", user, [started])
    return {**render(directory, user, method), "temporaryAccessPass": code}


def delete(directory: Directory, key: str, method_id: str, caller: Caller) -> None:
    """Delete a pass, which ends the sessions that were opened with it."""
    user = directory.require_user(key)
    require(directory, key, method_id)
    sensitive.require_may_manage_methods(directory, caller, user, own=True)
    _drop(directory, user["id"])
    sessions.end(directory, user)
    security_info.record(directory, caller, "deleted", user)


def require(directory: Directory, key: str, method_id: str) -> Record:
    """Get a user's pass as Graph shows it, or refuse with 404."""
    for each in passes_of(directory, key):
        if each["id"] == method_id:
            return each
    raise not_found(method_id)


def passes_of(directory: Directory, key: str) -> list[Record]:
    """List a user's passes as Graph shows them, without their codes."""
    user = directory.require_user(key)
    enrolled = directory.authentication_methods.get(user["id"], [])
    return [render(directory, user, each) for each in enrolled if each["@odata.type"] == PASS_TYPE]


def require_usable(directory: Directory, user: Record, code: str) -> Record:
    """Get the record of the pass with this code, or tell how Entra refuses the sign-in."""
    for each in directory.authentication_methods.get(user["id"], []):
        if each["@odata.type"] == PASS_TYPE and directory.pass_hashes[each["id"]].matches(code):
            reason = usability(directory, user, each)
            if reason == "Expired":
                raise PassError(130504, "Your Temporary Access Pass has expired.")
            if reason != _USABLE:
                raise PassError(130501, f"Sign in was blocked due to User Credential Policy ({reason}).")
            return each
    raise PassError(130507, "An access pass could not be found or verified for the user.")


def use(access_pass: Record) -> None:
    """Note that somebody signed in with a pass, which is the end of a one-time pass."""
    access_pass["(used)"] = True


def usability(directory: Directory, user: Record, method: Record) -> str:
    """Tell whether a pass works at this moment, in the words of `methodUsabilityReason`."""
    start = from_stamp(method["startDateTime"])
    now = directory.clock.now()
    policy = directory.method_configurations[method_policy.PASS]
    # A pass for several sign-ins stops working when the policy asks for one-time passes.
    outlawed = policy["isUsableOnce"] and not method["isUsableOnce"]
    if outlawed or not method_policy.is_allowed(directory, method_policy.PASS, user["id"]):
        return "DisabledByPolicy"
    if now >= start + timedelta(minutes=method["lifetimeInMinutes"]):
        return "Expired"
    if method["isUsableOnce"] and method["(used)"]:
        return "OneTimeUsed"
    # Stamps are whole seconds, so a pass that starts now may carry the second that has begun.
    return "NotYetValid" if now < start else _USABLE


def render(directory: Directory, user: Record, method: Record) -> Record:
    """Show a pass as Graph does, with its usability at this moment."""
    reason = usability(directory, user, method)
    shown = {name: value for name, value in method.items() if not name.startswith("(")}
    return {**shown, "isUsable": reason == _USABLE, "methodUsabilityReason": reason}


def refused_by_policy(method: str) -> GraphError:
    """Refuse a method that the policy does not allow the user."""
    return _refused(
        "Converged UserCredentialPolicy does not allow creating or updating this authentication method. "
        f"AuthMethodType [{method}]."
    )


def _refused(message: str) -> GraphError:
    return bad_request(message, code="badRequest")


def _require_allowed(directory: Directory, user: Record, configuration: Record) -> None:
    if "#EXT#" in user["userPrincipalName"].upper():
        raise _refused("Temporary Access Pass cannot be added to an external guest user.")
    allowed = (
        method_policy.is_allowed(directory, method_policy.PASS, user["id"])
        if directory.behaviour.pass_outside_targets_is_refused
        else configuration["state"] == "enabled"
    )
    if not allowed:
        raise refused_by_policy("TemporaryAccessPass")


def _drop(directory: Directory, user_id: str) -> bool:
    enrolled = directory.authentication_methods.get(user_id, [])
    dropped = [each for each in enrolled if each["@odata.type"] == PASS_TYPE]
    for each in dropped:
        directory.pass_hashes.pop(each["id"], None)
    directory.authentication_methods[user_id] = [each for each in enrolled if each not in dropped]
    return bool(dropped)
