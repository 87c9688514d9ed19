"""`/servicePrincipals`: what the tenant holds of applications, its own and foreign ones."""

from http import HTTPStatus

from sandbox.bodies import Changes, Creates
from sandbox.directory import service_principals
from sandbox.exposures.grants import PERMISSION_GRANT
from sandbox.exposures.service_principals import SERVICE_PRINCIPAL
from sandbox.requests import Answer, GraphRequest
from sandbox.resources import credentials, memberships, owners
from sandbox.routing import BOTH, MANY, ONE, Route

_SDK = "msgraph-sdk"
_BOTH_CLIENTS = f"azuread provider, {_SDK}"
_ONE = "/servicePrincipals/{id}"
# Learn, "List a servicePrincipal's direct memberships" and "directoryObject: checkMemberGroups".
_READ_MEMBERSHIPS = "Application.Read.All;Application.ReadWrite.All;Directory.Read.All;Directory.ReadWrite.All"
_NO_CONTENT = Answer(HTTPStatus.NO_CONTENT)


def list_service_principals(request: GraphRequest) -> Answer:
    """List service principals."""
    directory = request.directory
    return request.page(
        SERVICE_PRINCIPAL,
        directory.service_principals,
        render=lambda principal: service_principals.render(directory, principal),
    )


def create_service_principal(request: GraphRequest) -> Answer:
    """Create the service principal of an application."""
    principal = service_principals.create(request.directory, request.body, request.caller)
    shown = service_principals.render(request.directory, principal)
    return request.show(SERVICE_PRINCIPAL, shown, status=HTTPStatus.CREATED)


def read_service_principal(request: GraphRequest) -> Answer:
    """Show a service principal with what it mirrors of its application."""
    principal = service_principals.require(request.directory, request.params["id"])
    shown = service_principals.render(request.directory, principal)
    return request.show(SERVICE_PRINCIPAL, credentials.as_selected(request, shown))


def update_service_principal(request: GraphRequest) -> Answer:
    """Change the named properties of a service principal."""
    service_principals.change(request.directory, request.params["id"], request.body, request.caller)
    return _NO_CONTENT


def delete_service_principal(request: GraphRequest) -> Answer:
    """Delete a service principal, which stays restorable; Microsoft's own are not deleted."""
    service_principals.delete(request.directory, request.params["id"], request.caller)
    return _NO_CONTENT


def list_owned_objects(request: GraphRequest) -> Answer:
    """List what a service principal owns."""
    principal = service_principals.require(request.directory, request.params["id"])
    owned = [each for each, ids in request.directory.owners.items() if principal["id"] in ids]
    return request.page_mixed(request.objects(owned))


def list_permission_grants(request: GraphRequest) -> Answer:
    """List the delegated permission grants of a client."""
    principal = service_principals.require(request.directory, request.params["id"])
    granted = request.directory.live_permission_grants()
    return request.page(PERMISSION_GRANT, [each for each in granted if each["clientId"] == principal["id"]])


ROUTES: tuple[Route, ...] = (
    Route("GET", "/servicePrincipals", list_service_principals, query=MANY, witness=_BOTH_CLIENTS),
    Route(
        "POST",
        "/servicePrincipals",
        create_service_principal,
        accepts=Creates(SERVICE_PRINCIPAL),
        conflicts=(HTTPStatus.CONFLICT,),
        witness=_BOTH_CLIENTS,
    ),
    Route("GET", _ONE, read_service_principal, versions=BOTH, query=ONE, witness=_BOTH_CLIENTS),
    Route("PATCH", _ONE, update_service_principal, accepts=Changes(SERVICE_PRINCIPAL), witness=_BOTH_CLIENTS),
    Route("DELETE", _ONE, delete_service_principal, witness=_BOTH_CLIENTS),
    *owners.routes("servicePrincipals", service_principals.require),
    *credentials.routes("servicePrincipals", service_principals.require),
    *memberships.list_routes("servicePrincipals", "memberOf", casts=memberships.USER_CASTS),
    *memberships.list_routes(
        "servicePrincipals", "transitiveMemberOf", casts=memberships.USER_CASTS, needs=_READ_MEMBERSHIPS
    ),
    *memberships.action_routes("servicePrincipals", groups=_READ_MEMBERSHIPS, objects=_READ_MEMBERSHIPS),
    Route(
        "GET",
        f"{_ONE}/ownedObjects",
        list_owned_objects,
        query=MANY,
        needs=_READ_MEMBERSHIPS,
        witness=_SDK,
    ),
    Route("GET", f"{_ONE}/oauth2PermissionGrants", list_permission_grants, query=MANY, witness=_SDK),
)
