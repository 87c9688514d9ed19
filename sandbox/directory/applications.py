"""Applications: registrations with their roles, scopes, redirect URIs and secrets."""

import copy
import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from sandbox.clock import as_stamp, from_stamp
from sandbox.directory import groups
from sandbox.directory.audit import record_change, target
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import bad_request, not_found
from sandbox.identifiers import new_id
from sandbox.passwords import SecretHash

# Sub-objects that a change merges, as they are when nothing was set; every other property is replaced.
_OBJECTS: Mapping[str, Mapping[str, Any]] = {
    "api": {
        "acceptMappedClaims": None,
        "knownClientApplications": [],
        "oauth2PermissionScopes": [],
        "preAuthorizedApplications": [],
        "requestedAccessTokenVersion": None,
    },
    "info": dict.fromkeys(("logoUrl", "marketingUrl", "privacyStatementUrl", "supportUrl", "termsOfServiceUrl")),
    "web": {
        "homePageUrl": None,
        "logoutUrl": None,
        "redirectUris": [],
        "redirectUriSettings": [],
        "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False},
    },
    "spa": {"redirectUris": []},
    "publicClient": {"redirectUris": []},
}
_LONGEST_REDIRECT = 256
_SECRET_LIFETIME = timedelta(days=2 * 365)
_ENABLED_ENTITLEMENT = "Permission (scope or role) cannot be deleted or updated unless disabled first."


def create(directory: Directory, body: Mapping[str, Any], caller: Caller) -> tuple[Record, list[Record]]:
    """Register an application; the second value shows the secrets asked for in the same request, this once."""
    if not body.get("displayName"):
        raise bad_request("A value is required for property 'displayName' of resource 'Application'.")
    owners = groups.bound_owners(directory, body)
    application = new_record(directory, new_id(), new_id(), body)
    _check(directory, application)
    directory.applications[application["id"]] = application
    directory.owners[application["id"]] = owners or [each for each in [caller.object_id] if each]
    shown = [add_password(directory, application, each) for each in body.get("passwordCredentials", [])]
    _record(directory, caller, "Add application", "Add", application)
    return application, shown


def new_record(directory: Directory, object_id: str, client_id: str, body: Mapping[str, Any]) -> Record:
    """Make an application's record from what was asked for and what Entra adds."""
    domain = next(each["id"] for each in directory.domains.values() if each["isInitial"])
    record: Record = {
        "signInAudience": "AzureADMyOrg",
        **{name: copy.deepcopy(empty) for name, empty in _OBJECTS.items()},
        "oauth2RequirePostResponse": False,
        "id": object_id,
        "appId": client_id,
        "publisherDomain": domain,
        "createdDateTime": directory.clock.stamp(),
        "deletedDateTime": None,
        "passwordCredentials": [],
        "keyCredentials": [],
    }
    _merge(record, body)
    return record


def change(directory: Directory, object_id: str, body: Mapping[str, Any], caller: Caller) -> None:
    """Change the named properties of an application; an enabled role or scope must be disabled before it changes."""
    application = require(directory, object_id)
    changed = {**application, **{name: dict(application[name]) for name in _OBJECTS}}
    _merge(changed, body)
    _check(directory, changed)
    _require_disabled_first(application["appRoles"], changed["appRoles"])
    _require_disabled_first(application["api"]["oauth2PermissionScopes"], changed["api"]["oauth2PermissionScopes"])
    application.update(changed)
    _record(directory, caller, "Update application", "Update", application)


def delete(directory: Directory, object_id: str, caller: Caller) -> None:
    """Delete an application and its service principal with all their assignments and grants."""
    application = require(directory, object_id)
    principal = directory.find_service_principal(application["appId"])
    for each in [object_id] if principal is None else [object_id, principal["id"]]:
        directory.forget(each)
        directory.secret_hashes.pop(each, None)
        directory.applications.pop(each, None)
        directory.service_principals.pop(each, None)
    _record(directory, caller, "Delete application", "Delete", application)


def add_password(directory: Directory, record: Record, wanted: Mapping[str, Any]) -> Record:
    """Give an application or service principal a secret; the answer is the only place that shows it."""
    start = wanted.get("startDateTime") or directory.clock.stamp()
    secret = secrets.token_urlsafe(30)
    credential: Record = {
        "customKeyIdentifier": None,
        "displayName": wanted.get("displayName"),
        "endDateTime": wanted.get("endDateTime") or as_stamp(from_stamp(start) + _SECRET_LIFETIME),
        "hint": secret[:3],
        "keyId": new_id(),
        "secretText": None,
        "startDateTime": start,
    }
    record["passwordCredentials"] = [*record["passwordCredentials"], credential]
    hashes = directory.secret_hashes.setdefault(record["id"], {})
    hashes[credential["keyId"]] = SecretHash.of(secret)
    return {**credential, "secretText": secret}


def remove_password(directory: Directory, record: Record, key_id: object) -> None:
    """Take a secret away."""
    kept = [each for each in record["passwordCredentials"] if each["keyId"] != key_id]
    if len(kept) == len(record["passwordCredentials"]):
        raise bad_request(f"No password credential found with keyId '{key_id}'.")
    record["passwordCredentials"] = kept
    directory.secret_hashes.get(record["id"], {}).pop(str(key_id), None)


def require(directory: Directory, object_id: str) -> Record:
    """Get an application, or refuse with 404."""
    if object_id not in directory.applications:
        raise not_found(object_id)
    return directory.applications[object_id]


def redirect_uris(application: Record) -> list[str]:
    """List the redirect URIs of every platform of an application."""
    return [uri for platform in ("web", "spa", "publicClient") for uri in application[platform]["redirectUris"]]


def _merge(record: Record, body: Mapping[str, Any]) -> None:
    ignored = {"id", "passwordCredentials"}
    for name, value in body.items():
        if "@odata." in name or name in ignored:
            continue
        if name in _OBJECTS:
            record[name] = copy.deepcopy(_OBJECTS[name]) if value is None else _merged(record[name], value)
        elif name == "optionalClaims":
            # An empty object clears the claims.
            record[name] = {"accessToken": [], "idToken": [], "saml2Token": [], **value} if value else None
        elif name == "appRoles":
            record[name] = [{"isEnabled": True, **each, "origin": "Application"} for each in value]
        else:
            record[name] = value
    record.setdefault("appRoles", [])
    record.setdefault("identifierUris", [])


def _merged(before: Mapping[str, Any], change: Mapping[str, Any]) -> Record:
    merged = dict(before)
    for name, value in change.items():
        both = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = _merged(merged[name], value) if both else value
    return merged


def _require_disabled_first(before: Iterable[Record], after: Iterable[Record]) -> None:
    wanted = {each["id"]: each for each in after}
    for each in before:
        if not each["isEnabled"]:
            continue
        kept = wanted.get(each["id"])
        # Disabling is the one change an enabled entitlement allows, and it may come with nothing else.
        if kept is None or {**kept, "isEnabled": True} != {**each, "isEnabled": True}:
            raise bad_request(_ENABLED_ENTITLEMENT, code="CannotDeleteOrUpdateEnabledEntitlement")


def _check(directory: Directory, application: Record) -> None:
    _check_unique(application["appRoles"], "appRoles")
    _check_unique(application["api"]["oauth2PermissionScopes"], "oauth2PermissionScopes")
    for uri in application["identifierUris"]:
        _check_identifier_uri(directory, application, uri)
    for uri in redirect_uris(application):
        _check_redirect_uri(uri)


def _check_unique(entitlements: Iterable[Record], name: str) -> None:
    listed = list(entitlements)
    if any("id" not in each or "isEnabled" not in each for each in listed):
        raise bad_request(f"A value is required for the properties 'id' and 'isEnabled' of '{name}'.")
    for key in ("id", "value"):
        given = [each[key] for each in listed if each.get(key)]
        if len(given) != len(set(given)):
            raise bad_request(f"Request contains a property with duplicate values: '{key}' of '{name}'.")


def _check_identifier_uri(directory: Directory, application: Record, uri: str) -> None:
    for each in directory.applications.values():
        if each["id"] != application["id"] and uri in each["identifierUris"]:
            raise bad_request("Another object with the same value for property identifierUris already exists.")
    host = urlsplit(uri).hostname or ""
    verified = [each["id"] for each in directory.domains.values() if each["isVerified"]]
    own = host in {application["appId"], directory.tenant_id}
    if not own and not any(host == each or host.endswith(f".{each}") for each in verified):
        raise bad_request(
            "Values of identifierUris property must use a verified domain of the organization or its subdomain: "
            f"'{uri}'",
            code="HostNameNotOnVerifiedDomain",
        )


def _check_redirect_uri(uri: str) -> None:
    parts = urlsplit(uri)
    loopback = parts.hostname in {"localhost", "127.0.0.1"}
    if parts.scheme == "http" and not loopback:
        raise bad_request(f"Reply URL '{uri}' must use https; http is allowed for localhost only.")
    if not parts.scheme or len(uri) > _LONGEST_REDIRECT or set("!$'(),;") & set(uri):
        raise bad_request(f"Invalid value specified for property 'redirectUris' of resource 'Application': '{uri}'.")


def _record(directory: Directory, caller: Caller, activity: str, operation: str, application: Record) -> None:
    record_change(
        directory,
        caller,
        activity,
        category="ApplicationManagement",
        operation=operation,
        targets=[target("Application", application)],
    )
