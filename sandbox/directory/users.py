"""Users: creation, change, soft deletion and restoration, with Entra's checks of names, domains and passwords.

Sources: learn.microsoft.com, "user resource type" (lengths, ages, addresses), "Create user" and "Update user"
(federated domains), "Restore deleted item" and "Recover from deletions", read November 2026; the texts of refusals are
known from public threads and recordings.
"""

import re
import secrets
from collections.abc import Mapping
from typing import Any

from sandbox.directory import recycling, roles, sensitive, sessions
from sandbox.directory.audit import record_change, target
from sandbox.directory.store import GLOBAL_ADMINISTRATOR, Caller, Directory, Record, referenced_id
from sandbox.errors import GraphError, bad_request, conflicting_object, not_found
from sandbox.identifiers import new_id
from sandbox.passwords import SecretHash, is_acceptable

_REQUIRED = ("accountEnabled", "displayName", "mailNickname", "userPrincipalName")
_LOGIN = re.compile(r"[A-Za-z0-9'._!#^~-]{1,64}@[A-Za-z0-9.-]+")
_NICKNAME = re.compile(r"[^@()\\\[\]\";:<>, ]{1,64}")
_ADDRESS = re.compile(r"[\x21-\x7e]+@[\x21-\x7e]+")
_COUNTRY = re.compile("[A-Z]{2}")
_DOMAIN_REFUSED = (
    "The domain portion of the userPrincipalName property is invalid. "
    "You must use one of the verified domain names in your organization."
)
_PASSWORD_REFUSED = (
    "The specified password does not comply with password complexity requirements. "  # noqa: S105 - a message
    "Please provide a different password."
)
_TAKEN = "Another object with the same value for property {} already exists."
_NO_STRENGTH = "DisableStrongPassword"
_PASSWORD_POLICIES = frozenset({"None", "DisablePasswordExpiration", _NO_STRENGTH})
_ALLOWED: Mapping[str, frozenset[str]] = {
    "ageGroup": frozenset({"Minor", "NotAdult", "Adult"}),
    "consentProvidedForMinor": frozenset({"Granted", "Denied", "NotRequired"}),
    "userType": frozenset({"Member", "Guest"}),
}
_LONGEST: Mapping[str, int] = {
    "city": 128,
    "companyName": 64,
    "country": 128,
    "department": 64,
    "displayName": 256,
    "employeeId": 16,
    "faxNumber": 64,
    "givenName": 64,
    "jobTitle": 128,
    "mobilePhone": 64,
    "officeLocation": 128,
    "postalCode": 40,
    "state": 128,
    "streetAddress": 1024,
    "surname": 64,
}


def create(directory: Directory, body: Mapping[str, Any], caller: Caller) -> Record:
    """Create a user on a verified domain; on a federated one without a password, which lives elsewhere."""
    for name in _REQUIRED:
        if body.get(name) in (None, ""):
            raise bad_request(f"A value is required for property '{name}' of resource 'User'.")
    profile = body.get("passwordProfile") or {}
    password = profile.get("password")
    _check(directory, body, {}, own_id=None)
    federated = _is_federated(directory, body["userPrincipalName"])
    if not federated and not password:
        missing = "password" if body.get("passwordProfile") else "passwordProfile"
        raise bad_request(f"A value is required for property '{missing}' of resource 'User'.")
    user = new_record(directory, new_id(), body)
    if password:
        _require_acceptable(directory, user, password)
    # A federated user's password is not kept here, so nothing that could be typed matches.
    directory.password_hashes[user["id"]] = SecretHash.of(password or secrets.token_urlsafe(24))
    directory.users[user["id"]] = user
    record(directory, caller, "Add user", "Add", user)
    return user


def new_record(directory: Directory, user_id: str, body: Mapping[str, Any]) -> Record:
    """Make a user's record from what was asked for and what Entra adds."""
    now = directory.clock.stamp()
    profile = body.get("passwordProfile") or {"forceChangePasswordNextSignIn": False}
    return {
        "userType": "Member",
        "assignedLicenses": [],
        **{name: value for name, value in body.items() if "@odata." not in name},
        "id": user_id,
        "createdDateTime": now,
        "deletedDateTime": None,
        "lastPasswordChangeDateTime": now,
        "passwordProfile": password_profile(profile),
        "signInSessionsValidFromDateTime": now,
        "proxyAddresses": [f"SMTP:{body['mail']}"] if body.get("mail") else [],
    }


def change(directory: Directory, key: str, body: Mapping[str, Any], caller: Caller) -> None:
    """Change the named properties of a user; `employeeOrgData` is merged, everything else replaced."""
    user = directory.require_user(key)
    sensitive.require_may_change(directory, caller, user, body)
    _check(directory, body, user, own_id=user["id"])
    enabled = body.get("accountEnabled", user.get("accountEnabled"))
    if not enabled and not directory.behaviour.disabled_administrators_remain:
        roles.keep_administrator(directory, lambda _, holder: holder == user["id"])
    profile = body.get("passwordProfile") or {}
    password = profile.get("password")
    changed = {**user, **{name: value for name, value in body.items() if "@odata." not in name}}
    if password is not None:
        _require_acceptable(directory, changed, password)
        _keep_password(directory, user, password)
        record(directory, caller, "Reset password", "Update", user)
    if enabled != user.get("accountEnabled"):
        record(directory, caller, "Enable account" if enabled else "Disable account", "Update", user)
    for name, value in body.items():
        if name == "employeeOrgData" and value is not None:
            user[name] = {**(user.get(name) or {}), **value}
        elif name == "passwordProfile":
            user[name] = {**user[name], **password_profile(profile)} if profile else user[name]
        elif "@odata." not in name and name != "id":
            user[name] = value
    if body.get("mail"):
        _make_primary(user, body["mail"])
    record(directory, caller, "Update user", "Update", user)


def set_password(directory: Directory, user: Record, password: str) -> None:
    """Replace a user's password and end the sessions that the old one opened."""
    _require_acceptable(directory, user, password)
    _keep_password(directory, user, password)


def password_profile(given: Mapping[str, Any]) -> Record:
    """Show what is kept of a password profile: whether it must be changed, and never the password."""
    with_factor = bool(given.get("forceChangePasswordNextSignInWithMfa"))
    return {
        "forceChangePasswordNextSignIn": bool(given.get("forceChangePasswordNextSignIn", not with_factor)),
        "forceChangePasswordNextSignInWithMfa": with_factor,
        "password": None,
    }


def revoke_sessions(directory: Directory, key: str, caller: Caller) -> None:
    """End every session of a user."""
    user = directory.require_user(key)
    sensitive.require_may_end_sessions(directory, caller, user)
    sessions.end(directory, user)
    record(directory, caller, "Update StsRefreshTokenValidFrom Timestamp", "Update", user)


def delete(directory: Directory, key: str, caller: Caller) -> None:
    """Delete a user so that it can be restored: roles, memberships and assignments come back with it."""
    user = directory.require_user(key)
    sensitive.require_may_delete(directory, caller, user)
    roles_held = roles.roles_of(directory, user["id"])
    if GLOBAL_ADMINISTRATOR in roles_held:
        roles.require_other_administrator(directory, without_user=user["id"])
    recycling.discard(directory, "user", user["id"])
    if directory.behaviour.deleted_login == "prefixed":
        user["userPrincipalName"] = f"{_mark(user)}{user['userPrincipalName']}"
    record(directory, caller, "Delete user", "Delete", user)


def restore(directory: Directory, user_id: str, body: Mapping[str, Any], caller: Caller) -> Record:
    """Bring a deleted user back with everything it held, under its old login or the new one that is asked for."""
    _, user = recycling.require(directory, user_id)
    sensitive.require_may_delete(directory, caller, user)
    login = body.get("newUserPrincipalName") or user["userPrincipalName"].removeprefix(_mark(user))
    if body.get("newUserPrincipalName"):
        _check_login(directory, login, user, user_id)
    elif directory.find_user(login):
        raise _taken_on_restore(directory, "userPrincipalName")
    taken = [each for each in user["proxyAddresses"] if _holder_of(directory, _bare(each), user_id) is not None]
    if taken and not body.get("autoReconcileProxyConflict"):
        raise _taken_on_restore(directory, "proxyAddresses")
    recycling.take_back(directory, user_id)
    user["proxyAddresses"] = [each for each in user["proxyAddresses"] if each not in taken]
    user["userPrincipalName"] = login
    record(directory, caller, "Restore user", "Restore", user)
    return user


def purge(directory: Directory, user_id: str, caller: Caller) -> None:
    """Delete a user for good."""
    _, user = recycling.require(directory, user_id)
    sensitive.require_may_delete(directory, caller, user)
    recycling.purge(directory, user_id)
    record(directory, caller, "Hard Delete user", "Delete", user)


def set_manager(directory: Directory, key: str, reference: object, caller: Caller) -> None:
    """Set a user's manager."""
    user = directory.require_user(key)
    manager = directory.require_user(referenced_id(reference))
    above = manager["id"]
    while directory.behaviour.manager_loops_are_refused and above is not None:
        if above == user["id"]:
            raise bad_request("Invalid value specified for property 'manager' of resource 'User'.")
        above = directory.managers.get(above)
    directory.managers[user["id"]] = manager["id"]
    record(directory, caller, "Update user", "Update", user)


def clear_manager(directory: Directory, key: str, caller: Caller) -> None:
    """Take a user's manager away, or refuse with 404 when there is none."""
    user = directory.require_user(key)
    if directory.managers.pop(user["id"], None) is None:
        raise not_found("manager")
    record(directory, caller, "Update user", "Update", user)


def require_manager(directory: Directory, key: str) -> Record:
    """Get a user's manager, or refuse with 404 when there is none."""
    user = directory.require_user(key)
    manager = directory.users.get(directory.managers.get(user["id"], ""))
    if manager is None:
        raise not_found("manager")
    return manager


def reports_of(directory: Directory, key: str) -> list[str]:
    """List the ids of those whose manager a user is."""
    user = directory.require_user(key)
    return [each for each, manager in directory.managers.items() if manager == user["id"]]


def record(directory: Directory, caller: Caller, activity: str, operation: str, user: Record) -> None:
    """Add an entry about a user to the audit log."""
    record_change(
        directory,
        caller,
        activity,
        category="UserManagement",
        operation=operation,
        targets=[target("User", user)],
    )


def _check(directory: Directory, body: Mapping[str, Any], user: Record, *, own_id: str | None) -> None:
    if "userPrincipalName" in body:
        _check_login(directory, body["userPrincipalName"], {**user, **body}, own_id)
    login = body.get("userPrincipalName", user.get("userPrincipalName"))
    if (body.get("passwordProfile") or {}).get("password") and _is_federated(directory, login):
        raise _invalid("passwordProfile")
    if "mailNickname" in body and not _NICKNAME.fullmatch(body["mailNickname"] or ""):
        raise _invalid("mailNickname")
    for name in ("accountEnabled", "displayName"):
        if name in body and body[name] in (None, ""):
            raise _invalid(name)
    location = body.get("usageLocation")
    if location is not None and not _COUNTRY.fullmatch(location):
        raise _invalid("usageLocation")
    for name, longest in _LONGEST.items():
        if len(body.get(name) or "") > longest:
            raise _invalid(name)
    _check_words(body, user)
    _check_mail(directory, body.get("mail"), own_id)


def _check_words(body: Mapping[str, Any], user: Record) -> None:
    for name, allowed in _ALLOWED.items():
        if body.get(name) is not None and body[name] not in allowed:
            raise _invalid(name)
    given = [each.strip() for each in (body.get("passwordPolicies") or "None").split(",")]
    if not _PASSWORD_POLICIES.issuperset(given):
        raise _invalid("passwordPolicies")
    # A parent's consent is for those whom an age group makes minors; that none is required is true of others as well.
    both = {**user, **body}
    if body.get("consentProvidedForMinor") in {"Granted", "Denied"} and both.get("ageGroup") in {None, "Adult"}:
        raise _invalid("consentProvidedForMinor")


def _check_mail(directory: Directory, mail: str | None, own_id: str | None) -> None:
    if mail is None:
        return
    if not _ADDRESS.fullmatch(mail):
        raise _invalid("mail")
    if _holder_of(directory, mail, own_id) is not None:
        raise bad_request(_TAKEN.format("proxyAddresses"))


def _check_login(directory: Directory, login: object, user: Mapping[str, Any], own_id: str | None) -> None:
    if not isinstance(login, str) or not _LOGIN.fullmatch(login):
        raise _invalid("userPrincipalName")
    domain = directory.domains.get(login.split("@")[1].lower())
    if domain is None or not domain["isVerified"]:
        raise bad_request(_DOMAIN_REFUSED)
    if domain["authenticationType"] != "Managed" and not user.get("onPremisesImmutableId"):
        raise bad_request(_DOMAIN_REFUSED)
    holder = directory.find_user(login)
    if holder is not None and holder["id"] != own_id:
        raise bad_request(_TAKEN.format("userPrincipalName"))
    if _holder_of(directory, login, own_id) is not None:
        raise bad_request(_TAKEN.format("proxyAddresses"))


def _is_federated(directory: Directory, login: object) -> bool:
    domain = directory.domains.get(str(login).rpartition("@")[2].lower())
    return domain is not None and domain["authenticationType"] != "Managed"


def _require_acceptable(directory: Directory, user: Mapping[str, Any], password: str) -> None:
    if _is_federated(directory, user["userPrincipalName"]):
        raise _invalid("passwordProfile")
    strong = _NO_STRENGTH not in (user.get("passwordPolicies") or "")
    if not is_acceptable(password, login=user["userPrincipalName"], strong=strong):
        raise bad_request(_PASSWORD_REFUSED)


def _keep_password(directory: Directory, user: Record, password: str) -> None:
    directory.password_hashes[user["id"]] = SecretHash.of(password)
    user["lastPasswordChangeDateTime"] = directory.clock.stamp()
    sessions.end(directory, user)


def _holder_of(directory: Directory, address: str, own_id: str | None) -> str | None:
    """Find who else holds a mail address."""
    wanted = address.lower()
    for collection in (directory.users, directory.groups):
        for each in collection.values():
            if each["id"] != own_id and wanted in map(_bare, each["proxyAddresses"]):
                return str(each["id"])
    return None


def _bare(proxy_address: str) -> str:
    return proxy_address.partition(":")[2].lower()


def _make_primary(user: Record, mail: str) -> None:
    others = [each for each in user["proxyAddresses"] if _bare(each) != mail.lower()]
    # The primary address is the one whose prefix is in capitals.
    user["proxyAddresses"] = [f"SMTP:{mail}", *(f"smtp:{each.partition(':')[2]}" for each in others)]


def _mark(user: Record) -> str:
    return str(user["id"]).replace("-", "")


def _taken_on_restore(directory: Directory, name: str) -> GraphError:
    message = _TAKEN.format(name)
    if directory.behaviour.taken_login_on_restore == conflicting_object("").status:
        return conflicting_object(message, target=name)
    return bad_request(message)


def _invalid(name: str) -> GraphError:
    return bad_request(f"Invalid value specified for property '{name}' of resource 'User'.")
