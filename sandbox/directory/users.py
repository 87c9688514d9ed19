"""Users: creation, change, soft deletion and restoration, with Entra's checks of names, domains and passwords."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.directory import recycling, roles, sensitive
from sandbox.directory.audit import record_change, target
from sandbox.directory.store import GLOBAL_ADMINISTRATOR, Caller, Directory, Record, referenced_id
from sandbox.errors import bad_request, conflicting_object, not_found
from sandbox.identifiers import new_id
from sandbox.passwords import SecretHash, is_acceptable

_REQUIRED = ("accountEnabled", "displayName", "mailNickname", "passwordProfile", "userPrincipalName")
_LOGIN = re.compile(r"[A-Za-z0-9'._!#^~-]{1,64}@[A-Za-z0-9.-]+")
_NICKNAME = re.compile(r"[^@()\\\[\]\";:<>, ]{1,64}")
_DOMAIN_REFUSED = (
    "The domain portion of the userPrincipalName property is invalid. "
    "You must use one of the verified domain names in your organization."
)
_PASSWORD_REFUSED = (
    "The specified password does not comply with password complexity requirements. "  # noqa: S105 - a message
    "Please provide a different password."
)


def create(directory: Directory, body: Mapping[str, Any], caller: Caller) -> Record:
    """Create a user on a verified, managed domain."""
    for name in _REQUIRED:
        if body.get(name) in (None, ""):
            raise bad_request(f"A value is required for property '{name}' of resource 'User'.")
    password = (body["passwordProfile"] or {}).get("password")
    if not password:
        raise bad_request("A value is required for property 'password' of resource 'User'.")
    _check_names(directory, body, own_id=None)
    if not is_acceptable(password, login=body["userPrincipalName"]):
        raise bad_request(_PASSWORD_REFUSED)
    user = new_record(directory, new_id(), body)
    directory.users[user["id"]] = user
    directory.password_hashes[user["id"]] = SecretHash.of(password)
    _record(directory, caller, "Add user", "Add", user)
    return user


def new_record(directory: Directory, user_id: str, body: Mapping[str, Any]) -> Record:
    """Make a user's record from what was asked for and what Entra adds."""
    now = directory.clock.stamp()
    return {
        "userType": "Member",
        "assignedLicenses": [],
        **{name: value for name, value in body.items() if "@odata." not in name and name != "passwordProfile"},
        "id": user_id,
        "createdDateTime": now,
        "deletedDateTime": None,
        "lastPasswordChangeDateTime": now,
        "signInSessionsValidFromDateTime": now,
        "proxyAddresses": [f"SMTP:{body['mail']}"] if body.get("mail") else [],
    }


def change(directory: Directory, key: str, body: Mapping[str, Any], caller: Caller) -> None:
    """Change the named properties of a user; `employeeOrgData` is merged, everything else replaced."""
    user = directory.require_user(key)
    sensitive.require_may_change(directory, caller, user, body)
    _check_names(directory, body, own_id=user["id"])
    profile = body.get("passwordProfile") or {}
    if profile.get("password") is not None:
        set_password(directory, user, profile["password"])
        _record(directory, caller, "Reset password", "Update", user)
    enabled = body.get("accountEnabled", user.get("accountEnabled"))
    if enabled != user.get("accountEnabled"):
        _record(directory, caller, "Enable account" if enabled else "Disable account", "Update", user)
    for name, value in body.items():
        if name == "employeeOrgData" and value is not None:
            user[name] = {**(user.get(name) or {}), **value}
        elif "@odata." not in name and name not in {"passwordProfile", "id"}:
            user[name] = value
    _record(directory, caller, "Update user", "Update", user)


def set_password(directory: Directory, user: Record, password: str) -> None:
    """Replace a user's password and end the sessions that the old one opened."""
    if not is_acceptable(password, login=user["userPrincipalName"]):
        raise bad_request(_PASSWORD_REFUSED)
    directory.password_hashes[user["id"]] = SecretHash.of(password)
    user["lastPasswordChangeDateTime"] = directory.clock.stamp()
    user["signInSessionsValidFromDateTime"] = directory.clock.stamp()


def revoke_sessions(directory: Directory, key: str, caller: Caller) -> None:
    """End every session of a user."""
    user = directory.require_user(key)
    sensitive.require_may_act(directory, caller, user)
    user["signInSessionsValidFromDateTime"] = directory.clock.stamp()
    _record(directory, caller, "Update StsRefreshTokenValidFrom Timestamp", "Update", user)


def delete(directory: Directory, key: str, caller: Caller) -> None:
    """Delete a user so that it can be restored: roles, memberships and assignments come back with it."""
    user = directory.require_user(key)
    sensitive.require_may_act(directory, caller, user)
    roles_held = roles.roles_of(directory, user["id"])
    if GLOBAL_ADMINISTRATOR in roles_held:
        roles.require_other_administrator(directory, without_user=user["id"])
    # The login is freed by putting the object id in front of it, which restoring takes away again.
    user["userPrincipalName"] = f"{user['id'].replace('-', '')}{user['userPrincipalName']}"
    recycling.discard(directory, "user", user["id"])
    _record(directory, caller, "Delete user", "Delete", user)


def restore(directory: Directory, user_id: str, caller: Caller) -> Record:
    """Bring a deleted user back with everything it held."""
    _, user = recycling.require(directory, user_id)
    login = user["userPrincipalName"].removeprefix(user_id.replace("-", ""))
    if directory.find_user(login):
        raise conflicting_object(
            "Another object with the same value for property userPrincipalName already exists.",
            target="userPrincipalName",
        )
    sensitive.require_may_act(directory, caller, user)
    recycling.take_back(directory, user_id)
    user["userPrincipalName"] = login
    _record(directory, caller, "Restore user", "Restore", user)
    return user


def set_manager(directory: Directory, key: str, reference: object, caller: Caller) -> None:
    """Set a user's manager."""
    user = directory.require_user(key)
    directory.managers[user["id"]] = directory.require_user(referenced_id(reference))["id"]
    _record(directory, caller, "Update user", "Update", user)


def clear_manager(directory: Directory, key: str, caller: Caller) -> None:
    """Take a user's manager away, or refuse with 404 when there is none."""
    user = directory.require_user(key)
    if directory.managers.pop(user["id"], None) is None:
        raise not_found("manager")
    _record(directory, caller, "Update user", "Update", user)


def require_manager(directory: Directory, key: str) -> Record:
    """Get a user's manager, or refuse with 404 when there is none."""
    user = directory.require_user(key)
    manager = directory.users.get(directory.managers.get(user["id"], ""))
    if manager is None:
        raise not_found("manager")
    return manager


def _check_names(directory: Directory, body: Mapping[str, Any], *, own_id: str | None) -> None:
    if "userPrincipalName" in body:
        _check_login(directory, body["userPrincipalName"], own_id)
    if "mailNickname" in body and not _NICKNAME.fullmatch(body["mailNickname"] or ""):
        raise bad_request("Invalid value specified for property 'mailNickname' of resource 'User'.")
    if body.get("displayName") == "" or ("displayName" in body and body["displayName"] is None):
        raise bad_request("Invalid value specified for property 'displayName' of resource 'User'.")
    location = body.get("usageLocation")
    if location is not None and not re.fullmatch("[A-Z]{2}", location):
        raise bad_request("Invalid value specified for property 'usageLocation' of resource 'User'.")


def _check_login(directory: Directory, login: object, own_id: str | None) -> None:
    if not isinstance(login, str) or not _LOGIN.fullmatch(login):
        raise bad_request("Invalid value specified for property 'userPrincipalName' of resource 'User'.")
    domain = directory.domains.get(login.split("@")[1].lower())
    if domain is None or not domain["isVerified"] or domain["authenticationType"] != "Managed":
        raise bad_request(_DOMAIN_REFUSED)
    holder = directory.find_user(login)
    if holder is not None and holder["id"] != own_id:
        raise bad_request("Another object with the same value for property userPrincipalName already exists.")


def _record(directory: Directory, caller: Caller, activity: str, operation: str, user: Record) -> None:
    record_change(
        directory,
        caller,
        activity,
        category="UserManagement",
        operation=operation,
        targets=[target("User", user)],
    )
