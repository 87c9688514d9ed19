"""Applications: registrations from their creation to their restoration, with their logo.

What a registration may say is for `application_rules`, who owns it for `owners`, and what it proves itself with for
`credentials` and `federated_credentials`.
"""

import base64
import copy
from collections.abc import Mapping
from typing import Any

from sandbox.directory import application_rules, credentials, owners, recycling, service_principals
from sandbox.directory.application_audit import record_application
from sandbox.directory.store import Caller, Directory, Record
from sandbox.errors import bad_request, not_found
from sandbox.identifiers import new_id

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
    "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
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
# Kept by rules of their own.
_CREDENTIALS = frozenset({"keyCredentials", "passwordCredentials"})
_PICTURE_STARTS = {"image/png": b"\x89PNG\r\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8"}


def create(directory: Directory, body: Mapping[str, Any], caller: Caller) -> tuple[Record, list[Record]]:
    """Register an application; the second value shows the secrets asked for in the same request, this once."""
    owner_ids = owners.bound(directory, body, caller)
    given = {"signInAudience": directory.behaviour.default_sign_in_audience, **body}
    application = new_record(directory, new_id(), new_id(), given)
    # Only version 2 tokens fit personal accounts, so an application for them gets them unasked.
    api = application["api"]
    if application_rules.is_personal(application) and "requestedAccessTokenVersion" not in (body.get("api") or {}):
        api["requestedAccessTokenVersion"] = 2
    application_rules.check(directory, application, None)
    shown = credentials.begin(directory, application, body)
    directory.applications[application["id"]] = application
    directory.owners[application["id"]] = owner_ids
    record_application(directory, caller, "Add application", "Add", application)
    return application, shown


def new_record(directory: Directory, object_id: str, client_id: str, body: Mapping[str, Any]) -> Record:
    """Make an application's record from what was asked for and what Entra adds."""
    domain = next(each["id"] for each in directory.domains.values() if each["isInitial"])
    record: Record = {
        "signInAudience": "AzureADMyOrg",
        **{name: copy.deepcopy(empty) for name, empty in _OBJECTS.items()},
        "oauth2RequirePostResponse": False,
        "appRoles": [],
        "identifierUris": [],
        "requiredResourceAccess": [],
        "verifiedPublisher": dict.fromkeys(("addedDateTime", "displayName", "verifiedPublisherId")),
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
    owners.refuse_bound(body)
    changed = {**application, **{name: dict(application[name]) for name in _OBJECTS}}
    _merge(changed, body)
    application_rules.check(directory, changed, application)
    certificates = None
    if "keyCredentials" in body:
        certificates = credentials.arrange(directory, application, body["keyCredentials"])
    credentials.require_encryption_key(changed, certificates)
    application.update(changed)
    if certificates is not None:
        credentials.replace_certificates(directory, application, certificates, caller)
    if body.keys() - {"keyCredentials"}:
        record_application(directory, caller, "Update application", "Update", application)


def delete(directory: Directory, object_id: str, caller: Caller) -> None:
    """Delete an application so that it can be restored; its service principal goes with it."""
    application = require(directory, object_id)
    principal = directory.find_service_principal(application["appId"])
    if principal is not None:
        service_principals.delete(directory, principal["id"], caller)
    recycling.discard(directory, "application", object_id)
    record_application(directory, caller, "Delete application", "Delete", application)


def restore(directory: Directory, object_id: str, caller: Caller) -> Record:
    """Bring a deleted application back, without its service principal, which is restored by a request of its own.

    Source: Learn, "Restore deleted item (directory object)", read November 2026.
    """
    _, application = recycling.require(directory, object_id)
    application_rules.check_identifiers_free(directory, application)
    recycling.take_back(directory, object_id)
    record_application(directory, caller, "Restore application", "Restore", application)
    return application


def set_logo(directory: Directory, object_id: str, kind: str, content: bytes, address: str, caller: Caller) -> None:
    """Replace an application's logo by a picture, which then has an address."""
    application = require(directory, object_id)
    if not content.startswith(_PICTURE_STARTS[kind]):
        raise bad_request(f"Invalid value specified for property 'logo' of resource 'Application': not an {kind}.")
    directory.logos[object_id] = {"kind": kind, "content": base64.b64encode(content).decode()}
    application["info"] = {**application["info"], "logoUrl": address}
    record_application(directory, caller, "Update application", "Update", application)


def require(directory: Directory, object_id: str) -> Record:
    """Get an application, or refuse with 404."""
    if object_id not in directory.applications:
        raise not_found(object_id)
    return directory.applications[object_id]


def _merge(record: Record, body: Mapping[str, Any]) -> None:
    for name, value in body.items():
        if "@odata." in name or name == "id" or name in _CREDENTIALS:
            continue
        if name in _OBJECTS:
            record[name] = copy.deepcopy(_OBJECTS[name]) if value is None else _merged(record[name], value)
        elif name == "optionalClaims":
            # An empty object clears the claims.
            record[name] = {"accessToken": [], "idToken": [], "saml2Token": [], **value} if value else None
        elif name == "appRoles":
            record[name] = [{"isEnabled": True, "value": None, **each, "origin": "Application"} for each in value]
        elif name == "requiredResourceAccess":
            record[name] = [{"resourceAccess": [], **each} for each in value]
        else:
            record[name] = value
    scopes = record["api"]["oauth2PermissionScopes"]
    record["api"] = {**record["api"], "oauth2PermissionScopes": [{"value": None, **each} for each in scopes]}


def _merged(before: Mapping[str, Any], change: Mapping[str, Any]) -> Record:
    merged = dict(before)
    for name, value in change.items():
        both = isinstance(value, dict) and isinstance(merged.get(name), dict)
        merged[name] = _merged(merged[name], value) if both else value
    return merged
