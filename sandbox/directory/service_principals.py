"""Service principals: what a tenant holds of an application, its own or another publisher's.

A service principal stores little: names, roles, scopes and redirect URIs are those of its application at the
time of asking.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.directory import applications, groups
from sandbox.directory.audit import record_change, target
from sandbox.directory.store import MICROSOFT_TENANT_ID, Caller, Directory, Record
from sandbox.errors import bad_request, conflicting_object, forbidden, not_found
from sandbox.identifiers import new_id


def create(directory: Directory, body: Mapping[str, Any], caller: Caller) -> Record:
    """Create the service principal of an application registered here or published by somebody else."""
    client_id = body.get("appId")
    if not client_id:
        raise bad_request("A value is required for property 'appId' of resource 'ServicePrincipal'.")
    if directory.find_application(client_id) is None and client_id not in directory.published_applications:
        raise bad_request(
            f"The appId '{client_id}' of the service principal does not reference a valid application object."
        )
    if directory.find_service_principal(client_id):
        raise conflicting_object(
            "The service principal cannot be created, updated, or restored because the service principal name "
            f"{client_id} is already in use.",
            target="servicePrincipalNames",
        )
    owners = groups.bound_owners(directory, body)
    principal = new_record(new_id(), client_id, body)
    directory.service_principals[principal["id"]] = principal
    directory.owners[principal["id"]] = owners or [each for each in [caller.object_id] if each]
    _record(directory, caller, "Add service principal", "Add", render(directory, principal))
    return principal


def new_record(object_id: str, client_id: str, body: Mapping[str, Any]) -> Record:
    """Make a service principal's own record."""
    return {
        "accountEnabled": True,
        "appRoleAssignmentRequired": False,
        "servicePrincipalType": "Application",
        "deletedDateTime": None,
        "keyCredentials": [],
        "passwordCredentials": [],
        **{name: value for name, value in body.items() if "@odata." not in name},
        "samlSingleSignOnSettings": body.get("samlSingleSignOnSettings") or None,
        "id": object_id,
        "appId": client_id,
    }


def change(directory: Directory, object_id: str, body: Mapping[str, Any], caller: Caller) -> None:
    """Change the named properties of a service principal."""
    principal = require(directory, object_id)
    for name, value in body.items():
        if "@odata." not in name and name != "id":
            principal[name] = (value or None) if name == "samlSingleSignOnSettings" else value
    _record(directory, caller, "Update service principal", "Update", render(directory, principal))


def delete(directory: Directory, object_id: str, caller: Caller) -> None:
    """Delete a service principal with its assignments and grants; Microsoft's own ones stay."""
    principal = require(directory, object_id)
    shown = render(directory, principal)
    if shown["appOwnerOrganizationId"] == MICROSOFT_TENANT_ID:
        raise forbidden("Specified App Principal Id is a first-party application and cannot be deleted.")
    del directory.service_principals[object_id]
    directory.secret_hashes.pop(object_id, None)
    directory.forget(object_id)
    _record(directory, caller, "Remove service principal", "Delete", shown)


def require(directory: Directory, object_id: str) -> Record:
    """Get a service principal's own record, or refuse with 404."""
    if object_id not in directory.service_principals:
        raise not_found(object_id)
    return directory.service_principals[object_id]


def render(directory: Directory, principal: Record) -> Record:
    """Show a service principal together with what it mirrors of its application."""
    application = directory.find_application(principal["appId"])
    if application is None:
        return {**principal, **directory.published_applications[principal["appId"]]}
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
        "replyUrls": applications.redirect_uris(application),
        "servicePrincipalNames": [application["appId"], *application["identifierUris"]],
        "signInAudience": application["signInAudience"],
    }


def _record(directory: Directory, caller: Caller, activity: str, operation: str, principal: Record) -> None:
    record_change(
        directory,
        caller,
        activity,
        category="ApplicationManagement",
        operation=operation,
        targets=[target("ServicePrincipal", principal)],
    )
