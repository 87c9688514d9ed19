"""Service principals: what a tenant holds of an application, its own or another publisher's.

A service principal stores little: names, roles, scopes and redirect URIs are those of its application at the time of
asking; a deleted one shows them as they were when it was deleted.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.directory import credentials, owners, recycling
from sandbox.directory.application_audit import record_application
from sandbox.directory.application_rules import redirect_uris
from sandbox.directory.store import MICROSOFT_TENANT_ID, Caller, Directory, Record
from sandbox.errors import GraphError, bad_request, conflicting_object, forbidden, not_found
from sandbox.identifiers import canonical_id, new_id

_SIGN_ON_MODES = frozenset({None, "", "password", "saml", "notSupported", "oidc"})
_MOST_MAIL_ADDRESSES = 5  # Learn, "servicePrincipal resource type", read November 2026


def create(directory: Directory, body: Mapping[str, Any], caller: Caller) -> Record:
    """Create the service principal of an application registered here or published by somebody else."""
    if not body.get("appId"):
        raise bad_request("A value is required for property 'appId' of resource 'ServicePrincipal'.")
    client_id = canonical_id(str(body["appId"]))
    _require_application(directory, client_id)
    _require_free(directory, client_id)
    owner_ids = owners.bound(directory, body, caller)
    principal = new_record(new_id(), client_id, body)
    _check(principal)
    credentials.begin(directory, principal, body)
    directory.service_principals[principal["id"]] = principal
    directory.owners[principal["id"]] = owner_ids
    _record(directory, caller, "Add service principal", "Add", render(directory, principal))
    return principal


def new_record(object_id: str, client_id: str, body: Mapping[str, Any]) -> Record:
    """Make a service principal's own record."""
    return {
        "accountEnabled": True,
        "appRoleAssignmentRequired": False,
        "servicePrincipalType": "Application",
        "deletedDateTime": None,
        **{name: value for name, value in body.items() if "@odata." not in name},
        "keyCredentials": [],
        "passwordCredentials": [],
        "samlSingleSignOnSettings": body.get("samlSingleSignOnSettings") or None,
        "id": object_id,
        "appId": client_id,
    }


def change(directory: Directory, object_id: str, body: Mapping[str, Any], caller: Caller) -> None:
    """Change the named properties of a service principal."""
    principal = require(directory, object_id)
    owners.refuse_bound(body)
    certificates = None
    if "keyCredentials" in body:
        certificates = credentials.arrange(directory, principal, body["keyCredentials"])
    changed = dict(principal)
    for name, value in body.items():
        if "@odata." not in name and name not in {"id", "keyCredentials"}:
            changed[name] = (value or None) if name == "samlSingleSignOnSettings" else value
    _check(changed)
    credentials.require_encryption_key(changed, certificates)
    principal.update(changed)
    if certificates is not None:
        credentials.replace_certificates(directory, principal, certificates, caller)
    if body.keys() - {"keyCredentials"}:
        _record(directory, caller, "Update service principal", "Update", render(directory, principal))


def delete(directory: Directory, object_id: str, caller: Caller) -> None:
    """Delete a service principal so that it can be restored; Microsoft's own ones stay."""
    principal = require(directory, object_id)
    shown = render(directory, principal)
    if shown["appOwnerOrganizationId"] == MICROSOFT_TENANT_ID:
        raise forbidden("Specified App Principal Id is a first-party application and cannot be deleted.")
    principal.update(shown)
    recycling.discard(directory, "servicePrincipal", object_id)
    _record(directory, caller, "Remove service principal", "Delete", shown)


def restore(directory: Directory, object_id: str, caller: Caller) -> Record:
    """Bring a deleted service principal back, with its assignments and grants; its application must be there."""
    _, principal = recycling.require(directory, object_id)
    _require_application(directory, principal["appId"])
    _require_free(directory, principal["appId"])
    recycling.take_back(directory, object_id)
    _record(directory, caller, "Restore service principal", "Restore", render(directory, principal))
    return principal


def require(directory: Directory, object_id: str) -> Record:
    """Get a service principal's own record, or refuse with 404."""
    if object_id not in directory.service_principals:
        raise not_found(object_id)
    return directory.service_principals[object_id]


def render(directory: Directory, principal: Record) -> Record:
    """Show a service principal together with what it mirrors of its application."""
    application = directory.find_application(principal["appId"])
    if application is None:
        return {**principal, **directory.published_applications.get(principal["appId"], {})}
    return {
        **principal,
        "appDescription": application.get("description"),
        "appDisplayName": application["displayName"],
        "appOwnerOrganizationId": directory.tenant_id,
        "appRoles": application["appRoles"],
        "applicationTemplateId": application.get("applicationTemplateId"),
        "displayName": application["displayName"],
        "homepage": application["web"]["homePageUrl"],
        "info": application["info"],
        "logoutUrl": application["web"]["logoutUrl"],
        "oauth2PermissionScopes": application["api"]["oauth2PermissionScopes"],
        "replyUrls": redirect_uris(application),
        "servicePrincipalNames": [application["appId"], *application["identifierUris"]],
        "signInAudience": application["signInAudience"],
        "verifiedPublisher": application["verifiedPublisher"],
    }


def _require_application(directory: Directory, client_id: str) -> None:
    if directory.find_application(client_id) is None and client_id not in directory.published_applications:
        raise bad_request(
            f"The appId '{client_id}' of the service principal does not reference a valid application object."
        )


def _require_free(directory: Directory, client_id: str) -> None:
    if directory.find_service_principal(client_id):
        raise conflicting_object(
            "The service principal cannot be created, updated, or restored because the service principal name "
            f"{client_id} is already in use.",
            target="servicePrincipalNames",
        )


def _check(principal: Record) -> None:
    if principal.get("preferredSingleSignOnMode") not in _SIGN_ON_MODES:
        raise _invalid("preferredSingleSignOnMode")
    if len(principal.get("notificationEmailAddresses") or []) > _MOST_MAIL_ADDRESSES:
        raise _invalid("notificationEmailAddresses")


def _invalid(name: str) -> GraphError:
    return bad_request(f"Invalid value specified for property '{name}' of resource 'ServicePrincipal'.")


def _record(directory: Directory, caller: Caller, activity: str, operation: str, principal: Record) -> None:
    record_application(directory, caller, activity, operation, principal, kind="servicePrincipal")
